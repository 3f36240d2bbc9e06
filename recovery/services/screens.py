"""Urine screens and challenges: what they found goes to the gate, and is read by a clinician (S 4, S 10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, NotFound
from backend.rules import wall_time
from backend.services import audit
from recovery.models import Challenge, Patient, UrineScreen
from recovery.rules.gates import Analyte, GateEvent, read_screen
from recovery.rules.medicines import Medicine
from recovery.rules.screens import (
    AnalyteResult,
    ChallengeResult,
    ChallengeRoute,
    ReadAs,
    ScreenMethod,
    ScreenPanel,
    ScreenStage,
    expected_positives,
)
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors.holds import medicines_of
from recovery.services.gates import judge_again, note_event
from recovery.services.recorded import BadRecord, locked, not_to_come, only_prescribers, store, void_entry
from recovery.services.tasks import NewTask, end_tasks, make_tasks

_MORNING = time(9)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScreen:
    """One urine screen. ``results`` by analyte, for what was tested; ``confirms`` the screen that it confirms."""

    client_id: UUID
    taken_on: date
    panel: str
    method: str
    stage: str
    results: Mapping[str, str]
    confirms_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChallenge:
    """One challenge. ``repeat_on`` the day it is to be repeated, None when it is not."""

    client_id: UUID
    done_on: date
    route: str
    result: str
    repeat_on: date | None = None
    note: str = ""


@transaction.atomic
def record_screen(*, actor: Actor, patient: Patient, screen: NewScreen, now: datetime) -> tuple[UrineScreen, bool]:
    """Record a urine screen; returns it and whether it is new. Safe to repeat.

    A positive goes to the gate, presumptive or confirmed, and a presumptive one asks for confirmation; what a
    prescribed agonist turns positive by itself is no sign of use. A confirmation ends the task that asked for
    it. Nothing of a result reaches the patient. Raises BadRecord or InFuture naming the field, NotFound for a
    screen to confirm that is not there, IdReused.
    """
    results = _results(screen)
    for field, values in (("panel", ScreenPanel), ("method", ScreenMethod), ("stage", ScreenStage)):
        if getattr(screen, field) not in set(values):
            raise BadRecord("There is no such choice.", field=field)
    not_to_come(screen.taken_on, patient=patient, now=now, field="taken_on")
    if screen.confirms_id is not None:
        if not UrineScreen.objects.filter(pk=screen.confirms_id, patient_id=patient.pk).exists():
            raise NotFound("There is no such screen to confirm.")
        if screen.stage != ScreenStage.CONFIRMED.value:
            raise BadRecord("What confirms another screen is a confirmed one.", field="stage")
    row = UrineScreen(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=screen.client_id,
        taken_on=screen.taken_on,
        panel=screen.panel,
        method=screen.method,
        stage=screen.stage,
        results={analyte.value: result.value for analyte, result in sorted(results.items())},
        confirms_id=screen.confirms_id,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )
    same = ("taken_on", "panel", "method", "stage", "results", "confirms_id")
    [(stored, is_new)] = store(actor=actor, rows=[row], notes=[screen.note], same=same)
    if is_new:
        _follow(actor, patient, stored, results, now)
    return stored, is_new


def _results(screen: NewScreen) -> dict[Analyte, AnalyteResult]:
    if not screen.results:
        raise BadRecord("Say what was tested.", field="results")
    if set(screen.results) - set(Analyte) or set(screen.results.values()) - set(AnalyteResult):
        raise BadRecord("There is no such analyte or result.", field="results")
    return {Analyte(analyte): AnalyteResult(result) for analyte, result in screen.results.items()}


def _takes(patient: Patient, now: datetime) -> list[Medicine]:
    return medicines_of([patient.pk], on_day=wall_time.local_date(now, patient.zone)).get(patient.pk, [])


def _positive(results: Mapping[Analyte, AnalyteResult], takes: Iterable[Medicine]) -> set[Analyte]:
    """What is positive and not by a medicine that the person takes."""
    return {a for a, result in results.items() if result is AnalyteResult.POSITIVE} - expected_positives(takes)


def _evidence(row: UrineScreen) -> dict[str, str]:
    return {"on": row.taken_on.isoformat(), "stage": row.stage}


def _follow(
    actor: Actor, patient: Patient, row: UrineScreen, results: Mapping[Analyte, AnalyteResult], now: datetime
) -> None:
    confirmed = row.stage == ScreenStage.CONFIRMED.value
    takes = _takes(patient, now)
    positive = _positive(results, takes)
    reading = read_screen(
        tested=results.keys(),
        positive=positive,
        confirmed=confirmed,
        medicine=takes[0] if takes else Medicine.NALTREXONE_TABLET,
    )
    if positive:
        note_event(actor=actor, patient=patient, event=GateEvent.POSITIVE_SCREEN, evidence=_evidence(row), now=now)
    if reading.confirm_task:
        make_tasks(
            actor=actor,
            tasks=[
                NewTask(
                    program_id=row.program_id,
                    patient_id=row.patient_id,
                    kind=TaskKind.CONFIRM_SCREEN,
                    facts={"taken_on": row.taken_on.isoformat()},
                )
            ],
            now=now,
        )
    if confirmed and row.confirms_id is not None:
        end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.CONFIRM_SCREEN], now=now)


@transaction.atomic
def read_screen_as(*, actor: Actor, patient: Patient, entry_id: int, reading: str, now: datetime) -> UrineScreen:
    """A prescriber says what a screen means. The hold stays until a prescriber lifts it (S 5, S 10).

    Raises NotFound, NotAllowed for anybody else, BadRecord, Conflict when it was read with another meaning.
    """
    only_prescribers(actor, patient.program_id)
    if reading not in set(ReadAs):
        raise BadRecord("There is no such choice.", field="reading")
    row = locked(UrineScreen, patient=patient, entry_id=entry_id)
    if row.reading and row.reading != reading:
        raise Conflict("This screen was read already.")
    if not row.reading:
        row.reading, row.read_at, row.read_by_id = reading, now, actor.user_id
        row.save(update_fields=["reading", "read_at", "read_by"])
        audit.record_row(actor, "urine_screen.read", row)
    return row


@transaction.atomic
def void_screen(*, actor: Actor, patient: Patient, entry_id: int, now: datetime) -> UrineScreen:
    """A screen was entered in error: it counts no more, and what rested on it is judged again (``judge_again``).

    Raises NotFound, Conflict when it was voided before.
    """
    _lock(patient)
    row = void_entry(actor=actor, patient=patient, model=UrineScreen, entry_id=entry_id, now=now)
    takes = _takes(patient, now)
    left = [
        each
        for each in UrineScreen.objects.filter(patient_id=patient.pk, voided_at__isnull=True).order_by("recorded_at")
        if _positive({Analyte(a): AnalyteResult(result) for a, result in each.results.items()}, takes)
    ]
    standing = [(each.recorded_at, _evidence(each)) for each in left]
    judge_again(actor=actor, patient=patient, event=GateEvent.POSITIVE_SCREEN, standing=standing, now=now)
    if not any(each.stage == ScreenStage.PRESUMPTIVE.value for each in left):
        end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.CONFIRM_SCREEN], outcome=REASON_ENDED, now=now)
    return row


@transaction.atomic
def void_challenge(*, actor: Actor, patient: Patient, entry_id: int, now: datetime) -> Challenge:
    """A challenge was entered in error: it counts no more, and what rested on it is judged again (``judge_again``).

    Raises NotFound, Conflict when it was voided before.
    """
    _lock(patient)
    row = void_entry(actor=actor, patient=patient, model=Challenge, entry_id=entry_id, now=now)
    left = list(Challenge.objects.filter(patient_id=patient.pk, voided_at__isnull=True).order_by("recorded_at"))
    failed = [
        (each.recorded_at, {"on": each.done_on.isoformat()})
        for each in left
        if each.result == ChallengeResult.FAILED.value
    ]
    judge_again(actor=actor, patient=patient, event=GateEvent.FAILED_CHALLENGE, standing=failed, now=now)
    if row.repeat_on is not None and (not left or left[-1].repeat_on is None):
        end_tasks(
            actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.REPEAT_CHALLENGE], outcome=REASON_ENDED, now=now
        )
    return row


def _lock(patient: Patient) -> None:
    """Whoever opens or ends a hold holds the patient first."""
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)


@transaction.atomic
def record_challenge(
    *, actor: Actor, patient: Patient, challenge: NewChallenge, now: datetime
) -> tuple[Challenge, bool]:
    """Record a challenge; returns it and whether it is new. Safe to repeat. Its dose is not stored (contract 3).

    A failed one goes to the gate; a day for repeating it becomes a task for the prescriber. Raises BadRecord or
    InFuture naming the field, IdReused.
    """
    if challenge.route not in set(ChallengeRoute):
        raise BadRecord("There is no such choice.", field="route")
    if challenge.result not in set(ChallengeResult):
        raise BadRecord("There is no such choice.", field="result")
    not_to_come(challenge.done_on, patient=patient, now=now, field="done_on")
    if challenge.repeat_on is not None and challenge.repeat_on < challenge.done_on:
        raise BadRecord("It is repeated on that day or later.", field="repeat_on")
    row = Challenge(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=challenge.client_id,
        done_on=challenge.done_on,
        route=challenge.route,
        result=challenge.result,
        repeat_on=challenge.repeat_on,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )
    same = ("done_on", "route", "result", "repeat_on")
    [(stored, is_new)] = store(actor=actor, rows=[row], notes=[challenge.note], same=same)
    if not is_new:
        return stored, False
    end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.REPEAT_CHALLENGE], now=now)
    if stored.result == ChallengeResult.FAILED.value:
        evidence = {"on": stored.done_on.isoformat()}
        note_event(actor=actor, patient=patient, event=GateEvent.FAILED_CHALLENGE, evidence=evidence, now=now)
    if stored.repeat_on is not None:
        make_tasks(
            actor=actor,
            tasks=[
                NewTask(
                    program_id=stored.program_id,
                    patient_id=stored.patient_id,
                    kind=TaskKind.REPEAT_CHALLENGE,
                    due_at=wall_time.to_utc(stored.repeat_on, _MORNING, patient.zone),
                    facts={"repeat_on": stored.repeat_on.isoformat()},
                )
            ],
            now=now,
        )
    return stored, True
