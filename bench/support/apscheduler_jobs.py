"""APScheduler with a job for each text, kept in the database: one process, its own ten threads.

The jobs run in the process of the scheduler, as its documentation shows it for Django. One process only: two on the
same jobs are not supported, and ``bench dispatch`` shows what they do.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bench.support.one_text import due, send

TABLE = "bench_jobs"
_schedulers: dict[str, Any] = {}


def _store(url: str) -> Any:
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore

    return SQLAlchemyJobStore(url=urlsplit(url)._replace(scheme="postgresql+psycopg").geturl(), tablename=TABLE)


def make_table(owner_url: str) -> None:
    """The table of jobs, for the serving role too."""
    import psycopg
    from psycopg import sql

    _store(owner_url).jobs_t.metadata.create_all(_store(owner_url).engine)
    app_role = sql.Identifier(urlsplit(os.environ["DATABASE_URL"]).username or "")
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(sql.SQL("GRANT ALL ON TABLE {} TO {}").format(sql.Identifier(TABLE), app_role))


def queue(*, program_id: int, now: str, base_url: str, grace_s: int | None, lead_s: float = 0) -> float:
    """Keep a job for each due text, all for one instant; returns it, as ``time.time()`` gives it.

    ``grace_s``: APScheduler's ``misfire_grace_time``; its own default is one second, None is for ever.
    """
    from apscheduler.schedulers.background import BackgroundScheduler

    ids = due(program_id=program_id, now=now)
    scheduler = BackgroundScheduler(jobstores={"default": _store(os.environ["DATABASE_URL"])}, timezone=UTC)
    scheduler.start(paused=True)
    at = datetime.now(UTC) + timedelta(seconds=2 + len(ids) / 100 + lead_s)
    for message_id in ids:
        scheduler.add_job(
            send, "date", run_date=at, args=[program_id, message_id, now, base_url], misfire_grace_time=grace_s
        )
    if datetime.now(UTC) > at:
        raise RuntimeError("Queueing took longer than it was given.")
    scheduler.shutdown()
    return at.timestamp()


def run(*, count: int, idle_s: float = 30, quiet_s: float = 2) -> dict[str, Any]:
    """Run what is kept until ``count`` jobs were done or missed, or nothing happens: first within ``idle_s``.

    Returns how many were done and missed, and when the last one was.
    """
    from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MISSED
    from apscheduler.schedulers.background import BackgroundScheduler

    found = {"done": 0, "missed": 0, "failed": 0}
    names = {EVENT_JOB_EXECUTED: "done", EVENT_JOB_MISSED: "missed", EVENT_JOB_ERROR: "failed"}
    lock, last = threading.Lock(), [0.0]

    def note(event: Any) -> None:
        with lock:
            found[names[event.code]] += 1
            last[0] = time.time()

    scheduler = BackgroundScheduler(jobstores={"default": _store(os.environ["DATABASE_URL"])}, timezone=UTC)
    scheduler.add_listener(note, EVENT_JOB_EXECUTED | EVENT_JOB_MISSED | EVENT_JOB_ERROR)
    scheduler.start()
    began = time.time()
    while sum(found.values()) < count:
        time.sleep(0.02)
        if time.time() - (last[0] or began) > (quiet_s if last[0] else idle_s):
            break
    scheduler.shutdown()
    return found | {"last": last[0]}


def clear() -> None:
    _store(os.environ["DATABASE_URL"]).remove_all_jobs()


def jobs(*, step: str, **keywords: Any) -> Any:
    """One door for a rival process: ``queue``, ``run`` or ``clear``."""
    return {"queue": queue, "run": run, "clear": clear}[step](**keywords)
