"""The tick that makes work which falls due by the calendar: checklists, labs, reversal agents, reviews, after-care.

Set-wise over treatments in batches; each batch is one transaction. Running it twice, late, or in several places at
once makes nothing twice: one open task per kind, one live checklist per kind, and each occasion has a name.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time

from backend.access import NOBODY
from backend.db import programs
from backend.rules import wall_time
from recovery.models import AfterCare, Checklist
from recovery.rules.aftercare import AfterCareEnd, DecisionReason, quiet_and_low, stop_reason_said
from recovery.rules.checklists import ChecklistCause, ChecklistKind, ChecklistStatus, opens_restart
from recovery.rules.labs import add_months, lab_due
from recovery.rules.medicines import Medicine
from recovery.rules.policy import Policy
from recovery.rules.reversal import reversal_due
from recovery.rules.states import FlagKind, Severity
from recovery.rules.tasks import TaskKind
from recovery.selectors.due_work import DueFacts, due_facts, readings_before
from recovery.selectors.policy import policies_for
from recovery.services import aftercare, checklists
from recovery.services.flag_rows import Concern, raise_many
from recovery.services.procedures import begin_holds
from recovery.services.tasks import NewTask, make_tasks

_BATCH = 2000
_MORNING = time(9)
Policies = Mapping[int, Policy]


def make_due_work(*, program_ids: Iterable[int], now: datetime, limit: int = _BATCH) -> int:
    """Make what is due by now; returns how many treatments were looked at."""
    ids = list(program_ids)
    if not ids:
        return 0
    begin_holds(program_ids=ids, now=now)
    looked, after = 0, 0
    while True:
        with programs(ids):
            policies = policies_for(ids)
            facts = due_facts(program_ids=ids, policies=policies, now=now, after=after, limit=limit)
            _work(facts, policies, now)
        looked += len(facts)
        if len(facts) < limit:
            return looked
        after = facts[-1].treatment_id


def _work(facts: Sequence[DueFacts], policies: dict[int, Policy], now: datetime) -> None:
    running = [each for each in facts if each.is_open]
    _end_checklists(running, now)
    _open_checklists(running, policies, now)
    _labs(running, policies, now)
    _reversal(running, policies, now)
    _reviews(running, policies, now)
    _decisions(running, policies, now)
    _after_care(facts, policies, now)


# --- checklists (S 4, S 13) ---


def _end_checklists(facts: Sequence[DueFacts], now: datetime) -> None:
    """Signed ones are used once the medicine was given, and run out after their last day; see ``_ended``."""
    for each in facts:
        for rows in each.checklists.values():
            for row in rows:
                status = _ended(row, each)
                if status is None:
                    continue
                held = Checklist.objects.select_for_update(no_key=True, skip_locked=True).filter(
                    pk=row.pk, status=row.status
                )
                found = held.first()
                if found is not None:
                    checklists.end_for(found, status, now=now)
                    row.status = found.status


def _ended(row: Checklist, facts: DueFacts) -> ChecklistStatus | None:
    """Used: given after it was signed. Expired: not given in time. Overtaken: injected late, before it was signed."""
    if row.status == ChecklistStatus.SIGNED.value and row.signed_at is not None and row.expires_on is not None:
        signed_on = wall_time.local_date(row.signed_at, facts.zone)
        given = [day for day in (facts.cover_from, facts.last_taken_on) if day is not None and day >= signed_on]
        if given:
            return ChecklistStatus.USED
        return ChecklistStatus.EXPIRED if facts.today > row.expires_on else None
    late = row.status == ChecklistStatus.OPEN.value and row.cause == ChecklistCause.LATE_BAND.value
    opened_on = wall_time.local_date(row.opened_at, facts.zone)
    if late and facts.cover_from is not None and facts.cover_from >= opened_on:
        return ChecklistStatus.OVERTAKEN
    return None


def _open_checklists(facts: Sequence[DueFacts], policies: Policies, now: datetime) -> None:
    wanted = []
    for each in facts:
        policy = policies[each.program_id]
        for kind, cause in (
            (ChecklistKind.START, _start(each, policy)),
            (ChecklistKind.RESTART, _restart(each, policy)),
        ):
            if cause is None:
                continue
            late = cause is ChecklistCause.LATE_BAND
            wanted.append(
                checklists.NewChecklist(
                    program_id=each.program_id,
                    patient_id=each.patient_id,
                    treatment_id=each.treatment_id,
                    kind=kind,
                    cause=cause,
                    medicine=_about(each),
                    facts={"dsl": each.dsl} if late else {},
                )
            )
    checklists.open_checklists(checklists=wanted, now=now)


def _start(each: DueFacts, policy: Policy) -> ChecklistCause | None:
    rows = each.checklists.get(ChecklistKind.START, [])
    if rows:
        return ChecklistCause.EXPIRED if rows[0].status == ChecklistStatus.EXPIRED.value else None
    return ChecklistCause.START if 0 <= (each.today - each.started_on).days <= policy.start_checklist_days else None


def _restart(each: DueFacts, policy: Policy) -> ChecklistCause | None:
    rows = each.checklists.get(ChecklistKind.RESTART, [])
    if rows and rows[0].status == ChecklistStatus.EXPIRED.value:
        return ChecklistCause.EXPIRED
    late = opens_restart(dsl=each.dsl, indication=each.indication, opioid_history=each.opioid_history, policy=policy)
    if not late or each.cover_from is None:
        return None
    asked = any(wall_time.local_date(row.opened_at, each.zone) > each.cover_from for row in rows)
    return None if asked else ChecklistCause.LATE_BAND


def _about(each: DueFacts) -> Medicine:
    """The medicine that a checklist is for: the injection where one was given, else what is ordered, else tablets."""
    if each.cover_from is not None or Medicine.NALTREXONE_INJECTION in each.medicines:
        return Medicine.NALTREXONE_INJECTION
    return each.medicines[0] if each.medicines else Medicine.NALTREXONE_TABLET


# --- labs (C 1 rows 31, 32, 46; S 18) ---


def _labs(facts: Sequence[DueFacts], policies: Policies, now: datetime) -> None:
    tasks, concerns = [], []
    for each in facts:
        watched = each.on_antagonist or Medicine.DISULFIRAM in each.medicines
        policy = policies[each.program_id]
        due = (
            lab_due(
                started_on=each.started_on,
                taken=each.lab_days,
                today=each.today,
                on_disulfiram=Medicine.DISULFIRAM in each.medicines,
                policy=policy,
            )
            if watched
            else None
        )
        if due is None:
            continue
        tasks.append(
            NewTask(
                program_id=each.program_id,
                patient_id=each.patient_id,
                kind=TaskKind.LABS_DUE,
                due_at=max(now, _morning(due.due_on, each.zone)),
                facts={"due_on": due.due_on.isoformat()},
                once=f"due:{due.due_on}",
            )
        )
        if due.overdue:
            concerns.append(_concern(each, FlagKind.LAB_OVERDUE, {"on": due.due_on.isoformat()}, policy))
    make_tasks(tasks=tasks, now=now)
    raise_many(concerns=concerns, now=now)


# --- reversal agent (S 18, N3) ---


def _reversal(facts: Sequence[DueFacts], policies: Policies, now: datetime) -> None:
    tasks = []
    for each in facts:
        if not each.on_antagonist:
            continue
        due = reversal_due(
            each.reversal,
            started_on=each.started_on,
            uncovered_since=each.uncovered_since,
            today=each.today,
            counts_as_opioid=each.counts_as_opioid,
            policy=policies[each.program_id],
        )
        if due is not None:
            tasks.append(
                NewTask(
                    program_id=each.program_id,
                    patient_id=each.patient_id,
                    kind=TaskKind.REVERSAL_AGENT,
                    facts={"reason": due.reason.value},
                    once=due.key,
                )
            )
    make_tasks(tasks=tasks, now=now)


# --- reviews (C 1 rows 5, 8, 18) ---


def review_day(started_on: date, *, today: date, policy: Policy) -> date | None:
    """The latest review date that has come: every so many months after the start; None before the first."""
    day, months = None, policy.review_after_months
    while (following := add_months(started_on, months)) <= today:
        day, months = following, months + policy.review_after_months
    return day


def _reviews(facts: Sequence[DueFacts], policies: Policies, now: datetime) -> None:
    tasks = []
    for each in facts:
        day = review_day(each.started_on, today=each.today, policy=policies[each.program_id])
        if day is not None and each.stop is None:
            tasks.append(
                NewTask(
                    program_id=each.program_id,
                    patient_id=each.patient_id,
                    kind=TaskKind.REVIEW_TREATMENT,
                    facts={"review_on": day.isoformat()},
                    once=f"review:{day}",
                )
            )
    make_tasks(tasks=tasks, now=now)


# --- deciding together (N9) ---


def _decisions(facts: Sequence[DueFacts], policies: Policies, now: datetime) -> None:
    asking: list[tuple[int, int, DecisionReason, int | None]] = []
    quiet = []
    for each in facts:
        flag = each.flags.get(FlagKind.WANTS_TO_STOP)
        if flag is not None:
            asking.append((each.program_id, each.patient_id, stop_reason_said(flag.evidence.get("said")), flag.pk))
        elif FlagKind.SILENCE in each.flags:
            quiet.append((each, each.flags[FlagKind.SILENCE]))
    days = max((policies[each.program_id].feels_cured_days for each, _ in quiet), default=0)
    readings = readings_before([flag for _, flag in quiet], days=days)
    for each, flag in quiet:
        if quiet_and_low(readings[flag.pk], policy=policies[each.program_id]):
            asking.append((each.program_id, each.patient_id, DecisionReason.QUIET_AND_LOW, flag.pk))
    aftercare.ask_to_decide(asking=asking, now=now)


# --- after-care (C 3.5, N10, contract 2) ---


def _after_care(facts: Sequence[DueFacts], policies: dict[int, Policy], now: datetime) -> None:
    found = []
    for each in facts:
        ended = each.covered_until
        running = each.after_care
        if running is not None:
            _go_on(running, each, policies[each.program_id], now)
            continue
        cause = each.stopping()
        if cause is None or not each.counts_as_opioid or ended is None or ended in each.after_care_days:
            continue
        found.append(
            aftercare.CoverEnded(
                program_id=each.program_id,
                patient_id=each.patient_id,
                treatment_id=each.treatment_id,
                cause=cause,
                cover_ended_on=ended,
                today=each.today,
            )
        )
    for row in aftercare.begin(found, policies=policies, now=now):
        due = next(each for each in facts if each.treatment_id == row.treatment_id)
        _go_on(row, due, policies[row.program_id], now)


def _go_on(row: AfterCare, facts: DueFacts, policy: Policy, now: datetime) -> None:
    locked = AfterCare.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=row.pk, ended_at=None).first()
    if locked is None:
        return
    if facts.covered_until is not None and facts.covered_until > facts.today:
        aftercare.end(locked, AfterCareEnd.COVERED_AGAIN, now=now, actor=NOBODY)
    elif facts.today > locked.until:
        aftercare.end(locked, AfterCareEnd.OVER, now=now, actor=NOBODY)
    elif locked.next_contact_on is not None and locked.next_contact_on <= facts.today:
        aftercare.ask_for_contact(locked, today=facts.today, policy=policy, now=now)


def _concern(each: DueFacts, kind: FlagKind, evidence: dict[str, object], policy: Policy) -> Concern:
    return Concern(
        program_id=each.program_id,
        patient_id=each.patient_id,
        treatment_id=each.treatment_id,
        kind=kind,
        severity=Severity.INFO,
        evidence=evidence,
        policy_version=policy.version,
    )


def _morning(day: date, zone: str) -> datetime:
    return wall_time.to_utc(day, _MORNING, zone)
