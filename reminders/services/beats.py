"""When each tick last ran: what a watchdog reads."""

from datetime import datetime

from django.db.models import F, Value

from reminders.models import TickRun


def note_tick(*, tick: str, runner: str, started_at: datetime, finished_at: datetime, error: str = "") -> None:
    """Remember the last run of a tick. ``error`` is the class of what failed, '' when all went well."""
    TickRun.objects.bulk_create(
        [TickRun(tick=tick, runner=runner, started_at=started_at, finished_at=finished_at, last_error=error)],
        update_conflicts=True,
        unique_fields=["tick", "runner"],
        update_fields=["started_at", "finished_at", "last_error"],
    )
    if error:
        TickRun.objects.filter(tick=tick, runner=runner).update(failures=F("failures") + Value(1))
