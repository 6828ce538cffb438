"""The product as an operator runs it: granian in a process of its own, which a test may kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass
class Granian:
    """A web process on `port`; `entry` is the WSGI application."""

    env: dict[str, str]
    port: int
    entry: str = "wsgi:app"
    folder: Path = ROOT
    threads: int = 8
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += [
            "--port",
            str(self.port),
            "--blocking-threads",
            str(self.threads),
            "--log-level",
            "error",
            self.entry,
        ]
        self.process = subprocess.Popen(command, cwd=self.folder, env=self.env, start_new_session=True)
        self._wait()

    def kill(self) -> None:
        """As the kernel would: at once, with all its children, nothing is finished."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)
            self.process.wait(timeout=20)

    def _wait(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(self.address + "/healthz", timeout=2).close()
                return
            except OSError:
                assert self.process is not None
                assert self.process.poll() is None, "granian ended before it answered"
                time.sleep(0.1)
        raise AssertionError("granian did not answer in 30 s")


def environment(database_url: str, data_dir: Path, port: int, secret: str) -> dict[str, str]:
    """What an operator would set."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "SOCIALPROOF_DATA_DIR": str(data_dir),
        "SOCIALPROOF_BASE_URL": f"http://127.0.0.1:{port}",
        "SOCIALPROOF_SECRET_KEY": secret,
    }
