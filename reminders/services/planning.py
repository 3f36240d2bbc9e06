"""The tick that turns doses, visits and flags into planned messages, and ends what lost its reason.

Set-wise and safe to repeat: a second run changes nothing, three at once are harmless (the slot
is unique in the database). One transaction per page of patients.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol

import structlog
from django.db.models import CharField, DateField, Exists, Func, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Concat, Least

from backend.db import programs
from backend.rules.roles import CARE_ROLES, Role
from backend.rules.wall_time import local_date
from backend.selectors.people import closed_program_ids, staff_phones, users_with_role
from recovery.rules.states import Role as OwnerRole
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors import invitations, reminding
from recovery.selectors.policy import policies_for
from recovery.selectors.rota import staffing_of
from recovery.services.tasks import NewTask, end_tasks, make_tasks
from reminders.models import Message
from reminders.rules import wording
from reminders.rules.channels import beside
from reminders.rules.dispatch import Why
from reminders.rules.planning import (
    OWNED_STEP,
    POLICY,
    CheckInFact,
    DoseFact,
    HelloFact,
    HelloWhy,
    HoldFact,
    PatientFacts,
    Person,
    PromiseFact,
    VisitFact,
    asks_again,
    ordinal_of,
    plan_alarm,
    plan_patient,
    plan_promise_notice,
    plan_supporter,
    visit_text_ended,
)
from reminders.rules.states import Audience, MessageClass, MessageState, SubjectKind
from reminders.rules.window import DOSE_EXPIRY, EXPIRY
from reminders.selectors.devices import orders
from reminders.selectors.facts import InvitationKey, invitation_ends
from reminders.selectors.silence import ANSWERED, unanswered
from reminders.services import escalations, outcomes, slots
from reminders.services.slots import NewMessage

HORIZON = timedelta(hours=26)
"""Doses due this far ahead get their messages: the next local day of every zone, and some slack."""
# Every step of a dose is planned with its first: the re-prompt an hour later, up to the close of its window.
STEPS = timedelta(hours=4)
AHEAD = replace(POLICY, plan_ahead=HORIZON + STEPS)
SOON = timedelta(hours=2)
LONGEST_OWED = timedelta(days=7)
"""A promised call that is older is no news any more; its task stands all the same."""
PAGE = 1000
MAX_PAGES = 2000

log = structlog.get_logger("holdfast.reminders")


def plan_messages(*, program_ids: Iterable[int], now: datetime) -> int:
    """Plan what is owed, suppress what lost its reason; returns how many rows were made, moved or ended."""
    ids = list(program_ids)
    if not ids:
        return 0
    changed = suppress_moot(program_ids=ids, now=now, until=now + SOON)
    changed += _plan_doses(ids, now)
    changed += _plan_visits(ids, now)
    changed += _plan_holds(ids, now)
    changed += _plan_invitations(ids, now)
    changed += _plan_supporters(ids, now)
    changed += escalations.warn_of_gaps(program_ids=ids, now=now)
    changed += plan_alarms(program_ids=ids, now=now)
    changed += _tell_of_owed_calls(ids, now)
    return changed


def end_closed_programs(*, now: datetime) -> int:
    """End what closed programs left waiting, as ``suppressed: program_closed``; returns how many."""
    closed = closed_program_ids()
    if not closed:
        return 0
    with programs(closed):
        waiting = Message.objects.filter(state=MessageState.PLANNED.value).values_list("pk", flat=True)[: 10 * PAGE]
        why = Why.PROGRAM_CLOSED.value
        return len(slots.end([(pk, MessageState.SUPPRESSED, why) for pk in waiting], now=now))


# --- what lost its reason ---------------------------------------------------------------------------


def suppress_moot(*, program_ids: Sequence[int], now: datetime, until: datetime) -> int:
    """Suppress planned messages whose subject was answered, cancelled, or whose patient left.

    Looks at what leaves before ``until``: the dispatcher asks again at the wire, so what lies further
    ahead can wait. Returns how many.
    """
    with programs(program_ids):
        soon = Message.objects.filter(state=MessageState.PLANNED.value, send_after__lt=until)
        if not soon.exists():
            return 0
        endings = _gone(soon) + _moot_doses(soon) + _moot_visits(soon) + _moot_flags(soon) + _moot_holds(soon)
        endings += _moot_invitations(soon) + _moot_calls(soon)
        ended = slots.end(
            sorted((pk, MessageState.SUPPRESSED, why.value) for pk, why in dict(endings).items()), now=now
        )
        outcomes.tell(ended, now=now)
        return len(ended)


def _gone(soon: QuerySet[Message]) -> list[tuple[int, Why]]:
    left = reminding.gone_patients().filter(pk=OuterRef("patient_id"))
    rows = soon.filter(Exists(left)).values_list("pk", "patient_id")[: 10 * PAGE]
    contacts = reminding.reminded({patient_id for _, patient_id in rows})
    return [
        (pk, Why.DECEASED if contacts[patient_id].deceased else Why.EXITED)
        for pk, patient_id in rows
        if patient_id in contacts
    ]


def _moot_doses(soon: QuerySet[Message]) -> list[tuple[int, Why]]:
    ordinal = Func(OuterRef("step"), Value("."), Value(1), function="split_part", output_field=CharField())
    awaited = (
        reminding.awaited_doses()
        .filter(treatment_id=OuterRef("subject_id"), dosing_day=OuterRef("slot_on"))
        .annotate(written=Cast("ordinal", CharField()))
        .filter(written=ordinal)
    )
    rows = list(
        soon.filter(subject_kind=SubjectKind.DOSE.value)
        .filter(~Exists(awaited))
        .values_list("pk", "subject_id", "slot_on", "step")[: 10 * PAGE]
    )
    keys = {pk: (subject, day, ordinal_of(step) or 0) for pk, subject, day, step in rows}
    states = reminding.slot_states(set(keys.values()))
    found = []
    for pk, slot in keys.items():
        state = states.get(slot)
        why = Why.CANCELLED
        if state is not None:
            why = Why.ANSWERED if state.answered else Why.HOLD if state.held else Why.CANCELLED
        found.append((pk, why))
    return found


def _moot_visits(soon: QuerySet[Message]) -> list[tuple[int, Why]]:
    rows = list(
        soon.filter(subject_kind=SubjectKind.APPOINTMENT.value).values_list("pk", "subject_id", "slot_on", "step")[
            : 10 * PAGE
        ]
    )
    visits = reminding.awaited_visits_by_id({row[1] for row in rows})
    found = []
    for pk, subject, slot_on, step in rows:
        visit = visits.get(subject)
        day, settled = (visit.day, visit.settled) if visit is not None else (None, False)
        why = visit_text_ended(step=step, slot_on=slot_on, day=day, settled=settled)
        if why is not None:
            found.append((pk, why))
    return found


def _moot_flags(soon: QuerySet[Message]) -> list[tuple[int, Why]]:
    rows = list(
        soon.filter(subject_kind=SubjectKind.FLAG.value, audience=Audience.STAFF.value).values_list(
            "pk", "subject_id", "step"
        )[: 10 * PAGE]
    )
    still_open = reminding.flags_still_open({flag for _, flag, _ in rows})
    return [
        (pk, Why.ANSWERED if flag in still_open else Why.CANCELLED)
        for pk, flag, step in rows
        if flag not in still_open or not (still_open[flag] or step.startswith(OWNED_STEP))
    ]


def _moot_holds(soon: QuerySet[Message]) -> list[tuple[int, Why]]:
    rows = list(
        soon.filter(subject_kind=SubjectKind.HOLD.value).values_list("pk", "subject_id", "audience")[: 10 * PAGE]
    )
    still_open = reminding.holds_still_open({hold for _, hold, _ in rows})
    return [
        (pk, Why.CANCELLED if hold not in still_open else Why.ANSWERED)
        for pk, hold, audience in rows
        if hold not in still_open or (still_open[hold] and audience != Audience.STAFF.value)
    ]


def _moot_calls(soon: QuerySet[Message]) -> list[tuple[int, Why]]:
    rows = list(soon.filter(subject_kind=SubjectKind.TASK.value).values_list("pk", "subject_id")[: 10 * PAGE])
    still_open = reminding.tasks_still_open({task for _, task in rows}) if rows else set()
    return [(pk, Why.ANSWERED) for pk, task in rows if task not in still_open]


def _moot_invitations(soon: QuerySet[Message]) -> list[tuple[int, Why]]:
    kinds = [SubjectKind.CHECK_IN.value, SubjectKind.HELLO.value]
    rows = list(
        soon.filter(subject_kind__in=kinds).values_list(
            "pk", "subject_kind", "subject_id", "slot_on", "step", "template"
        )[: 10 * PAGE]
    )
    ends = invitation_ends([InvitationKey(*row[1:]) for row in rows])
    return [(row[0], why) for row in rows if (why := ends(InvitationKey(*row[1:]))) is not None]


# --- patients -----------------------------------------------------------------------------------------


def _plan_doses(ids: Sequence[int], now: datetime) -> int:
    with programs(ids):
        patients = reminding.patients_to_remind(
            due_from=now - DOSE_EXPIRY, due_until=now + HORIZON, unless=_dose_is_told(), limit=MAX_PAGES * PAGE
        )
    made = 0
    for start in range(0, len(patients), PAGE):
        with programs(ids):
            made += _plan_patients(set(patients[start : start + PAGE]), now)
    return made


def _dose_is_told() -> Exists:
    """There is a first text for the dose's slot, and it is not one that must move to a new time."""
    step = Concat(Cast(OuterRef("ordinal"), CharField()), Value(".first"), output_field=CharField())
    ends = Least(OuterRef("closes_at"), OuterRef("due_at") + Value(DOSE_EXPIRY))
    return Exists(
        Message.objects.filter(
            subject_kind=SubjectKind.DOSE.value,
            subject_id=OuterRef("treatment_id"),
            slot_on=OuterRef("dosing_day"),
            step=step,
        ).filter(~Q(state=MessageState.PLANNED.value) | Q(expires_at=ends))
    )


