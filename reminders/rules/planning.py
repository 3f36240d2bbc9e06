"""Which texts are owed to whom, and when.

Pure: no Django, no database, no clock. Callers pass facts in and store the
``PlannedMessage`` values that come out, one row per slot key; see
reminders/services/planning.py. Asked twice about the same facts it answers the
same, so a second run of a tick stores nothing.

A slot key never holds an instant. A dose's slot is (treatment, ordinal, dosing
day), so a dose that is made anew by an edited schedule finds the old slot and is
not announced twice; a row of that slot that is still ``planned`` is moved, one in
any other state stays as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import blake2b
from zoneinfo import ZoneInfo

from backend.rules.wall_time import to_utc
from reminders.rules import wording
from reminders.rules.dispatch import Why
from reminders.rules.states import PROMPTS, Channel, MessageClass, SubjectKind, priority_of
from reminders.rules.window import Outside, expiry, place, window_for


@dataclass(frozen=True, slots=True)
class PlanningPolicy:
    """Steps and hours of planning; a program may set its own."""

    visit_time: time = time(10)  # local, for visit texts
    hello_time: time = time(11)
    support_time: time = time(17)
    visit_days_before: tuple[int, ...] = (7, 3, 1, 0)
    visit_days_after: tuple[int, ...] = (1, 4)
    again_after: timedelta = timedelta(minutes=60)  # the one re-prompt
    again_up_to_doses: int = 2  # with more doses a day, a re-prompt would fill the cap of 4
    later_after: timedelta = timedelta(hours=2)
    later_expires: timedelta = timedelta(hours=1)
    jitter_up_to: timedelta = timedelta(minutes=10)
    one_a_day_after_days: int = 3  # unanswered
    one_a_week_after_days: int = 7
    no_second_after_prompts: int = 2  # N29: no third text; the silence flag of S 14 brings a person
    first_month_hellos: tuple[int, ...] = (3, 7, 14, 21)  # days since the start of treatment, N8
    goal_met_every_days: int = 3  # check-ins of somebody who meets their own goal, row 54
    silence_after_days: int = 3
    plan_ahead: timedelta = timedelta(hours=72)


POLICY = PlanningPolicy()

VISIT_TEMPLATES = {7: "visit.week", 3: "visit.three_days", 1: "visit.tomorrow", 0: "visit.today"}
AFTER_TEMPLATES = {1: "visit.passed", 4: "visit.this_week"}


@dataclass(frozen=True, slots=True)
class SlotKey:
    """What makes a message one of a kind: unique in the database (M REL-2)."""

    subject_kind: SubjectKind
    subject_id: int
    step: str
    channel: Channel
    slot_date: date  # local; a dose's dosing day


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message that should exist, in state ``planned``."""

    slot: SlotKey
    message_class: MessageClass
    template: str
    template_version: int
    send_after: datetime
    expires_at: datetime
    priority: int
    is_question: bool
    patient_id: int | None = None
    recipient_id: int | None = None  # a staff member; None = the patient, or a supporter (the subject)
    about_id: int | None = None  # the row that an answer is about: a dose's own id, a visit's, a flag's
    values: tuple[tuple[str, str], ...] = ()
    acute: bool = False
    allowed_outside: bool = False  # outside the window by the patient's recorded choice
    outside: Outside = Outside.MOVE
    instead_of: Channel | None = None  # of a text: the channel on which its slot was told first


@dataclass(frozen=True, slots=True)
class Person:
    """What planning must know about a patient."""

    patient_id: int
    zone: ZoneInfo
    channels: tuple[Channel, ...] = (Channel.SMS,)  # in the order to try; push first falls back to SMS
    unanswered_days: int = 0  # whole local days since the last answer, from the first prompt after it
    unanswered_prompts: int = 0  # prompts in a row without an answer
    meets_goal: bool = False  # own goal met: fewer texts (row 54)
    pauses: tuple[tuple[date, date], ...] = ()  # holidays from prompts and days away, both ends included
    shared: bool = False  # others read the phone: nothing is asked on it (N21, contract 4)
    inside: bool = False  # in hospital, custody or residential care: the phone may be in other hands (S 21)

    def paused_on(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.pauses)


