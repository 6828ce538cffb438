"""Notes from Amazon's notification service (SNS), by which its mail service (SES) tells what became of letters.

Each is signed; the certificate is read from Amazon's own address, and from nowhere else. How it is done:
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

MOST_BYTES = 64 * 1024
SECONDS = 5.0
MOST_CERTIFICATES = 16

_HOST = r"https://sns\.[a-z]{2,4}(?:-[a-z]{1,12}){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(_HOST + r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem\Z")
_CONFIRMATION = re.compile(_HOST + r"/\?[\x21-\x7e]{1,2000}\Z")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES: dict[str, Callable[[], HashAlgorithm]] = {"1": SHA1, "2": SHA256}

Fetch = Callable[[str], bytes]


class SnsMalformed(ValueError):
    """Not a note of this service at all."""


class SnsNotSigned(Exception):
    """Somebody else wrote it, or changed it on its way."""


class SnsUnavailable(Exception):
    """Amazon's own address did not answer as it should; the service may send the note again."""


@dataclass(frozen=True)
class Note:
    """A note whose signature was right. `kind`: Notification, SubscriptionConfirmation or UnsubscribeConfirmation."""

    kind: str
    message: dict[str, Any]
    """What the mail service says; empty when it is not of its kind."""
    subscribe_url: str = ""


@dataclass
class SnsDesk:
    """Opens notes. `fetch` reads one of Amazon's own addresses; certificates are kept, they rarely change."""

    fetch: Fetch = field(default_factory=lambda: fetch)

    def __post_init__(self) -> None:
        self._certificates: OrderedDict[str, x509.Certificate] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, body: bytes, *, now: datetime) -> Note:
        """The note in this request. Raise SnsMalformed, SnsNotSigned or SnsUnavailable."""
        fields = _fields(body)
        key, scheme = self._key(fields.get("SigningCertURL", ""), now), fields.get("SignatureVersion", "")
        if scheme not in _HASHES:
            raise SnsNotSigned
        try:
            signature = base64.b64decode(fields.get("Signature", ""), validate=True)
            key.verify(signature, _signed_text(fields), PKCS1v15(), _HASHES[scheme]())
        except (InvalidSignature, ValueError) as error:
            raise SnsNotSigned from error
        return Note(fields["Type"], _object(fields.get("Message", "")), fields.get("SubscribeURL", ""))

    def confirm(self, note: Note) -> None:
        """Say yes to a subscription; only at Amazon's own address. Raise SnsNotSigned or SnsUnavailable."""
        if not _CONFIRMATION.match(note.subscribe_url):
            raise SnsNotSigned
        self.fetch(note.subscribe_url)

    def _key(self, url: str, now: datetime) -> RSAPublicKey:
        if not _CERTIFICATE.match(url):
            raise SnsNotSigned
        with self._lock:
            certificate = self._certificates.get(url)
        if certificate is None:
            certificate = self._keep(url, _certificate(self.fetch(url)))
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise SnsNotSigned
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise SnsNotSigned
        return key

    def _keep(self, url: str, certificate: x509.Certificate) -> x509.Certificate:
        with self._lock:
            self._certificates[url] = certificate
            while len(self._certificates) > MOST_CERTIFICATES:
                self._certificates.popitem(last=False)
        return certificate


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


def fetch(url: str) -> bytes:
    """Read a small file: no redirects, no proxy, a few seconds in all. Raise SnsUnavailable for anything else."""
    opener = build_opener(_NoRedirect(), ProxyHandler({}))
    until = time.monotonic() + SECONDS
    try:
        with opener.open(Request(url, headers={"Accept": "*/*"}), timeout=SECONDS) as answer:
            body = b""
            while part := answer.read1(8192):
                body += part
                if len(body) > MOST_BYTES or time.monotonic() > until:
                    raise SnsUnavailable("too large or too slow")
            return body
    except (OSError, HTTPException, ValueError) as error:
        raise SnsUnavailable(type(error).__name__) from error


def _fields(body: bytes) -> dict[str, str]:
    """The note's fields that are text; SnsMalformed when it is no note."""
    fields = {name: value for name, value in _object(body).items() if isinstance(value, str)}
    if fields.get("Type") not in _SIGNED:
        raise SnsMalformed
    return fields


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _signed_text(fields: dict[str, str]) -> bytes:
    names = [name for name in _SIGNED[fields["Type"]] if name in fields]
    return "".join(f"{name}\n{fields[name]}\n" for name in names).encode("utf-8", "surrogatepass")


def _certificate(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise SnsUnavailable("not a certificate") from error
