"""Texts that wait for a person: how they are marked, and how one is closed."""

from enum import StrEnum

INBOX = "inbox"
"""What ``InboundMessage.result`` begins with while a text waits; a reason may follow after a colon."""
CLOSED = "closed"
"""What it begins with once a person closed it; the outcome follows after a colon."""


class InboxOutcome(StrEnum):
    """What came of a text that a person read."""

    SETTLED = "settled"
    NEXT_STEP = "next_step"
    IN_RECORD = "in_record"
    NOT_REACHED = "not_reached"
    NOT_FOR_US = "not_for_us"
    NO_ANSWER_NEEDED = "no_answer_needed"


def reason_of(result: str) -> str:
    """Why a text waits, as a code; '' when it fitted no question."""
    return result.partition(":")[2]


def closed_as(outcome: InboxOutcome) -> str:
    """What is stored for a text that was closed with this outcome."""
    return f"{CLOSED}:{outcome.value}"
