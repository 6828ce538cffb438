"""What a survey may be called, where it may be framed, and which state follows which."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit

from socialproof.domain.addresses import website_url
from socialproof.domain.errors import RuleBroken

MAX_NAME_CHARACTERS = 120
MAX_SENTENCE_CHARACTERS = 300
MAX_LABEL_CHARACTERS = 60
MAX_PROMPTS = 6
MAX_EMBED_DOMAINS = 20
SHORTEST_VIDEO_SECONDS = 10
LEAST_RETENTION_DAYS, MOST_RETENTION_DAYS = 1, 3650
"""How long the file that a customer sent is kept after the finished video was made of it."""


class SurveyKind(StrEnum):
    """Relationship: asked regularly. Transactional: asked after an event. Never mixed in one figure."""

    RELATIONSHIP = "relationship"
    TRANSACTIONAL = "transactional"


class SurveyState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class SurveyRefused(RuleBroken):
    """A field of a survey cannot be kept; `code` says why, `details["field"]` says which."""


def checked_name(name: str) -> str:
    """The name, or SurveyRefused when it is empty or longer than 120 characters."""
    if not name:
        raise SurveyRefused("name_missing", field="name")
    if len(name) > MAX_NAME_CHARACTERS:
        raise SurveyRefused("name_too_long", field="name", limit=MAX_NAME_CHARACTERS)
    return name


def checked_retention(days: int) -> int:
    """The days that originals are kept, or SurveyRefused when that is not 1 to 3650."""
    if not LEAST_RETENTION_DAYS <= days <= MOST_RETENTION_DAYS:
        raise SurveyRefused("retention", field="video_retention_days")
    return days


def embed_origin(typed: str) -> str | None:
    """The origin that a person meant, such as https://www.example.com, or None.

    The result goes into a Content-Security-Policy, so nothing but scheme, ASCII host and port survives: the address of
    a page means its whole site, while `;`, a space, `*` or a scheme that is not http(s) is refused. `example.com` means
    https.
    """
    address = website_url(typed)
    if address is None or re.search(r"\s", address):
        return None
    parts = urlsplit(address)
    if "[" in parts.netloc:
        return None
    host = _ascii_host(parts.hostname or "")
    if host is None:
        return None
    default = {"http": 80, "https": 443}[parts.scheme]
    port = f":{parts.port}" if parts.port not in (None, default) else ""
    return f"{parts.scheme}://{host}{port}"


def _ascii_host(host: str) -> str | None:
    try:
        ascii_host = host.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = ascii_host.split(".")
    well_formed = all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels)
    known = len(labels) > 1 or ascii_host == "localhost"
    return ascii_host if well_formed and known and len(ascii_host) <= 253 else None


def embed_origins(typed: str) -> list[str]:
    """Origins out of a text with one per line, each once; SurveyRefused names the first line that is none."""
    origins: dict[str, None] = {}
    for line in filter(None, (part.strip() for part in re.split(r"[\n,]", typed))):
        origin = embed_origin(line)
        if origin is None:
            raise SurveyRefused("not_a_domain", field="embed_domains", typed=line[:80])
        origins[origin] = None
    if len(origins) > MAX_EMBED_DOMAINS:
        raise SurveyRefused("too_many_domains", field="embed_domains", limit=MAX_EMBED_DOMAINS)
    return list(origins)


def state_after(state: str, act: str) -> SurveyState:
    """The state after "open" or "close"; RuleBroken when the survey is there already or was never opened."""
    allowed = {
        ("draft", "open"): SurveyState.OPEN,
        ("closed", "open"): SurveyState.OPEN,
        ("open", "close"): SurveyState.CLOSED,
    }
    try:
        return allowed[(state, act)]
    except KeyError:
        raise RuleBroken("already_" + state if (state, act) != ("draft", "close") else "never_opened") from None
