"""A machine whose clock is wrong must not decide what is due (F51): the database's clock is the other witness.

Besides audit and history the only place where database time is read (contract 6).
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection


class ClockWrong(Exception):
    """This machine and the database disagree about the time by more than MAX_CLOCK_SKEW_SECONDS."""


def clock_error() -> timedelta:
    """How far this machine's clock is ahead of the database's; negative when it is behind."""
    before = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [theirs] = cursor.fetchone()
    after = datetime.now(UTC)
    ours = before + (after - before) / 2 + timedelta(seconds=settings.CLOCK_ERROR_SECONDS)
    return ours - theirs


def refuse_a_wrong_clock() -> None:
    """Raise ClockWrong beyond the limit. The question takes one round trip; half of it is not counted against us."""
    error = clock_error()
    if abs(error) > timedelta(seconds=settings.MAX_CLOCK_SKEW_SECONDS):
        raise ClockWrong(
            f"this machine's clock is {error.total_seconds():+.1f} s off the database's; set both by NTP, "
            "nothing is done until they agree"
        )
