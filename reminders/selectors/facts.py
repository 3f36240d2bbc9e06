"""What is known about claimed messages at the moment of deciding: a few queries for a whole batch.

Needs an open scope.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from backend.crypto import CannotOpen
from backend.keys import phone_index
from backend.rules.consent import ConsentKind
from backend.rules.wall_time import local_date, to_utc
from backend.selectors.consents import patients_with_consent
from backend.selectors.keys import PROGRAM_ITSELF, data_keys
from backend.selectors.people import programs_by_id, staff_phones
from recovery.selectors import invitations, reminding
from reminders.models import InboundMessage, Message
from reminders.rules.devices import CONSENT
from reminders.rules.dispatch import SendFacts, Why
from reminders.rules.planning import OWNED_STEP, POLICY, ordinal_of, visit_text_ended
from reminders.rules.states import (
    MAYBE_OUT,
    PROMPTS,
    Audience,
    CapGroup,
    Channel,
    MessageClass,
    MessageState,
    SubjectKind,
)
from reminders.rules.stops import WRONG_PERSON
from reminders.rules.window import Outside
from reminders.selectors import stops
from reminders.selectors.devices import Place, mailboxes, places
from reminders.selectors.optouts import opted_out
from reminders.selectors.silence import ANSWERED, unanswered


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this runner holds, as the claim returned it."""

    id: int
    program_id: int
    patient_id: int | None
    audience: str
    recipient_id: int | None
    subject_kind: str
    subject_id: int
    slot_on: date
    step: str
    message_class: MessageClass
    acute: bool
    own_time: bool
    template: str
    language: str
    values: Mapping[str, str]
    is_question: bool
    send_after: datetime
    expires_at: datetime
    attempts: int
    crashes: int
    channel: Channel = Channel.SMS
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes. ``phone`` '' when nobody can be reached; of a wake-up what ``device_id`` is reached by."""

    phone: str
    index: bytes | None
    zone: ZoneInfo
    device_id: int | None = None
    word: str = ""  # what this patient agreed to have it called (S 21)

    def __repr__(self) -> str:
        return "Address()"


@dataclass(slots=True)
class Known:
    """The facts of one batch."""

    addresses: dict[int, Address] = field(default_factory=dict)
    facts: dict[int, SendFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvitationKey:
    """What names an invitation or a friendly text."""

    subject_kind: str
    subject_id: int  # the patient
    slot_on: date
    step: str
    template: str


def invitation_ends(keys: Collection[InvitationKey]) -> Callable[[InvitationKey], Why | None]:
    """Answers, for each of ``keys``, why its text is not wanted any more; None while it is. A few queries for all."""
    asked = [key for key in keys if key.subject_kind == SubjectKind.CHECK_IN.value]
    patients, days = {key.subject_id for key in asked}, {key.slot_on for key in asked}
    found = invitations.asked_of(patients, days=days) if asked else []
    here = {(one.patient_id, one.day, one.follow_up): one for one in found}
    wondering = {key.subject_id for key in keys if key.template == "hello.silence"}
    silent = invitations.still_silent(wondering) if wondering else set()

    def ended(key: InvitationKey) -> Why | None:
        if key.subject_kind == SubjectKind.CHECK_IN.value:
            one = here.get((key.subject_id, key.slot_on, key.step == "follow"))
            if one is not None and one.waits and one.by_text == (key.template == "check_in.number"):
                return None
            return Why.ANSWERED if one is not None and one.answered else Why.CANCELLED
        return Why.ANSWERED if key.subject_id in wondering and key.subject_id not in silent else None

    return ended


_RESTING = PROMPTS | {MessageClass.VISIT}
# A staff member's notice and the confirmation of an opt-in are put to who holds the phone, whoever that is.
_ASKING = frozenset(MessageClass) - {MessageClass.STAFF_NOTICE, MessageClass.ENROLMENT}
_INVITATIONS = (SubjectKind.CHECK_IN.value, SubjectKind.HELLO.value)


def facts_of(claimed: Sequence[Claimed], *, now: datetime) -> Known:
    """The facts and addresses of these messages, by message id."""
    known = Known()
    patients = {one.patient_id for one in claimed if one.patient_id is not None}
    contacts = reminding.contacts(patients)
    programs = programs_by_id({one.program_id for one in claimed})
    supporters = {one.subject_id for one in claimed if one.audience == Audience.SUPPORTER.value}
    beside = reminding.supporter_contacts(supporters, now=now) if supporters else {}
    known.addresses = _addresses(
        claimed, contacts, {pk: ZoneInfo(program.zone) for pk, program in programs.items()}, beside, now=now
    )
    indexes = {address.index for address in known.addresses.values() if address.index}
    out = opted_out(indexes)
    bad = stops.bad_numbers(indexes)
    off = stops.in_force(programs.keys())
    agreed = {
        kind: patients_with_consent(kind=kind, patient_ids=patients)
        for kind in {CONSENT[one.channel] for one in claimed} | {ConsentKind.SMS}
    }
    beside_it = _siblings(claimed)
    slots = {one.id: slot for one in claimed if (slot := _slot(one)) is not None}
    doses = reminding.slot_states(set(slots.values())) if slots else {}
    visits = reminding.awaited_visits_by_id(
        {one.subject_id for one in claimed if one.subject_kind == SubjectKind.APPOINTMENT.value}
    )
    flags = reminding.flags_still_open(
        {one.subject_id for one in claimed if one.subject_kind == SubjectKind.FLAG.value}
    )
    holds = reminding.holds_still_open(
        {one.subject_id for one in claimed if one.subject_kind == SubjectKind.HOLD.value}
    )
    invited = {
        one.id: InvitationKey(one.subject_kind, one.subject_id, one.slot_on, one.step, one.template)
        for one in claimed
        if one.subject_kind in _INVITATIONS
    }
    owed = {one.subject_id for one in claimed if one.subject_kind == SubjectKind.TASK.value}
    open_tasks = reminding.tasks_still_open(owed) if owed else set()
    not_wanted = invitation_ends(invited.values())
    rests = reminding.rests_of(
        {one.patient_id for one in claimed if one.patient_id is not None and one.message_class in _RESTING}
    )
    counts = _counts(claimed, contacts, now=now)
    asked = {address.index for one in claimed if one.is_question and (address := known.addresses[one.id]).index}
    questions = _open_questions({index for index in asked if index is not None}, now=now)
    capped = {
        one.patient_id for one in claimed if one.patient_id in contacts and one.message_class.cap_group != CapGroup.NONE
    }
    silence = unanswered({pk: contacts[pk].zone for pk in capped if pk is not None}, now=now) if capped else {}

    for one in claimed:
        address = known.addresses[one.id]
        contact = contacts.get(one.patient_id) if one.patient_id is not None else None
        staff = one.audience == Audience.STAFF.value
        facts = SendFacts(
            message_class=one.message_class,
            send_after=one.send_after,
            expires_at=one.expires_at,
            zone=address.zone,
            audience=Audience(one.audience),
            acute=one.acute,
            allowed_outside=one.own_time,
            outside=Outside.SUPPRESS if one.message_class is MessageClass.DOSE else Outside.MOVE,
            is_question=one.is_question,
            killed=(one.program_id, one.message_class.value) in off.classes,
            template_stopped=(one.program_id, one.template) in off.templates,
            program_closed=programs[one.program_id].closed_at is not None,
            opted_out=address.index is not None and (one.program_id, address.index) in out,
            deceased=contact is not None and contact.deceased,
            exited=contact is not None and contact.exited,
            consented=one.patient_id in agreed[CONSENT[one.channel]],
            has_address=bool(address.phone),
            asked_for=one.step.endswith(".later"),
        )
        code = bad.get((one.program_id, address.index), "") if address.index is not None else ""
        facts.wrong_person = code == WRONG_PERSON
        facts.bad_address = code not in ("", WRONG_PERSON)
        facts.shared_number = (
            contact is not None
            and contact.phone_shared
            and one.message_class in _ASKING
            and one.channel is Channel.SMS  # a wake-up asks nothing
        )
        rest = rests.get(one.patient_id) if one.patient_id is not None else None
        if rest is not None:
            facts.paused, facts.inside = rest.covers(one.slot_on), rest.inside
        if one.id in beside_it:
            _mind_the_sibling(facts, one, beside_it[one.id])
        slot = slots.get(one.id)
        if slot is not None:
            state = doses.get(slot)
            facts.cancelled = state is None
            facts.answered = state is not None and state.answered
            facts.hold_open = state is not None and state.held
            facts.paused = facts.paused or (state is not None and state.away)
            if state is not None:
                facts.consented = facts.consented and state.opted_in
                facts.doses_opted_in = state.reminders_that_day
        elif one.subject_kind == SubjectKind.APPOINTMENT.value:
            visit = visits.get(one.subject_id)
            why = visit_text_ended(
                step=one.step,
                slot_on=one.slot_on,
                day=visit.day if visit is not None else None,
                settled=visit is not None and visit.settled,
            )
            facts.cancelled, facts.answered = why is Why.CANCELLED, why is Why.ANSWERED
        elif one.subject_kind == SubjectKind.TASK.value:
            facts.answered = one.subject_id not in open_tasks
        elif one.id in invited:
            why = not_wanted(invited[one.id])
            facts.cancelled, facts.answered = why is Why.CANCELLED, why is Why.ANSWERED
        elif one.subject_kind == SubjectKind.HOLD.value:
            facts.cancelled = one.subject_id not in holds
            facts.answered = not staff and holds.get(one.subject_id, False)
        elif one.subject_kind == SubjectKind.FLAG.value and staff:
            facts.cancelled = one.subject_id not in flags
            taken = not facts.cancelled and not flags[one.subject_id]
            facts.answered = taken and not one.step.startswith(OWNED_STEP)
        if one.audience == Audience.SUPPORTER.value:
            # Their own consent and the patient's permission; what the patient was sent is no matter of theirs.
            facts.consented = one.subject_id in beside and beside[one.subject_id].may_text
        elif one.patient_id is not None and not staff:
            count = counts.get(one.patient_id)
            if count is not None:
                facts.unsolicited_today, facts.unsolicited_week = count.unsolicited_today, count.unsolicited_week
                facts.prompts_today, facts.prompts_week = count.prompts_today, count.prompts_week
                facts.dose_texts_today = count.dose_texts_today
                facts.doses_today = len(count.doses_today - {_dose_key(one)})
            facts.unanswered_days = silence.get(one.patient_id, ANSWERED).days
            if one.is_question:
                facts.open_question_until = _until(one, address, questions, now=now)
        known.facts[one.id] = facts
    return known


# --- the wake-up and the text of one slot -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sibling:
    state: str
    seen: bool
    instead_of: str


_SIBLINGS = """
SELECT u.id, m.state, m.seen_at IS NOT NULL, m.instead_of
FROM unnest(%(ids)s::bigint[], %(kinds)s::text[], %(subjects)s::bigint[], %(days)s::date[], %(steps)s::text[],
  %(channels)s::text[]) AS u (id, kind, subject, day, step, channel)
