"""Asking the domain name system whether letters from the company's address will be believed. Writes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from socialproof.backends.dns.port import DnsUnavailable, Resolver
from socialproof.domain import mail_records
from socialproof.domain.mail_records import Finding, Records


@dataclass(frozen=True)
class Sending:
    """How the letters leave: what readers see, what servers see, and what signs."""

    domain: str
    """Of the From address."""
    envelope: str
    """Of the address to which undeliverable letters come back."""
    selector: str = ""
    """Empty: there is no key of the company's own."""
    public_key: str = ""
    relay_host: str = ""


def check_records(resolver: Resolver, sending: Sending) -> list[Finding]:
    """Look at SPF, DKIM, DMARC and at how they fit together. Asks all names at once: as long as one question takes."""
    key_name = mail_records.dkim_name(sending.selector, sending.domain) if sending.selector else ""
    policies = mail_records.dmarc_names(sending.domain)
    names = {sending.domain, sending.envelope, *policies, key_name} - {""}
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        found = dict(zip(names, pool.map(lambda name: _texts(resolver, name), names), strict=True))
    include = mail_records.include_for(sending.relay_host)
    findings = [mail_records.judge_spf(sending.envelope, found[sending.envelope], include=include)]
    if sending.domain != sending.envelope:
        findings.append(mail_records.judge_spf(sending.domain, found[sending.domain]))
    if key_name:
        findings.append(mail_records.judge_dkim(key_name, found[key_name], sending.public_key))
    dmarc = mail_records.judge_dmarc(sending.domain, found)
    is_signed = bool(key_name) and findings[-1].verdict == mail_records.GOOD
    alignment = mail_records.judge_alignment(
        domain=sending.domain, envelope=sending.envelope, is_signed=is_signed, dmarc=dmarc
    )
    return [*findings, dmarc, alignment]


def _texts(resolver: Resolver, name: str) -> Records:
    try:
        return resolver.texts(name)
    except DnsUnavailable:
        return None
