"""Mail that stays at home: one .eml file per message in a folder, for development and for a first look."""

from __future__ import annotations

import os
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from socialproof.backends.mail.compose import compose
from socialproof.backends.mail.port import Letter, Message


class OutboxMailer:
    """Writes instead of sending. A message with the same key replaces the earlier one."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self.folder = folder
        self.sender = sender

    def send(self, message: Message) -> None:
        """Keep the message as the file that would have been sent."""
        self.deliver(compose(message, sender=self.sender))

    def deliver(self, letter: Letter) -> None:
        """Write the whole file or none: it appears under its name only when every byte is on disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = sha256(letter.key.encode()).hexdigest()[:40]
        draft = self.folder / f".{name}.{token_hex(4)}"
        try:
            with draft.open("xb") as target:
                target.write(letter.content)
                target.flush()
                os.fsync(target.fileno())
            draft.replace(self.folder / f"{name}.eml")
        finally:
            draft.unlink(missing_ok=True)

    def messages(self) -> list[EmailMessage]:
        """Everything that was sent, newest first."""
        paths = sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        return [message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.SMTP) for path in paths]

    def close(self) -> None:
        """Nothing is held open."""
