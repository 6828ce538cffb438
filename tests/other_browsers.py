"""Firefox and WebKit, real ones with a fake camera: the two engines that Playwright drives only in builds of its own.

Firefox speaks Marionette over a socket, WebKit the W3C WebDriver protocol over HTTP; of both we need a few words.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.parts import MissingPart, need

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The name that the WebDriver standard gives to a reference to an element."""
SECONDS = 60
KEYS = {"Escape": "\ue00c", "Tab": "\ue004", "Enter": "\ue007", "ArrowRight": "\ue014", "ArrowLeft": "\ue012"}
"""How the WebDriver standard writes keys that are no letters."""

PREFERENCES = {
    "marionette.port": 0,
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "dom.push.connection.enabled": False,
    "services.settings.server": "",
    "dom.disable_beforeunload": True,
}

WEBKIT_ARGUMENTS = (
    "--automation",
    "--enable-mock-capture-devices=true",
    "--enable-media-stream=true",
)


class OtherBrowser(Protocol):
    """One window."""

    def open(self, url: str) -> None: ...

    def click(self, selector: str) -> None: ...

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        ...

    def enter(self, expression: str) -> None:
        """From here everything happens inside the frame that this expression of the page is."""
        ...

    def leave(self) -> None:
        """Back to the page around the frame."""
        ...

    def press(self, *names: str) -> None:
        """Keys, one after the other, to whatever has the focus: `KEYS`, or letters."""
        ...

    def resize(self, width: int, height: int) -> None:
        """The page's own room, in CSS pixels; WebKit's stays wider than 440, because its window has buttons."""
        ...

    def kill(self) -> None:
        """As the kernel would: at once, nothing is finished."""
        ...

    def close(self) -> None: ...


def wait_until(browser: OtherBrowser, expression: str, seconds: float = 30) -> None:
    """Ask until the expression is true."""
    until = time.monotonic() + seconds
    while not browser.evaluate(expression):
        assert time.monotonic() < until, f"never true: {expression}; the page says {browser.evaluate(SAID)!r}"
        time.sleep(0.1)


SAID = "document.body.innerText.slice(0, 600)"

INTO_VIEW = "void document.querySelector({selector})?.scrollIntoView({{ block: 'center', behavior: 'instant' }})"
"""WebKit's driver scrolls by and by, begins anew at every try, and on a busy machine gets nowhere."""

NOT_YET = ("element not interactable", "element click intercepted", "no such element", "stale element reference")
"""The WebDriver standard's words for what is still hidden, moving, or not there."""


class NotYet(AssertionError):
    """What was to be pressed cannot be pressed at this moment."""


def as_soon_as_it_can_be(press: Callable[[], None], seconds: float = 30) -> None:
    """Press once the page lets a person press it."""
    until = time.monotonic() + seconds
    while True:
        try:
            return press()
        except NotYet:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def typed(names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The standard's words for pressing these keys one after the other."""
    keys = [KEYS.get(name, name) for name in names]
    steps = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
    return [{"type": "key", "id": "keyboard", "actions": steps}]


def awaited(expression: str) -> str:
    """A script for both protocols: its last argument is told the value, or why there is none."""
    return f"""const done = arguments[arguments.length - 1];
        (async () => ({expression}))().then(done, (error) => done("failed: " + error));"""


class Firefox:
    """`profile` is a folder; the same folder again is the same person's browser. `preferences` are beyond ours."""

    def __init__(self, program: str, profile: Path, preferences: dict[str, Any]) -> None:
        profile.mkdir(exist_ok=True)
        wanted = PREFERENCES | preferences
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items())
        (profile / "user.js").write_text("\n".join(lines))
        port_file = profile / "MarionetteActivePort"
        port_file.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                program,
                "--headless",
                "--marionette",
                "--remote-allow-system-access",
                "--no-remote",
                "--profile",
                str(profile),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {"HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"},
        )
        self._socket = _connect(int(_filled(port_file)))
        self._number = 0
        self._answer()
        self._ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self._ask("WebDriver:SetTimeouts", script=SECONDS * 1000)

    def open(self, url: str) -> None:
        self._ask("WebDriver:Navigate", url=url)

    def click(self, selector: str) -> None:
        def press() -> None:
            found = self._ask("WebDriver:FindElement", using="css selector", value=selector)["value"]
            self._ask("WebDriver:ElementClick", id=found[ELEMENT])

        as_soon_as_it_can_be(press)

    def evaluate(self, expression: str) -> Any:
        return self._ask("WebDriver:ExecuteAsyncScript", script=awaited(expression), args=[])["value"]

    def enter(self, expression: str) -> None:
        frame = self._ask("WebDriver:ExecuteScript", script=f"return {expression}", args=[])["value"]
        self._ask("WebDriver:SwitchToFrame", id=frame)

    def leave(self) -> None:
        self._ask("WebDriver:SwitchToFrame", id=None)

    def press(self, *names: str) -> None:
        self._ask("WebDriver:PerformActions", actions=typed(names))

    def resize(self, width: int, height: int) -> None:
        self._ask("WebDriver:SetWindowRect", width=max(width, 520), height=height + 120)
        # A window is never as narrow as a phone; the page in it may be.
        sides = f"width: {width}px; min-width: 0; height: {height}px; min-height: {height}px; flex: none"
        self._of_browser(f'gBrowser.selectedBrowser.style = "{sides}"')
        wait_until(self, f"innerWidth === {width} && innerHeight === {height}")

    def complaints(self) -> list[str]:
        """What stands in the console about pages, but for the account of who may store what. WebKit tells nobody."""
        said: list[str] = self._of_browser(
            "return Services.console.getMessageArray().filter((m) => m instanceof Ci.nsIScriptError"
            " && m.sourceName.startsWith('http') && !m.category.startsWith('cookie'))"
            ".map((m) => `${m.errorMessage} ${m.sourceName}`)"
        )
        return said

    def _of_browser(self, script: str) -> Any:
        """Run a script where the browser's own window is made."""
        self._ask("Marionette:SetContext", value="chrome")
        try:
            return self._ask("WebDriver:ExecuteScript", script=script, args=[])["value"]
        finally:
            self._ask("Marionette:SetContext", value="content")

    def kill(self) -> None:
        _end(self._process, signal.SIGKILL)
        self._socket.close()

    def close(self) -> None:
        if self._process.poll() is None:
            _end(self._process, signal.SIGTERM)
        self._socket.close()

    def _ask(self, name: str, **parameters: Any) -> Any:
        self._number += 1
        body = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(body), body))
        _kind, _number, error, result = self._answer()
        if error is not None and error["error"] in NOT_YET:
            raise NotYet(f"{name}: {error['message']}")
        assert error is None, f"{name}: {error['message']}"
        return result

    def _answer(self) -> Any:
        head = b""
        while not head.endswith(b":"):
            head += self._receive(1)
        return json.loads(self._receive(int(head[:-1])))

    def _receive(self, size: int) -> bytes:
        held = b""
        while len(held) < size:
            block = self._socket.recv(size - len(held))
            assert block, "Firefox has gone"
            held += block
        return held


