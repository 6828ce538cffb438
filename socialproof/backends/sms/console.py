"""Text messages that stay at home: a line in the log and a .txt file beside the letters of the outbox."""

from __future__ import annotations

import logging
import os
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from socialproof.backends.sms.port import SmsMessage

log = logging.getLogger(__name__)


class ConsoleSms:
    """Writes instead of sending. A message with the same key replaces the earlier one."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self.folder = folder
        self.sender = sender

    def send(self, message: SmsMessage) -> str:
        """Write the whole file or none: number and sender in the first two lines, then the text."""
        name = sha256(message.key.encode()).hexdigest()[:40]
        lines = (f"To: {message.to}", f"From: {message.sender or self.sender}", "", message.text, "")
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{name}.{token_hex(4)}"
        try:
            with draft.open("x", encoding="utf-8") as target:
                target.write("\n".join(lines))
                target.flush()
                os.fsync(target.fileno())
            draft.replace(self.folder / f"{name}.txt")
        finally:
            draft.unlink(missing_ok=True)
        # Neither number nor text: logs are kept longer than people are.
        log.info("text message kept in the outbox as %s.txt", name)
        return name

    def messages(self) -> list[str]:
        """The text of everything that was sent, newest first."""
        paths = sorted(self.folder.glob("*.txt"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        return [path.read_text(encoding="utf-8") for path in paths]

    def close(self) -> None:
        """Nothing is held open."""