@dataclass(frozen=True, slots=True)
class DoseFact:
    """A dose row as planning sees it."""

    dose_id: int
    treatment_id: int
    dosing_day: date
    ordinal: int  # 1 for the first of the day
    due_at: datetime
    closes_at: datetime
    reported: bool = False
    stopped: bool = False  # held, cancelled, an open gate, away
    observed: bool = False  # given under observation: no reminder
    every_day: bool = True
    doses_that_day: int = 1
    chosen_outside: bool = False  # a time outside the window with the patient's recorded choice
    opted_in: bool = True


@dataclass(frozen=True, slots=True)
class VisitFact:
    """An appointment, or the day an injection is next due while no appointment is booked."""

    subject_kind: SubjectKind  # APPOINTMENT or INJECTION_DUE
    subject_id: int
    day: date  # local
    starts_at: datetime | None = None  # None when only the day is known
    over: bool = False  # attended, cancelled, or made up for
    settled: bool = False  # the patient said that the day suits, or asked for another time
    number: str | None = None  # what to call, for the text that names it


@dataclass(frozen=True, slots=True)
class CheckInFact:
    """What is asked of a person on one day: in the app, or one number by text. One text announces all of it."""

    day: date
    at: time
    answered: bool = False
    by_text: bool = False
    daily: bool = True  # the daily minute is among it
    more: bool = False  # other questionnaires are
    follow_up: bool = False  # an answer called for it: it has a text of its own


class HelloWhy(StrEnum):
    """What a friendly text follows from."""

    SILENCE = "silence"
    FIRST_MONTH = "first_month"
    AFTER_CARE = "after_care"


@dataclass(frozen=True, slots=True)
class HelloFact:
    """A day on which a friendly text is owed."""

    day: date
    why: HelloWhy


OWNED_STEP = "o"
"""Begins the step of a notice about a flag that was taken and not closed: being taken does not end it."""


@dataclass(frozen=True, slots=True)
class FlagNotice:
    """A flag and one staff member to tell of it. The rota says who; see the core's rota."""

    flag_id: int
    recipient_id: int
    level: int  # 0 first, one more at each step of the escalation
    notify_at: datetime
    day: date  # local to the program
    acute: bool = False
    taken: bool = False  # somebody has it and has not closed it in its time
    number: int = 0  # of the telling: levels begin again when a flag is given back, this does not
    channels: tuple[Channel, ...] = (Channel.SMS,)