def _plan_visits(ids: Sequence[int], now: datetime) -> int:
    offsets = [-days for days in AHEAD.visit_days_before] + list(AHEAD.visit_days_after)
    # Today somewhere on earth, and the days of the horizon.
    first, last = now.date() - timedelta(days=1), (now + HORIZON).date() + timedelta(days=1)
    made = 0
    with programs(ids):
        patients = reminding.patients_with_visits(
            first_day=first, last_day=last, unless={offset: _needs_no_text(offset) for offset in offsets}, limit=100_000
        )
    for start in range(0, len(patients), PAGE):
        with programs(ids):
            made += _plan_patients(set(patients[start : start + PAGE]), now)
    return made


def _needs_no_text(offset: int) -> Q:
    """The text ``offset`` days from the visit is there, or would only repeat what was answered."""
    step = f"day{offset:+d}" if offset else "day0"
    told = Q(
        Exists(
            Message.objects.filter(
                subject_kind=SubjectKind.APPOINTMENT.value,
                subject_id=OuterRef("pk"),
                step=step,
                slot_on=CombinedExpression(OuterRef("due_on"), "+", Value(offset), output_field=DateField()),
            )
        )
    )
    if not asks_again(offset):
        return told
    return told | Q(confirmed_at__isnull=False) | Q(another_time_at__isnull=False)


