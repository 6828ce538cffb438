"""When a popup may show itself: its settings, its page rules, and every word for why it did not.

The order of the rules is the order in which the server asks them, and in which the team's inspector tells them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from socialproof.domain.errors import RuleBroken

MODES = ("popup", "tab", "inline")
TRIGGERS = ("seconds", "scroll", "exit", "event")
POSITIONS = ("left", "right")
LIMITS = {"seconds": (0, 3600), "scroll": (1, 100)}
"""Least and most of a trigger's number: seconds on the page, percent of it scrolled."""
MOST_PAGES = 50
LONGEST_PAGE = 300
LONGEST_ADDRESS = 2000
LONGEST_EVENT = 60
LONGEST_LIFE = timedelta(hours=24)
"""How far ahead a person's token may end: who copies one out of a page has it for a day at most."""
LEEWAY = timedelta(minutes=1)
"""Clocks of two servers are never the same."""


class Reason(StrEnum):
    """What became of one request to show itself: the words that are counted. The ledger adds its own."""

    SHOWN = "shown"
    """To a person whom the company's server has named."""
    SHOWN_ANONYMOUS = "shown_anonymous"
    SHOWN_TOKEN_REFUSED = "shown_token_refused"
    """Shown all the same, but to nobody in particular."""
    OPENED = "opened"
    """By the person's own act: nobody was asked."""
    OFF = "off"
    SURVEY_NOT_OPEN = "survey_not_open"
    OTHER_SITE = "other_site"
    OTHER_PAGE = "other_page"
    NOT_IDENTIFIED = "not_identified"
    TOKEN_REFUSED = "token_refused"
    NOT_SAMPLED = "not_sampled"
    OTHER = "other"


SHOWN = (Reason.SHOWN, Reason.SHOWN_ANONYMOUS, Reason.SHOWN_TOKEN_REFUSED)
OF_LEDGER = ("asked_recently", "nps_asked_recently", "another_first", "deleted", "unsubscribed")
COUNTED = frozenset([*(str(reason) for reason in Reason), *OF_LEDGER])
"""Nothing else is ever counted, so that a day has only so many rows, whoever asks."""


class TokenFault(StrEnum):
    """What is wrong with the token of a person."""

    MALFORMED = "malformed"
    NO_SECRET = "no_secret"
    WRONG_KEY = "wrong_key"
    NO_EXPIRY = "no_expiry"
    EXPIRED = "expired"
    TOO_LONG_AHEAD = "too_long_ahead"
    NO_EMAIL = "no_email"


class Rule(StrEnum):
    """What the server looks at, in this order; the first no decides."""

    ON = "on"
    SURVEY_OPEN = "survey_open"
    SITE = "site"
    PAGE = "page"
    TOKEN = "token"
    SAMPLE = "sample"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class PopupSettings:
    """Everything that a team may choose about a popup but its survey and whether it is on."""

    name: str
    mode: str = "popup"
    position: str = "right"
    trigger: str = "seconds"
    trigger_value: int = 20
    event_name: str = ""
    pages: tuple[str, ...] = ()
    pages_not: tuple[str, ...] = ()
    sample_percent: int = 100
    is_identified_only: bool = False


class PopupRefused(RuleBroken):
    """A field of a popup cannot be kept; `code` says why, `details["field"]` says which."""


def checked_settings(settings: PopupSettings) -> PopupSettings:
    """The settings, or PopupRefused for the first field that cannot be kept."""
    for field, known in (("mode", MODES), ("trigger", TRIGGERS), ("position", POSITIONS)):
        if getattr(settings, field) not in known:
            raise PopupRefused("unknown", field=field)
    if not settings.name:
        raise PopupRefused("name_missing", field="name")
    least, most = LIMITS.get(settings.trigger, (0, LIMITS["seconds"][1]))
    if not least <= settings.trigger_value <= most:
        raise PopupRefused("out_of_range", field="trigger_value", least=least, most=most)
    if settings.trigger == "event" and event_word(settings.event_name) is None:
        raise PopupRefused("event_missing", field="event_name")
    if not 1 <= settings.sample_percent <= 100:
        raise PopupRefused("out_of_range", field="sample_percent", least=1, most=100)
    return settings


def event_word(typed: str) -> str | None:
    """The name of an event as it is kept and compared: lower case, one space between words; None when it is none."""
    word = " ".join(typed.lower().split())
    return word if 0 < len(word) <= LONGEST_EVENT else None


def page_patterns(typed: str) -> tuple[str, ...]:
    """Paths out of a text with one per line, each once. PopupRefused names the first line that is none.

    A whole address means its path; `*` stands for anything, also across slashes.
    """
    patterns: dict[str, None] = {}
    for line in filter(None, (part.strip() for part in typed.split("\n"))):
        pattern = line if line.startswith("*") else path_of(line)
        if pattern is None or len(pattern) > LONGEST_PAGE or any(sign in pattern for sign in " \t<>\"'"):
            raise PopupRefused("not_a_path", typed=line[:80])
        patterns[_plain(pattern)] = None
    if len(patterns) > MOST_PAGES:
        raise PopupRefused("too_many_paths", limit=MOST_PAGES)
    return tuple(patterns)


def path_of(address: str) -> str | None:
    """The path of a page, from its whole address or the path itself, without query and fragment; None for neither."""
    if not address or len(address) > LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if address.startswith("/") and not address.startswith("//"):
        return _plain(parts.path)
    if parts.scheme in ("http", "https") and parts.netloc:
        return _plain(parts.path)
    return None


def origin_of(address: str) -> str | None:
    """The scheme, host and port of a whole address, as a browser writes them; None when it has none."""
    try:
        parts = urlsplit(address[:LONGEST_ADDRESS])
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    is_default = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{parts.hostname}" + ("" if is_default else f":{port}")


def _plain(path: str) -> str:
    """One spelling: decoded, and with no slash at its end, unless it is the front page."""
    decoded = unquote(path).strip() or "/"
    return decoded.rstrip("/") or "/"


def is_on_page(path: str, pages: Iterable[str], pages_not: Iterable[str]) -> bool:
    """Whether a popup with these rules may show itself here. No rules mean everywhere; `pages_not` goes first."""
    if any(matches(path, pattern) for pattern in pages_not):
        return False
    allowed = list(pages)
    return not allowed or any(matches(path, pattern) for pattern in allowed)


def matches(path: str, pattern: str) -> bool:
    """Whether the path is what the pattern says. In one walk, so that no pattern is slow; `/a/*` means `/a` too."""
    if pattern.endswith("/*") and path == (pattern[:-2] or "/"):
        return True
    first, *others = pattern.split("*")
    if not others:
        return path == pattern
    *middle, last = others
    if not path.startswith(first) or not path.endswith(last) or len(path) < len(first) + len(last):
        return False
    at, end = len(first), len(path) - len(last)
    for piece in middle:
        found = path.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