JOIN reminders_message m ON (m.subject_kind, m.subject_id, m.slot_on, m.step, m.channel)
  = (u.kind, u.subject, u.day, u.step, u.channel) AND m.recipient_id IS NULL
"""


def _siblings(claimed: Sequence[Claimed]) -> dict[int, _Sibling]:
    """Of each text that waited behind a wake-up that wake-up, of each wake-up its text, by message id."""
    rows = [one for one in claimed if one.instead_of or one.channel is not Channel.SMS]
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _SIBLINGS,
            {
                "ids": [one.id for one in rows],
                "kinds": [one.subject_kind for one in rows],
                "subjects": [one.subject_id for one in rows],
                "days": [one.slot_on for one in rows],
                "steps": [one.step for one in rows],
                "channels": [one.instead_of or Channel.SMS.value for one in rows],
            },
        )
        return {row[0]: _Sibling(*row[1:]) for row in cursor.fetchall()}


def _mind_the_sibling(facts: SendFacts, one: Claimed, sibling: _Sibling) -> None:
    if one.channel is Channel.SMS:
        facts.seen, facts.counted = sibling.seen, sibling.state in _OUT
    else:
        waits = sibling.state in (MessageState.PLANNED.value, MessageState.SUPPRESSED.value)
        facts.told = not waits or sibling.instead_of != one.channel.value


def _slot(one: Claimed) -> reminding.Slot | None:
    ordinal = ordinal_of(one.step) if one.subject_kind == SubjectKind.DOSE.value else None
    return None if ordinal is None else (one.subject_id, one.slot_on, ordinal)


def _dose_key(one: Claimed) -> str:
    return f"{one.subject_id}:{one.slot_on}:{one.step.partition('.')[0]}"


# --- addresses ------------------------------------------------------------------------------------------


def _addresses(
    claimed: Sequence[Claimed],
    contacts: Mapping[int, reminding.Contact],
    zones: Mapping[int, ZoneInfo],
    beside: Mapping[int, reminding.SupporterContact],
    *,
    now: datetime,
) -> dict[int, Address]:
    """A patient's own number; the number that wrote, for answers; a staff member's for notices; a supporter's."""
    staff = {one.program_id for one in claimed if one.audience == Audience.STAFF.value}
    phones = staff_phones(program_ids=staff) if staff else {}
    senders = _senders({one.subject_id for one in claimed if one.subject_kind == SubjectKind.INBOUND.value})
    woken = _woken(claimed, now=now)
    found = {}
    for one in claimed:
        contact = contacts.get(one.patient_id) if one.patient_id is not None else None
        zone = contact.zone if contact is not None else zones[one.program_id]
        if one.channel is not Channel.SMS:
            place = woken.get(one.id)
            found[one.id] = Address(
                phone=place.address if place is not None else "",
                index=None,
                zone=zone,
                device_id=place.device_id if place is not None else None,
            )
            continue
        if one.audience == Audience.STAFF.value:
            phone = phones.get((one.program_id, one.recipient_id or 0), ("", 0))[0]
            index = phone_index(one.program_id, phone) if phone else None
        elif one.audience == Audience.SUPPORTER.value:
            supporter = beside.get(one.subject_id)
            phone, index = (supporter.phone, supporter.phone_index) if supporter is not None else ("", None)
        elif one.subject_kind == SubjectKind.INBOUND.value:
            phone, index = senders.get(one.subject_id, ("", None))
        elif contact is not None and one.recipient_id is None:
            phone, index = contact.phone, contact.phone_index
        else:
            phone, index = "", None
        own = contact is not None and one.audience == Audience.PATIENT.value
        found[one.id] = Address(phone=phone, index=index, zone=zone, word=contact.word if contact and own else "")
    return found


