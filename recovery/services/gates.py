"""Gates: what stops dose prompts, who is told, who lifts it (S 1-6, 9-11).

A gate stops prompts and warns; it never refuses a record. Silence opens none. Nothing here and no tick ends a
hold: a prescriber lifts it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.rules import wall_time
from backend.rules.roles import Access
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import Checklist, Hold, Patient, Treatment
from recovery.rules.checklists import RESTART_CAUSES, ChecklistKind, ChecklistStatus
from recovery.rules.flags import FLAG_RULES, ClinicHours
from recovery.rules.gates import (
    ANTAGONISTS,
    ENTERED_IN_ERROR,
    GateDecision,
    GateEvent,
    concern_of,
    decide_gate,
    next_hold_alarm,
    promised_call,
    what_it_stops,
)
from recovery.rules.medicines import Medicine
from recovery.rules.policy import Policy
from recovery.rules.records import LiftReason
from recovery.rules.states import Indication, OpioidHistory, Response, Role
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors.clinic import clinics
from recovery.selectors.holds import medicines_of, night_staffed
from recovery.selectors.policy import rules_for
from recovery.selectors.records import live_flags
from recovery.services.checklists import NewChecklist, cancel_checklist, open_checklists
from recovery.services.flag_rows import Concern, Raised, end_many, raise_many
from recovery.services.tasks import NewTask, end_tasks, make_tasks

_NOTHING_KNOWN = (Medicine.NALTREXONE_TABLET,)


class BadHold(DomainError):
    code = "bad-hold"


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """What came of an event. ``holds`` are those that it opened or found open; empty: prompts go on.

    ``call_by`` is when the person can honestly be told that somebody calls, None when nobody need call.
    """

    holds: tuple[Hold, ...]
    opened: tuple[Hold, ...]
    flags: tuple[Raised, ...]
    decisions: tuple[GateDecision, ...]
    call_by: datetime | None

    @property
    def stops_prompts(self) -> bool:
        return bool(self.holds)


@transaction.atomic
def note_event(
    *,
    actor: Actor,
    patient: Patient,
    event: GateEvent,
    evidence: Mapping[str, Any],
    now: datetime,
    medicine: Medicine | None = None,
) -> GateOutcome:
    """Take in a fact that may stop prompts: decide, open holds, raise the concern, make the call task.

    May be asked about everything that is heard (``GateEvent`` lists what never stops a prompt, too). ``evidence``
    is plain JSON without names or free words; ``on`` (an ISO date) is added when it is missing. Decided for
    each medicine that the person takes, or for ``medicine`` alone; of a person about whom nothing is known it is
    decided as for naltrexone. Safe to repeat: a hold that is open for this cause stays the one.
    """
    locked = Patient.objects.select_for_update(no_key=True).filter(pk=patient.pk).first()
    if locked is None:
        raise NotFound
    ground = _Ground(locked, now)
    told = {"on": wall_time.dosing_day(now, locked.zone).isoformat(), **evidence}
    takes: Sequence[Medicine] = (medicine,) if medicine is not None else ground.takes
    decided: list[tuple[Medicine, GateDecision]] = []
    for each in takes:
        decision = decide_gate(
            event,
            medicine=each,
            indication=Indication(locked.indication),
            opioid_history=OpioidHistory(locked.opioid_history),
            policy=ground.policy,
        )
        decided.append((each, decision))
    raised = _tell(actor, ground, [decision for _, decision in decided], told)
    responses = [found for _, decision in decided if (found := ground.response_to(decision)) is not None]
    stopping = [(each, decision) for each, decision in decided if decision.stops_prompts]
    call_by = None
    if responses or stopping:
        call_by = min(ground.call_by(each) for each in responses or [Response.SAME_DAY])
    holds, opened = _open(actor, ground, event, stopping, told, call_by)
    if opened and call_by is not None:
        _call_task(actor, ground, event, due_at=call_by, flag_id=raised[0].flag_id if raised else None)
    _ask_for_restart(actor, ground, event, opened)
    return GateOutcome(tuple(holds), tuple(opened), tuple(raised), tuple(d for _, d in decided), call_by)


@transaction.atomic
def order_hold(*, actor: Actor, patient: Patient, medicine: Medicine, now: datetime, note: str = "") -> GateOutcome:
    """A prescriber stops the prompts of one medicine; of naltrexone, of every form of it.

    Raises NotAllowed for anybody else, Conflict when an order is open already.
    """
    _only_prescribers(actor, patient.program_id)
    outcome = note_event(
        actor=actor, patient=patient, event=GateEvent.CLINICIAN_ORDER, evidence={}, now=now, medicine=medicine
    )
    if not outcome.opened:
        raise Conflict("There is an order to hold already.")
    [hold] = outcome.opened
    if note.strip():
        hold.seal(data_key(program_id=hold.program_id, patient_id=hold.patient_id), note=note.strip())
        hold.save(update_fields=["note"])
    return outcome


@transaction.atomic
def lift_hold(*, actor: Actor, hold_id: int, reason: str, now: datetime, note: str = "") -> Hold:
    """A prescriber lifts a hold, with a reason (``LiftReason``). When none is left, prompts go on with the next dose.

    The concern that came with it stays on the list until somebody closes it. Raises NotFound, NotAllowed for
    anybody but a prescriber, BadHold for an unknown reason, Conflict when it was lifted already.
    """
    if reason not in set(LiftReason):
        raise BadHold("There is no such reason.", field="reason")
    hold = _locked(hold_id)
    _only_prescribers(actor, hold.program_id)
    if hold.lifted_at is not None:
        raise Conflict("This hold was lifted already.")
    return _lift(actor, hold, reason, note, now)


def _lift(actor: Actor, hold: Hold, reason: str, note: str, now: datetime) -> Hold:
    hold.lifted_at, hold.lifted_by_id, hold.lift_reason = now, actor.user_id, reason
    hold.next_alarm_at = None
    written = ["lifted_at", "lifted_by", "lift_reason", "next_alarm_at"]
    if note.strip():
        hold.seal(data_key(program_id=hold.program_id, patient_id=hold.patient_id), note=note.strip())
        written.append("note")
    hold.save(update_fields=written)
    audit.record_row(actor, "hold.lifted", hold)
    _end_call_task(actor, hold, now, outcome=REASON_ENDED)
    _end_error_task(actor, hold.patient_id, now)
    return hold


@transaction.atomic
def judge_again(
    *,
    actor: Actor,
    patient: Patient,
    event: GateEvent,
    standing: Sequence[tuple[datetime, Mapping[str, Any]]],
    now: datetime,
) -> list[Hold]:
    """A record of ``event`` was voided: judge the holds and the concern that came of it by what still stands.

    ``standing``: when each record that still says the same was recorded, with its evidence. A hold with such a record
    since it was opened stays and rests on that. One with none was never due: it is lifted as an error where a
    prescriber voided; a void by anybody else lifts nothing (contract 3), it says so on the hold and is work for the
    prescriber. The concern ends (red waits for a person to confirm), and a restart checklist that nobody signed yet
    goes with the hold. Returns the holds that were lifted. Part of the transaction that voids; the patient is locked.
    """
    lifted = []
    for hold in Hold.objects.select_for_update(no_key=True).filter(
        patient_id=patient.pk, cause=event.value, lifted_at__isnull=True
    ):
        since = [evidence for at, evidence in standing if at >= hold.opened_at]
        if since:
            hold.evidence = dict(since[-1])
            hold.save(update_fields=["evidence"])
        elif patient.program_id in actor.programs_for(Access.PRESCRIBER):
            lifted.append(_lift(actor, hold, LiftReason.IN_ERROR.value, "", now))
        else:
            hold.evidence = {**hold.evidence, ENTERED_IN_ERROR: True}
            hold.save(update_fields=["evidence"])
            task = NewTask(program_id=hold.program_id, patient_id=hold.patient_id, kind=TaskKind.HOLD_IN_ERROR)
            make_tasks(actor=actor, tasks=[task], now=now)
    if lifted:
        _end_restart(actor, patient, event, now)
    kind = concern_of(event)
    live = None if kind is None else next((flag for flag in live_flags(patient.pk) if flag.kind == kind.value), None)
    if kind is not None and live is not None and not any(at >= live.opened_at for at, _ in standing):
        end_many(actor=actor, patient_ids=[patient.pk], kinds=[kind], note_key=ENTERED_IN_ERROR, now=now)
    return lifted


def _end_restart(actor: Actor, patient: Patient, event: GateEvent, now: datetime) -> None:
    cause = RESTART_CAUSES.get(event)
    if cause is None:
        return
    opened = Checklist.objects.filter(
        patient_id=patient.pk,
        kind=ChecklistKind.RESTART.value,
        cause=cause.value,
        status=ChecklistStatus.OPEN.value,
    )
    for row in opened:
        cancel_checklist(actor=actor, patient=patient, checklist_id=row.pk, now=now)


def _end_error_task(actor: Actor, patient_id: int, now: datetime) -> None:
    """Nothing is left to decide once no open hold rests on a record that was entered in error."""
    left = Hold.objects.filter(patient_id=patient_id, lifted_at__isnull=True, evidence__has_key=ENTERED_IN_ERROR)
    if not left.exists():
        end_tasks(actor=actor, patient_ids=[patient_id], kinds=[TaskKind.HOLD_IN_ERROR], now=now)


@transaction.atomic
def acknowledge_hold(*, actor: Actor, hold_id: int, now: datetime) -> Hold:
    """Staff record that the patient understood the hold (S 5). Nothing else counts: no delivered text, no tap.

    It ends the call task once every open hold of the patient is understood. The hold itself stays and pages on.
    Raises NotFound, NotAllowed for who is not staff, Conflict when it was lifted. Recording it again changes nothing.
    """
    hold = _locked(hold_id)
    if actor.user_id is None or hold.program_id not in actor.programs_for(Access.CARE_TEAM):
        raise NotAllowed("Only staff can record this.")
    if hold.lifted_at is not None:
        raise Conflict("This hold was lifted already.")
    if hold.understood_at is None:
        hold.understood_at, hold.understood_by_id = now, actor.user_id
        hold.save(update_fields=["understood_at", "understood_by"])
        audit.record_row(actor, "hold.understood", hold)
        _end_call_task(actor, hold, now, outcome="understood")
    return hold


class _Ground:
    """What deciding about one patient needs, read once."""

    def __init__(self, patient: Patient, now: datetime) -> None:
        self.patient, self.now = patient, now
        rules = rules_for([patient.program_id])[patient.program_id]
        self.policy: Policy = rules.policy
        self.flags = rules.flags
        self.clinic: ClinicHours = clinics([patient.program_id])[patient.program_id]
        self.night = night_staffed(patient.program_id)
        self.treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
        today = wall_time.dosing_day(now, patient.zone)
        self.takes: Sequence[Medicine] = medicines_of([patient.pk], on_day=today).get(patient.pk, _NOTHING_KNOWN)

    def response_to(self, decision: GateDecision) -> Response | None:
        """How soon it is answered: what the program signed stands in the place of what shipped."""
        if decision.flag is None or decision.response is not FLAG_RULES[decision.flag].response:
            return decision.response
        return self.flags[decision.flag].response

    def call_by(self, response: Response) -> datetime:
        return promised_call(response, now=self.now, clinic=self.clinic, night_on_call=self.night, policy=self.policy)


def _tell(
    actor: Actor, ground: _Ground, decisions: Sequence[GateDecision], evidence: Mapping[str, Any]
) -> list[Raised]:
    return raise_many(
        actor=actor,
        concerns=[
            Concern(
                program_id=ground.patient.program_id,
                patient_id=ground.patient.pk,
                treatment_id=ground.treatment.pk if ground.treatment is not None else None,
                kind=decision.flag,
                severity=decision.severity,
                evidence=evidence,
                policy_version=ground.policy.version,
            )
            for decision in decisions
            if decision.flag is not None and decision.severity is not None
        ],
        now=ground.now,
    )


def _open(
    actor: Actor,
    ground: _Ground,
    event: GateEvent,
    stopping: Sequence[tuple[Medicine, GateDecision]],
    evidence: Mapping[str, Any],
    call_by: datetime | None,
) -> tuple[list[Hold], list[Hold]]:
    """The open holds of this event, and those of them that are new. The patient is locked."""
    if not stopping or call_by is None:
        return [], []
    standing = {
        hold.stops: hold
        for hold in Hold.objects.filter(patient_id=ground.patient.pk, cause=event.value, lifted_at__isnull=True)
    }
    opened = []
    for medicine, decision in stopping:
        stops = what_it_stops(medicine)
        if stops in standing:
            _stands_again(actor, standing[stops], evidence, ground.now)
            continue
        hold = Hold.objects.create(
            program_id=ground.patient.program_id,
            patient_id=ground.patient.pk,
            treatment=ground.treatment,
            medicine=medicine.value,
            stops=stops,
            cause=event.value,
            opened_at=ground.now,
            opened_by_id=actor.user_id,
            from_next_window=decision.from_next_window,
            owner_role=(decision.owner or Role.PRESCRIBER).value,
            evidence=dict(evidence),
            policy_version=ground.policy.version,
            call_by=call_by,
            next_alarm_at=next_alarm(ground.now, clinic=ground.clinic, policy=ground.policy, after=ground.now),
        )
        standing[stops] = hold
        opened.append(hold)
        audit.record_row(actor, "hold.opened", hold)
    wanted = {what_it_stops(medicine) for medicine, _ in stopping}
    return [hold for stops, hold in standing.items() if stops in wanted], opened


def _stands_again(actor: Actor, hold: Hold, evidence: Mapping[str, Any], now: datetime) -> None:
    if ENTERED_IN_ERROR in hold.evidence:
        hold.evidence = dict(evidence)
        hold.save(update_fields=["evidence"])
        _end_error_task(actor, hold.patient_id, now)


def _ask_for_restart(actor: Actor, ground: _Ground, event: GateEvent, opened: Sequence[Hold]) -> None:
    """What stops naltrexone because of an opioid or a gap asks for the restart checklist (C 3.2, C 1 row 115)."""
    cause = RESTART_CAUSES.get(event)
    naltrexone = [Medicine(hold.medicine) for hold in opened if Medicine(hold.medicine) in ANTAGONISTS]
    if cause is None or not naltrexone or ground.treatment is None:
        return
    open_checklists(
        actor=actor,
        checklists=[
            NewChecklist(
                program_id=ground.patient.program_id,
                patient_id=ground.patient.pk,
                treatment_id=ground.treatment.pk,
                kind=ChecklistKind.RESTART,
                cause=cause,
                medicine=naltrexone[0],
                facts={},
            )
        ],
        now=ground.now,
    )


def next_alarm(opened_at: datetime, *, clinic: ClinicHours, policy: Policy, after: datetime) -> datetime:
    """When an open hold pages next after ``after``; a clinic without hours pages on the plain clock."""
    morning = clinic.next_working_morning(opened_at) or opened_at
    return next_hold_alarm(opened_at=opened_at, after=after, next_working_morning=morning, policy=policy)


def _call_task(actor: Actor, ground: _Ground, event: GateEvent, *, due_at: datetime, flag_id: int | None) -> None:
    """One open call about holds per patient; it keeps the earlier time."""
    task = NewTask(
        program_id=ground.patient.program_id,
        patient_id=ground.patient.pk,
        kind=TaskKind.HOLD_CALL,
        due_at=due_at,
        facts={f"cause_{event.value}": True},
        flag_id=flag_id,
    )
    make_tasks(actor=actor, tasks=[task], now=ground.now)


def _end_call_task(actor: Actor, hold: Hold, now: datetime, *, outcome: str) -> None:
    """End the call once no open hold of the patient waits to be understood."""
    waiting = Hold.objects.filter(patient_id=hold.patient_id, lifted_at__isnull=True, understood_at__isnull=True)
    if not waiting.exists():
        end_tasks(actor=actor, patient_ids=[hold.patient_id], kinds=[TaskKind.HOLD_CALL], now=now, outcome=outcome)


def _locked(hold_id: int) -> Hold:
    """The hold, with its patient locked first: whoever opens or ends one holds the patient."""
    patient_id = Hold.objects.filter(pk=hold_id).values_list("patient_id", flat=True).first()
    if patient_id is None:
        raise NotFound
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient_id)
    return Hold.objects.select_for_update(no_key=True).get(pk=hold_id)


def _only_prescribers(actor: Actor, program_id: int) -> None:
    if actor.user_id is None or program_id not in actor.programs_for(Access.PRESCRIBER):
        raise NotAllowed("Only a prescriber can do this.")
