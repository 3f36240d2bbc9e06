"""What a message is, which states it passes, and what a receipt may change.

Pure: no Django, no database, no clock. The states and who wins are contract 4;
the provider's statuses and their rank are M 1.2.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Channel(StrEnum):
    """How a message reaches somebody. The outbox is a provider, not a channel."""

    SMS = "sms"
    PUSH = "push"  # a browser, by Web Push
    APP = "app"  # an app on a phone, by FCM
    EMAIL = "email"


WAKES = (Channel.PUSH, Channel.APP, Channel.EMAIL)
"""Channels that only wake a person up: what it is about is read after signing in (PUSH-2). None has a question."""


class Audience(StrEnum):
    """Who reads a message; consent, caps and window are questions about patients and supporters."""

    PATIENT = "patient"
    SUPPORTER = "supporter"
    STAFF = "staff"


class SubjectKind(StrEnum):
    """What a slot is about: with the subject's id, the first part of its key."""

    DOSE = "dose"
    APPOINTMENT = "appointment"
    INJECTION_DUE = "injection_due"
    CHECK_IN = "check_in"
    HOLD = "hold"
    FLAG = "flag"
    HELLO = "hello"
    SUPPORTER = "supporter"
    INBOUND = "inbound"
    ENROLMENT = "enrolment"
    SIGN_IN = "sign_in"
    ROTA = "rota"
    TASK = "task"


class CapGroup(StrEnum):
    """Which of the caps of contract 4 counts a class."""

    UNSOLICITED = "unsolicited"  # 3 a day, 10 a week
    DOSE = "dose"  # as many a day as the patient opted into, at most 4
    NONE = "none"  # an answer to something a person just did, or a text to staff


class MessageClass(StrEnum):
    """The class of a message: what a kill switch, a cap and a priority speak about."""

    CRISIS = "crisis"
    OPT_OUT_CONFIRM = "opt_out_confirm"
    SIGN_IN_CODE = "sign_in_code"
    STAFF_NOTICE = "staff_notice"
    REPLY = "reply"
    VISIT = "visit"
    HOLD = "hold"
    DOSE = "dose"
    CHECK_IN = "check_in"
    HELLO = "hello"
    SUPPORTER = "supporter"
    ENROLMENT = "enrolment"

    @property
    def cap_group(self) -> CapGroup:
        return _CAP_GROUPS[self]

    @property
    def priority(self) -> int:
        """Smaller leaves first. An acute red message is before all of these: see ``priority_of``."""
        return _PRIORITIES[self]


_CAP_GROUPS = {
    MessageClass.CRISIS: CapGroup.NONE,
    MessageClass.OPT_OUT_CONFIRM: CapGroup.NONE,
    MessageClass.SIGN_IN_CODE: CapGroup.NONE,
    MessageClass.STAFF_NOTICE: CapGroup.NONE,
    MessageClass.REPLY: CapGroup.NONE,
    MessageClass.ENROLMENT: CapGroup.NONE,
    MessageClass.VISIT: CapGroup.UNSOLICITED,
    MessageClass.HOLD: CapGroup.UNSOLICITED,
    MessageClass.CHECK_IN: CapGroup.UNSOLICITED,
    MessageClass.HELLO: CapGroup.UNSOLICITED,
    MessageClass.SUPPORTER: CapGroup.UNSOLICITED,
    MessageClass.DOSE: CapGroup.DOSE,
}

# Gaps of ten, so that a class can be put between two others without renumbering stored rows.
_PRIORITIES = {
    MessageClass.CRISIS: 10,
    MessageClass.OPT_OUT_CONFIRM: 10,
    MessageClass.SIGN_IN_CODE: 20,
    MessageClass.STAFF_NOTICE: 30,
    MessageClass.REPLY: 40,
    MessageClass.VISIT: 50,
    MessageClass.HOLD: 60,
    MessageClass.DOSE: 70,
    MessageClass.CHECK_IN: 80,
    MessageClass.ENROLMENT: 85,
    MessageClass.HELLO: 90,
    MessageClass.SUPPORTER: 90,
}

PRIORITY_RED = 0

PROMPTS = frozenset({MessageClass.DOSE, MessageClass.CHECK_IN, MessageClass.HELLO})
"""What back-off, holidays and time away stop. Visits and holds go on."""


LANES = {Channel.SMS: 0, Channel.PUSH: 1, Channel.APP: 2, Channel.EMAIL: 3}
"""What a channel adds to the priority: each is claimed by itself, and finds its rows by the index on priority."""


def priority_of(message_class: MessageClass, *, acute: bool = False, channel: Channel = Channel.SMS) -> int:
    """Return the stored priority: red first, then visit > hold > dose > check-in > hello (contract 4).

    Its last digit, less than five, is the channel's lane: code of before a channel was there never claims it.
    """
    return (PRIORITY_RED if acute else _PRIORITIES[message_class]) + LANES[channel]


def lane(channel: Channel) -> list[int]:
    """Return every priority that a message of a channel can have, ascending."""
    return sorted(priority + LANES[channel] for priority in {PRIORITY_RED, *_PRIORITIES.values()})