def _woken(claimed: Sequence[Claimed], *, now: datetime) -> dict[int, Place]:
    """The device that each of these wake-ups goes to; the mail that asks for a confirmation goes to the one asked."""
    rows = [one for one in claimed if one.channel is not Channel.SMS]
    if not rows:
        return {}
    asking = {one.id for one in rows if one.subject_kind == SubjectKind.ENROLMENT.value}
    boxes = mailboxes({one.subject_id for one in rows if one.id in asking})
    last = places(
        {one.patient_id for one in rows if one.patient_id is not None}, channels={one.channel for one in rows}, now=now
    )
    found = {
        one.id: boxes.get(one.subject_id) if one.id in asking else last.get((one.patient_id or 0, one.channel))
        for one in rows
    }
    return {pk: place for pk, place in found.items() if place is not None}


def _senders(inbound_ids: Collection[int]) -> dict[int, tuple[str, bytes]]:
    rows = (
        list(
            InboundMessage.objects.filter(pk__in=inbound_ids).only(
                "uid", "program_id", "patient_id", "sender", "phone_index"
            )
        )
        if inbound_ids
        else []
    )
    found = {}
    for program_id in {row.program_id for row in rows}:
        here = [row for row in rows if row.program_id == program_id]
        keys = data_keys(program_id=program_id, patient_ids={row.patient_id or PROGRAM_ITSELF for row in here})
        for row in here:
            key = keys.get(row.patient_id or PROGRAM_ITSELF)
            try:
                phone = row.opened(key, "sender") if key is not None else ""
            except CannotOpen:
                phone = ""
            found[row.pk] = (phone, bytes(row.phone_index))
    return found


