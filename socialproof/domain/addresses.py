"""Addresses that people type or that arrive in a link: which of them we follow, keep or refuse."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

LONGEST_URL = 2000

_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff\\]")


def safe_next(target: str | None, *, within: str = "/app", otherwise: str = "/app/") -> str:
    """Where to go after signing in: a plain path inside `within`, else `otherwise`. Never another site.

    Browsers read `//host`, `/\\host`, `/<tab>/host` and `https:host` as other sites, also when percent-encoded
    once more by a proxy, so anything but ordinary characters and single slashes is refused, not repaired.
    """
    if not target or len(target) > LONGEST_URL:
        return otherwise
    readings = {target, unquote(target), unquote(unquote(target))}
    if all(_stays(reading, within) for reading in readings):
        return target
    return otherwise


def _stays(path: str, within: str) -> bool:
    before_query = re.split(r"[?#]", path, maxsplit=1)[0]
    if _UNSEEN.search(before_query) or "//" in before_query or "/.." in before_query or "/./" in before_query:
        return False
    if re.search(r"[\x00-\x1f\x7f\\]", path):
        return False
    return before_query == within or before_query.startswith(within + "/")


def website_url(typed: str) -> str | None:
    """The http(s) address a person meant, or None. `example.com` becomes `https://example.com`.

    Everything with another scheme, with a user name, or with characters that browsers skip is refused:
    `java<tab>script:` is an address to a browser, so it is no address here.
    """
    text = typed.strip(" ")
    if not text or len(text) > LONGEST_URL or _UNSEEN.search(text) or re.search("[\"'<>`{}|^]", text):
        return None
    if not re.match(r"[a-z][a-z0-9+.\-]*:", text, re.IGNORECASE) or re.match(r"[\w.\-]+\.[\w\-]+:\d+(/|$)", text):
        text = "https://" + text
    return text if _is_web(text) else None


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or parts.username is not None:
        return False
    if "[" in parts.netloc:
        return bool(re.fullmatch(r"[0-9a-f:.]+", host))
    return bool(re.fullmatch(r"[\w\-]+(\.[\w\-]+)*\.?", host))
