"""Send, suppress, defer or expire: the last word before the wire.

Pure: no Django, no database, no clock. ``decide`` is asked about each claimed
row and again about each row of a sub-batch right before it is posted; see
reminders/services/dispatch.py. It runs for every text, so it makes no object
that it can share.

The order of the questions is fixed. First whatever forbids the text for good
(a switch, a person's will, a fact that ends its reason), then time, then what
only delays it. So a text that was answered during an outage is ``answered``
and not ``expired``, and nobody is blamed for a text that we failed to send.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from reminders.rules.states import PROMPTS, Audience, CapGroup, MessageClass
from reminders.rules.window import WINDOW, Outside, WindowPolicy, in_window, next_opening


class Why(StrEnum):
    """Why a message was not sent, or not now. Stored with the row and shown to staff."""

    KILL_SWITCH = "kill_switch"
    TEMPLATE_STOPPED = "template_stopped"
    PROGRAM_CLOSED = "program_closed"
    OPTED_OUT = "opted_out"
    DECEASED = "deceased"
    EXITED = "exited"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    BAD_ADDRESS = "bad_address"
    WRONG_PERSON = "wrong_person"
    SHARED_NUMBER = "shared_number"
    CANCELLED = "cancelled"
    ANSWERED = "answered"
    HOLD = "hold"
    PAUSED = "paused"
    EXPIRED = "expired"
    NOT_DUE = "not_due"
    WINDOW = "window"
    CAP_DAY = "cap_day"
    CAP_WEEK = "cap_week"
    CAP_DOSE = "cap_dose"
    BACK_OFF = "back_off"
    GOAL_MET = "goal_met"
    OPEN_QUESTION = "open_question"
    SEEN = "seen"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Limits:
    """The caps and steps of contract 4, as data."""

    per_day: int = 3  # unsolicited, per patient and local day
    per_week: int = 10  # unsolicited, per patient and 7 days
    doses_per_day: int = 4  # most dose reminders a day, whatever the patient opted into
    one_a_day_after_days: int = 3  # unanswered
    one_a_week_after_days: int = 7  # unanswered
    window: WindowPolicy = WINDOW
    # A question frees its phone when it is answered, which nobody foresees: look again this often.
    look_again: timedelta = timedelta(minutes=15)


LIMITS = Limits()


@dataclass(slots=True)
class SendFacts:
    """What is known about one claimed message at the moment of deciding.

    Not frozen, because thousands are made a second; nothing here changes one. Counts are of texts that may
    have gone out (``states.MAYBE_OUT``) and leave out the message itself. "Today" is the local day.
    """

    message_class: MessageClass
    send_after: datetime
    expires_at: datetime
    zone: ZoneInfo
    audience: Audience = Audience.PATIENT
    acute: bool = False  # acute red: a person reported something
    allowed_outside: bool = False  # a dose time outside the window, with the patient's recorded choice
    outside: Outside = Outside.MOVE
    is_question: bool = False

    killed: bool = False  # this class is switched off
    template_stopped: bool = False  # carriers filter this template, or somebody stopped it
    program_closed: bool = False
    opted_out: bool = False  # the address, for this sender
    deceased: bool = False
    exited: bool = False
    consented: bool = False  # deny by default: contact consent for this channel, dose opt-in for a dose
    has_address: bool = True
    bad_address: bool = False
    wrong_person: bool = False  # somebody said that the number is not the patient's (N21)
    shared_number: bool = False  # others read it: an answer could be for somebody else (contract 4)
    cancelled: bool = False  # the dose, visit or flag it speaks of is gone, moved or closed
    answered: bool = False  # what it asks for was already reported or answered
    hold_open: bool = False
    paused: bool = False  # away (S 7) or on holiday from reminders
    inside: bool = False  # away and not back yet: visits rest too, the phone may be in other hands (S 21)

    seen: bool = False  # the wake-up that went before this text was seen
    told: bool = False  # of a wake-up: its slot's text has left, or waits for it no more

    # The patient asked for this very text ("later"): no cap and no back-off, but everything else.
    asked_for: bool = False
    counted: bool = False  # its slot was counted when its wake-up left
    unsolicited_today: int = 0
    unsolicited_week: int = 0
    doses_today: int = 0  # other doses that had a reminder: a second text about the same one adds none
    dose_texts_today: int = 0
    doses_opted_in: int = 0  # reminders a day that the patient opted into
    prompts_today: int = 0  # every unasked text of today, doses included
    prompts_week: int = 0
    unanswered_days: int = 0

    open_question_until: datetime | None = None  # of another message to the same address


@dataclass(frozen=True, slots=True)
class Send:
    """Post it now."""


@dataclass(frozen=True, slots=True)
class Suppress:
    """It will never be sent."""

    why: Why


@dataclass(frozen=True, slots=True)
class Defer:
    """Back to planned, with this ``send_after``. It is always later than now and earlier than the expiry."""

    until: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Expire:
    """Too late: it may no longer leave."""


Decision = Send | Suppress | Defer | Expire

SEND = Send()
EXPIRE = Expire()
_SUPPRESS = {why: Suppress(why) for why in Why}

# An answer to something the person did a moment ago may come at any hour.
ANY_HOUR = frozenset(
    {
        MessageClass.CRISIS,
        MessageClass.REPLY,
        MessageClass.OPT_OUT_CONFIRM,
        MessageClass.SIGN_IN_CODE,
        MessageClass.STAFF_NOTICE,
    }
)
_STOPPED_BY_HOLD = frozenset({MessageClass.DOSE})
# The fixed crisis line answers whoever wrote: it names nobody, and the words came from that phone.
_TO_WHOEVER_WROTE = frozenset({MessageClass.CRISIS, MessageClass.OPT_OUT_CONFIRM})


def decide(facts: SendFacts, *, now: datetime, limits: Limits = LIMITS) -> Decision:
    """Return what happens to a message now: exactly one of send, suppress, defer, expire (contract 4).

    A deferred message comes back: once its ``expires_at`` is reached the answer is never Defer again, so
    each row ends. What a text to a person's own action skips: the crisis line and the opt-out confirmation
    ask for no consent and no open record, because they answer whoever wrote; only the confirmation passes an
    opt-out, once, and carries the crisis lines itself when both were said. Staff texts skip everything
    about patients.
    """
    why = _forbidden(facts)
    if why is not None:
        return _SUPPRESS[why]
    if now >= facts.expires_at:
        return EXPIRE
    if now < facts.send_after:
        # A row cannot wait beyond its own end, so such a one is stored wrongly: end it rather than keep it.
        return _SUPPRESS[Why.NOT_DUE] if facts.send_after >= facts.expires_at else Defer(facts.send_after, Why.NOT_DUE)
    if facts.audience is Audience.STAFF:
        return SEND
    if not (facts.acute or facts.allowed_outside or facts.message_class in ANY_HOUR) and not in_window(
        now, zone=facts.zone, policy=limits.window
    ):
        return _outside_window(facts, now=now, limits=limits)
    why = _over_cap(facts, limits=limits)
    if why is not None:
        return _SUPPRESS[why]
    if facts.is_question and facts.open_question_until is not None and facts.open_question_until > now:
        until = min(facts.open_question_until, now + limits.look_again)
        return Defer(until, Why.OPEN_QUESTION) if until < facts.expires_at else _SUPPRESS[Why.OPEN_QUESTION]
    return SEND


def _forbidden(facts: SendFacts) -> Why | None:
    """Return what forbids the message for good, the strongest reason first."""
    if facts.killed:
        return Why.KILL_SWITCH
    if facts.template_stopped:
        return Why.TEMPLATE_STOPPED
    if facts.program_closed:
        return Why.PROGRAM_CLOSED
    if facts.wrong_person and facts.message_class not in _TO_WHOEVER_WROTE:
        return Why.WRONG_PERSON
    if facts.opted_out and facts.message_class is not MessageClass.OPT_OUT_CONFIRM:
        return Why.OPTED_OUT
    if not facts.has_address:
        return Why.NO_ADDRESS
    if facts.audience is Audience.STAFF:
        return Why.ANSWERED if facts.answered else Why.CANCELLED if facts.cancelled else None
    if facts.message_class in _TO_WHOEVER_WROTE:
        return None
    if facts.deceased:
        return Why.DECEASED
    if facts.exited:
        return Why.EXITED
    if not facts.consented:
        return Why.NO_CONSENT
    if facts.bad_address:
        return Why.BAD_ADDRESS
    if facts.shared_number and facts.is_question:
        return Why.SHARED_NUMBER
    if facts.answered:
        return Why.ANSWERED
    if facts.cancelled:
        return Why.CANCELLED
    if facts.seen:
        return Why.SEEN
    if facts.told:
        return Why.TOLD
    if facts.hold_open and facts.message_class in _STOPPED_BY_HOLD:
        return Why.HOLD
    if facts.paused and facts.message_class in PROMPTS:
        return Why.PAUSED
    if facts.inside and facts.message_class is MessageClass.VISIT:
        return Why.PAUSED
    return None


def _outside_window(facts: SendFacts, *, now: datetime, limits: Limits) -> Decision:
    if facts.outside is Outside.SUPPRESS:
        return _SUPPRESS[Why.WINDOW]
    opens_at = next_opening(now, zone=facts.zone, policy=limits.window)
    return Defer(opens_at, Why.WINDOW) if opens_at < facts.expires_at else _SUPPRESS[Why.WINDOW]


def _over_cap(facts: SendFacts, *, limits: Limits) -> Why | None:
    """Return the cap that the message would break.

    Acute red is counted and never capped. Back-off after silence holds for prompts; a visit and a hold are
    what a silent person most needs to hear of, so only the plain caps bind them.
    """
    if facts.acute or facts.asked_for or facts.counted:
        return None
    group = facts.message_class.cap_group
    if group is CapGroup.NONE:
        return None
    if facts.message_class in PROMPTS:
        if facts.unanswered_days >= limits.one_a_week_after_days:
            if facts.prompts_week >= 1:
                return Why.BACK_OFF
        elif facts.unanswered_days >= limits.one_a_day_after_days and facts.prompts_today >= 1:
            return Why.BACK_OFF
    if group is CapGroup.DOSE:
        over = (
            facts.doses_today >= min(facts.doses_opted_in, limits.doses_per_day)
            or facts.dose_texts_today >= limits.doses_per_day
        )
        return Why.CAP_DOSE if over else None
    if facts.unsolicited_today >= limits.per_day:
        return Why.CAP_DAY
    if facts.unsolicited_week >= limits.per_week:
        return Why.CAP_WEEK
    return None
