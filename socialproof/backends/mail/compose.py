"""From our message to the bytes of RFC 5322."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from hashlib import sha256

from socialproof.backends.mail.heading import mailbox_line, words_line
from socialproof.backends.mail.port import Letter, Message


def compose(message: Message, *, sender: str) -> Letter:
    """Make the letter: plain words first, the same as HTML beside them. Raise MessageMalformed if it cannot be one."""
    address = sender_address(sender, message.from_name)
    head = words_line("Subject", message.subject) + mailbox_line("From", address.addr_spec, address.display_name)
    # Only an address that cannot be written in ASCII needs a server that takes other letters in a header.
    head += f"To: {message.to}\r\n".encode()
    letter = EmailMessage(policy=SMTP)
    letter["Date"] = formatdate(usegmt=True)
    letter["Message-ID"] = message_id(message.key, address.domain)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text, cte="quoted-printable")
    if message.html:
        letter.add_alternative(message.html, subtype="html", cte="quoted-printable")
    if message.language:
        letter["Content-Language"] = message.language
    return Letter(message.to, address.addr_spec, head + letter.as_bytes(), message.key)


def message_id(key: str, domain: str) -> str:
    """The identifier of everything that is sent under this key, however often it is tried."""
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def sender_address(sender: str, from_name: str = "") -> Address:
    """The installation's address under the given name, or under its own."""
    name, spec = parseaddr(sender)
    return Address(display_name=from_name or name, addr_spec=spec)
