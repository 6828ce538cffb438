"""What machines say about our letters, whatever they are made of."""

from __future__ import annotations

import pytest

from socialproof.backends.mail.bounces import LONGEST_REASON, Report, read_report, without_addresses
from tests.returned_letters import absence, complaint, dsn


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
    assert "@" not in without_addresses("to <a@b.example>, c@d.example:")
