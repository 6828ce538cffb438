"""Asking the domain name system whether letters from the company's address will be believed. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from socialproof.backends.dns.port import DnsUnavailable, Resolver
from socialproof.companies.signing import KeyRecord
from socialproof.domain import mail_records
from socialproof.domain.mail_records import Finding, Records


@dataclass(frozen=True)
class Sending:
    """How the letters leave: what readers see, what servers see, and what signs."""

    domain: str
    """Of the From address."""
    envelope: str
    """Of the address to which undeliverable letters come back."""
    keys: tuple[KeyRecord, ...] = ()
    """Empty: there is no key of the company's own."""
    relay_host: str = ""


def check_records(resolver: Resolver, sending: Sending) -> list[Finding]:
    """Look at SPF, DKIM, DMARC and at how they fit together. Asks all names at once: as long as one question takes."""
    policies = mail_records.dmarc_names(sending.domain)
    found = _ask(resolver, {sending.domain, sending.envelope, *policies, *_key_names(sending.domain, sending.keys)})
    include = mail_records.include_for(sending.relay_host)
    findings = [mail_records.judge_spf(sending.envelope, found[sending.envelope], include=include)]
    if sending.domain != sending.envelope:
        findings.append(mail_records.judge_spf(sending.domain, found[sending.domain]))
    of_keys = _judge_keys(sending.domain, sending.keys, found)
    dmarc = mail_records.judge_dmarc(sending.domain, found)
    alignment = mail_records.judge_alignment(
        domain=sending.domain,
        envelope=sending.envelope,
        is_signed=any(finding.verdict == mail_records.GOOD for finding in of_keys),
        dmarc=dmarc,
    )
    return [*findings, *of_keys, dmarc, alignment]


def check_keys(resolver: Resolver, domain: str, keys: Sequence[KeyRecord]) -> list[Finding]:
    """Look only at the records of these keys, in their order."""
    return _judge_keys(domain, keys, _ask(resolver, set(_key_names(domain, keys))))


def found_keys(domain: str, keys: Sequence[KeyRecord], findings: Sequence[Finding]) -> set[str]:
    """Whose record is right, by selector."""
    good = {finding.name for finding in findings if finding.subject == "dkim" and finding.verdict == mail_records.GOOD}
    return {key.selector for key, name in zip(keys, _key_names(domain, keys), strict=True) if name in good}


def _key_names(domain: str, keys: Sequence[KeyRecord]) -> list[str]:
    return [mail_records.dkim_name(key.selector, domain) for key in keys]


def _judge_keys(domain: str, keys: Sequence[KeyRecord], found: Mapping[str, Records]) -> list[Finding]:
    return [
        mail_records.judge_dkim(name, found[name], key.public_key, role=key.role)
        for key, name in zip(keys, _key_names(domain, keys), strict=True)
    ]


def _ask(resolver: Resolver, names: Collection[str]) -> dict[str, Records]:
    if not names:
        return {}
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        return dict(zip(names, pool.map(lambda name: _texts(resolver, name), names), strict=True))


def _texts(resolver: Resolver, name: str) -> Records:
    try:
        return resolver.texts(name)
    except DnsUnavailable:
        return None
