"""From our message to the bytes of RFC 5322. The policy refuses a line break in any header."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate, parseaddr
from hashlib import sha256

from socialproof.backends.mail.port import Letter, Message, MessageMalformed


def compose(message: Message, *, sender: str) -> Letter:
    """Make the letter: plain words first, the same as HTML beside them. Raise MessageMalformed if it cannot be one."""
    address = sender_address(sender, message.from_name)
    # Only an address that cannot be written in ASCII needs a server that takes other letters in a header.
    letter = EmailMessage(policy=SMTP if message.to.isascii() else SMTPUTF8)
    try:
        letter["Subject"] = message.subject
        letter["From"] = address
        letter["To"] = Address(addr_spec=message.to)
    except (ValueError, IndexError) as error:
        raise MessageMalformed(str(error)) from error
    letter["Date"] = formatdate(usegmt=True)
    letter["Message-ID"] = message_id(message.key, address.domain)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text, cte="quoted-printable")
    if message.html:
        letter.add_alternative(message.html, subtype="html", cte="quoted-printable")
    if message.language:
        letter["Content-Language"] = message.language
    return Letter(message.to, address.addr_spec, letter.as_bytes(), message.key)


def message_id(key: str, domain: str) -> str:
    """The identifier of everything that is sent under this key, however often it is tried."""
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def sender_address(sender: str, from_name: str = "") -> Address:
    """The installation's address under the given name, or under its own."""
    name, spec = parseaddr(sender)
    return Address(display_name=from_name or name, addr_spec=spec)
