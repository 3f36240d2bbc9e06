"""The Celery app and the whole beat table.

Celery is a clock and a pair of hands: no result backend, no eta, no countdown, nothing of
value in the broker. Losing it loses no reminder, because the sweep calls the same services.
"""

import os
from datetime import datetime
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Tick(Task):
    """A task that does nothing on a machine whose clock is wrong (F51)."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from config.clock_check import refuse_a_wrong_clock

        refuse_a_wrong_clock()
        return super().__call__(*args, **kwargs)


app = Celery("holdfast", task_cls=Tick)


def configure() -> Celery:
    """Read the settings into the app; called when a worker or beat starts."""
    import django
    from django.conf import settings

    django.setup()
    from config.ticks import all_ticks

    app.conf.update(
        broker_url=settings.REDIS_URL or "memory://",
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_prefetch_multiplier=1,
        worker_concurrency=settings.WORKER_CONCURRENCY,
        worker_send_task_events=False,
        worker_soft_shutdown_timeout=15,
        task_acks_late=False,  # a lost tick is followed by the next: nothing is worth a redelivery
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": settings.BROKER_VISIBILITY_SECONDS,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
        },
        timezone="UTC",
        beat_schedule={
            tick.name: {
                "task": tick.task,
                "schedule": tick.every_s,
                # A tick that waited longer than its interval is followed by a fresh one.
                "options": {"expires": max(tick.every_s * 2, 10)},
            }
            for tick in all_ticks()
        },
        imports=["recovery.tasks", "reminders.tasks", "config.tasks"],
    )
    return app


_started: dict[str, datetime] = {}


@worker_init.connect
def _refuse_a_bad_start(**_: object) -> None:
    """A worker serves: it refuses a powerful database role and a bad setting as the web does."""
    from config.start import refuse_a_bad_start

    refuse_a_bad_start()


@task_prerun.connect
def _note_start(task_id: str = "", **_: object) -> None:
    from backend import clock

    _started[task_id] = clock.now()


@task_postrun.connect
def _note_end(task_id: str = "", task: object = None, state: str = "", retval: object = None, **_: object) -> None:
    """Write down when a worker last ran each tick, as the sweep does: /readyz asks for either."""
    from backend import clock
    from config.clock_check import ClockWrong
    from config.ticks import all_ticks
    from reminders.services.beats import note_tick

    started = _started.pop(task_id, None)
    name = {tick.task: tick.name for tick in all_ticks()}.get(getattr(task, "name", ""))
    if isinstance(retval, ClockWrong):
        return  # the note would carry the wrong time
    if started is not None and name is not None:
        error = "" if state == "SUCCESS" else "failed"
        note_tick(tick=name, runner="worker", started_at=started, finished_at=clock.now(), error=error)


if os.environ.get("HOLDFAST_CELERY") == "1":
    configure()
