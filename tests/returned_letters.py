"""Letters as other servers write them about ours."""

from __future__ import annotations

BOUNDARY = "=_report"


def dsn(*, action: str = "failed", status: str = "5.1.1", words: str = "", ours: str = "Subject: How was it?") -> bytes:
    """A delivery status notification (RFC 3464)."""
    diagnostic = words or "smtp; 550 5.1.1 <kerttu@customer.example>: user unknown"
    return _report(
        "delivery-status",
        "message/delivery-status",
        "Reporting-MTA: dns; mx.customer.example\n\n"
        "Final-Recipient: rfc822; kerttu@customer.example\n"
        f"Action: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n",
        ours,
    )


def complaint(*, kind: str = "abuse", ours: str = "Subject: How was it?") -> bytes:
    """A feedback report (RFC 5965)."""
    return _report("feedback-report", "message/feedback-report", f"Feedback-Type: {kind}\nVersion: 1\n", ours)


def absence() -> bytes:
    """Somebody is on holiday."""
    return (
        b"From: Kerttu <kerttu@customer.example>\nSubject: Out of office\nAuto-Submitted: auto-replied\n"
        b"Content-Type: text/plain\n\nI am away. 550 5.1.1 is only a number here.\n"
    )


def qmail(*said: str) -> bytes:
    """What qmail writes, in its own form; `said` are its words about the address."""
    about = "\n".join(said)
    return (
        "From: MAILER-DAEMON@mx.customer.example\nSubject: failure notice\n\n"
        "Hi. This is the qmail-send program at mx.customer.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<kerttu@customer.example>:\n{about}\n\n"
        "--- Below this line is a copy of the message.\n\n"
        "Subject: How was it?\n\n<a@b.example>:\nno such user 5.1.1\n"
    ).encode()


def _report(kind: str, content_type: str, fields: str, ours: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.customer.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="{BOUNDARY}"\n\n'
        f"--{BOUNDARY}\nContent-Type: text/plain\n\nSorry.\n"
        f"--{BOUNDARY}\nContent-Type: {content_type}\n\n{fields}\n"
        f"--{BOUNDARY}\nContent-Type: text/rfc822-headers\n\n{ours}\n"
        f"--{BOUNDARY}--\n"
    ).encode()