class WebKit:
    """WebKitGTK's own small browser on a screen that nobody sees. `arguments` are beyond ours."""

    def __init__(self, program: str, folder: Path, arguments: tuple[str, ...]) -> None:
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert screen.stdout is not None
        display = screen.stdout.readline().decode().strip()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = os.environ | {
            "DISPLAY": f":{display}",
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        }
        driver = subprocess.Popen(
            ["WebKitWebDriver", "--host=127.0.0.1", f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
        self._processes = [driver, screen]
        _connect(port).close()
        self._address = f"http://127.0.0.1:{port}/session"
        options = {"binary": program, "args": [*WEBKIT_ARGUMENTS, *arguments]}
        session = self._ask("POST", "", {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}})
        self._address += f"/{session['sessionId']}"
        self._ask("POST", "/timeouts", {"script": SECONDS * 1000})

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def click(self, selector: str) -> None:
        def press() -> None:
            self.evaluate(INTO_VIEW.format(selector=json.dumps(selector)))
            found = self._ask("POST", "/element", {"using": "css selector", "value": selector})
            self._ask("POST", f"/element/{found[ELEMENT]}/click", {})

        as_soon_as_it_can_be(press)

    def evaluate(self, expression: str) -> Any:
        return self._ask("POST", "/execute/async", {"script": awaited(expression), "args": []})

    def enter(self, expression: str) -> None:
        frame = self._ask("POST", "/execute/sync", {"script": f"return {expression}", "args": []})
        self._ask("POST", "/frame", {"id": frame})

    def leave(self) -> None:
        self._ask("POST", "/frame", {"id": None})

    def press(self, *names: str) -> None:
        self._ask("POST", "/actions", {"actions": typed(names)})

    def resize(self, width: int, height: int) -> None:
        self._ask("POST", "/window/rect", {"width": width, "height": height})
        inner = "[outerWidth - innerWidth, outerHeight - innerHeight]"
        more = self.evaluate(inner)
        self._ask("POST", "/window/rect", {"width": width + more[0], "height": height + more[1]})

    def kill(self) -> None:
        for process in self._processes:
            _end(process, signal.SIGKILL)

    def close(self) -> None:
        self.kill()

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(self._address + path, json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=SECONDS + 5) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            said = error.read()
            is_early = json.loads(said)["value"]["error"] in NOT_YET
            raise (NotYet if is_early else AssertionError)(f"{path}: {said[:500]!r}") from None


def _connect(port: int) -> socket.socket:
    until = time.monotonic() + SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS + 5)
        except OSError:
            assert time.monotonic() < until, "the browser does not listen"
            time.sleep(0.1)


def _filled(path: Path) -> str:
    until = time.monotonic() + SECONDS
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < until, "the browser did not start"
        time.sleep(0.1)
    return path.read_text()


def _end(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
    process.wait(timeout=20)
    if process.stdout:
        process.stdout.close()


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise MissingPart(f"none of {', '.join(names)} on this machine (apt-get install firefox-esr webkit2gtk-driver)")


def _minibrowser() -> str:
    _program("WebKitWebDriver")
    _program("Xvfb")
    for path in Path("/usr/lib").glob("*/webkit2gtk-*/MiniBrowser"):
        return str(path)
    raise MissingPart("WebKitGTK's MiniBrowser is not on this machine (apt-get install webkit2gtk-driver)")


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Callable[..., Firefox]]:
    """`firefox()` opens the one person's Firefox; again after a kill, with what it had stored."""
    program = need("Firefox", lambda: _program("firefox-esr", "firefox"))
    opened: list[Firefox] = []

    def make(**preferences: Any) -> Firefox:
        opened.append(Firefox(program, tmp_path / "firefox", preferences))
        return opened[-1]

    yield make
    for browser in opened:
        browser.close()


@pytest.fixture
def webkit() -> Iterator[Callable[..., WebKit]]:
    """`webkit()` opens a WebKit."""
    program = need("WebKit", _minibrowser)
    opened: list[WebKit] = []
    with tempfile.TemporaryDirectory(prefix="wk-", ignore_cleanup_errors=True) as folder:

        def make(*arguments: str) -> WebKit:
            opened.append(WebKit(program, Path(folder), arguments))
            return opened[-1]

        yield make
        for browser in opened:
            browser.close()