@dataclass(frozen=True, slots=True)
class HoldFact:
    """An open hold that the patient should hear of."""

    hold_id: int
    opened_at: datetime
    number: str
    acute: bool
    acknowledged: bool = False  # staff recorded that the patient understood
    call_by: str | None = None  # "HH:MM" when no line is staffed now (S 5)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one patient is owed, and whether a person should call instead of another text.

    ``left_out`` are invitations whose slot gets a written outcome in place of a text.
    """

    messages: tuple[PlannedMessage, ...] = ()
    call_task: bool = False
    left_out: tuple[tuple[PlannedMessage, Why], ...] = ()


def jitter(patient_id: int, *, up_to: timedelta = POLICY.jitter_up_to) -> timedelta:
    """Return a patient's own fixed delay in ``0 <= d < up_to``, to spread a morning peak (MSG-15).

    The same on every machine and every day: it comes from a hash of the id. Whole seconds.
    """
    digest = blake2b(b"jitter:%d" % patient_id, digest_size=8).digest()
    return timedelta(seconds=int.from_bytes(digest, "big") % max(1, int(up_to.total_seconds())))


def jittered(wanted_at: datetime, *, patient_id: int, before: datetime, policy: PlanningPolicy = POLICY) -> datetime:
    """Return ``wanted_at`` plus the patient's jitter, never at or past ``before``.

    A time less than the jitter's range before ``before`` keeps the part of the delay that fits.
    """
    room = min(policy.jitter_up_to, before - wanted_at)
    return wanted_at if room <= timedelta(0) else wanted_at + jitter(patient_id, up_to=room)


def _message(
    *,
    person: Person,
    subject_kind: SubjectKind,
    subject_id: int,
    step: str,
    day: date,
    template: str,
    wanted_at: datetime,
    not_after: datetime | None,
    about_id: int,
    policy: PlanningPolicy,
    values: tuple[tuple[str, str], ...] = (),
    acute: bool = False,
    allowed_outside: bool = False,
    outside: Outside = Outside.MOVE,
    delay: bool = True,
) -> list[PlannedMessage]:
    """Return the message in the person's first channel, or nothing when its time has no place.

    On a phone that others read it asks nothing, if there is such a text.
    """
    if person.shared and (plain := wording.unasked(template)) is not None:
        fields = wording.template(plain).fields
        template, values = plain, tuple((name, value) for name, value in values if name in fields)
    chosen = wording.template(template)
    expires_at = expiry(chosen.message_class, due_at=wanted_at, not_after=not_after)
    send_after = place(
        wanted_at,
        zone=person.zone,
        expires_at=expires_at,
        outside=outside,
        allowed_outside=allowed_outside or acute,
    )
    if send_after is None or not person.channels:
        return []
    if delay and not acute:
        local_day = send_after.astimezone(person.zone).date()
        closes_at = window_for(local_day, person.zone).closes_at
        # A chosen time outside the window has no close of its own, only its expiry.
        before = expires_at if send_after >= closes_at or allowed_outside else min(closes_at, expires_at)
        send_after = jittered(send_after, patient_id=person.patient_id, before=before, policy=policy)
    return [
        PlannedMessage(
            slot=SlotKey(subject_kind, subject_id, step, person.channels[0], day),
            message_class=chosen.message_class,
            template=template,
            template_version=chosen.version,
            send_after=send_after,
            expires_at=expires_at,
            priority=priority_of(chosen.message_class, acute=acute),
            is_question=chosen.is_question,
            patient_id=person.patient_id,
            about_id=about_id,
            values=values,
            acute=acute,
            allowed_outside=allowed_outside,
            outside=outside,
        )
    ]


def plan_dose(dose: DoseFact, *, person: Person, policy: PlanningPolicy = POLICY) -> list[PlannedMessage]:
    """Return the reminder of a dose and its one re-prompt.

    Nothing for a dose that is reported, stopped, observed, not opted into, or on a paused day. The re-prompt
    is left out for somebody who meets their own goal, after two prompts without an answer (N29), during
    back-off, and when a day holds too many doses for it. A re-prompt never leaves outside the window: the
    recorded choice was for the dose time alone.
    """
    if dose.reported or dose.stopped or dose.observed or not dose.opted_in or person.paused_on(dose.dosing_day):
        return []
    daily = "dose.daily" if dose.every_day else "dose.day"
    template = "dose.next" if dose.ordinal > 1 else daily
    first = _message(
        person=person,
        subject_kind=SubjectKind.DOSE,
        subject_id=dose.treatment_id,
        step=f"{dose.ordinal}.first",
        day=dose.dosing_day,
        template=template,
        wanted_at=dose.due_at,
        not_after=dose.closes_at,
        about_id=dose.dose_id,
        policy=policy,
        allowed_outside=dose.chosen_outside,
        outside=Outside.SUPPRESS,
    )
    if not first or _no_second_text(person, dose, policy):
        return first
    return first + _message(
        person=person,
        subject_kind=SubjectKind.DOSE,
        subject_id=dose.treatment_id,
        step=f"{dose.ordinal}.again",
        day=dose.dosing_day,
        template="dose.again",
        wanted_at=dose.due_at + policy.again_after,
        not_after=dose.closes_at,
        about_id=dose.dose_id,
        policy=policy,
        outside=Outside.SUPPRESS,
    )


def _no_second_text(person: Person, dose: DoseFact, policy: PlanningPolicy) -> bool:
    return (
        person.meets_goal
        or person.unanswered_prompts >= policy.no_second_after_prompts
        or person.unanswered_days >= policy.one_a_day_after_days
        or dose.doses_that_day > policy.again_up_to_doses
    )


def ordinal_of(step: str) -> int | None:
    """Return the ordinal of the dose that a dose slot's step is about, None for another kind of step."""
    ordinal, dot, _ = step.partition(".")
    return int(ordinal) if dot and ordinal.isdigit() else None