# --- what went out before --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Count:
    unsolicited_today: int
    unsolicited_week: int
    dose_texts_today: int
    prompts_today: int
    prompts_week: int
    doses_today: set[str]


_UNSOLICITED = [one.value for one in MessageClass if one.cap_group is CapGroup.UNSOLICITED]
_PROMPTS = [one.value for one in PROMPTS]
_OUT = [state.value for state in MAYBE_OUT]

_COUNTS = """
SELECT u.patient_id,
  count(*) FILTER (WHERE m.message_class = ANY (%(unsolicited)s::text[]) AND m.sending_at >= u.today),
  count(*) FILTER (WHERE m.message_class = ANY (%(unsolicited)s::text[])),
  count(*) FILTER (WHERE m.message_class = 'dose' AND m.sending_at >= u.today),
  count(*) FILTER (WHERE m.message_class = ANY (%(prompts)s::text[]) AND m.sending_at >= u.today),
  count(*) FILTER (WHERE m.message_class = ANY (%(prompts)s::text[])),
  array_agg(DISTINCT m.subject_id || ':' || m.slot_on || ':' || split_part(m.step, '.', 1))
    FILTER (WHERE m.message_class = 'dose' AND m.sending_at >= u.today)
FROM unnest(%(programs)s::bigint[], %(patients)s::bigint[], %(today)s::timestamptz[], %(week)s::timestamptz[])
  AS u (program_id, patient_id, today, week)
JOIN reminders_message m ON m.program_id = u.program_id AND m.patient_id = u.patient_id
  AND m.due_at >= u.week - interval '2 days' AND m.sending_at >= u.week AND m.state = ANY (%(out)s::text[])
  AND m.audience <> 'supporter'
  AND NOT (m.instead_of <> '' AND EXISTS (
    SELECT 1 FROM reminders_message w
    WHERE (w.subject_kind, w.subject_id, w.slot_on, w.step, w.channel)
      = (m.subject_kind, m.subject_id, m.slot_on, m.step, m.instead_of)
      AND w.recipient_id IS NULL AND w.state = ANY (%(out)s::text[])))
GROUP BY u.patient_id
"""