def _plan_holds(ids: Sequence[int], now: datetime) -> int:
    """The text of each open hold that nobody was told of, while it may still leave."""
    told = Message.objects.filter(subject_kind=SubjectKind.HOLD.value, subject_id=OuterRef("pk"), step="tell")
    with programs(ids):
        patients = reminding.patients_with_holds(
            opened_after=now - EXPIRY[MessageClass.HOLD], unless=Exists(told), limit=10 * PAGE
        )
    made = 0
    for start in range(0, len(patients), PAGE):
        with programs(ids):
            made += _plan_patients(set(patients[start : start + PAGE]), now)
    return made


def _plan_invitations(ids: Sequence[int], now: datetime) -> int:
    """What is asked of people today, and the friendly texts of silence, of the first month and of after-care."""
    told_today = _is_told(SubjectKind.HELLO, "hello", invitations.todays(now))
    since = Exists(
        Message.objects.filter(
            patient_id=OuterRef("patient_id"), template="hello.silence", due_at__gte=OuterRef("opened_at")
        )
    )
    hellos: dict[int, list[HelloFact]] = {}
    promises: dict[int, list[PromiseFact]] = {}
    owed_told = Exists(
        Message.objects.filter(subject_kind=SubjectKind.TASK.value, subject_id=OuterRef("pk"), step="owed")
    )
    with programs(ids):
        _end_calls(now)
        _call_about_visits(now)
        page = invitations.patients_to_invite(now=now, unless=_told_of_form(), limit=PAGE)
        asked = invitations.patients_to_ask_by_text(
            now=now, unless=_is_told(SubjectKind.CHECK_IN, "ask", OuterRef("day"))
        )
        # What weighs most comes first: there is one friendly text a day.
        for owed in (
            *invitations.silent_to_greet(now=now, from_run=AHEAD.silence_after_days, unless=since),
            *invitations.after_care_to_greet(now=now, unless=told_today),
            *invitations.beginners_to_greet(now=now, days_in=AHEAD.first_month_hellos, unless=told_today),
        ):
            hellos.setdefault(owed.patient_id, []).append(HelloFact(owed.day, HelloWhy(owed.why)))
        for call in reminding.owed_calls(now=now, since=now - LONGEST_OWED, unless=owed_told):
            promises.setdefault(call.patient_id, []).append(PromiseFact(call.task_id, call.day, now))
    made = 0
    patients = sorted({*asked, *hellos, *promises})
    for start in range(0, len(patients), PAGE):
        with programs(ids):
            made += _plan_patients(set(patients[start : start + PAGE]), now, hellos=hellos, promises=promises)
    for _ in range(MAX_PAGES):
        if not page:
            break
        with programs(ids):
            made += _plan_patients(set(page), now)
            page = (
                invitations.patients_to_invite(now=now, unless=_told_of_form(), after=page[-1], limit=PAGE)
                if len(page) == PAGE
                else []
            )
    return made