def plan_later(
    asked: PlannedMessage, *, answered_at: datetime, person: Person, policy: PlanningPolicy = POLICY
) -> list[PlannedMessage]:
    """Return the "later" step of a slot, two hours after the reply that asked for it.

    It has its own expiry (contract 4). Nothing when that time lies outside the window, and never a second
    one: the step is part of the slot's key.
    """
    ordinal = asked.slot.step.partition(".")[0]
    wanted_at = answered_at + policy.later_after
    planned = _message(
        person=person,
        subject_kind=asked.slot.subject_kind,
        subject_id=asked.slot.subject_id,
        step=f"{ordinal}.later",
        day=asked.slot.slot_date,
        template="dose.later",
        wanted_at=wanted_at,
        not_after=wanted_at + policy.later_expires,
        about_id=asked.about_id or asked.slot.subject_id,
        policy=policy,
        outside=Outside.SUPPRESS,
        delay=False,
    )
    return [replace(one, slot=replace(one.slot, channel=asked.slot.channel)) for one in planned]


def plan_visit(visit: VisitFact, *, person: Person, policy: PlanningPolicy = POLICY) -> list[PlannedMessage]:
    """Return the texts before a visit, on its day, and after a day that passed without it.

    Each says how far away the visit is, so each ends with its local day and, on the day itself, with the
    visit's start. A visit that is over gets none. Texts go on while prompts are paused, and rest while somebody
    is inside. One that was answered gets two more texts, not three: ``asks_again``.
    """
    if visit.over or person.inside:
        return []
    planned: list[PlannedMessage] = []
    for before in policy.visit_days_before:
        if visit.settled and asks_again(-before):
            continue
        planned += _visit_text(visit, offset=-before, template=VISIT_TEMPLATES[before], person=person, policy=policy)
    for after in policy.visit_days_after:
        template = AFTER_TEMPLATES[after]
        if template == "visit.this_week" and visit.number is None:
            template = "visit.passed"
        planned += _visit_text(visit, offset=after, template=template, person=person, policy=policy)
    return planned


def asks_again(offset: int) -> bool:
    """Whether the text ``offset`` days from a visit only repeats a question that the week's text asked."""
    return VISIT_TEMPLATES.get(-offset) == "visit.three_days"


def visit_offset(step: str) -> int:
    """The text's day counted from the visit's: "day-7" is -7, "day0" is 0. Raises ValueError for other steps."""
    if not step.startswith("day"):
        raise ValueError("not a step of a visit")
    return int(step[3:])


def visit_text_ended(*, step: str, slot_on: date, day: date | None, settled: bool) -> Why | None:
    """Why a text about a visit is not wanted any more; None while it is.

    ``day``: the day of the visit that is still to be kept, None for one that is over or cancelled.
    """
    offset = visit_offset(step)
    if day is None or slot_on != day + timedelta(days=offset):
        return Why.CANCELLED
    return Why.ANSWERED if settled and asks_again(offset) else None


def _visit_text(
    visit: VisitFact, *, offset: int, template: str, person: Person, policy: PlanningPolicy
) -> list[PlannedMessage]:
    day = visit.day + timedelta(days=offset)
    window = window_for(day, person.zone)
    wanted_at = to_utc(day, policy.visit_time, person.zone)
    not_after = window.closes_at
    if offset == 0 and visit.starts_at is not None:
        not_after = min(not_after, visit.starts_at)
        # An early visit is announced when the window opens, or not at all.
        wanted_at = min(wanted_at, max(window.opens_at, visit.starts_at - timedelta(hours=2)))
    fields = wording.template(template).fields
    return _message(
        person=person,
        subject_kind=visit.subject_kind,
        subject_id=visit.subject_id,
        step=f"day{offset:+d}" if offset else "day0",
        day=day,
        template=template,
        wanted_at=wanted_at,
        not_after=not_after,
        about_id=visit.subject_id,
        policy=policy,
        values=(("number", visit.number),) if "number" in fields and visit.number else (),
    )


