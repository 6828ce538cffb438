"""Many letters with the same words: everything that is the same in all of them is made once."""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from html import escape

from socialproof.backends.mail.compose import message_id, sender_address
from socialproof.backends.mail.port import Letter, MessageMalformed, one_line
from socialproof.backends.mail.signature import DkimKey
from socialproof.domain.letter import Filling

_ONE_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@\x00-\x20\x7f]{1,64}@[^\s<>()\[\]\\,;:\"@\x00-\x20\x7f]{1,255}")
_BOUNDARY = "=_another_part_of_this_letter"
"""Quoted-printable never holds "=_", so no words can end a part."""


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom letters come. `message_domain` names the letters and does not change when the address does."""

    name: str
    address: str
    message_domain: str
    reply_to: str = ""
    dkim: DkimKey | None = None


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A letter with gaps. Texts are plain, `html` is HTML in which values are escaped when they are filled in."""

    sender: Sender
    headers: bytes
    subject: Filling
    text: Filling
    html: Filling

    @classmethod
    def of(cls, *, sender: Sender, subject: str, text: str, html: str, language: str) -> Skeleton:
        """Cut the words at their gaps; MessageMalformed for a name or subject of two lines."""
        one_line(subject.replace("\x02", "").replace("\x03", ""))
        lines = EmailMessage(policy=SMTP)
        try:
            lines["From"] = Address(display_name=one_line(sender.name), addr_spec=one_line(sender.address))
            if sender.reply_to:
                lines["Reply-To"] = Address(addr_spec=one_line(sender.reply_to))
        except (ValueError, IndexError) as error:
            raise MessageMalformed(str(error)) from error
        lines["Content-Language"] = language
        lines["MIME-Version"] = "1.0"
        headers = lines.as_bytes().rstrip(b"\r\n") + b"\r\n"
        headers += f'Content-Type: multipart/alternative;\r\n boundary="{_BOUNDARY}"\r\n'.encode("ascii")
        return cls(sender, headers, Filling.of(subject), Filling.of(text), Filling.of(html))

    def letter(
        self, *, to: str, key: str, values: Mapping[str, str], envelope_from: str = "", unsubscribe: str = ""
    ) -> Letter:
        """One copy. `unsubscribe` is the value of List-Unsubscribe, such as <https://…>; it takes one press."""
        if not _ONE_ADDRESS.fullmatch(to):
            raise MessageMalformed("the recipient is not one e-mail address")
        own = [
            _folded("Subject", self.subject.filled(values)),
            f"To: {to}\r\nDate: {formatdate(usegmt=True)}\r\n".encode("ascii" if to.isascii() else "utf-8"),
            f"Message-ID: {message_id(key, self.sender.message_domain)}\r\n".encode("ascii"),
        ]
        if unsubscribe:
            own.append(f"List-Unsubscribe: {one_line(unsubscribe)}\r\n".encode("ascii"))
            own.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
        text = _part("plain", self.text.filled(values))
        html = _part("html", self.html.filled(values, escape))
        content = b"".join((self.headers, *own, b"\r\n", text, html, f"--{_BOUNDARY}--\r\n".encode("ascii")))
        if self.sender.dkim is not None and to.isascii():
            content = self.sender.dkim.signed(content)
        return Letter(to, envelope_from or self.sender.address, content, key)


def sender_of_installation(mail_from: str, name: str) -> Sender:
    """The installation's own address under somebody's name."""
    address = sender_address(mail_from)
    return Sender(name or address.display_name, address.addr_spec, address.domain)


def _part(kind: str, words: str) -> bytes:
    lines = "\r\n".join(words.splitlines()) + "\r\n"
    head = f"--{_BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    return head.encode("ascii") + b"\r\n\r\n" + b2a_qp(lines.encode("utf-8"), istext=True) + b"\r\n"


def _folded(name: str, value: str) -> bytes:
    if value.isascii() and len(value) < 60 and value.isprintable() and "=?" not in value:
        return f"{name}: {value}\r\n".encode("ascii")
    return str(SMTP.fold(name, SMTP.header_factory(name, one_line(value)))).encode("ascii")