def _counts(
    claimed: Sequence[Claimed], contacts: Mapping[int, reminding.Contact], *, now: datetime
) -> dict[int, _Count]:
    """What each patient was sent today and in the last seven local days, this batch's own rows not yet among it."""
    capped = {one.patient_id for one in claimed if one.message_class.cap_group is not CapGroup.NONE}
    people = [contacts[pk] for pk in capped if pk is not None and pk in contacts]
    if not people:
        return {}
    days = [(local_date(now, person.zone), person.zone) for person in people]
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNTS,
            {
                "unsolicited": _UNSOLICITED,
                "prompts": _PROMPTS,
                "out": _OUT,
                "programs": [person.program_id for person in people],
                "patients": [person.patient_id for person in people],
                "today": [to_utc(day, time(0), zone) for day, zone in days],
                "week": [to_utc(day - timedelta(days=6), time(0), zone) for day, zone in days],
            },
        )
        return {row[0]: _Count(row[1], row[2], row[3], row[4], row[5], set(row[6] or ())) for row in cursor.fetchall()}


# --- one open question per number -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that waits for its answer on a number."""

    message_id: int
    slot: tuple[str, int, date, str]
    until: datetime
    asked_at: datetime | None


def question_slot(*, subject_kind: str, subject_id: int, slot_on: date, step: str) -> tuple[str, int, date, str]:
    """What a question is about. A re-prompt asks about the same, so it takes the question over."""
    return subject_kind, subject_id, slot_on, step.partition(".")[0]


def _open_questions(indexes: Collection[bytes], *, now: datetime) -> dict[bytes, OpenQuestion]:
    """The open question on each of these numbers, whichever patient it was put to."""
    if not indexes:
        return {}
    holders = {one.patient_id: one.phone_index for one in reminding.phone_holders(indexes)}
    rows = Message.objects.filter(patient_id__any=list(holders), question_open=True, expires_at__gt=now)
    found: dict[bytes, OpenQuestion] = {}
    for row in rows.only("patient_id", "expires_at", "sending_at", "subject_kind", "subject_id", "slot_on", "step"):
        index = holders[row.patient_id or 0]
        if index not in found or row.expires_at > found[index].until:
            slot = question_slot(
                subject_kind=row.subject_kind, subject_id=row.subject_id, slot_on=row.slot_on, step=row.step
            )
            found[index] = OpenQuestion(message_id=row.pk, slot=slot, until=row.expires_at, asked_at=row.sending_at)
    return found


def _until(
    one: Claimed, address: Address, questions: Mapping[bytes, OpenQuestion], *, now: datetime
) -> datetime | None:
    asked = questions.get(address.index) if address.index is not None else None
    if asked is None or asked.message_id == one.id:
        return None
    slot = question_slot(subject_kind=one.subject_kind, subject_id=one.subject_id, slot_on=one.slot_on, step=one.step)
    if asked.slot != slot:
        return asked.until
    # A first text that left late (an outage, a late start) must not bring its re-prompt along.
    ready = (asked.asked_at or asked.until) + POLICY.again_after
    return ready if ready > now else None