def plan_check_in(check_in: CheckInFact, *, person: Person, policy: PlanningPolicy = POLICY) -> list[PlannedMessage]:
    """Return the one invitation to what is asked of a person on a day; nothing once it is answered."""
    if check_in.answered:
        return []
    template = "check_in.app" if not check_in.more else "check_in.more" if check_in.daily else "check_in.questions"
    return _message(
        person=person,
        subject_kind=SubjectKind.CHECK_IN,
        subject_id=person.patient_id,
        step="follow" if check_in.follow_up else "ask",
        day=check_in.day,
        template="check_in.number" if check_in.by_text else template,
        wanted_at=to_utc(check_in.day, check_in.at, person.zone),
        not_after=None,
        about_id=person.patient_id,
        policy=policy,
    )


def plan_hold(hold: HoldFact, *, person: Person, policy: PlanningPolicy = POLICY) -> list[PlannedMessage]:
    """Return the text of an open hold, at once when it is acute; nothing once it is acknowledged."""
    if hold.acknowledged:
        return []
    values: tuple[tuple[str, str], ...] = (("number", hold.number),)
    template = "hold.call_us"
    if hold.call_by is not None:
        template = "hold.call_at"
        values = (("hour", hold.call_by), ("number", hold.number))
    return _message(
        person=person,
        subject_kind=SubjectKind.HOLD,
        subject_id=hold.hold_id,
        step="tell",
        day=hold.opened_at.astimezone(person.zone).date(),
        template=template,
        wanted_at=hold.opened_at,
        not_after=None,
        about_id=hold.hold_id,
        policy=policy,
        values=values,
        acute=hold.acute,
        delay=False,
    )


def plan_hello(hello: HelloFact, *, person: Person, name: str, policy: PlanningPolicy = POLICY) -> list[PlannedMessage]:
    """Return the friendly text of a day: one per patient and day, whatever it follows from.

    It follows from silence, from the fixed days of the first month (N8), or from the weekly contact of
    after-care (N10). ``name`` is the program's neutral name, '' when it has none.
    """
    values: tuple[tuple[str, str], ...] = ()
    if hello.why is HelloWhy.SILENCE:
        template = "hello.silence"
    elif name:
        template, values = "hello.plain", (("name", name),)
    else:
        template = "hello.plan"
    return _message(
        person=person,
        subject_kind=SubjectKind.HELLO,
        subject_id=person.patient_id,
        step="hello",
        day=hello.day,
        template=template,
        wanted_at=to_utc(hello.day, policy.hello_time, person.zone),
        not_after=None,
        about_id=person.patient_id,
        policy=policy,
        values=values,
    )


_INVITATIONS = frozenset({MessageClass.CHECK_IN, MessageClass.HELLO})


def _left_out(message: PlannedMessage, *, person: Person, policy: PlanningPolicy) -> Why | None:
    """Why an invitation is not sent to this person on its day; None when it is. Doses and visits have none."""
    if message.message_class not in _INVITATIONS:
        return None
    if person.paused_on(message.slot.slot_date):
        return Why.PAUSED
    if person.shared and message.is_question:
        return Why.SHARED_NUMBER
    asked = message.message_class is MessageClass.CHECK_IN and message.slot.step == "ask"
    if asked and person.meets_goal and message.slot.slot_date.toordinal() % policy.goal_met_every_days:
        return Why.GOAL_MET
    return None