def _is_told(kind: SubjectKind, step: str, days: OuterRef | Sequence[date]) -> Exists:
    on = {"slot_on": days} if isinstance(days, OuterRef) else {"slot_on__in": days}
    return Exists(Message.objects.filter(subject_kind=kind.value, subject_id=OuterRef("patient_id"), step=step, **on))


def _told_of_form() -> dict[str, Exists]:
    day = OuterRef("due_on")
    return {
        "scheduled": _is_told(SubjectKind.CHECK_IN, "ask", day),
        "follow_up": _is_told(SubjectKind.CHECK_IN, "follow", day),
    }


_NO_HELLOS: dict[int, list[HelloFact]] = {}
_NO_PROMISES: dict[int, list[PromiseFact]] = {}


def _plan_patients(
    patient_ids: set[int],
    now: datetime,
    *,
    hellos: dict[int, list[HelloFact]] = _NO_HELLOS,
    promises: dict[int, list[PromiseFact]] = _NO_PROMISES,
) -> int:
    """Plan everything that these patients are owed: back-off weighs all texts of a day together."""
    if not patient_ids:
        return 0
    contacts = reminding.reminded(patient_ids)
    zones = {pk: contact.zone for pk, contact in contacts.items()}
    silence = unanswered(zones, now=now)
    first, last = (now - timedelta(days=2)).date(), (now + HORIZON + STEPS).date() + timedelta(days=1)
    doses: dict[int, list[DoseFact]] = {}
    for dose in reminding.owed_doses(patient_ids, first_day=first, last_day=last):
        doses.setdefault(dose.patient_id, []).append(
            DoseFact(
                dose_id=dose.dose_id,
                treatment_id=dose.treatment_id,
                dosing_day=dose.dosing_day,
                ordinal=dose.ordinal,
                due_at=dose.due_at,
                closes_at=dose.closes_at,
                reported=dose.reported,
                stopped=dose.stopped,
                observed=dose.observed,
                every_day=dose.every_day,
                doses_that_day=dose.doses_that_day,
                chosen_outside=dose.chosen_outside,
                opted_in=dose.opted_in,
            )
        )
    furthest = timedelta(days=max(AHEAD.visit_days_before) + 1)
    longest_past = timedelta(days=max(AHEAD.visit_days_after) + 1)
    numbers = reminding.program_numbers({contact.program_id for contact in contacts.values()})
    visits: dict[int, list[VisitFact]] = {}
    for visit in reminding.owed_visits(patient_ids, first_day=first - longest_past, last_day=last + furthest):
        visits.setdefault(visit.patient_id, []).append(
            VisitFact(
                subject_kind=SubjectKind.APPOINTMENT,
                subject_id=visit.appointment_id,
                day=visit.day,
                starts_at=visit.starts_at,
                settled=visit.settled,
                number=numbers[visit.program_id] or None,
            )
        )
    holds = reminding.owed_holds(patient_ids, opened_after=now - EXPIRY[MessageClass.HOLD], now=now)
    rests = reminding.rests_of(patient_ids)
    check_ins: dict[int, list[CheckInFact]] = {}
    for asked in invitations.asked_of(patient_ids, days=invitations.todays(now)):
        # Not before its day: what a person wishes may change until then.
        if asked.waits and asked.day <= local_date(now, zones[asked.patient_id]):
            check_ins.setdefault(asked.patient_id, []).append(
                CheckInFact(
                    day=asked.day,
                    at=asked.at,
                    by_text=asked.by_text,
                    daily=asked.daily,
                    more=asked.more,
                    follow_up=asked.follow_up,
                )
            )
    here = {contact.program_id for contact in contacts.values()}
    met = invitations.meeting_own_goal(patient_ids, policies=policies_for(here), now=now)
    names = reminding.neutral_names(here)
    in_order = orders(patient_ids, now=now)
    rows: list[NewMessage] = []
    left_out: list[tuple[NewMessage, Why]] = []
    to_call: list[NewTask] = []
    for patient_id, contact in contacts.items():
        quiet, rest = silence.get(patient_id, ANSWERED), rests.get(patient_id)
        plan = plan_patient(
            PatientFacts(
                person=Person(
                    patient_id=patient_id,
                    zone=contact.zone,
                    unanswered_days=quiet.days,
                    unanswered_prompts=quiet.prompts,
                    meets_goal=patient_id in met,
                    pauses=rest.prompts if rest is not None else (),
                    inside=rest is not None and rest.inside,
                    shared=contact.phone_shared,
                ),
                holds=_hold_facts(holds.get(patient_id), numbers[contact.program_id]),
                doses=doses.get(patient_id, ()),
                visits=visits.get(patient_id, ()),
                check_ins=check_ins.get(patient_id, ()),
                hellos=hellos.get(patient_id, ()),
                promises=promises.get(patient_id, ()),
                name=name if wording.is_neutral_name(name := names[contact.program_id]) else "",
                exited=contact.exited or contact.deceased,
            ),
            now=now,
            policy=AHEAD,
        )
        texts = beside(plan.messages, order=in_order.get(patient_id, ()), zone=contact.zone)
        rows += [NewMessage(contact.program_id, contact.language, one) for one in texts]
        left_out += [(NewMessage(contact.program_id, contact.language, one), why) for one, why in plan.left_out]
        if plan.call_task:
            since = (local_date(now, contact.zone) - timedelta(days=quiet.days)).isoformat()
            to_call.append(
                NewTask(
                    program_id=contact.program_id,
                    patient_id=patient_id,
                    kind=TaskKind.CALL_UNANSWERED,
                    facts={"since": since},
                    once=f"since:{since}",
                )
            )
    make_tasks(tasks=to_call, now=now)
    return len(slots.store(rows, now=now)) + _leave_out(left_out, now)


