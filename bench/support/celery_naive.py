"""What most Django projects do: beat starts a task, it queues a task for each patient, and that one sends.

Real workers on a real broker, Celery's defaults (a process for each core), twilio-python as its documentation
shows it, one client for each process. The same workers serve the ways that differ in who queues the task: a row for
each patient in django-celery-beat, and an ETA for each text.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from celery import Celery

from bench.support.one_text import due, send

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("bench_naive", broker=os.environ.get("REDIS_URL", "memory://"))
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True, task_default_queue="bench_naive")


@app.task
def send_reminder(program_id: int, message_id: int, now: str, base_url: str) -> None:
    """One text to one patient."""
    send(program_id, message_id, now, base_url)


@app.task
def send_due(program_id: int, now: str, base_url: str) -> None:
    """What beat calls: a task for each text that is due."""
    for message_id in due(program_id=program_id, now=now):
        send_reminder.delay(program_id, message_id, now, base_url)


def queue_with_eta(*, program_id: int, now: str, base_url: str, count: int, times: int = 1) -> float:
    """Queue each due text for one instant, as a planner does with Celery's ETA; returns that instant.

    The instant leaves the broker and the worker time to take all of them in, which is not counted against this way.
    Seconds of ``time.time()``. ``times``: the planner ran so often.
    """
    at = datetime.now(UTC) + timedelta(seconds=2 + count * times / 200)
    for _ in range(times):
        for message_id in due(program_id=program_id, now=now):
            send_reminder.apply_async(args=[program_id, message_id, now, base_url], eta=at)
    if datetime.now(UTC) > at:
        raise RuntimeError("Queueing took longer than it was given.")
    return at.timestamp()


def left_with_the_broker() -> int:
    """Tasks that a worker had taken and not begun when it died: Redis gives them out again after an hour."""
    import redis

    with redis.from_url(os.environ["REDIS_URL"]) as broker:
        return int(broker.hlen("unacked"))


def empty_the_broker() -> None:
    import redis

    with redis.from_url(os.environ["REDIS_URL"]) as broker:
        broker.flushdb()


class Workers:
    """A Celery worker with its children, and how to wait for what it was given."""

    def __init__(self, *, concurrency: int | None, log: Path) -> None:
        command = [sys.executable, "-m", "celery", "-A", "bench.support.celery_naive", "worker", "--loglevel=ERROR"]
        if concurrency is not None:
            command.append(f"--concurrency={concurrency}")
        self._log = log.open("ab")
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=self._log, stderr=self._log, start_new_session=True)

    def send(self, *, program_id: int, now: str, base_url: str, count: int, timeout_s: float = 300) -> float:
        """Let beat's task begin; returns the seconds until ``count`` texts are written down as accepted."""
        return self.timed(
            lambda: send_due.delay(program_id, now, base_url), program_id=program_id, count=count, timeout_s=timeout_s
        )

    def timed(self, begin: Callable[[], object], *, program_id: int, count: int, timeout_s: float = 300) -> float:
        """The same for any way of queueing."""
        started = time.perf_counter()
        begin()
        self.wait(program_id=program_id, count=count, timeout_s=timeout_s)
        return time.perf_counter() - started

    def send_with_eta(self, *, program_id: int, now: str, base_url: str, count: int, timeout_s: float = 300) -> float:
        """The same from the instant for which the texts were queued."""
        at = queue_with_eta(program_id=program_id, now=now, base_url=base_url, count=count)
        self.wait(program_id=program_id, count=count, timeout_s=timeout_s)
        return time.time() - at

    def wait(self, *, program_id: int, count: int, timeout_s: float = 300) -> None:
        """Wait until ``count`` texts are written down as accepted. Raises RuntimeError when they are not in time."""
        from django.db import connection

        from backend.db import programs

        started = time.perf_counter()
        while True:
            with programs([program_id]), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM reminders_message WHERE program_id = %s AND state = 'accepted'", [program_id]
                )
                [done] = cursor.fetchone()
            if done >= count:
                return
            if time.perf_counter() - started > timeout_s or self._process.poll() is not None:
                raise RuntimeError(f"Celery's workers sent {done} of {count}; see {self._log.name}")
            time.sleep(0.02)

    def wait_until_up(self, timeout_s: float = 120) -> None:
        """Until the worker answers. Raises RuntimeError when it does not."""
        began = time.perf_counter()
        while not app.control.ping(timeout=0.5):
            if time.perf_counter() - began > timeout_s:
                raise RuntimeError(f"Celery's workers did not start; see {self._log.name}")

    def kill(self) -> None:
        """kill -9, the worker with its children: what a machine that goes away does."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def stop(self) -> None:
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@contextlib.contextmanager
def workers(*, concurrency: int | None = None, log: Path) -> Iterator[Workers]:
    started = Workers(concurrency=concurrency, log=log)
    try:
        yield started
    finally:
        started.stop()