def plan_flag_notice(notice: FlagNotice) -> list[PlannedMessage]:
    """Return the notice of a flag to one member of staff.

    It names nobody and no kind. The number of the telling and the recipient are part of the step, so that each
    step of an escalation reaches each person once; the slot's date is the day the step fell due. A flag that
    was taken and is still open asks for no reply.
    """
    template = "staff.review_now" if notice.acute else "staff.review"
    if notice.taken:
        template = "staff.still_waiting"
    elif notice.level > 0:
        template = "staff.still_open"
    chosen = wording.template(template)
    return [
        PlannedMessage(
            slot=SlotKey(
                SubjectKind.FLAG,
                notice.flag_id,
                f"{OWNED_STEP if notice.taken else ''}{notice.number}.{notice.recipient_id}",
                channel,
                notice.day,
            ),
            message_class=MessageClass.STAFF_NOTICE,
            template=template,
            template_version=chosen.version,
            send_after=notice.notify_at,
            expires_at=expiry(MessageClass.STAFF_NOTICE, due_at=notice.notify_at),
            priority=priority_of(MessageClass.STAFF_NOTICE, acute=notice.acute),
            is_question=chosen.is_question,
            recipient_id=notice.recipient_id,
            about_id=notice.flag_id,
            acute=notice.acute,
            allowed_outside=True,
        )
        for channel in notice.channels[:1]
    ]


def plan_alarm(alarm_id: int, hold_id: int, recipient_id: int, *, day: date, at: datetime) -> PlannedMessage:
    """Return one page about a hold that is still open, to one member of staff (S 5). It names nobody."""
    chosen = wording.template("staff.still_waiting")
    return PlannedMessage(
        slot=SlotKey(SubjectKind.HOLD, hold_id, f"a{alarm_id}.{recipient_id}", Channel.SMS, day),
        message_class=MessageClass.STAFF_NOTICE,
        template="staff.still_waiting",
        template_version=chosen.version,
        send_after=at,
        expires_at=expiry(MessageClass.STAFF_NOTICE, due_at=at),
        priority=priority_of(MessageClass.STAFF_NOTICE),
        is_question=chosen.is_question,
        recipient_id=recipient_id,
        about_id=hold_id,
        allowed_outside=True,
    )


@dataclass(frozen=True, slots=True)
class PromiseFact:
    """A call that a patient was promised and whose time has passed."""

    task_id: int
    day: date  # local, on which it was to be
    at: datetime


def plan_promise(promise: PromiseFact, *, person: Person, policy: PlanningPolicy = POLICY) -> list[PlannedMessage]:
    """Return the one text that tells somebody that a promised call is not forgotten."""
    return _message(
        person=person,
        subject_kind=SubjectKind.TASK,
        subject_id=promise.task_id,
        step="owed",
        day=promise.day,
        template="hello.call_owed",
        wanted_at=promise.at,
        not_after=None,
        about_id=promise.task_id,
        policy=policy,
        delay=False,
    )


def plan_promise_notice(task_id: int, recipient_id: int, *, day: date, at: datetime) -> PlannedMessage:
    """Return the day's notice to one member of staff that somebody still waits for a promised call."""
    return replace(
        plan_alarm(0, 0, recipient_id, day=day, at=at),
        slot=SlotKey(SubjectKind.TASK, task_id, f"s.{recipient_id}", Channel.SMS, day),
        about_id=task_id,
    )


def plan_supporter(
    *, supporter_id: int, days: Sequence[date], person: Person, policy: PlanningPolicy = POLICY
) -> list[PlannedMessage]:
    """Return a supporter's own texts on their fixed calendar, never because of a flag (S 4, SMS 20).

    ``person`` carries the zone and the channels; its id is the patient's. The text finds its number by what it
    is about: a supporter has no account.
    """
    return [
        one
        for day in days
        for one in _message(
            person=person,
            subject_kind=SubjectKind.SUPPORTER,
            subject_id=supporter_id,
            step="hello",
            day=day,
            template="supporter.hello",
            wanted_at=to_utc(day, policy.support_time, person.zone),
            not_after=None,
            about_id=supporter_id,
            policy=policy,
        )
    ]


