"""Ready answers: bytes, their gzip, an ETag, and the headers of the visitor's room. Sent without entering Flask."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.orm import Session

from socialproof.web.visitor.access import HEADERS
from socialproof.widgets import queries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FEED_SECONDS = 30
"""How long a browser or CDN may keep a feed: a withdrawal has to be gone within 60 s."""
SCRIPT_SECONDS = 3600
SCRIPT_FILE = Path("visitor") / "widget.min.js"
POPUP_SCRIPT = Path("visitor") / "popup.min.js"

Headers = list[tuple[str, str]]
_GZIP_REFUSED = re.compile(r"(?:^|[\s,])gzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Answer:
    """One immutable resource in both encodings, its header lists ready."""

    version: str
    language: str
    etag: str
    plain: bytes
    packed: bytes
    plain_headers: Headers
    packed_headers: Headers
    unchanged_headers: Headers

    @property
    def weight(self) -> int:
        """Bytes in memory."""
        return len(self.plain) + len(self.packed)

    def send(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a GET: 304 when the browser holds this version, gzip when it may."""
        held = environ.get("HTTP_IF_NONE_MATCH")
        if held is not None and (self.etag in held or held.strip() == "*"):
            start_response("304 Not Modified", list(self.unchanged_headers))
            return (b"",)
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        if "gzip" in accepted and ("q=0" not in accepted or accepts_gzip(accepted)):
            start_response("200 OK", list(self.packed_headers))
            return (self.packed,)
        start_response("200 OK", list(self.plain_headers))
        return (self.plain,)


def accepts_gzip(accepted: str) -> bool:
    """Whether gzip is named and not refused by q=0."""
    return "gzip" in accepted and ("q=0" not in accepted or not _GZIP_REFUSED.search(accepted))


def ready(*, version: str, language: str, kind: str, seconds: int, plain: bytes, packed: bytes) -> Answer:
    """Put an answer together once, so that sending it is a dictionary look-up and a write."""
    etag = f'W/"{version}"'
    shared: Headers = [
        ("ETag", etag),
        ("Cache-Control", f"public, max-age={seconds}"),
        ("Vary", "Accept-Encoding"),
        *HEADERS.items(),
    ]
    described: Headers = [("Content-Type", kind), *shared]
    return Answer(
        version=version,
        language=language,
        etag=f'"{version}"',
        plain=plain,
        packed=packed,
        plain_headers=[*described, ("Content-Length", str(len(plain)))],
        packed_headers=[*described, ("Content-Encoding", "gzip"), ("Content-Length", str(len(packed)))],
        unchanged_headers=shared,
    )


def feed_version(session: Session, widget_id: str, language: str) -> str | None:
    """The version that is published now in this language."""
    return queries.published_version(session, widget_id, language)


def feed_answer(session: Session, widget_id: str, wanted: str) -> Answer | None:
    """The published feed in the wanted language or the widget's own; None when there is no such widget."""
    snapshot = queries.published(session, widget_id, wanted)
    if snapshot is None:
        return None
    return ready(
        version=snapshot.version,
        language=snapshot.language,
        kind="application/json",
        seconds=FEED_SECONDS,
        plain=snapshot.body,
        packed=snapshot.gzip_body,
    )


def script_answer(app: Flask, file: Path = SCRIPT_FILE) -> Answer:
    """A script for pages of other sites: the widget's, or the popup's."""
    plain = (Path(app.static_folder or "") / file).read_bytes()
    return ready(
        version=hashlib.sha256(plain).hexdigest()[:12],
        language="",
        kind="text/javascript; charset=utf-8",
        seconds=SCRIPT_SECONDS,
        plain=plain,
        packed=gzip.compress(plain, 9, mtime=0),
    )
