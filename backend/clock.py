"""The only place that reads the time. Edges call it; everything below takes ``now``.

Tests and demonstrations may shift it: CLOCK_OFFSET_FILE names a file with a number of
seconds, read at each call, so that several processes move together. ``config.checks``
refuses the setting in production.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings


def now() -> datetime:
    """Return the present instant, timezone-aware, in UTC."""
    instant = datetime.now(UTC) + timedelta(seconds=settings.CLOCK_ERROR_SECONDS)
    if settings.CLOCK_OFFSET_FILE:
        instant += _offset(Path(settings.CLOCK_OFFSET_FILE))
    return instant


def _offset(path: Path) -> timedelta:
    try:
        return timedelta(seconds=float(path.read_text() or 0))
    except FileNotFoundError:
        return timedelta(0)
