"""What a domain says about its mail (SPF, DKIM, DMARC), and whether letters from there will be believed.

The records are strangers' words: they are read, compared and shown, never followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GOOD, CAUTION, BAD, UNKNOWN = "good", "caution", "bad", "unknown"
MOST_PARENTS = 4
MOST_LOOKUPS = 10
"""RFC 7208, 4.6.4: a receiver gives up beyond."""

RELAYS = {
    "amazonaws.com": "amazonses.com",
    "brevo.com": "spf.brevo.com",
    "gmail.com": "_spf.google.com",
    "google.com": "_spf.google.com",
    "mailgun.org": "mailgun.org",
    "mailjet.com": "spf.mailjet.com",
    "office365.com": "spf.protection.outlook.com",
    "outlook.com": "spf.protection.outlook.com",
    "postmarkapp.com": "spf.mtasv.net",
    "sendgrid.net": "sendgrid.net",
    "sparkpostmail.com": "sparkpostmail.com",
}
"""What a domain includes in its SPF record when it sends through this relay."""

Records = Sequence[str] | None
"""The text records of one name; None: nobody answered."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `code` says what is the matter, `value` what it is about."""

    subject: str
    """spf, dkim, dmarc or alignment."""
    verdict: str
    code: str
    name: str = ""
    """Where it was looked for."""
    found: tuple[str, ...] = ()
    value: str = ""


def domain_of(address: str) -> str:
    """The part of an e-mail address behind its @, lower case; empty for none."""
    return address.rpartition("@")[2].strip().strip(">").lower() if "@" in address else ""


def include_for(relay_host: str) -> str:
    """What the SPF record must include for this relay; empty when it is not known."""
    host = relay_host.lower().rstrip(".")
    return next((include for end, include in RELAYS.items() if host == end or host.endswith("." + end)), "")


def dkim_name(selector: str, domain: str) -> str:
    """Where the record of a signing key stands."""
    return f"{selector}._domainkey.{domain}"


def dkim_record(public_key: str) -> str:
    """The record itself; the key is base64 of the DER form."""
    return f"v=DKIM1; k=rsa; p={public_key}"


def dmarc_names(domain: str) -> list[str]:
    """Where a policy for this domain may stand: at itself, else at a parent. The nearest one counts."""
    labels = domain.split(".")
    starts = range(max(1, min(len(labels) - 1, MOST_PARENTS + 1)))
    return ["_dmarc." + ".".join(labels[start:]) for start in starts]


def judge_spf(domain: str, records: Records, *, include: str = "") -> Finding:
    """One record, which ends the list and names the relay (`include`, when that is known)."""
    if records is None:
        return Finding("spf", UNKNOWN, "no_answer", domain)
    found = tuple(record for record in records if re.match(r"v=spf1(\s|$)", record, re.IGNORECASE))
    if len(found) != 1:
        return Finding("spf", BAD, "spf_twice" if found else "spf_missing", domain, found, include)
    terms = [term.lower() for term in found[0].split()[1:]]
    verdict, code = _spf_fault(terms, include)
    return Finding("spf", verdict, code, domain, found, include)


def judge_dkim(name: str, records: Records, public_key: str, *, role: str = "waiting") -> Finding:
    """A record that holds our key, and no other beside it. `role`, the finding's value: signing, next or waiting."""
    if records is None:
        return Finding("dkim", UNKNOWN, "no_answer", name, value=role)
    found = tuple(record for record in records if "p" in tags(record))
    verdict, code = BAD, "dkim_other"
    if not found:
        code = "dkim_missing"
    elif len(found) > 1:
        code = "dkim_twice"
    elif tags(found[0])["p"] == public_key and tags(found[0]).get("k", "rsa").lower() == "rsa":
        verdict, code = GOOD, "dkim_good"
    return Finding("dkim", verdict, code, name, found, role)


def judge_dmarc(domain: str, records: Mapping[str, Records]) -> Finding:
    """The nearest policy from the domain upwards. `records` by name, as `dmarc_names` lists them."""
    for name in dmarc_names(domain):
        held = records.get(name)
        if held is None:
            return Finding("dmarc", UNKNOWN, "no_answer", name)
        found = tuple(record for record in held if tags(record).get("v", "").upper() == "DMARC1")
        if len(found) > 1:
            return Finding("dmarc", BAD, "dmarc_twice", name, found)
        if found:
            return _policy(name, found, is_parent=name != f"_dmarc.{domain}")
    return Finding("dmarc", BAD, "dmarc_missing", f"_dmarc.{domain}")


def judge_alignment(*, domain: str, envelope: str, is_signed: bool, dmarc: Finding) -> Finding:
    """Does the domain that readers see (`domain`) match the one that vouches: the signature's or the envelope's?

    Our signature always names the domain of the From address, so a signed letter is aligned.
    """
    if is_signed:
        return Finding("alignment", GOOD, "aligned_by_dkim", domain, value=envelope)
    rule = tags(dmarc.found[0]) if dmarc.found else {}
    home = dmarc.name.removeprefix("_dmarc.") if dmarc.found else domain
    is_strict = rule.get("aspf", "r").lower() == "s"
    is_related = (_is_under(envelope, home) and _is_under(domain, home)) or _is_under(domain, envelope)
    if dmarc.verdict == UNKNOWN and envelope != domain:
        return Finding("alignment", UNKNOWN, "no_answer", dmarc.name, value=envelope)
    if envelope == domain or (is_related and not is_strict):
        return Finding("alignment", CAUTION, "aligned_by_spf", domain, value=envelope)
    return Finding("alignment", BAD, "not_aligned", domain, value=envelope)


def tags(record: str) -> dict[str, str]:
    """A list of tags, "v=DKIM1; p=…", as names and values; white space inside a value is dropped."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, equals, value in pairs if equals}


def _spf_fault(terms: list[str], include: str) -> tuple[str, str]:
    redirects = [term for term in terms if term.startswith("redirect=")]
    last = terms[-1] if terms else ""
    if "+all" in terms or "all" in terms:
        return BAD, "spf_all"
    if include and f"include:{include}" not in terms and not redirects:
        return BAD, "spf_without_relay"
    if sum(_is_lookup(term) for term in terms) > MOST_LOOKUPS:
        return BAD, "spf_too_long"
    if last not in ("-all", "~all") and not redirects:
        return CAUTION, "spf_open"
    return GOOD, "spf_good"


def _is_lookup(term: str) -> bool:
    return re.match(r"[+?~-]?(include:|a([:/]|$)|mx([:/]|$)|ptr|exists:)|redirect=", term) is not None


def _policy(name: str, found: tuple[str, ...], *, is_parent: bool) -> Finding:
    rule = tags(found[0])
    policy = (rule.get("sp") if is_parent else None) or rule.get("p", "")
    if policy.lower() in ("quarantine", "reject"):
        return Finding("dmarc", GOOD, "dmarc_good", name, found, policy.lower())
    if policy.lower() == "none":
        return Finding("dmarc", CAUTION, "dmarc_none", name, found, "none")
    return Finding("dmarc", BAD, "dmarc_broken", name, found)


def _is_under(domain: str, home: str) -> bool:
    return domain == home or domain.endswith("." + home)
