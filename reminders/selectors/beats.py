"""Which ticks have not run lately."""

from datetime import datetime, timedelta

from django.db.models import Max

from reminders.models import TickRun


def late_ticks(*, intervals: dict[str, float], now: datetime) -> list[str]:
    """The ticks that nobody finished within their interval (seconds), in the order given."""
    last = last_finished()
    return [
        name for name, seconds in intervals.items() if name not in last or now - last[name] > timedelta(seconds=seconds)
    ]


def last_finished() -> dict[str, datetime]:
    """When each tick was last finished without an error, by whichever runner."""
    rows = TickRun.objects.filter(last_error="", finished_at__isnull=False)
    return dict(rows.values_list("tick").annotate(Max("finished_at")).values_list("tick", "finished_at__max"))


def last_runs(*, tick: str) -> dict[str, datetime]:
    """When each kind of runner (sweep, worker) last finished this tick without an error."""
    rows = TickRun.objects.filter(tick=tick, last_error="", finished_at__isnull=False)
    return {runner: at for runner, at in rows.values_list("runner", "finished_at") if at is not None}
