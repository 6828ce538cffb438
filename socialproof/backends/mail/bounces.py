"""Letters from machines about our letters: could not be delivered (RFC 3464, or qmail's own form, QSBMF), called spam
(RFC 5965).

Everything in them is a stranger's word. Who may say it, and about whom, is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from socialproof.domain.text import clean_line

BOUNCED, DELAYED, DELIVERED, COMPLAINED, OTHER = "bounced", "delayed", "delivered", "complained", "other"

MOST_BYTES = 1024 * 1024
"""Of a letter that comes back: it may quote the whole of ours."""
READ_BYTES = 128 * 1024
"""Of these the report itself is read: it stands before the quoted letter."""
MOST_BOUNDARIES = 30
"""The parser looks for each of them in every line, so a letter of many would keep it busy for a minute."""
LONGEST_FIELD = 2000
LONGEST_REASON = 300
MOST_PARTS = 50
COMPLAINTS = ("abuse", "fraud", "opt-out", "opt-out-list")
"""Feedback types by which a reader says no. "not-spam" says the opposite, "auth-failure" is about our signature."""

_ACTIONS = {"failed": BOUNCED, "delayed": DELAYED, "delivered": DELIVERED, "relayed": DELIVERED, "expanded": DELIVERED}
_WORST = (BOUNCED, DELAYED, DELIVERED, OTHER)
_ADDRESS = re.compile(r'(?:"[^"\r\n]*"|[^\s<>()\[\],;:"]*)@(?:\[[^\]\s]*\]?|[^\s<>()\[\],;:"]*)')
_QMAIL_BEGINS = "Hi. This is the "
_QMAIL_CODE = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
_QMAIL_ANSWER = re.compile(r"Remote host said: ([45])\d\d\b")
_QMAIL_NOT_NOW = re.compile(
    "in the queue too long|unable to establish an SMTP connection|wasn't able to establish an SMTP connection"
    "|temporar(?:y|ily)|try again",
    re.IGNORECASE,
)
_QMAIL_NEVER = re.compile(
    "no mailbox here|does not like recipient|no such (?:user|mailbox|recipient)|unknown (?:user|recipient)"
    "|(?:user|recipient|mailbox) (?:is )?(?:unknown|unavailable)|no longer accepts mail|couldn't find any host named"
    "|mailbox is full|over quota",
    re.IGNORECASE,
)
_NEVER, _NOT_NOW = "5.0.0", "4.0.0"
"""RFC 3463: for good, or for now, and nothing more is said."""
_CONTENT_TYPE = re.compile(rb"(?:^|[\r\n])content-type[ \t]*:(?:[^\r\n]|\r?\n[ \t]|\r[ \t])*", re.IGNORECASE)
"""With everything on the lines that go on from it. Of its parameters the parser counts all marks for each `;`."""
_NOT_ABOUT_THE_ADDRESS = re.compile(r"5\.[367]\.")
"""RFC 3463: the other system, the content, or a policy is at fault, not the mailbox."""


@dataclass(frozen=True)
class Report:
    """What a machine says became of one of our letters."""

    kind: str
    """bounced, delayed, delivered, complained, or other: an absence note, a newsletter, anything."""
    status: str = ""
    """The code of RFC 3463, such as 5.1.1."""
    reason: str = ""
    """The other server's words, cleaned, without addresses."""

    @property
    def is_permanent(self) -> bool:
        """Whether trying again is useless, and the mailbox is why."""
        return self.kind == BOUNCED and self.status.startswith("5.") and not _NOT_ABOUT_THE_ADDRESS.match(self.status)


def read_report(content: bytes) -> Report:
    """What this letter says; a Report of kind "other" when it is none that we know. Never raises for its content."""
    begin = content[:READ_BYTES]
    if begin.lower().count(b"boundary") > MOST_BOUNDARIES:
        return Report(OTHER)
    if any(len(field.group()) > LONGEST_FIELD for field in _CONTENT_TYPE.finditer(begin)):
        return Report(OTHER)
    try:
        letter = message_from_bytes(begin)
        return _feedback(letter) or _delivery(letter) or _qmail(letter) or Report(OTHER)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Report(OTHER)


