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


def _report(kind: str, content_type: str, fields: str, ours: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.customer.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="{BOUNDARY}"\n\n'
        f"--{BOUNDARY}\nContent-Type: text/plain\n\nSorry.\n"
        f"--{BOUNDARY}\nContent-Type: {content_type}\n\n{fields}\n"
        f"--{BOUNDARY}\nContent-Type: text/rfc822-headers\n\n{ours}\n"
        f"--{BOUNDARY}--\n"
    ).encode()
