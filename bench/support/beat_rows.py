"""django-celery-beat with a row for each patient: beat finds that they are due and queues a task for each.

Beat's own scheduler, moved by hand as its service moves it: ``tick`` until nothing is due. The tasks run in the
workers of ``celery_naive``. Runs under ``bench.support.beat_settings``.
"""

import copy
import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from bench.support.celery_naive import ROOT, app, send_reminder
from bench.support.one_text import due

SETTINGS = "bench.support.beat_settings"
_schedulers: list[Any] = []


def make_tables(owner_url: str) -> None:
    """The tables of django-celery-beat, for the serving role too. Raises RuntimeError when that fails."""
    import psycopg
    from psycopg import sql

    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "django_celery_beat", "--no-input", "-v0", "--skip-checks"],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS, "HOLDFAST_DB_ROLE": "owner"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"django-celery-beat has no tables: {done.stderr.strip().splitlines()[-1:]}")
    app_role = sql.Identifier(urlsplit(os.environ["DATABASE_URL"]).username or "")
    with psycopg.connect(owner_url, autocommit=True) as owner:
        names = owner.execute(
            "SELECT relname, relkind FROM pg_class "
            "WHERE relname LIKE 'django\\_celery\\_beat\\_%' AND relkind IN ('r', 'S')"
        ).fetchall()
        for name, kind in names:
            what = sql.SQL("TABLE" if kind in ("r", b"r") else "SEQUENCE")
            owner.execute(sql.SQL("GRANT ALL ON {} {} TO {}").format(what, sql.Identifier(name), app_role))


def beat(
    *, step: str, program_id: int = 0, now: str = "", base_url: str = "", count: int = 0, schedulers: int = 1
) -> int:
    """``prepare`` makes the rows and reads them in; ``tick`` queues what is due and says how many; ``clear`` ends it.

    ``schedulers``: so many beats read the same rows (the second one waits for ``tick`` of another process).
    """
    if step == "prepare":
        return _prepare(program_id, now, base_url)
    if step == "read":
        return _read()
    if step == "tick":
        return _tick(count)
    _clear()
    return 0


def _prepare(program_id: int, now: str, base_url: str) -> int:
    from django.utils import timezone
    from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

    # Beat goes by the machine's clock: a daily time that was a minute ago, last served yesterday.
    at = timezone.now() - timedelta(minutes=1)
    daily, _ = CrontabSchedule.objects.get_or_create(minute=str(at.minute), hour=str(at.hour), timezone="UTC")
    PeriodicTask.objects.bulk_create(
        PeriodicTask(
            name=f"text-{message_id}",
            task=send_reminder.name,
            crontab=daily,
            args=json.dumps([program_id, message_id, now, base_url]),
            last_run_at=at - timedelta(hours=23),
        )
        for message_id in due(program_id=program_id, now=now)
    )
    PeriodicTasks.update_changed()
    return _read()


def _read() -> int:
    from django_celery_beat.schedulers import DatabaseScheduler

    scheduler = DatabaseScheduler(app=app)
    scheduler.old_schedulers = copy.copy(scheduler.schedule)
    scheduler.populate_heap()
    _schedulers[:] = [scheduler]
    return len(scheduler.schedule)


def _tick(count: int) -> int:
    [scheduler] = _schedulers
    for _ in range(2 * count):
        if scheduler.tick():
            break
    return len(scheduler._dirty)


def _clear() -> None:
    from django_celery_beat.models import PeriodicTask

    for scheduler in _schedulers:
        scheduler._dirty.clear()
        scheduler._finalize.cancel()
    _schedulers.clear()
    PeriodicTask.objects.all().delete()
