"""``manage.py watch``: the dead man's switch. It calls an address only while everything holds.

Whoever runs that address tells a person when the calls stop: nothing here has to work for that.
"""

import signal
import threading
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, close_old_connections, connection

from backend import clock
from config.start import refuse_a_bad_start
from config.watching import PARTS, Problem, may_ping, ping, problems

log = structlog.get_logger("holdfast.watch")


class Command(BaseCommand):
    help = "Ping WATCH_PING_URL while the invariants of messages hold and every process of WATCH_PARTS runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once; status 1 when something is wrong")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        refuse_a_bad_start()
        url, parts = settings.WATCH_PING_URL, tuple(settings.WATCH_PARTS)
        if url and not may_ping(url):
            raise CommandError("WATCH_PING_URL must be an https address without a query.")
        if set(parts) - set(PARTS):
            raise CommandError(f"WATCH_PARTS may name: {', '.join(PARTS)}.")
        if not url:
            log.warning("nobody is told when this stops: WATCH_PING_URL is not set")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while True:
            found = self._look(parts)
            for problem in found:
                self.stderr.write(f"{problem.part}: {problem.what}")  # logs keep known keys alone; these name nobody
            if not found and url and not ping(url):
                log.warning("the ping was not answered")
            if once:
                for problem in found:
                    self.stdout.write(f"{problem.what} {problem.do}")
                if found:
                    raise CommandError("Something does not work.", returncode=1)
                return
            if stop.wait(settings.WATCH_SECONDS):
                return

    @staticmethod
    def _look(parts: tuple[str, ...]) -> list[Problem]:
        """What is wrong; a database that does not answer is the first thing that is."""
        try:
            return problems(now=clock.now(), parts=parts)
        except Error as error:
            log.error("watch could not ask", error=type(error).__name__)
            connection.close()
            return [Problem("database", "The database does not answer.", "Start it.")]
        finally:
            close_old_connections()