def thin(messages: Iterable[PlannedMessage], *, person: Person, today: date, policy: PlanningPolicy = POLICY) -> Plan:
    """Apply back-off: after 3 unanswered days one text a day, after 7 one a week and a call task.

    A day ahead counts as one more day of silence; an answer brings back the doses that were left out, since
    nothing of them was stored. An invitation that is left out keeps that outcome. The one text of a day is the
    most important (visit > hold > dose > check-in > hello), the earliest among equals. Visits and holds are never
    thinned: they only take the place of a prompt. The
    first weekly prompt comes seven days after the last daily one (contract 4).
    """
    kept = tuple(sorted(messages, key=lambda one: (one.send_after, one.priority, one.slot.step)))
    best: dict[date, PlannedMessage] = {}
    for one in kept:
        day = _local_day(one, person)
        if day not in best or one.priority < best[day].priority:
            best[day] = one
    chosen: list[PlannedMessage] = []
    left_out: list[tuple[PlannedMessage, Why]] = []
    for one in kept:
        day = _local_day(one, person)
        silent = person.unanswered_days + (day - today).days
        if one.message_class in PROMPTS and silent >= policy.one_a_day_after_days:
            since_daily = silent - policy.one_a_week_after_days + 1
            if best[day] is not one or (since_daily > 0 and since_daily % 7 != 0):
                if one.message_class in _INVITATIONS:
                    left_out.append((one, Why.BACK_OFF))
                continue
        chosen.append(one)
    call = person.unanswered_days >= policy.one_a_week_after_days
    return Plan(tuple(chosen), call_task=call, left_out=tuple(left_out))


def _local_day(message: PlannedMessage, person: Person) -> date:
    if message.slot.subject_kind is SubjectKind.DOSE:
        return message.slot.slot_date
    return message.send_after.astimezone(person.zone).date()


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Everything that one patient's texts of the next days follow from."""

    person: Person
    doses: Sequence[DoseFact] = ()
    visits: Sequence[VisitFact] = ()
    check_ins: Sequence[CheckInFact] = ()
    holds: Sequence[HoldFact] = ()
    hellos: Sequence[HelloFact] = ()
    promises: Sequence[PromiseFact] = ()
    name: str = ""  # the program's neutral name, '' for none
    exited: bool = False  # left, died, or consent revoked: nothing is planned
    taken_slots: frozenset[SlotKey] = field(default_factory=frozenset)  # slots whose row left ``planned``


def plan_patient(facts: PatientFacts, *, now: datetime, policy: PlanningPolicy = POLICY) -> Plan:
    """Return all messages that a patient is owed from ``now`` to the planning horizon, after back-off.

    What has expired at ``now`` is not planned: a text that nobody planned in time is not made up later.
    Slots in ``taken_slots`` are left out, so that nothing fires twice after an edit.
    """
    if facts.exited:
        return Plan()
    person = facts.person
    planned: list[PlannedMessage] = []
    for dose in facts.doses:
        planned += plan_dose(dose, person=person, policy=policy)
    for visit in facts.visits:
        planned += plan_visit(visit, person=person, policy=policy)
    for check_in in facts.check_ins:
        planned += plan_check_in(check_in, person=person, policy=policy)
    for hold in facts.holds:
        planned += plan_hold(hold, person=person, policy=policy)
    for hello in facts.hellos:
        planned += plan_hello(hello, person=person, name=facts.name, policy=policy)
    for promise in facts.promises:
        planned += plan_promise(promise, person=person, policy=policy)
    until = now + policy.plan_ahead
    going: dict[SlotKey, PlannedMessage] = {}
    left_out: list[tuple[PlannedMessage, Why]] = []
    for one in planned:
        if one.expires_at <= now or one.send_after >= until:
            continue
        why = _left_out(one, person=person, policy=policy)
        if why is None:
            going.setdefault(one.slot, one)
        else:
            left_out.append((one, why))
    thinned = thin(going.values(), person=person, today=now.astimezone(person.zone).date(), policy=policy)
    return replace(
        thinned,
        messages=tuple(one for one in thinned.messages if one.slot not in facts.taken_slots),
        left_out=tuple((one, why) for one, why in (*left_out, *thinned.left_out) if one.slot not in facts.taken_slots),
    )
