"""DKIM: the sender's domain vouches for a letter. Canonical forms are dkimpy's, the arithmetic is OpenSSL's."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from dkim.canonicalization import CanonicalizationPolicy  # type: ignore[import-untyped]

SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
_RULES = CanonicalizationPolicy.from_c_value(b"relaxed/simple")


@dataclass(frozen=True)
class DkimKey:
    """The key whose public half stands at <selector>._domainkey.<domain>."""

    domain: str
    selector: str
    private_key: str = field(repr=False)
    """PEM, RSA."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        key = serialization.load_pem_private_key(self.private_key.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("DKIM keys are RSA")
        return key

    def signed(self, content: bytes) -> bytes:
        """The letter with a DKIM-Signature before it.

        Each header is named once more than it is there, so that none can be added: a second subject above the signed
        one would be what the reader sees.
        """
        head, _line, body = content.partition(b"\r\n\r\n")
        headers = _headers(head)
        body_hash = base64.b64encode(hashlib.sha256(_RULES.canonicalize_body(body)).digest()).decode("ascii")
        value = (
            f" v=1; a=rsa-sha256; c=relaxed/simple; d={self.domain}; s={self.selector};\r\n t={int(time.time())};"
            f" h={':'.join((*SIGNED, *(name for name in SIGNED if name in headers)))};\r\n bh={body_hash};\r\n b="
        ).encode("ascii")
        named = [(name, headers[name]) for name in SIGNED if name in headers]
        canonical = _RULES.canonicalize_headers([(name.encode(), text) for name, text in named])
        [(_name, own)] = _RULES.canonicalize_headers([(b"dkim-signature", value)])
        told = b"".join(name + b":" + text for name, text in canonical) + b"dkim-signature:" + own.rstrip()
        proof = base64.b64encode(self._key.sign(told, padding.PKCS1v15(), hashes.SHA256()))
        lines = b"\r\n ".join(proof[at : at + 72] for at in range(0, len(proof), 72))
        return b"DKIM-Signature:" + value + lines + b"\r\n" + content


def _headers(head: bytes) -> dict[str, bytes]:
    """The value of each header by its name in lower case; ours has each once."""
    found: dict[str, bytes] = {}
    name = ""
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            found[name] += b"\r\n" + line
        else:
            raw, _colon, text = line.partition(b":")
            name = raw.decode("ascii").lower()
            found[name] = text
    return {name: text + b"\r\n" for name, text in found.items()}