def _leave_out(rows: Sequence[tuple[NewMessage, Why]], now: datetime) -> int:
    """Write down that these are not sent and why: a slot without an outcome would be looked at again and again."""
    made = 0
    for why in dict.fromkeys(why for _, why in rows):
        ids = slots.store([row for row, reason in rows if reason is why], now=now)
        made += len(slots.end([(pk, MessageState.SUPPRESSED, why.value) for pk in ids], now=now))
    return made


def _end_calls(now: datetime) -> None:
    """Who has answered again needs no call because of it."""
    waiting = reminding.patients_with_task(kind=TaskKind.CALL_UNANSWERED, limit=PAGE)
    silence = unanswered(reminding.zones(waiting), now=now) if waiting else {}
    answered = [pk for pk in waiting if silence.get(pk, ANSWERED).days < AHEAD.one_a_day_after_days]
    end_tasks(patient_ids=answered, kinds=[TaskKind.CALL_UNANSWERED], now=now, outcome=REASON_ENDED)


def _call_about_visits(now: datetime) -> None:
    """A person instead of a third text about a visit that passed (N29). One for an injection has its own concern."""
    days = max(AHEAD.visit_days_after) + 1
    passed = reminding.visits_passed(
        first_day=now.date() - timedelta(days=days + 7), last_day=now.date() - timedelta(days=days), limit=PAGE
    )
    tasks = [
        NewTask(
            program_id=one.program_id,
            patient_id=one.patient_id,
            kind=TaskKind.FIND_VISIT,
            facts={"due_on": one.day.isoformat()},
            once=f"passed:{one.appointment_id}",
        )
        for one in passed
    ]
    make_tasks(tasks=tasks, now=now)


