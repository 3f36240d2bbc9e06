"""``manage.py up``: everything that Holdfast needs, as real processes under one supervisor.

PostgreSQL and Valkey come from the wheels unless the URLs are set. ``--demo`` seeds a
believable clinic once and prints a sign-in link for each role.
"""

import os
import sys
import urllib.error
import urllib.request
from argparse import BooleanOptionalAction
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandParser

from backend import clock
from config import embedded
from config.bootstrap import is_embedded, run_migrations
from config.start import refuse_a_bad_start
from config.supervisor import Child, Refusal, Supervisor, port_is_free

DEMO_STAFF_IDLE_SECONDS = 8 * 3600


class Command(BaseCommand):
    help = "Start everything and keep it running until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="a made-up clinic; nothing leaves this machine")
        parser.add_argument("--port", type=int, default=settings.PORT, help="for http (setting PORT)")
        parser.add_argument("--celery", action=BooleanOptionalAction, default=True, help="start worker and beat")

    def handle(self, *args: Any, demo: bool, port: int, celery: bool, **options: Any) -> None:
        try:
            code = self._run(demo=demo, port=port, celery=celery)
        except (Refusal, ImproperlyConfigured) as refusal:
            print(f"holdfast: {refusal}", file=sys.stderr)
            code = 1
        sys.exit(code)

    def _run(self, *, demo: bool, port: int, celery: bool) -> int:
        var = settings.VAR_DIR
        url = settings.PUBLIC_BASE_URL if "PUBLIC_BASE_URL" in os.environ else f"http://localhost:{port}"
        var.mkdir(parents=True, exist_ok=True)
        os.environ.update(PORT=str(port), PUBLIC_BASE_URL=url)
        settings.PORT, settings.PUBLIC_BASE_URL = port, url
        if demo:
            os.environ.setdefault("HOLDFAST_MODE", "demo")
            os.environ.setdefault("STAFF_IDLE_SECONDS", str(DEMO_STAFF_IDLE_SECONDS))

        supervisor = Supervisor(var=var, url=url)
        with supervisor:
            if not port_is_free(port):
                raise Refusal(f"Port {port} is taken. Stop what uses it, or choose another: PORT={port + 1} ./run")
            if is_embedded_run():
                say("starting PostgreSQL and Valkey ...")
                supervisor.start(*embedded.server_children(var))
                embedded.databases(var)
            if os.environ.get("DATABASE_OWNER_URL"):
                say("bringing the database up to date ...")
                run_migrations(settings.BASE_DIR)
            refuse_a_bad_start()
            demo_lines: list[str] = []
            if demo:
                from config.demo import prepare_demo

                say("preparing the demonstration clinic ...")
                demo_lines = prepare_demo(now=clock.now(), base_url=url)
            supervisor.start(*children(port=port, celery=celery))
            say(f"\nHoldfast is running at {url}   (stop: Ctrl-C; logs: {var / 'log'})")
            for line in demo_lines:
                say(line)
            supervisor.wait()
        return supervisor.exit_code


def say(line: str) -> None:
    print(line, flush=True)


def is_embedded_run() -> bool:
    """Whether the database is ours to start (bootstrap noted it before it filled the URLs in)."""
    return os.environ.get("HOLDFAST_EMBEDDED") == "1" or is_embedded()


def children(*, port: int, celery: bool) -> list[Child]:
    """The processes of Holdfast itself, in the order of their start."""
    python = sys.executable
    here = Path(settings.BASE_DIR)
    web_env = os.environ | {"DB_POOL_SIZE": os.environ.get("DB_POOL_SIZE", "8")}
    found = [
        Child("sweep", [python, "manage.py", "sweep"], cwd=here, grace_s=20),
        Child(
            "web",
            [
                python,
                "-m",
                "gunicorn",
                "config.wsgi:application",
                "--bind",
                f"127.0.0.1:{port}",
                "--workers",
                os.environ.get("WEB_WORKERS", "1"),
                "--threads",
                os.environ.get("WEB_THREADS", "8"),
                "--worker-tmp-dir",
                "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",  # noqa: S108
                "--graceful-timeout",
                "15",
                "--no-control-socket",
                "--log-level",
                "warning",
            ],
            env=web_env,
            cwd=here,
            ready=answers(f"http://127.0.0.1:{port}/healthz"),
        ),
    ]
    if os.environ.get("WATCH_PING_URL"):  # without an address it would watch for nobody
        watch_env = os.environ | {"WATCH_PARTS": "web,worker,sweep" if celery else "web,sweep"}
        found.append(Child("watch", [python, "manage.py", "watch"], env=watch_env, cwd=here))
    if celery:
        worker_env = os.environ | {"HOLDFAST_CELERY": "1"}
        start = [python, "-m", "celery", "-A", "config.celery"]
        beat_file = str(settings.VAR_DIR / "celerybeat-schedule")
        found += [
            Child(
                "worker",
                [*start, "worker", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"],
                env=worker_env,
                cwd=here,
                grace_s=20,
            ),
            Child("beat", [*start, "beat", "--loglevel", "WARNING", "-s", beat_file], env=worker_env, cwd=here),
        ]
    return found


def answers(url: str) -> Callable[[], bool]:
    """A readiness question: does this address answer 200?"""

    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ask
