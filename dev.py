#!/usr/bin/env python3
"""Two commands for a machine that has nothing but Python: `python3 dev.py start` and `python3 dev.py test`."""

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
VAR = Path(os.environ.get("SOCIALPROOF_DATA_DIR", HERE / "var")).absolute()
PYTHON = VENV / "bin" / "python"


def main() -> int:
    command, *arguments = sys.argv[1:] or ["help"]
    if sys.version_info < (3, 11):
        return say("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".", 1)
    if command == "start" and not arguments:
        return start()
    if command == "test":
        return test(arguments)
    return say(
        "python3 dev.py start   run everything with the sample company\n"
        "python3 dev.py test    run every check and every test (words after it go to pytest)",
        2,
    )


def say(text: str, code: int = 0) -> int:
    print(text, flush=True)
    return code


def install(lock_name: str) -> None:
    """Make .venv and install the hashed lock, unless exactly this lock is installed already."""
    lock = HERE / lock_name
    stamp = VENV / "installed.sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    held = stamp.read_text().split() if stamp.exists() else []
    if wanted in held:
        return
    say(f"Installing the packages of {lock_name} …")
    if not PYTHON.exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)])
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            sys.exit("Python's venv is missing. On Debian or Ubuntu: sudo apt install python3-venv")
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock)
    stamp.write_text("\n".join([*held, wanted]))


def run(*command: object, **options: object) -> None:
    result = subprocess.run([str(word) for word in command], cwd=HERE, **options)
    if result.returncode:
        sys.exit(result.returncode)


# ---------------------------------------------------------------- start


def start() -> int:
    begun = time.monotonic()
    install("requirements.lock")
    web_port, site_port = free_port(8000), free_port(8001)
    env = environment(web_port, site_port)
    flask = [PYTHON, "-m", "flask", "--app", "wsgi"]
    run(*flask, "db", "upgrade", env=env)
    run(*flask, "demo", "seed", env=env)
    for word in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(word, signal.default_int_handler)
    granian = [PYTHON, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", web_port]
    family = [
        subprocess.Popen([str(word) for word in command], cwd=HERE, env=env, start_new_session=True)
        for command in (
            [*granian, "--blocking-threads", 32, "--log-level", "error", "wsgi:app"],
            [*flask, "worker"],
            [*flask, "demo", "site", "--port", site_port],
        )
    ]
    try:
        wait_for(env["SOCIALPROOF_BASE_URL"] + "/healthz", family)
        run(*flask, "demo", "addresses", "--port", site_port, env=env)
        say(f"Ready after {time.monotonic() - begun:.0f} s. Ctrl-C stops it; what you did is kept in {VAR.name}/.")
        return watch(family)
    except KeyboardInterrupt:
        return say("\nStopping …")
    finally:
        stop(family)


def environment(web_port: int, site_port: int) -> dict[str, str]:
    """The embedded default; whatever the shell sets wins."""
    VAR.mkdir(parents=True, exist_ok=True)
    key = VAR / "secret-key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(48))
    defaults = {
        "SOCIALPROOF_DATA_DIR": str(VAR),
        "SOCIALPROOF_LOG_LEVEL": "warning",
        "SOCIALPROOF_BASE_URL": f"http://127.0.0.1:{web_port}",
        "SOCIALPROOF_DEMO_SITE": f"http://localhost:{site_port}",
    }
    if "SOCIALPROOF_SECRET_KEY" not in os.environ:
        defaults["SOCIALPROOF_SECRET_KEY_FILE"] = str(key)
    return defaults | dict(os.environ)


def free_port(wanted: int) -> int:
    """The wanted port, or the next even distance above it that is free."""
    for port in range(wanted, wanted + 200, 2):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit(f"No free port near {wanted}.")


def wait_for(address: str, family: list) -> None:
    for _ in range(600):
        if any(child.poll() is not None for child in family):
            sys.exit("It did not start; the reason stands above.")
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{address} did not answer within a minute.")


def watch(family: list) -> int:
    while all(child.poll() is None for child in family):
        time.sleep(0.5)
    return say("A part stopped by itself; the reason stands above.", 1)


def stop(family: list) -> None:
    """Ask each part once. Each leads a process group of its own: Ctrl-C reaches only us, and no child is left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for child in family:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in family:
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


# ---------------------------------------------------------------- test

BROWSERS = [
    (
        (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"),
        ["chromium", "fonts-noto-core"],  # without any font a page has no width to test
    ),
    (("chromium-headless-shell",), ["chromium-headless-shell"]),  # faster; most tests take it if it is there
    (("firefox-esr", "firefox"), ["firefox-esr"]),
    (
        ("WebKitWebDriver",),
        ["webkit2gtk-driver", "xvfb", *(f"gstreamer1.0-{part}" for part in ("plugins-good", "plugins-bad", "libav"))],
    ),
]
"""Programs, one of which is enough, and the Debian packages that bring it."""


def test(arguments: list[str]) -> int:
    install("requirements-dev.lock")
    get_browsers()
    if not arguments:
        run(PYTHON, "-m", "ruff", "check", ".")
        run(PYTHON, "-m", "ruff", "format", "--check", ".")
        run(PYTHON, "-m", "mypy")
        # One more than there are processors: browser tests wait for cameras and clocks half of their time.
        arguments = ["-n", str((os.cpu_count() or 2) + 1), "--dist", "worksteal"]
    return subprocess.run([str(PYTHON), "-m", "pytest", *arguments], cwd=HERE).returncode


def get_browsers() -> None:
    """Browser tests need three engines; where apt may, it installs them. Tests of a missing one are skipped by name."""
    missing = [packages for names, packages in BROWSERS if not any(name and shutil.which(name) for name in names)]
    if not missing or not shutil.which("apt-get"):
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and subprocess.run([*sudo, "true"], capture_output=True).returncode:
        say(
            "Browsers are missing and apt needs a password: sudo apt install "
            + " ".join(name for packages in missing for name in packages)
        )
        return
    say("Installing Debian's browsers for the browser tests …")
    quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run([*sudo, "apt-get", "update", "-qq"], **quiet)
    for packages in missing:  # one by one: what a distribution lacks must not take the others along
        subprocess.run([*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], **quiet)


if __name__ == "__main__":
    sys.exit(main())