def plan_again(patient_ids: Iterable[int], *, now: datetime) -> int:
    """Plan these patients' texts now, because the ways to them have changed; returns how many rows were made or
    moved. What has begun to leave stays as it is. Needs an open scope."""
    return _plan_patients(set(patient_ids), now)


def _hold_facts(hold: reminding.OwedHold | None, number: str) -> tuple[HoldFact, ...]:
    """Nothing where no number is set: the text names one. The call task stands all the same."""
    if hold is None or not number:
        return ()
    return (
        HoldFact(
            hold_id=hold.hold_id,
            opened_at=hold.opened_at,
            number=number,
            acute=hold.acute,
            call_by=hold.call_by,
        ),
    )


# --- supporters -----------------------------------------------------------------------------------------


def _plan_supporters(ids: Sequence[int], now: datetime) -> int:
    """The friendly text of a supporter's fixed weekday (SMS 20). Nothing about the patient is asked or told."""
    days = [now.date() + timedelta(days=n) for n in (-1, 0, 1)]  # today somewhere on earth, and tomorrow
    told = Exists(
        Message.objects.filter(
            subject_kind=SubjectKind.SUPPORTER.value, subject_id=OuterRef("pk"), slot_on__in=days, step="hello"
        )
    )
    made, after = 0, 0
    for _ in range(MAX_PAGES):
        with programs(ids):
            page = reminding.supporters_to_greet(days=days, unless=told, after=after, limit=PAGE)
            rows = [
                NewMessage(one.program_id, one.language, planned, Audience.SUPPORTER)
                for one in page
                for planned in plan_supporter(
                    supporter_id=one.supporter_id,
                    days=[one.day],
                    person=Person(patient_id=one.patient_id, zone=one.zone),
                )
                if planned.expires_at > now
            ]
            made += len(slots.store(rows, now=now))
        if len(page) < PAGE:
            break
        after = page[-1].supporter_id
    return made


# --- staff --------------------------------------------------------------------------------------------


