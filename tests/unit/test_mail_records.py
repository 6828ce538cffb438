"""What a domain says about its mail."""

from __future__ import annotations

import pytest

from socialproof.domain.mail_records import (
    Finding,
    dmarc_names,
    domain_of,
    include_for,
    judge_alignment,
    judge_dkim,
    judge_dmarc,
    judge_spf,
)

KEY = "MIIBIjANBg+/=="


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (None, ("unknown", "no_answer")),
        ([], ("bad", "spf_missing")),
        (["google-site-verification=1", "v=spf10 -all"], ("bad", "spf_missing")),
        (["v=spf1 -all", "v=spf1 mx -all"], ("bad", "spf_twice")),
        (["V=SPF1 include:amazonses.com ~ALL"], ("good", "spf_good")),
        (["v=spf1 include:amazonses.com -all"], ("good", "spf_good")),
        (["v=spf1 include:amazonses.com ?all"], ("caution", "spf_open")),
        (["v=spf1 include:amazonses.com"], ("caution", "spf_open")),
        (["v=spf1 redirect=_spf.example.com"], ("good", "spf_good")),
        (["v=spf1 include:amazonses.com +all"], ("bad", "spf_all")),
        (["v=spf1 mx -all"], ("bad", "spf_without_relay")),
        (["v=spf1 include:amazonses.com" + " include:x.example" * 10 + " -all"], ("bad", "spf_too_long")),
    ],
)
def test_spf_is_one_record_that_ends_and_names_the_relay(records: list[str] | None, expected: tuple[str, str]) -> None:
    finding = judge_spf("shop.example", records, include="amazonses.com")
    assert (finding.verdict, finding.code) == expected


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (None, "no_answer"),
        ([], "dkim_missing"),
        ([f"v=DKIM1; k=rsa; p={KEY}"], "dkim_good"),
        ([f"v=DKIM1;p={KEY[:4]} {KEY[4:]}"], "dkim_good"),
        (["v=DKIM1; p=other"], "dkim_other"),
        (["v=DKIM1; p="], "dkim_other"),
        ([f"v=DKIM1; k=ed25519; p={KEY}"], "dkim_other"),
        ([f"p={KEY}", f"p={KEY}"], "dkim_twice"),
        (["nothing of this kind"], "dkim_missing"),
    ],
)
def test_dkim_is_our_key_and_no_other(records: list[str] | None, code: str) -> None:
    assert judge_dkim("s._domainkey.shop.example", records, KEY).code == code


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ({"_dmarc.news.shop.example": [], "_dmarc.shop.example": []}, "dmarc_missing"),
        ({"_dmarc.news.shop.example": None, "_dmarc.shop.example": ["v=DMARC1; p=reject"]}, "no_answer"),
        ({"_dmarc.news.shop.example": ["v=DMARC1; p=none"], "_dmarc.shop.example": []}, "dmarc_none"),
        ({"_dmarc.news.shop.example": [], "_dmarc.shop.example": ["v=DMARC1; p=reject; sp=none"]}, "dmarc_none"),
        ({"_dmarc.news.shop.example": ["x"], "_dmarc.shop.example": ["v=DMARC1; p=quarantine"]}, "dmarc_good"),
        ({"_dmarc.news.shop.example": ["v=DMARC1", "v=DMARC1; p=none"], "_dmarc.shop.example": []}, "dmarc_twice"),
        ({"_dmarc.news.shop.example": ["v=DMARC1; p=maybe"], "_dmarc.shop.example": []}, "dmarc_broken"),
    ],
)
def test_the_nearest_dmarc_policy_counts(records: dict[str, list[str] | None], code: str) -> None:
    assert judge_dmarc("news.shop.example", records).code == code


POLICY = Finding("dmarc", "good", "dmarc_good", "_dmarc.shop.example", ("v=DMARC1; p=reject",))
STRICT = Finding("dmarc", "good", "dmarc_good", "_dmarc.shop.example", ("v=DMARC1; p=reject; aspf=s",))
NONE = Finding("dmarc", "bad", "dmarc_missing", "_dmarc.shop.example")
SILENT = Finding("dmarc", "unknown", "no_answer", "_dmarc.shop.example")


@pytest.mark.parametrize(
    ("envelope", "is_signed", "dmarc", "code"),
    [
        ("bounces.relay.example", True, STRICT, "aligned_by_dkim"),
        ("shop.example", False, STRICT, "aligned_by_spf"),
        ("bounces.shop.example", False, POLICY, "aligned_by_spf"),
        ("bounces.shop.example", False, STRICT, "not_aligned"),
        ("relay.example", False, POLICY, "not_aligned"),
        ("eshop.example", False, POLICY, "not_aligned"),
        ("bounces.shop.example", False, NONE, "aligned_by_spf"),
        ("relay.example", False, SILENT, "no_answer"),
    ],
)
def test_the_domain_that_readers_see_matches_one_that_vouches(
    envelope: str, is_signed: bool, dmarc: Finding, code: str
) -> None:
    found = judge_alignment(domain="shop.example", envelope=envelope, is_signed=is_signed, dmarc=dmarc)
    assert found.code == code


def test_names_are_found_from_addresses_and_hosts() -> None:
    assert domain_of("Shop <hello@Shop.Example>") == "shop.example"
    assert domain_of("") == ""
    assert include_for("email-smtp.eu-north-1.amazonaws.com") == "amazonses.com"
    assert include_for("evilamazonaws.com") == include_for("localhost") == ""
    assert dmarc_names("a.shop.example") == ["_dmarc.a.shop.example", "_dmarc.shop.example"]
    assert dmarc_names("localhost") == ["_dmarc.localhost"]
