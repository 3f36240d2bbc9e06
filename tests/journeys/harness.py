"""A clinic in a database of its own, with real processes: web, worker, beat or sweep.

The clock of all processes is moved together through CLOCK_OFFSET_FILE. A test ends on an
observed row: ``until`` asks the database again and again, bounded, and fails with what it saw.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
Found = TypeVar("Found")
FAST = dict.fromkeys(
    (
        "SWEEP_SECONDS",
        "DISPATCH_SECONDS",
        "RECONCILE_SECONDS",
        "PLAN_SECONDS",
        "CLOSE_SECONDS",
        "COVER_SECONDS",
        "FLAGS_SECONDS",
        "EXTEND_SECONDS",
        "SEAL_SECONDS",
    ),
    "0.2",
)


CELERY = ("-m", "celery", "-A", "config.celery")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ask: Callable[[], Found | None], *, what: str, patience_s: float = PATIENCE_S) -> Found:
    """Ask until the answer is neither None nor empty; fail when patience ends."""
    pause = threading.Event()
    deadline = time.monotonic() + patience_s
    while True:
        if answer := ask():
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen in {patience_s:.0f} s: {what}")
        pause.wait(0.05)


class Processes:
    """The processes of one journey, and the clock that they share."""

    def __init__(self, *, database_url: str, redis_url: str, folder: Path, extra: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.offset_file = folder / "clock"
        self.offset_file.write_text("0")
        self.offset = timedelta(0)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = os.environ | {
            "HOLDFAST_MODE": "test",
            "DATABASE_URL": database_url,
            "DATABASE_OWNER_URL": "",
            "REDIS_URL": redis_url,
            "PUBLIC_BASE_URL": self.url,
            "CLOCK_OFFSET_FILE": str(self.offset_file),
            "PYTHONUNBUFFERED": "1",
            "WORKER_CONCURRENCY": "1",
            "LEASE_SECONDS": "1",
            "RECONCILE_LOOK_SECONDS": "1",
            **FAST,
            **(extra or {}),
        }

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def move_to(self, instant: datetime) -> None:
        """Set the clock of every process; it goes on ticking from there."""
        self.offset = instant - datetime.now(UTC)
        temporary = self.offset_file.with_suffix(".new")
        temporary.write_text(str(self.offset.total_seconds()))
        temporary.replace(self.offset_file)

    def start(self, name: str) -> None:
        argv = {
            "web": [
                "-m",
                "gunicorn",
                "config.wsgi:application",
                "--bind",
                f"127.0.0.1:{self.port}",
                "--threads",
                "4",
                "--no-control-socket",
                "--log-level",
                "warning",
            ],
            "worker": [
                "-m",
                "celery",
                "-A",
                "config.celery",
                "worker",
                "-B",
                "--loglevel",
                "WARNING",
                "--without-gossip",
                "--without-mingle",
                "-s",
                str(self.folder / "beat"),
            ],
            "worker-alone": [*CELERY, "worker", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"],
            "beat": [*CELERY, "beat", "--loglevel", "WARNING", "-s", str(self.folder / "beat")],
            "sweep": ["manage.py", "sweep"],
            "watch": ["manage.py", "watch"],
        }[name]
        with_celery = name in ("worker", "worker-alone", "beat")
        environment = self.environment | ({"HOLDFAST_CELERY": "1"} if with_celery else {})
        log = (self.folder / f"{name}.log").open("ab")
        self._running[name] = subprocess.Popen(
            [sys.executable, *argv], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        if name == "web":
            until(self._web_answers, what="the web process answering")

    def _web_answers(self) -> bool:
        if self._running["web"].poll() is not None:
            raise AssertionError(f"web ended: {(self.folder / 'web.log').read_text()[-2000:]}")
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        return False

    def kill(self, name: str) -> None:
        """kill -9, with every child of its own."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def stop_all(self) -> None:
        for name in list(self._running):
            self.kill(name)

    def logs(self) -> str:
        return "\n".join(f"--- {p.name}\n{p.read_text()[-3000:]}" for p in sorted(self.folder.glob("*.log")))


class Browser:
    """A person at a browser or a phone: signs in by link, reads pages, posts forms, calls the API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def sign_in(self, path: str) -> "Browser":
        page = self.session.get(self.url + path, timeout=30)
        assert page.ok, page.status_code
        answer = self.post(path, {})
        assert answer.status_code in (200, 302), answer.text
        return self

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(self.url + path, params=params, timeout=30)

    def post(self, path: str, form: dict[str, Any]) -> requests.Response:
        data = form | {"csrfmiddlewaretoken": self.session.cookies.get("csrftoken", "")}
        return self.session.post(self.url + path, data=data, headers={"Referer": self.url + "/"}, timeout=30)

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"X-CSRFToken": self.session.cookies.get("csrftoken", ""), "Referer": self.url + "/"}
        return self.session.request(method, self.url + path, json=body, headers=headers, timeout=30)


def words(html: str) -> str:
    """The text of a page, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def redis_database(url: str, worker: str) -> str:
    """A numbered database of the test server for this xdist worker, so that runs do not share a queue."""
    number = 1 + int(re.sub(r"\D", "", worker) or 0)
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


@contextlib.contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Point this process at another database for a while; what it writes is committed."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
