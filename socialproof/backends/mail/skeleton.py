"""Many letters with the same words: everything that is the same in all of them is made once."""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from html import escape

from socialproof.backends.mail.compose import message_id, sender_address
from socialproof.backends.mail.heading import mailbox_line, words_line
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
    text_part: EncodedPart
    html_part: EncodedPart

    @classmethod
    def of(cls, *, sender: Sender, subject: str, text: str, html: str, language: str) -> Skeleton:
        """Cut the words at their gaps; MessageMalformed for a name or subject of two lines."""
        one_line(subject.replace("\x02", "").replace("\x03", ""))
        headers = mailbox_line("From", sender.address, sender.name)
        if sender.reply_to:
            headers += mailbox_line("Reply-To", sender.reply_to)
        headers += f"Content-Language: {one_line(language)}\r\nMIME-Version: 1.0\r\n".encode("ascii")
        headers += f'Content-Type: multipart/alternative;\r\n boundary="{_BOUNDARY}"\r\n'.encode("ascii")
        words, page = Filling.of(text), Filling.of(html)
        parts = EncodedPart.of("plain", words), EncodedPart.of("html", page, escape)
        return cls(sender, headers, Filling.of(subject), words, page, *parts)

    def letter(
        self, *, to: str, key: str, values: Mapping[str, str], envelope_from: str = "", unsubscribe: str = ""
    ) -> Letter:
        """One copy. `unsubscribe` is the value of List-Unsubscribe, such as <https://…>; it takes one press."""
        if not _ONE_ADDRESS.fullmatch(to):
            raise MessageMalformed("the recipient is not one e-mail address")
        own = [
            words_line("Subject", self.subject.filled(values)),
            f"To: {to}\r\nDate: {formatdate(usegmt=True)}\r\n".encode("ascii" if to.isascii() else "utf-8"),
            f"Message-ID: {message_id(key, self.sender.message_domain)}\r\n".encode("ascii"),
        ]
        if unsubscribe:
            own.append(f"List-Unsubscribe: {one_line(unsubscribe)}\r\n".encode("ascii"))
            own.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
        parts = self.text_part.filled(values), self.html_part.filled(values)
        content = b"".join((self.headers, *own, b"\r\n", *parts, f"--{_BOUNDARY}--\r\n".encode("ascii")))
        if self.sender.dkim is not None and to.isascii():
            content = self.sender.dkim.signed(content)
        return Letter(to, envelope_from or self.sender.address, content, key)


def sender_of_installation(mail_from: str, name: str) -> Sender:
    """The installation's own address under somebody's name."""
    address = sender_address(mail_from)
    return Sender(name or address.display_name, address.addr_spec, address.domain)


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """One part of the letter, encoded already but for its gaps. Between words and value the line is broken softly, so
    that no line becomes too long; a reader's program takes these breaks out again.
    """

    pieces: tuple[bytes, ...]
    names: tuple[str, ...]
    escaped: Callable[[str], str]

    @classmethod
    def of(cls, kind: str, words: Filling, escaped: Callable[[str], str] = str) -> EncodedPart:
        """The part of this kind, plain or html."""
        first, *others = (_encoded(piece) for piece in words.pieces)
        head = f"--{_BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        head += "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        pieces = [head.encode("ascii") + first, *others]
        pieces[-1] += b"\r\n"
        return cls(tuple(pieces), words.names, escaped)

    def filled(self, values: Mapping[str, str]) -> bytes:
        """One copy of the part."""
        known: dict[str, bytes] = {}
        parts = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            if name not in known:
                value = self.escaped(values[name.strip()])
                spaced = f" {value}" if name[0] == " " and value else value
                known[name] = b"=\r\n" + _encoded(spaced) + b"=\r\n" if spaced else b"=\r\n"
            parts += (known[name], piece)
        return b"".join(parts)


def _encoded(text: str) -> bytes:
    # It breaks lines as the text does, and with LF where the text has no line to go by.
    return b2a_qp(text.encode("utf-8"), istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
