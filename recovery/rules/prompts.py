"""What a person wants of prompts: how the daily check-in is announced, and days without any (contract 4).

Pure: no Django, no database, no clock. Visits and holds are no prompts and go on.
"""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum

from recovery.rules.policy import Policy


class CheckInBy(StrEnum):
    """How somebody is asked for the daily check-in. Stored: never rename one."""

    APP = "app"  # a text says that it is there
    TEXT = "text"  # a text asks for one number, for whoever has no app
    NONE = "none"


CHECK_IN_AT = time(18)
"""When nobody chose another time; local."""
EARLIEST, LATEST = time(8), time(20, 30)
"""A check-in is announced between these, both included: texts leave from 08:00 to 21:00 (contract 4)."""


def is_check_in_time(at: time) -> bool:
    """Whether a check-in may be announced at this local time."""
    return EARLIEST <= at <= LATEST


def longest_pause_ends(first_day: date, *, policy: Policy) -> date:
    """Return the last day that a pause beginning on ``first_day`` may have."""
    return date.fromordinal(first_day.toordinal() + policy.pause_most_days - 1)


def meets_share(*, said_yes: int, asked: int, policy: Policy) -> bool:
    """Whether so many of what was asked for were done that an own goal can count as met; nothing asked is not met."""
    return asked > 0 and said_yes >= policy.goal_met_share * asked
