"""A headless Chromium steered by a bare DevTools connection, for benchmarks.

Playwright's connection has every WebSocket frame told and copied, which doubles the browser's CPU. Here nothing is
switched on but what is asked for. The protocol: https://chromedevtools.github.io/devtools-protocol/.

    with Browser(3840, 2160) as browser:
        page = browser.open(url)
        page.until("window.tiledviz?.connection() === 'open'")
        page.worker("wall").evaluate("tiledviz.scene.frames")
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

import bench_kit

CHROMIUM = "/usr/bin/chromium"
START_SECONDS = 30.0
ANSWER_SECONDS = 60.0
POLL_SECONDS = 0.05
FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--mute-audio",
    "--hide-scrollbars",
)


class DevToolsError(Exception):
    """What was asked of the browser failed; the text is its answer."""


class Target:
    """A page or worker: what is evaluated in it."""

    def __init__(self, browser: Browser, session: str, name: str) -> None:
        self._browser = browser
        self.session = session
        self.name = name

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a command. Raises DevToolsError."""
        return self._browser.call(method, parameters, self.session)

    def evaluate(self, script: str) -> Any:
        """Return the JSON value of the expression *script*, of what it promises if it is a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if details := answer.get("exceptionDetails"):
            raise DevToolsError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def until(self, script: str, seconds: float = 30) -> Any:
        """Return the value of *script* once it is true."""
        return wait_for(lambda: self.evaluate(script), seconds, script)


class Page(Target):
    """A tab, and the workers that it started."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        super().__init__(browser, session, target)
        self._workers: list[Target] = []

    def attached(self, worker: Target) -> None:
        """Take note of a worker of this page."""
        self._workers.append(worker)

    def worker(self, name: str, seconds: float = 30) -> Target:
        """Return the worker of that name, once it is there."""

        def find() -> Target | None:
            self._browser.listen()
            return next((worker for worker in self._workers if worker.name == name), None)

        return wait_for(find, seconds, f"a worker named {name}")

    def metrics(self) -> dict[str, float]:
        """Return Performance.getMetrics: of its main thread ``TaskDuration``, seconds busy so far, and others."""
        return {metric["name"]: metric["value"] for metric in self.call("Performance.getMetrics")["metrics"]}

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("Target.closeTarget", {"targetId": self.name})


class Browser:
    """A Chromium of its own, *width* by *height* CSS pixels at *ratio* device pixels each."""

    def __init__(self, width: int, height: int, ratio: float = 1, flags: tuple[str, ...] = ()) -> None:
        self._view = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": False}
        self._folder = tempfile.TemporaryDirectory(prefix="tvchrome-", ignore_cleanup_errors=True)
        root = ["--no-sandbox"] if os.getuid() == 0 else []  # Chromium refuses its sandbox to root
        command = [CHROMIUM, *FLAGS, *root, *flags, f"--window-size={width},{height}"]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={self._folder.name}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._pages: dict[str, Page] = {}
        self._calls = 0
        try:
            self._connection = self._connect()
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _connect(self) -> ClientConnection:
        file = Path(self._folder.name) / "DevToolsActivePort"
        port, path = wait_for(lambda: file.exists() and file.read_text().split(), START_SECONDS, "Chromium's DevTools")
        return connect(f"ws://127.0.0.1:{port}{path}", max_size=None, compression=None, proxy=None)

    def pids(self) -> list[int]:
        """Return all processes of this Chromium."""
        return bench_kit.tree(self._process.pid)

    def open(self, url: str) -> Page:
        """Return a new tab that shows *url*."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self._pages[session] = Page(self, session, target)
        page.call("Emulation.setDeviceMetricsOverride", **self._view)
        page.call("Performance.enable", timeDomain="threadTicks")
        page.call("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        page.call("Page.navigate", url=url)
        return page

    def call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        """Return the answer to a command. Raises DevToolsError."""
        self._calls += 1
        asked = {"id": self._calls, "method": method, "params": parameters}
        self._connection.send(json.dumps(asked | ({"sessionId": session} if session else {})))
        while True:
            message = json.loads(self._connection.recv(ANSWER_SECONDS))
            if message.get("id") == asked["id"]:
                break
            self._hear(message)
        if "error" in message:
            raise DevToolsError(f"{method}: {message['error']['message']}")
        return dict(message["result"])

    def listen(self) -> None:
        """Take in what the browser has said by itself."""
        self.call("Browser.getVersion", {})

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("method") != "Target.attachedToTarget":
            return
        page, of = self._pages.get(message.get("sessionId", "")), message["params"]
        if page and of["targetInfo"]["type"] == "worker":
            page.attached(Target(self, of["sessionId"], of["targetInfo"]["title"]))

    def close(self) -> None:
        """End this Chromium."""
        self._connection.close()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return what *condition* says once that is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:.0f} s, still not so: {what}")
        time.sleep(POLL_SECONDS)
    return value
