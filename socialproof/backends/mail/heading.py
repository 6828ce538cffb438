"""The lines at the head of a letter, written from words that strangers chose.

The standard library's header objects read what they are given: `=?utf-8?q?=0D=0ABcc:_x?=` in a name becomes a line
break and one more recipient. Here words are only written, so that what looks encoded is encoded once more.
"""

from __future__ import annotations

from email.header import Header
from email.policy import SMTP
from email.utils import formataddr

from socialproof.backends.mail.port import MessageMalformed, one_line

_PLAIN_LETTERS = 60


def words_line(name: str, words: str) -> bytes:
    """A field of free words, such as Subject. MessageMalformed for words of two lines."""
    if "=?" in one_line(words):
        return f"{name}: {_encoded(name, words)}\r\n".encode("ascii")
    if words.isascii() and len(words) < _PLAIN_LETTERS:
        return f"{name}: {words}\r\n".encode("ascii")
    return str(SMTP.fold(name, SMTP.header_factory(name, words))).encode("ascii")


def mailbox_line(name: str, address: str, display_name: str = "") -> bytes:
    """A field with one address, under a name or none. MessageMalformed when the address is not written in ASCII."""
    if not one_line(address).isascii():
        raise MessageMalformed("a sender's address is written in ASCII")
    if one_line(display_name).isascii() and "=?" not in display_name:
        return f"{name}: {formataddr((display_name, address))}\r\n".encode("ascii")
    return f"{name}: {_encoded(name, display_name)}\r\n <{address}>\r\n".encode("ascii")


def _encoded(name: str, words: str) -> str:
    return Header(words, "utf-8", header_name=name).encode(linesep="\r\n")