def without_addresses(words: str | bytes) -> str:
    """A server's words in one line that name nobody: logs and tables must not remember an address that is erased
    elsewhere."""
    said = words[:LONGEST_FIELD]
    said = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return clean_line(_ADDRESS.sub("…", said))[:LONGEST_REASON]


def _feedback(letter: Message) -> Report | None:
    part = _part(letter, "message/feedback-report")
    if part is None:
        return None
    # Some parsers keep the report as text, some as a message inside; its fields are lines either way.
    kind = re.search(r"^Feedback-Type:\s*([\w-]+)", _text(part), re.IGNORECASE | re.MULTILINE)
    said = kind.group(1).lower() if kind else ""
    return Report(COMPLAINED, reason=said) if said in COMPLAINTS else Report(OTHER)


def _delivery(letter: Message) -> Report | None:
    part = _part(letter, "message/delivery-status")
    if part is None:
        return None
    groups = part.get_payload()
    found = [_recipient(group) for group in groups if isinstance(group, Message)] if isinstance(groups, list) else []
    return min(found, key=lambda report: _WORST.index(report.kind), default=Report(OTHER))


def _recipient(group: Message) -> Report:
    kind = _ACTIONS.get(_field(group, "Action").split(" ")[0].lower(), OTHER)
    code = re.match(r"[245]\.\d{1,3}\.\d{1,3}", _field(group, "Status"))
    words = _field(group, "Diagnostic-Code").partition(";")[2] or _field(group, "Diagnostic-Code")
    return Report(kind, code.group() if code else "", without_addresses(words))


def _qmail(letter: Message) -> Report | None:
    """Words in one plain part: a greeting, a paragraph for each address, and our letter behind a line of its own.

    https://cr.yp.to/proto/qsbmf.txt
    """
    if letter.is_multipart() or letter.get_content_type() != "text/plain":
        return None
    text = _text(letter).replace("\r\n", "\n").lstrip()
    if not text.startswith(_QMAIL_BEGINS):
        return None
    paragraphs = re.split(r"\n[ \t]*\n", re.split(r"^-", text, maxsplit=1, flags=re.MULTILINE)[0])
    found = [_qmail_recipient(each.strip()) for each in paragraphs[:MOST_PARTS] if each.lstrip().startswith("<")]
    return min(found, key=lambda report: (_WORST.index(report.kind), not report.is_permanent), default=Report(OTHER))


def _qmail_recipient(paragraph: str) -> Report:
    """By the code that it names, else by the other server's answer, else by qmail's own words."""
    words = paragraph.partition("\n")[2][:LONGEST_FIELD]
    code, answer = _QMAIL_CODE.search(words), _QMAIL_ANSWER.search(words)
    if code is not None:
        status = code.group()
    elif answer is not None and answer[1] == "5":
        # What it refused after it had the letter says nothing about the mailbox.
        status = _NEVER if _QMAIL_NEVER.search(words) else ""
    elif answer is not None or _QMAIL_NOT_NOW.search(words):
        status = _NOT_NOW
    elif _QMAIL_NEVER.search(words):
        status = _NEVER
    else:
        return Report(OTHER)
    return Report(OTHER if status.startswith("2") else BOUNCED, status, without_addresses(words))


def _field(group: Message, name: str) -> str:
    return clean_line(str(group.get(name, ""))[:LONGEST_FIELD])


def _part(letter: Message, kind: str) -> Message | None:
    if letter.get_content_type() != "multipart/report":
        return None
    return next((part for part in _some(letter.walk()) if part.get_content_type() == kind), None)


def _some(parts: Iterator[Message]) -> Iterator[Message]:
    for _number in range(MOST_PARTS):
        part = next(parts, None)
        if part is None:
            return
        yield part


def _text(part: Message) -> str:
    payload = part.get_payload()
    if isinstance(payload, list):
        return "\n".join(each.as_string() for each in payload if isinstance(each, Message))
    decoded = part.get_payload(decode=True)
    return decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else str(payload)
