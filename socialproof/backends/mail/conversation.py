"""One connection to an SMTP server that keeps an eye on the clock, and says in one breath what may be said so."""

from __future__ import annotations

import io
import smtplib
import time
from typing import TYPE_CHECKING

from socialproof.backends.mail.port import Letter

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Conversation(smtplib.SMTP):
    """`limit(seconds)` ends everything after so many seconds in all; a socket's time-out begins anew with each byte.

    `is_late` says that time was over, `is_handed_over` that the letter may have been taken.
    """

    ends_at = float("inf")
    is_late = False
    is_handed_over = False

    def limit(self, seconds: float) -> None:
        """From now on, for the next letter."""
        self.ends_at = time.monotonic() + seconds
        self.is_handed_over = False

    def hand_over(self, letter: Letter) -> None:
        """One letter to one recipient; raises smtplib's exceptions for the command that was refused."""
        commands = (self._mail_from(letter), f"rcpt TO:<{letter.to}>", "data")
        for command, (code, words) in zip(commands, self._replies(commands), strict=False):
            if command.startswith("mail") and code != 250:
                raise smtplib.SMTPSenderRefused(code, words, letter.envelope_from)
            if command.startswith("rcpt") and code not in (250, 251):
                raise smtplib.SMTPRecipientsRefused({letter.to: (code, words)})
            if command == "data" and code != 354:
                raise smtplib.SMTPDataError(code, words)
        self.is_handed_over = True
        self.send(letter.content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        code, words = self.getreply()
        if code != 250:
            raise smtplib.SMTPDataError(code, words)

    def forget(self) -> bool:
        """After a refusal: whether the connection is good for another letter."""
        try:
            return self.sock is not None and self.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Timed(self))
        return super().getreply()

    def send(self, s: ReadableBuffer | str) -> None:
        self.wait_no_longer()
        super().send(s)

    def wait_no_longer(self) -> None:
        """Give the socket what is left of the time, at most one step's; TimeoutError when there is none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            self.is_late = True
            raise TimeoutError("the mail server took too long")
        if self.sock is not None:
            self.sock.settimeout(min(left, self.timeout))

    def _mail_from(self, letter: Letter) -> str:
        options = f" size={len(letter.content)}" if self.has_extn("size") else ""
        if not letter.to.isascii():
            if not self.has_extn("smtputf8"):
                raise smtplib.SMTPNotSupportedError("SMTPUTF8 not supported by server")
            options += " SMTPUTF8 BODY=8BITMIME"
        self.command_encoding = "ascii" if letter.to.isascii() else "utf-8"
        return f"mail FROM:<{letter.envelope_from}>{options}"

    def _replies(self, commands: tuple[str, ...]) -> list[tuple[int, bytes]]:
        """The answers up to the first refusal. RFC 2920: the three commands go out together where the server allows."""
        if not self.has_extn("pipelining"):
            replies = []
            for command in commands:
                self.putcmd(command)
                replies.append(self.getreply())
                if replies[-1][0] >= 400:
                    break
            return replies
        self.send(("\r\n".join(commands) + "\r\n").encode(self.command_encoding))
        replies = [self.getreply()]
        while len(replies) < len(commands) and replies[-1][0] != 421:
            replies.append(self.getreply())
        if replies[-1][0] == 354 and any(code >= 400 for code, _words in replies):
            self.send(b".\r\n")  # it waits for a letter to nobody
            self.getreply()
        return replies


class EncryptedConversation(Conversation, smtplib.SMTP_SSL):
    """The same by TLS from the first byte on."""


class _Timed(io.RawIOBase):
    """What the server says, as long as there is time."""

    def __init__(self, client: Conversation) -> None:
        self._client = client

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._client.wait_no_longer()
        connection = self._client.sock
        if connection is None:
            return 0
        try:
            return connection.recv_into(buffer)
        except TimeoutError:
            self._client.is_late = True
            raise
