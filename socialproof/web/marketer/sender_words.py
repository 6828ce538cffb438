"""What the look at a domain's mail records found, in sentences: what is the matter, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from socialproof.domain import mail_records
from socialproof.domain.mail_records import Finding


@dataclass(frozen=True)
class Told:
    """One finding for a reader. `badge` is the colour: good, caution, bad or info."""

    title: str
    badge: str
    verdict: str
    sentence: str
    advice: str
    name: str
    found: tuple[str, ...]


def tell(finding: Finding) -> Told:
    """A finding in words."""
    verdicts: dict[str, str] = {
        mail_records.GOOD: _("Good"),
        mail_records.CAUTION: _("Could be better"),
        mail_records.BAD: _("Needs repair"),
        mail_records.UNKNOWN: _("No answer"),
    }
    sentence, advice = _words(finding)
    badge = "info" if finding.verdict == mail_records.UNKNOWN else finding.verdict
    return Told(_title(finding), badge, verdicts[finding.verdict], sentence, advice, finding.name, finding.found)


def _title(finding: Finding) -> str:
    titles: dict[str, str] = {
        "spf": _("SPF: who may send for %(domain)s", domain=finding.name),
        "dkim": _("DKIM: the next signature") if finding.value == "next" else _("DKIM: the signature"),
        "dmarc": _("DMARC: what happens to forged letters"),
        "alignment": _("Alignment: do the names match?"),
    }
    return titles[finding.subject]


def _words(finding: Finding) -> tuple[str, str]:
    if finding.code == "no_answer":
        return _("The name servers of the domain did not answer."), _("Please check again in a few minutes.")
    by_subject = {"spf": _spf, "dkim": _dkim, "dmarc": _dmarc, "alignment": _alignment}
    return by_subject[finding.subject](finding)


def _spf(finding: Finding) -> tuple[str, str]:
    include = f"include:{finding.value}" if finding.value else ""
    record = f"v=spf1 {include or 'mx'} ~all"
    words: dict[str, tuple[str, str]] = {
        "spf_good": (_("There is one record, and it ends the list of senders."), ""),
        "spf_missing": (
            _("There is no SPF record."),
            _("Add a TXT record at %(name)s, such as: %(record)s", name=finding.name, record=record),
        ),
        "spf_twice": (
            _("There are several SPF records; then none of them counts."),
            _("Make one of them: all their include: words in one record, one ~all at its end."),
        ),
        "spf_all": (
            _("The record allows everybody in the world to send for this domain."),
            _("Replace its last word by ~all."),
        ),
        "spf_without_relay": (
            _("The record does not name the relay that sends your letters."),
            _("Add %(include)s before its last word.", include=include),
        ),
        "spf_too_long": (
            _("The record asks for more than ten other names; receivers give up then."),
            _("Take out what you do not send with any more."),
        ),
        "spf_open": (
            _("The record does not say what to do with all other senders."),
            _("Let it end with ~all, or with -all when you are sure."),
        ),
    }
    return words[finding.code]


def _dkim(finding: Finding) -> tuple[str, str]:
    add = _("Add the TXT record shown under Signature. It can take some hours until it is seen everywhere.")
    replace = _("Replace its value with the one shown under Signature, as a whole.")
    twice = (
        _("There are several records of this name; a receiver takes any of them."),
        _("Keep the one with the value shown under Signature and delete the others."),
    )
    waiting: dict[str, tuple[str, str]] = {
        "dkim_good": (_("The record holds your key. Your letters are signed."), ""),
        "dkim_missing": (_("There is no record with your key yet. Letters are not signed."), add),
        "dkim_other": (_("The record holds another key than yours. Letters are not signed."), replace),
        "dkim_twice": twice,
    }
    signing = {
        "dkim_missing": (
            _("The record of the key that signs is gone. Letters are still signed, but nobody can check it."),
            _("Add the TXT record shown under Signature again, or make a new key."),
        ),
        "dkim_other": (
            _("The record holds another key than the one that signs. Letters are still signed, but it proves nothing."),
            replace,
        ),
    }
    following = {
        "dkim_good": (_("The record holds the new key, which signs your letters from now on."), ""),
        "dkim_missing": (_("There is no record with the new key yet. The present one goes on signing."), add),
        "dkim_other": (_("The record holds another key than the new one. The present one goes on signing."), replace),
    }
    by_role: dict[str, dict[str, tuple[str, str]]] = {"signing": signing, "next": following}
    return (waiting | by_role.get(finding.value, {}))[finding.code]


def _dmarc(finding: Finding) -> tuple[str, str]:
    words: dict[str, tuple[str, str]] = {
        "dmarc_good": (_("There is a policy: %(policy)s.", policy=finding.value), ""),
        "dmarc_none": (
            _("There is a policy, but it only watches (none): forged letters in your name still arrive."),
            _("When your own letters have passed for some weeks, change p=none to p=quarantine."),
        ),
        "dmarc_missing": (
            _("There is no DMARC record. Large mail providers ask for one."),
            _("Add a TXT record at %(name)s, to begin with: %(record)s", name=finding.name, record="v=DMARC1; p=none"),
        ),
        "dmarc_twice": (_("There are several DMARC records; then none of them counts."), _("Delete all but one.")),
        "dmarc_broken": (
            _("The record has no policy that receivers understand."),
            _("It needs p=none, p=quarantine or p=reject directly behind v=DMARC1."),
        ),
    }
    return words[finding.code]


def _alignment(finding: Finding) -> tuple[str, str]:
    domains = {"domain": finding.name, "envelope": finding.value}
    words: dict[str, tuple[str, str]] = {
        "aligned_by_dkim": (_("The signature names %(domain)s, as the sender that readers see.", **domains), ""),
        "aligned_by_spf": (
            _("Nothing is signed yet, but letters leave from %(envelope)s, which belongs to %(domain)s.", **domains),
            _("A signature also holds when a letter is forwarded: make a key and add its record."),
        ),
        "not_aligned": (
            _("Readers see %(domain)s, but servers see %(envelope)s, and nothing is signed.", **domains),
            _("Make a key, unless there is one, and add its record: a signature for your own domain settles this."),
        ),
    }
    return words[finding.code]
