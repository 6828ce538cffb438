"""What machines say about our letters, whatever they are made of."""

from __future__ import annotations

import pytest

from socialproof.backends.mail.bounces import LONGEST_REASON, Report, read_report, without_addresses
from tests.returned_letters import absence, complaint, dsn, qmail


@pytest.mark.parametrize(
    ("letter", "kind", "is_permanent"),
    [
        (dsn(), "bounced", True),
        (dsn(status="5.2.2 (mailbox full)"), "bounced", True),
        (dsn(action="Failed", status="4.4.7"), "bounced", False),
        (dsn(status="5.7.1", words="smtp; 550 5.7.1 looks like spam"), "bounced", False),
        (dsn(status="5.3.4"), "bounced", False),
        (dsn(status="nonsense"), "bounced", False),
        (dsn(action="delayed", status="4.4.1"), "delayed", False),
        (dsn(action="delivered", status="2.0.0"), "delivered", False),
        (dsn(action="perhaps"), "other", False),
        (complaint(), "complained", False),
        (complaint(kind="not-spam"), "other", False),
        (complaint(kind="auth-failure"), "other", False),
        (qmail("Sorry, no mailbox here by that name. (#5.1.1)"), "bounced", True),
        (
            qmail("192.5.1.1 does not like recipient.", "Remote host said: 550 gone", "Giving up on it."),
            "bounced",
            True,
        ),
        (qmail("192.0.2.1 failed after I sent the message.", "Remote host said: 554 spam"), "bounced", False),
        (qmail("192.0.2.1 does not like recipient.", "Remote host said: 550 5.7.1 listed"), "bounced", False),
        (qmail("192.0.2.1 does not like recipient.", "Remote host said: 450 busy"), "bounced", False),
        (qmail("I'm not going to try again; this message has been in the queue too long."), "bounced", False),
        (qmail("This address no longer accepts mail."), "bounced", True),
        (qmail("Something else. It comes from 5.1.1.9."), "other", False),
        (qmail("no such user").replace(b"Hi. This", b"Hello. This"), "other", False),
        (absence(), "other", False),
        (b"", "other", False),
        (b"\xff\x00" * 1000, "other", False),
        (b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\n" * 5000, "other", False),
        (b'Content-Type: multipart/mixed; boundary="a"\n\n--a\n' * 400, "other", False),
        (b"Content-Type: message/rfc822\n\n" * 3000, "other", False),
        (dsn().replace(b"multipart/report;", b'multipart/report; much="' + b";" * 100_000 + b'";', 1), "other", False),
        (dsn(words="smtp; 550 " + "a" * 900_000), "bounced", True),
        (b'Content-Type: multipart/mixed; boundary="a"\n\n--a\n' * 31 + dsn(), "other", False),
        (
            b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\n",
            "other",
            False,
        ),
    ],
)
def test_a_report_is_read_for_what_it_is(letter: bytes, kind: str, is_permanent: bool) -> None:
    report = read_report(letter)
    assert (report.kind, report.is_permanent) == (kind, is_permanent)


def test_the_servers_words_name_nobody_and_stay_one_short_line() -> None:
    words = "smtp; 550 <kerttu@customer.example>\n\tunknown\u202e\x07 " + "x" * 1000
    report = read_report(dsn(words=words))
    assert report == Report("bounced", "5.1.1", report.reason)
    assert report.reason.startswith("550 <…> unknown")
    assert len(report.reason) <= LONGEST_REASON
    assert read_report(qmail("Remote host said: 550 5.1.1 <kerttu@customer.example> unknown")).reason.endswith(
        "<…> unknown"
    )


@pytest.mark.parametrize(
    "words",
    [
        "to <kerttu@customer.example>, kerttu@b.example:",
        '"kerttu"@customer.example "kerttu mäkelä"@customer.example',
        "kerttu@[192.0.2.1] SRS0=x=customer.example=kerttu@relay.example",
        b"\xff<kerttu@customer.example>",
    ],
)
def test_however_an_address_is_written_it_is_not_kept(words: str | bytes) -> None:
    said = without_addresses(words)
    assert not any(part in said for part in ("@", "kerttu", "example", "192"))
