"""Drive a headless Chromium by the DevTools protocol over a pipe: the standard library is enough."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",  # as root, in containers, there is no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


class BrowserFailed(Exception):
    """The browser is missing, has died, or did not answer in time."""


def find_browser() -> str:
    """The path of a Chromium; BrowserFailed says in one sentence that there is none."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    raise BrowserFailed(
        f"No browser found: none of {', '.join(NAMES)} is on the PATH; install one (Debian: apt-get install chromium)."
    )


class Tab:
    """One page of the browser: send commands, collect what it reports."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command."""
        return self.browser.call(method, parameters, self.session)

    def wait_for(self, event: str, seconds: float = 30.0) -> None:
        """Wait until the page reports `event`."""
        self.browser.wait_for(event, self.session, seconds)

    def evaluate(self, script: str) -> Any:
        """The JSON value of a JavaScript expression; promises are awaited."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserFailed(f"A check could not run on the page: {answer['exceptionDetails'].get('text')}.")
        return answer["result"].get("value")

    def events(self, method: str) -> list[dict[str, Any]]:
        """The parameters of all events of this kind so far."""
        return [e["params"] for e in self.browser.heard if e["method"] == method and e.get("sessionId") == self.session]


class Browser:
    """A running browser: messages are JSON texts that end in a zero byte."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.to_browser, self.from_browser = to_browser, from_browser
        self.rest = b""
        self.sent = 0
        self.heard: list[dict[str, Any]] = []

    def tab(self) -> Tab:
        """A new empty page."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        answer = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        return Tab(self, answer["sessionId"])

    def call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        """Send a command and return its answer; events heard meanwhile are kept."""
        self.sent += 1
        message: dict[str, Any] = {"id": self.sent, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        try:
            os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        except OSError as error:
            raise BrowserFailed(f"The browser has gone ({error.strerror}).") from error
        deadline = time.monotonic() + 60.0
        while True:
            answer = self._next(deadline)
            if answer.get("id") == self.sent:
                if "error" in answer:
                    raise BrowserFailed(f"The browser refused {method}: {answer['error'].get('message')}.")
                return answer["result"]
            self.heard.append(answer)

    def wait_for(self, event: str, session: str, seconds: float) -> None:
        """Wait until `event` is heard from the page `session`, if it was not already."""
        deadline = time.monotonic() + seconds
        while not any(e["method"] == event and e.get("sessionId") == session for e in self.heard):
            self.heard.append(self._next(deadline))

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self.rest:
            left = deadline - time.monotonic()
            ready = select.select([self.from_browser], [], [], max(left, 0.0))[0]
            chunk = os.read(self.from_browser, 1 << 20) if ready else b""
            if not chunk:
                raise BrowserFailed("The browser did not answer in time." if not ready else "The browser has gone.")
            self.rest += chunk
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless browser with a profile of its own; both are gone afterwards."""
    path = find_browser()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        commands_out, commands_in = os.pipe()
        answers_out, answers_in = os.pipe()
        # The browser reads file descriptor 3 and writes 4; ours must not be in the way when they are put there.
        ours_out, ours_in = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (commands_out, answers_in))

        def place() -> None:
            os.dup2(ours_out, 3)
            os.dup2(ours_in, 4)

        process = subprocess.Popen(
            [path, *_FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(Path(profile) / "stderr").open("wb"),
            preexec_fn=place,
            pass_fds=(3, 4),
        )
        for fd in (commands_out, answers_in, ours_out, ours_in):
            os.close(fd)
        try:
            yield Browser(commands_in, answers_out)
        finally:
            os.close(commands_in)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(answers_out)
