"""What each way of sending loses and doubles: without a fault, when two ticks meet, and after kill -9 of a worker.

Each is run for real and counted at the provider, which remembers every number. What is killed is started again, and
gets the ticks that it would get: the Celery task and ours run every minute, a row of beat is due once a day, an ETA
and a job once in all.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.support.fake_provider import FakeProvider
from bench.support.rivals import environment, rivals

FAULTS = {"none": "no fault", "overlap": "two ticks meet", "killed": "kill -9 of a worker"}
DELAY_S = 0.05
QUIET_S = 3
ENOUGH = 0.3  # of the texts have arrived when the worker is killed
OURS_PACE = {"LEASE_SECONDS": "2", "RECONCILE_LOOK_SECONDS": "1"}


@dataclass(frozen=True, slots=True)
class Loss:
    """Of the texts that were due: never arrived, arrived more than once, wait an hour for the broker."""

    lost: int
    doubled: int
    hour_late: int = 0


def ours_until_done(*, program_id: int, base_url: str, ahead_s: float, within_s: float = 60) -> int:
    """Tick and reconcile as the sweep does, until every text of the program has an outcome; returns how many have."""
    from backend.db import programs
    from bench.support.senders import provider_at
    from reminders.models import Message
    from reminders.services.dispatch import dispatch_due
    from reminders.services.reconcile import reconcile

    provider, began = provider_at(base_url), time.monotonic()
    while time.monotonic() - began < within_s:
        now = datetime.now(UTC) + timedelta(seconds=ahead_s)
        dispatch_due(program_ids=[program_id], now=now, provider=provider, runner="bench")
        reconcile(program_ids=[program_id], now=now, provider=provider)
        with programs([program_id]):
            due = Message.objects.filter(program_id=program_id, send_after__lte=now)
            if not due.filter(state__in=["planned", "claimed", "sending", "unknown"], ended_at=None).exists():
                return due.count()
        time.sleep(0.1)
    raise RuntimeError("Some texts have no outcome.")


@dataclass
class Cell:
    """One fault for one way: the people that it has, the provider, and what has arrived."""

    provider: FakeProvider
    program_id: int
    count: int
    now: str
    ahead_s: float
    log: Path

    def __post_init__(self) -> None:
        self.url = self.provider.urls[-1]
        self._before = self._counts()

    def _counts(self) -> tuple[int, int]:
        kept = self.provider.counts()[-1]
        return kept["posts"], kept["people"]

    def arrived(self) -> int:
        return self._counts()[0] - self._before[0]

    def wait_for_some(self, within_s: float = 60) -> None:
        """Until enough have arrived for the kill to hit the middle."""
        self._until(lambda: self.arrived() >= ENOUGH * self.count, 0.002, within_s)

    def wait_for_quiet(self, within_s: float = 120) -> None:
        """Until something has arrived, and then nothing for a while."""
        seen, since = -1, time.monotonic()

        def quiet() -> bool:
            nonlocal seen, since
            if (now := self.arrived()) != seen:
                seen, since = now, time.monotonic()
            return seen > 0 and time.monotonic() - since > QUIET_S

        self._until(quiet, 0.1, within_s)

    @staticmethod
    def _until(true: Callable[[], bool], every_s: float, within_s: float) -> None:
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > within_s:
                raise RuntimeError("What was waited for did not happen.")
            time.sleep(every_s)

    def loss(self, *, hour_late: int = 0) -> Loss:
        posts, people = (after - before for after, before in zip(self._counts(), self._before, strict=True))
        return Loss(self.count - people, posts - people, hour_late)


def ours(cell: Cell, fault: str) -> Loss:
    """Two processes, a lease of two seconds instead of two minutes."""
    order = {"program_id": cell.program_id, "base_url": cell.url, "ahead_s": cell.ahead_s}
    target = "bench.support.losses:ours_until_done"
    with environment(**OURS_PACE), rivals(target, target) as (first, second):
        if fault == "none":
            first.run(**order)
        elif fault == "overlap":
            first.order(**order)
            second.order(**order)
            first.answer(), second.answer()
        else:
            first.order(**order)
            cell.wait_for_some()
            first.kill()
            second.run(**order)
    return cell.loss()


def naive(cell: Cell, fault: str) -> Loss:
    from bench.support.celery_naive import send_due

    return _celery(cell, fault, lambda times: [_tell(send_due, cell) for _ in range(times)], ticks_again=True)


def eta(cell: Cell, fault: str) -> Loss:
    from bench.support.celery_naive import queue_with_eta

    def begin(times: int) -> None:
        queue_with_eta(program_id=cell.program_id, now=cell.now, base_url=cell.url, count=cell.count, times=times)

    return _celery(cell, fault, begin)


def beat(cell: Cell, fault: str) -> Loss:
    from bench.support.beat_rows import SETTINGS

    with (
        environment(DJANGO_SETTINGS_MODULE=SETTINGS),
        rivals("bench.support.beat_rows:beat", "bench.support.beat_rows:beat") as (first, second),
    ):

        def begin(times: int) -> None:
            first.run(step="prepare", program_id=cell.program_id, now=cell.now, base_url=cell.url)
            if times == 2:
                second.run(step="read")
                second.order(step="tick", count=cell.count)
            first.run(step="tick", count=cell.count)
            if times == 2:
                second.answer()

        loss = _celery(cell, fault, begin)
        second.run(step="clear")
        first.run(step="clear")
        return loss


def _tell(task: Any, cell: Cell) -> None:
    task.delay(cell.program_id, cell.now, cell.url)


def _celery(cell: Cell, fault: str, begin: Callable[[int], Any], *, ticks_again: bool = False) -> Loss:
    from bench.support import celery_naive

    celery_naive.empty_the_broker()
    worker = celery_naive.Workers(concurrency=None, log=cell.log)
    hour_late = 0
    try:
        worker.wait_until_up()
        if fault == "killed":
            begin(1)
            cell.wait_for_some()
            worker.kill()
            hour_late = celery_naive.left_with_the_broker()
            worker = celery_naive.Workers(concurrency=None, log=cell.log)
            worker.wait_until_up()
            if ticks_again:
                begin(1)
        else:
            begin(2 if fault == "overlap" else 1)
        cell.wait_for_quiet()
    finally:
        worker.stop()
    return cell.loss(hour_late=0 if ticks_again else hour_late)


def apscheduler(cell: Cell, fault: str) -> Loss:
    """Its own default gives a job up when it begins a second late; with a fault that is set to "never" instead."""
    target = "bench.support.apscheduler_jobs:jobs"
    with rivals(target, target) as (first, second):
        first.run(
            step="queue",
            program_id=cell.program_id,
            now=cell.now,
            base_url=cell.url,
            grace_s=1 if fault == "none" else None,
            lead_s=2,
        )
        running = {"step": "run", "count": cell.count}
        first.order(**running)
        if fault == "overlap":
            second.run(**running)
        if fault == "killed":
            cell.wait_for_some()
            first.kill()
            second.run(step="run", count=cell.count, idle_s=5)
        else:
            first.answer()
        second.run(step="clear")
    return cell.loss()


WAYS: dict[str, Callable[[Cell, str], Loss]] = {
    "ours": ours,
    "naive": naive,
    "beat": beat,
    "eta": eta,
    "apscheduler": apscheduler,
}
