"""The wheel, installed elsewhere, is the whole product: templates, static files, migrations, translations."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.servers import ROOT, Granian, environment


def test_the_installed_wheel_migrates_and_serves(tmp_path: Path, listening: socket.socket) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT)
    [wheel] = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, wheel)
    port = listening.getsockname()[1]
    listening.close()
    env = environment(f"sqlite:///{tmp_path}/product.db", tmp_path / "data", port, "w" * 40) | {"PYTHONPATH": str(site)}
    run(sys.executable, "-m", "flask", "--app", "socialproof.wsgi", "db", "upgrade", env=env, cwd=tmp_path)
    server = Granian(env, port, "socialproof.wsgi:app", tmp_path)
    server.start()
    try:
        assert b"ready" in get(server.address + "/readyz")
        assert b"--ink" in get(server.address + "/static/shared/tokens.css")
        assert b"<form" in get(server.address + "/app/welcome")
        assert "lösenord".encode() in get(server.address + "/app/welcome?lang=sv")
    finally:
        server.stop()


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return bytes(answer.read())


def run(*command: object, **options: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=300, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
