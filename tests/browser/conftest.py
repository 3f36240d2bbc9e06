"""A real server on loopback, a real browser, and the clinics of ``tests.browser.seed``."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests import servers as test_servers

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START = datetime(2026, 3, 3, 14, 20, tzinfo=UTC)
"""A Tuesday, 09:20 in New York and 08:20 in Chicago, where the patients live."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = not Path(CHROMIUM).exists()
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if missing:
                item.add_marker(pytest.mark.skip(reason="Debian's chromium is not installed"))


@dataclass(frozen=True)
class Site:
    """The running server: its address and the one-time links by name."""

    url: str
    links: dict[str, str]
    environment: dict[str, str]

    def new_link(self, name: str) -> str:
        """A fresh link for the account whose first one was ``name``; links work once."""
        return self.url + self.links[name]


@pytest.fixture(scope="package")
def site(
    servers: test_servers.TestServers, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("browser")
    database = test_servers.clone(servers, template_database)
    offset = folder / "offset"
    offset.write_text(str((START - datetime.now(UTC)).total_seconds()))
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": servers.at(database),
        "CLOCK_OFFSET_FILE": str(offset),
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    try:
        seeded = subprocess.run(
            [sys.executable, "-m", "tests.browser.seed"],
            cwd=test_servers.ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert seeded.returncode == 0, seeded.stderr
        links = json.loads(seeded.stdout.strip().splitlines()[-1])
        with (folder / "server.log").open("w") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"],
                cwd=test_servers.ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
            try:
                _wait_for(f"http://127.0.0.1:{port}/sign-in/", server, folder / "server.log")
                yield Site(f"http://127.0.0.1:{port}", links, environment)
            finally:
                server.terminate()
                server.wait(20)
    finally:
        test_servers.drop(servers, database)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            with urlopen(url, timeout=0.5):
                return
        except (URLError, OSError):
            server_is_starting = subprocess.run(["sleep", "0.1"], check=False)  # bounded: at most a minute
            assert server_is_starting.returncode == 0
    raise AssertionError(log.read_text())


# The package, not the session: while Playwright runs, its event loop runs in this process, and no other
# test could start one.
@pytest.fixture(scope="package")
def browser(site: Site) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def sessions(browser: Any, site: Site) -> Callable[[str], dict[str, Any]]:
    """Signs an account in once, by its link and the button, and keeps its cookies."""
    known: dict[str, Any] = {}

    def state(name: str) -> Any:
        if name not in known:
            context = browser.new_context()
            page = context.new_page()
            page.goto(site.url + site.links[name])
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url(re.compile(r"/(care|me)/$"), timeout=10_000)
            known[name] = context.storage_state()
            context.close()
        return known[name]

    return state


@pytest.fixture
def look(browser: Any, site: Site, sessions: Callable[[str], Any]) -> Iterator[Callable[..., Any]]:
    """Opens a page as somebody: ``look("one", "/care/", width=360, dark=True)``.

    Refusals of the content policy and errors in scripts fail the test.
    """
    contexts, complaints = [], []

    def opened(name: str, path: str, *, width: int = 1200, height: int = 800, dark: bool = False, **more: Any) -> Any:
        context = browser.new_context(
            storage_state=sessions(name) if name else None,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        page.goto(site.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def keep(page: Any, name: str, *, full: bool = True) -> None:
    """Save a screenshot where SCREENSHOTS says, if it says so."""
    folder = os.environ.get("SCREENSHOTS", "")
    if folder and shutil.which(CHROMIUM):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=full)
