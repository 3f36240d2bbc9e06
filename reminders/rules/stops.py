"""Switching texts off: which ones, when a machine does it, and who must hear of what they missed (N33).

Pure: no Django, no database, no clock.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from reminders.rules.states import MessageClass

WRONG_PERSON = "wrong_person"
"""The code of a number of which somebody wrote that it is the wrong one, and the source of its opt-out (N21)."""


class StopKind(StrEnum):
    """What a switch speaks about."""

    CLASS = "class"
    TEMPLATE = "template"


SAFETY = frozenset(
    {
        MessageClass.CRISIS,
        MessageClass.STAFF_NOTICE,
        MessageClass.HOLD,
        MessageClass.VISIT,
        MessageClass.OPT_OUT_CONFIRM,
    }
)
"""Classes whose loss somebody must make good: a crisis line, a page, a hold, the visit that cover hangs on."""


def is_safety(message_class: MessageClass, *, acute: bool) -> bool:
    """Tell whether a person must be told by other means what this text would have said."""
    return acute or message_class in SAFETY


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """When filtered texts stop their template (M 1.3, code 30007)."""

    window: timedelta = timedelta(hours=1)
    share: float = 0.01  # more than this part of the window's texts
    least: int = 3  # a single one of twenty is no pattern


FILTER = FilterPolicy()


def should_stop(*, filtered: int, sent: int, policy: FilterPolicy = FILTER) -> bool:
    """Tell whether a template is filtered so often that each further text makes it worse."""
    return filtered >= policy.least and filtered > policy.share * max(sent, filtered)


@dataclass(frozen=True, slots=True)
class NumberPolicy:
    """When a number counts as dead, or as one that does not want our texts (M 1.3)."""

    window: timedelta = timedelta(days=7)
    unreached: int = 2  # 30005, 30006
    blocked: int = 2  # 30004


NUMBERS = NumberPolicy()