class MessageState(StrEnum):
    """The states of contract 4, in the order in which a good message passes them."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"


TERMINAL = frozenset(
    {
        MessageState.DELIVERED,
        MessageState.UNDELIVERED,
        MessageState.FAILED,
        MessageState.SUPPRESSED,
        MessageState.EXPIRED,
    }
)
"""States that nothing leaves. ``sent`` and ``unknown`` end by time instead: see ``has_ended``."""

IN_HAND = frozenset({MessageState.CLAIMED, MessageState.SENDING})
"""At most one row per patient may be in these (the partial unique key of contract 4)."""

MAYBE_OUT = frozenset(
    {
        MessageState.SENDING,
        MessageState.UNKNOWN,
        MessageState.ACCEPTED,
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.UNDELIVERED,
    }
)
"""The text may have reached somebody: what caps count, and what a schedule edit must not repeat."""

_RECEIPTS = {
    MessageState.ACCEPTED,
    MessageState.SENT,
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
}

TRANSITIONS: dict[MessageState, frozenset[MessageState]] = {
    # A receipt can arrive for a row that is planned again after a refused connection that was none;
    # a restored backup turns what is due into unknown (architecture 4).
    MessageState.PLANNED: frozenset(
        {MessageState.CLAIMED, MessageState.SUPPRESSED, MessageState.EXPIRED, MessageState.UNKNOWN} | _RECEIPTS
    ),
    MessageState.CLAIMED: frozenset(
        {
            MessageState.PLANNED,
            MessageState.SENDING,
            MessageState.SUPPRESSED,
            MessageState.EXPIRED,
            MessageState.UNKNOWN,
        }
        | _RECEIPTS
    ),
    MessageState.SENDING: frozenset({MessageState.PLANNED, MessageState.UNKNOWN} | _RECEIPTS),
    # Cancelled at the provider after an opt-out: suppressed.
    MessageState.ACCEPTED: frozenset(
        {
            MessageState.SENT,
            MessageState.DELIVERED,
            MessageState.UNDELIVERED,
            MessageState.FAILED,
            MessageState.SUPPRESSED,
        }
    ),
    MessageState.SENT: frozenset({MessageState.DELIVERED, MessageState.UNDELIVERED, MessageState.FAILED}),
    # Back to planned is the one resend of rules/reconcile.
    MessageState.UNKNOWN: frozenset({MessageState.PLANNED, MessageState.SUPPRESSED} | _RECEIPTS),
    **{state: frozenset() for state in TERMINAL},
}


def may_move(old: MessageState, new: MessageState) -> bool:
    """Tell whether a message may go from one state to another. Staying is not a move."""
    return new in TRANSITIONS[old]


RECEIPT_WAIT = timedelta(hours=24)
"""After this long without a receipt an accepted text counts as sent (contract 4, M 1.2, F13)."""


def has_ended(state: MessageState, *, accepted_at: datetime | None, expires_at: datetime, now: datetime) -> bool:
    """Tell whether a message has its outcome (contract 4, "Ends").

    A terminal state has. ``sent`` has once 24 h have passed since the provider took it, ``unknown`` once
    it is past its expiry. Everything else still owes an outcome.
    """
    if state in TERMINAL:
        return True
    if state is MessageState.SENT:
        return accepted_at is not None and now - accepted_at >= RECEIPT_WAIT
    return state is MessageState.UNKNOWN and now >= expires_at


def is_unconfirmed(state: MessageState, *, accepted_at: datetime | None, now: datetime) -> bool:
    """Tell whether an accepted message has waited 24 h for a receipt and should now be called sent."""
    return state is MessageState.ACCEPTED and accepted_at is not None and now - accepted_at >= RECEIPT_WAIT


PROVIDER_RANK: dict[str, int] = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "partially_delivered": 3,
    "delivered": 4,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "read": 5,
}
"""Rank of each provider status (M 1.2). It only moves up; a status not listed has rank 0."""

_STATE_OF_STATUS = {
    "accepted": MessageState.ACCEPTED,
    "scheduled": MessageState.ACCEPTED,
    "queued": MessageState.ACCEPTED,
    "sending": MessageState.ACCEPTED,
    "sent": MessageState.SENT,
    "partially_delivered": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.UNDELIVERED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.SUPPRESSED,
}


def rank(status: str) -> int:
    """Return the rank of a provider status, 0 for one that says nothing about an outbound text."""
    return PROVIDER_RANK.get(status, 0)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one provider status does to a message."""

    state: MessageState  # the state afterwards; the old one when nothing moved
    rank: int  # the highest rank seen so far
    moved: bool
    contradicts: bool  # the provider knows a text that we wrote off as never sent: an alarm, not a change


def apply_status(*, state: MessageState, seen_rank: int, status: str) -> Receipt:
    """Apply a provider status to a message.

    Late, doubled and disordered statuses change nothing (F12): only a higher rank moves the state. A status
    for a message that was suppressed or expired before the wire keeps its outcome and raises an alarm, since
    one outcome is written once. The provider's "canceled" after our own cancel is no contradiction.
    """
    new_rank = rank(status)
    if new_rank <= seen_rank:
        return Receipt(state, seen_rank, moved=False, contradicts=False)
    wanted = _STATE_OF_STATUS[status]
    if may_move(state, wanted):
        return Receipt(wanted, new_rank, moved=True, contradicts=False)
    written_off = state in (MessageState.SUPPRESSED, MessageState.EXPIRED)
    return Receipt(state, new_rank, moved=False, contradicts=written_off and status != "canceled")