_ROLES = {
    OwnerRole.MEDICAL_DIRECTOR: (Role.MEDICAL_DIRECTOR,),
    OwnerRole.PRESCRIBER: (Role.CLINICIAN, Role.MEDICAL_DIRECTOR),
}


def plan_alarms(*, program_ids: Sequence[int], now: datetime) -> int:
    """Plan a notice for each page about an open hold; returns how many (S 5).

    Told is who is on call by the rota, and somebody of the role when nobody on call has it: of the role the
    patient's own team first; everybody with a number when neither is there. Nobody takes a hold over by reply: a
    prescriber lifts it.
    """
    with programs(program_ids):
        told = Message.objects.filter(
            subject_kind=SubjectKind.HOLD.value,
            subject_id=OuterRef("hold_id"),
            audience=Audience.STAFF.value,
            step__startswith=Concat(
                Value("a"), Cast(OuterRef("pk"), CharField()), Value("."), output_field=CharField()
            ),
        )
        alarms = reminding.untold_alarms(since=now - EXPIRY[MessageClass.STAFF_NOTICE], unless=Q(Exists(told)))
        if not alarms:
            return 0
        here = {alarm.program_id for alarm in alarms}
        phones, staffing = staff_phones(program_ids=here), staffing_of(here, now=now)
        rows: list[NewMessage] = []
        for alarm in alarms:
            roles = _ROLES.get(alarm.to_role, tuple(CARE_ROLES))
            on_call = staffing[alarm.program_id].on_call(now=now)
            people = _told(roles, alarm, phones=phones, on_call=on_call)
            if not people:
                log.warning("nobody to tell of a hold", program_id=alarm.program_id, hold_id=alarm.hold_id)
            rows += [
                NewMessage(
                    alarm.program_id,
                    "en",
                    plan_alarm(alarm.alarm_id, alarm.hold_id, user, day=alarm.day, at=now),
                    Audience.STAFF,
                )
                for user in people
            ]
        return len(slots.store(rows, now=now))


def _tell_of_owed_calls(ids: Sequence[int], now: datetime) -> int:
    """Once a day, while the clinic works, tell who is on call that somebody waits for a call that was promised."""
    with programs(ids):
        days = invitations.todays(now)
        told = Exists(
            Message.objects.filter(
                subject_kind=SubjectKind.TASK.value,
                subject_id=OuterRef("pk"),
                audience=Audience.STAFF.value,
                slot_on__in=days,
            )
        )
        owed = reminding.owed_calls(now=now, since=now - LONGEST_OWED, unless=told, limit=PAGE)
        owed = [one for one in owed if one.clinic_open]
        if not owed:
            return 0
        here = {one.program_id for one in owed}
        phones, staffing = staff_phones(program_ids=here), staffing_of(here, now=now)
        rows = [
            NewMessage(
                one.program_id,
                "en",
                plan_promise_notice(one.task_id, user, day=one.today, at=now),
                Audience.STAFF,
            )
            for one in owed
            for user in _told(
                (Role.COORDINATOR,), one, phones=phones, on_call=staffing[one.program_id].on_call(now=now)
            )
        ]
        return len(slots.store(rows, now=now))


class _About(Protocol):
    @property
    def program_id(self) -> int: ...

    @property
    def team_id(self) -> int | None: ...


def _told(
    roles: Sequence[Role],
    about: _About,
    *,
    phones: dict[tuple[int, int], tuple[str, int]],
    on_call: Sequence[int],
) -> list[int]:
    """Who is on call, and who has one of the roles if nobody on call has it: the patient's own team first."""
    here = {user: team for (program, user), (_, team) in phones.items() if program == about.program_id}
    wanted = [user for user in users_with_role(program_id=about.program_id, roles=roles) if user in here]
    if any(user in wanted for user in on_call):
        return list(on_call)
    own_team = [user for user in wanted if here[user] == about.team_id]
    return list(dict.fromkeys([*on_call, *(own_team or wanted)])) or sorted(here)
