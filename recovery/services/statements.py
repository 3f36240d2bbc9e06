"""What a person states to have happened, and what follows at once (S 2-4, 8, 11, 17, 19, 20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError, InFuture, NotFound
from backend.rules import wall_time
from backend.selectors.people import programs_by_id
from backend.services import audit
from recovery.models import Hold, Patient, StatedFact
from recovery.rules import own_answers
from recovery.rules.aftercare import stop_reason_said
from recovery.rules.facts import Consequences, FactError, FactKind, check, consequences
from recovery.rules.flags import response_for
from recovery.rules.gates import promised_call
from recovery.rules.states import (
    FlagKind,
    Indication,
    OpioidHistory,
    ReportSource,
    counts_as_opioid,
)
from recovery.rules.tasks import TaskKind
from recovery.selectors.clinic import clinics
from recovery.selectors.holds import medicines_of
from recovery.selectors.plans import alcohol_goal
from recovery.selectors.policy import rules_for
from recovery.selectors.records import live_flags, open_treatment
from recovery.services import silence
from recovery.services.aftercare import ask_to_decide
from recovery.services.flag_rows import Concern, raise_many
from recovery.services.gates import note_event
from recovery.services.once import store_once
from recovery.services.tasks import end_tasks

_LONGEST_NAME = 120


class BadStatement(DomainError):
    code = "bad-statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactStatement:
    """A statement from the fixed list. ``client_id`` is made where it was made, so that a repeat finds the first.

    ``details`` are the closed answers of ``rules.facts``; ``medicine`` is its name as stated. ``happened_at``
    None: the time was not stated.
    """

    client_id: UUID
    kind: str
    source: str
    details: Mapping[str, str]
    happened_at: datetime | None = None
    medicine: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FactResult:
    """The stored statement and whether it is new. ``holds``: those that it opened or found open."""

    fact: StatedFact
    is_new: bool
    holds: tuple[Hold, ...] = ()


@transaction.atomic
def state_fact(*, actor: Actor, patient: Patient, statement: FactStatement, now: datetime) -> FactResult:
    """Store a statement and act on it in the same transaction: gates, concerns, the answer that the person reads.

    Safe to repeat by ``client_id``: the first answer comes again and nothing follows twice. Raises NotFound,
    BadStatement naming the field, InFuture beyond the allowed clock skew, IdReused.
    """
    kind = _check(statement, now)
    locked = Patient.objects.select_for_update(no_key=True).filter(pk=patient.pk).first()
    if locked is None:
        raise NotFound
    row = StatedFact(
        program_id=locked.program_id,
        patient_id=locked.pk,
        client_id=statement.client_id,
        kind=kind.value,
        details=dict(statement.details),
        happened_on=wall_time.dosing_day(statement.happened_at or now, locked.zone),
        happened_at=statement.happened_at,
        received_at=now,
        source=statement.source,
        reporter_id=actor.user_id,
    )
    follows = _Follow(actor, locked, kind, statement, now)
    is_known = StatedFact.objects.filter(patient_id=locked.pk, client_id=statement.client_id).exists()
    if not is_known:
        follows.act()
        row.answer, row.call_by = follows.answer()
    stored, is_new = store_once(
        row,
        same=("kind", "details", "happened_at", "source"),
        sealed={"medicine": statement.medicine.strip(), "note": statement.note.strip()},
    )
    if is_new:
        audit.record(
            actor=actor,
            action="fact.stated",
            program_id=locked.program_id,
            patient_id=locked.pk,
            object_kind="stated_fact",
            object_id=stored.pk,
        )
        silence.end_for_answers(actor=actor, patients={locked.pk: locked.program_id}, now=now)
    return FactResult(stored, is_new, tuple(follows.holds))


def _check(statement: FactStatement, now: datetime) -> FactKind:
    if statement.source not in set(ReportSource):
        raise BadStatement("There is no such source.", field="source")
    if len(statement.medicine) > _LONGEST_NAME:
        raise BadStatement(f"At most {_LONGEST_NAME} characters.", field="medicine")
    if statement.happened_at is not None:
        if statement.happened_at.tzinfo is None:
            raise BadStatement("A time needs its zone.", field="happened_at")
        if statement.happened_at > now + timedelta(seconds=settings.CLOCK_SKEW_SECONDS):
            raise InFuture("This cannot be stated before it happens.", field="happened_at")
    try:
        return check(statement.kind, statement.details, medicine=statement.medicine)
    except FactError as error:
        raise BadStatement(str(error), field=error.field) from error


class _Follow:
    """What follows from one statement."""

    def __init__(self, actor: Actor, patient: Patient, kind: FactKind, statement: FactStatement, now: datetime) -> None:
        self.actor, self.patient, self.kind, self.now = actor, patient, kind, now
        self.statement = statement
        self.texts: list[str] = []
        self.calls: list[datetime] = []
        self.holds: list[Hold] = []

    def act(self) -> None:
        patient, now = self.patient, self.now
        day = wall_time.dosing_day(self.statement.happened_at or now, patient.zone)
        takes = medicines_of([patient.pk], on_day=wall_time.dosing_day(now, patient.zone)).get(patient.pk, [])
        follows = consequences(
            self.kind,
            self.statement.details,
            medicine=self.statement.medicine,
            takes=takes,
            indication=Indication(patient.indication),
            goal=alcohol_goal(patient),
        )
        for event in follows.events:
            outcome = note_event(
                actor=self.actor, patient=patient, event=event, evidence={"on": day.isoformat()}, now=now
            )
            self.holds += outcome.holds
            self.texts.append(own_answers.text_for_event(event, outcome.decisions, takes=takes))
            if outcome.call_by is not None:
                self.calls.append(outcome.call_by)
        self._raise(follows, day.isoformat())
        if self.kind in (FactKind.WELL_AFTER_DOSE, FactKind.SICK_AFTER_DOSE):
            end_tasks(actor=self.actor, patient_ids=[patient.pk], kinds=[TaskKind.SECOND_DAY_CALL], now=now)

    def _raise(self, follows: Consequences, on: str) -> None:
        if not follows.concerns:
            return
        patient, now = self.patient, self.now
        rules = rules_for([patient.program_id])[patient.program_id]
        opioid = counts_as_opioid(Indication(patient.indication), OpioidHistory(patient.opioid_history))
        treatment = open_treatment(patient)
        night = programs_by_id([patient.program_id])[patient.program_id].night_on_call
        clinic = clinics([patient.program_id])[patient.program_id]
        concerns = []
        for flag, severity in follows.concerns:
            found = severity or rules.flags[flag].for_patient(counts_as_opioid=opioid)
            concerns.append(
                Concern(
                    program_id=patient.program_id,
                    patient_id=patient.pk,
                    treatment_id=treatment.pk if treatment is not None else None,
                    kind=flag,
                    severity=found,
                    evidence={"on": on, **follows.evidence},
                    policy_version=rules.policy.version,
                )
            )
            self.texts.append(own_answers.text_for_flag(flag, counts_as_opioid=opioid))
            self.calls.append(
                promised_call(
                    response_for(flag, found, rules.flags),
                    now=now,
                    clinic=clinic,
                    night_on_call=night,
                    policy=rules.policy,
                )
            )
        raise_many(actor=self.actor, concerns=concerns, now=now)
        if treatment is not None and any(flag is FlagKind.WANTS_TO_STOP for flag, _ in follows.concerns):
            self._decide_together()

    def _decide_together(self) -> None:
        """The talk is asked for with the wish, not when the next tick finds it (N9)."""
        live = next(flag for flag in live_flags(self.patient.pk) if flag.kind == FlagKind.WANTS_TO_STOP.value)
        asking = (live.program_id, live.patient_id, stop_reason_said(live.evidence.get("said")), live.pk)
        ask_to_decide(actor=self.actor, asking=[asking], now=self.now)

    def answer(self) -> tuple[str, datetime | None]:
        """The key of the text that the person reads, and by when somebody can call."""
        return own_answers.most_urgent(self.texts), min(self.calls, default=None)
