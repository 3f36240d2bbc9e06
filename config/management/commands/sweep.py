"""``manage.py sweep``: every tick, straight on PostgreSQL, with or without Celery."""

import signal
import threading
import time
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections, connection

from backend import clock
from backend.selectors.people import open_program_ids
from backend.ticks import Tick
from config.clock_check import ClockWrong, refuse_a_wrong_clock
from config.start import refuse_a_bad_start
from config.ticks import all_ticks

log = structlog.get_logger("holdfast.sweep")
BACK_OFF_S = (1, 2, 5, 10)


class Command(BaseCommand):
    help = "Call every tick, each at its interval, until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="run every tick once and end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        refuse_a_bad_start()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        next_at = {tick.name: 0.0 for tick in all_ticks()}
        failures = 0
        while not stop.is_set():
            started = time.monotonic()
            for tick in all_ticks():
                if stop.is_set() or time.monotonic() < next_at[tick.name]:
                    continue
                next_at[tick.name] = time.monotonic() + tick.every_s
                failures = failures + 1 if not self._run(tick) else 0
            if once:
                return
            wait = settings.SWEEP_SECONDS - (time.monotonic() - started)
            if failures:
                wait = max(wait, BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1])
            stop.wait(max(wait, 0.01))

    @staticmethod
    def _run(tick: Tick) -> bool:
        """Run one tick; a failure is logged by its class and tried again at the next interval."""
        from reminders.services.beats import note_tick

        started = clock.now()
        error = ""
        try:
            refuse_a_wrong_clock()
            ids = open_program_ids()
            if ids:
                tick.run(ids, clock.now())
        except ClockWrong as refusal:
            # Not noted as a run either: the note would carry the wrong time.
            log.error(str(refusal), tick=tick.name)
            return False
        except Exception as failure:
            # Whatever one tick meets must not stop the others.
            error = type(failure).__name__
            log.exception("tick failed", tick=tick.name)
            if isinstance(failure, Error):
                connection.close()
        try:
            note_tick(tick=tick.name, runner="sweep", started_at=started, finished_at=clock.now(), error=error)
        except Error:
            connection.close()
            return False
        close_old_connections()
        return not error
