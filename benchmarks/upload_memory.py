"""Memory that an upload takes in the web process: 20 MB and 2 GB, part by part, on local storage.

    python benchmarks/upload_memory.py [megabytes of the large one] [rounds]

One granian as we ship it, warmed up by an upload. For each upload: the highest resident memory of the process while it
is sent and joined, less what it had before. Interleaved rounds, medians; the ratio of the highest memory comes last
(goal: what they took differs by at most 5 MB). Linux only; needs twice the large one's size on the disk for a while.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.submit import Server  # noqa: E402 – found by the line above

MEGABYTE = 1024 * 1024
PART_BYTES = 1 * MEGABYTE
SMALL_MEGABYTES = 20
SETTLED_PEAK = "5"
"""What /proc/<pid>/clear_refs takes to forget the highest memory so far."""


class Processes:
    """The server and its workers."""

    def __init__(self, root: int) -> None:
        children = subprocess.run(["pgrep", "-P", str(root)], capture_output=True, text=True, check=False).stdout
        self._pids = [root, *map(int, children.split())]

    def forget_peak(self) -> None:
        for pid in self._pids:
            Path(f"/proc/{pid}/clear_refs").write_text(SETTLED_PEAK, encoding="ascii")

    def resident(self, field: str) -> float:
        """Megabytes: VmRSS is now, VmHWM the highest since `forget_peak`."""
        return sum(self._read(pid, field) for pid in self._pids) / 1024

    @staticmethod
    def _read(pid: int, field: str) -> int:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(field))


def environment(folder: Path) -> dict[str, str]:
    return {
        "SOCIALPROOF_SECRET_KEY": "a-secret-key-for-the-benchmark-only-012345",
        "SOCIALPROOF_DATA_DIR": str(folder),
        "SOCIALPROOF_MAX_VIDEO_MB": "4096",
        "DATABASE_URL": f"sqlite:///{folder}/benchmark.db",
    }


def customer_paths(folder: Path, count: int) -> list[str]:
    """Tables, and for each upload a customer who is asked; returns where each may send."""
    from flask_migrate import upgrade
    from sqlalchemy.orm import Session

    from socialproof.app import create_app
    from socialproof.database import db
    from socialproof.settings import Settings
    from socialproof.tokens import Purpose
    from socialproof.web import EXTENSION
    from tests.factories import Factories

    app = create_app(Settings.from_env(environment(folder)))
    with app.app_context():
        upgrade()
        with Session(db.engine, expire_on_commit=False) as session:
            factories = Factories(session)
            survey = factories.survey()
            tokens = app.extensions[EXTENSION].tokens
            ids = [factories.response(survey).public_id for _ in range(count)]
    return [f"/s/r/{tokens.sign(Purpose.RESPONSE, each)}/uploads" for each in ids]


def parts(megabytes: int) -> Iterator[bytes]:
    """So many megabytes that begin like a WebM; made one by one, because the client's memory is nobody's concern."""
    for number in range(megabytes):
        head = b"\x1a\x45\xdf\xa3 webm" if number == 0 else number.to_bytes(8, "big")
        yield head + bytes(PART_BYTES - len(head))


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes, **headers: str) -> Any:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    assert answer.status in (200, 201), told
    return told


def send(port: int, path: str, megabytes: int) -> None:
    """Begin, send each part, join."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    as_json = {"Content-Type": "application/json"}
    upload = ask(connection, "POST", path, b'{"size": null}', **as_json)
    whole, size = hashlib.sha256(), 0
    for number, part in enumerate(parts(megabytes), 1):
        whole.update(part)
        size += len(part)
        checksum = {"X-Part-SHA256": hashlib.sha256(part).hexdigest()}
        ask(connection, "PUT", f"{path}/{upload['upload']}/parts/{number}", part, **checksum)
    told = {"size": size, "sha256": whole.hexdigest(), "seconds": 60}
    ask(connection, "POST", upload["complete"], json.dumps(told).encode(), **as_json)
    connection.close()


def measured(server: Server, folder: Path, path: str, megabytes: int) -> tuple[float, float]:
    """Megabytes of memory that this upload took, and the highest in all; its file is removed."""
    processes = Processes(server.process.pid)
    processes.forget_peak()
    before = processes.resident("VmRSS")
    send(server.port, path, megabytes)
    peak = processes.resident("VmHWM")
    print(f"{megabytes:5} MB sent: {peak - before:5.1f} MB of memory more than the {before:.0f} MB before", flush=True)
    for source in (folder / "media").rglob("source"):
        source.unlink()
    return peak - before, peak


def main() -> None:
    large = int(sys.argv[1]) if len(sys.argv) > 1 else 2048
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    taken: dict[int, list[tuple[float, float]]] = {SMALL_MEGABYTES: [], large: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = iter(customer_paths(folder, 2 * rounds + 3))
        server = Server("wsgi:app", ROOT, environment(folder))
        try:
            server.wait()
            for _ in range(3):
                measured(server, folder, next(paths), SMALL_MEGABYTES)
            for _ in range(rounds):
                for megabytes, found in taken.items():
                    found.append(measured(server, folder, next(paths), megabytes))
        finally:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(20)
    (small_taken, small_peak), (large_taken, large_peak) = (
        [statistics.median(column) for column in zip(*found, strict=True)] for found in taken.values()
    )
    difference = large_taken - small_taken
    print(f"{large} MB took {difference:+.1f} MB more than {SMALL_MEGABYTES} MB (goal: within 5 MB)")
    print(f"ratio of the highest memory: {large_peak / small_peak:.2f} ({large_peak:.0f} MB / {small_peak:.0f} MB)")


if __name__ == "__main__":
    main()
