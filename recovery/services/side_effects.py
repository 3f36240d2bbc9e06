"""Side effects: what a person reports, what follows at once, and the question again later."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError, InFuture, NotFound
from backend.rules.wall_time import local_date
from backend.services import audit
from recovery.models import Injection, Patient, SideEffectReport
from recovery.rules.side_effects import (
    GATE_EVENTS,
    Answer,
    Effect,
    Finding,
    Sign,
    Strength,
    answer_to,
    findings,
    needs_a_call,
    signs_of,
)
from recovery.rules.states import FlagKind, ReportSource
from recovery.rules.tasks import TaskKind
from recovery.selectors.policy import policy_for
from recovery.selectors.records import open_treatment
from recovery.selectors.side_effects import effects_of
from recovery.services.flag_rows import Concern, end_many, raise_many
from recovery.services.gates import note_event
from recovery.services.once import store_once
from recovery.services.tasks import NewTask, make_tasks

# Concerns that end when the person says that it is gone. Liver and allergy do not: a clinician closes those.
_ENDS_WHEN_GONE = {Effect.SITE: FlagKind.INJECTION_SITE, Effect.COUGH: FlagKind.COUGH}
_CLINICIAN_ENDS = {Effect.LIVER: FlagKind.LIVER_SYMPTOMS, Effect.ALLERGY: FlagKind.ALLERGIC_REACTION}


class BadSideEffect(DomainError):
    code = "bad-side-effect"


@dataclass(frozen=True, slots=True)
class SideEffectResult:
    """What was stored, whether it is new, and what the person is told at once."""

    report: SideEffectReport
    is_new: bool
    answer: Answer


@transaction.atomic
def report_side_effect(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    effect: Effect,
    now: datetime,
    strength: Strength = Strength.MILD,
    signs: Collection[Sign] = (),
    began_on: date | None = None,
    still_there: bool = True,
    first_id: int | None = None,
    injection_id: int | None = None,
    note: str = "",
    source: str = ReportSource.APP.value,
) -> SideEffectResult:
    """Store what was said about a side effect, and bring what a person must look at to the list.

    ``began_on``: local day, None: today, or that of the first report. ``first_id`` is the report that
    this one follows; ``injection_id`` the injection whose place was looked at. Signs belong to the
    place of an injection and to a cough alone. Safe to repeat. A record is never refused for what
    it says (S 9). Raises InFuture, BadSideEffect, NotFound for a report or an injection of somebody
    else, IdReused.
    """
    today = local_date(now, patient.zone)
    first = _first(patient, first_id, effect)
    began = began_on or (first.began_on if first else today)
    if began > today:
        raise InFuture("It cannot begin after today.", field="began_on")
    if first is not None and still_there and not signs:
        signs = [Sign(sign) for sign in first.signs]  # "still there" is about what was seen first
    if set(signs) - set(signs_of(effect)):
        raise BadSideEffect("These signs do not belong to this side effect.", field="signs")
    if injection_id is not None:
        _check_injection(patient, injection_id, effect)
    row = SideEffectReport(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        first_id=first.pk if first else None,
        injection_id=injection_id,
        effect=effect.value,
        strength=strength.value,
        signs=sorted(sign.value for sign in set(signs)),
        still_there=still_there,
        began_on=began,
        said_on=today,
        received_at=now,
        source=source,
    )
    same = ["first_id", "injection_id", "effect", "strength", "signs", "still_there"]
    if began_on is not None:
        same.append("began_on")
    stored, is_new = store_once(row, same=same, sealed={"note": note.strip()})
    found = findings(
        effect=effect,
        strength=strength,
        signs=signs,
        began_on=stored.began_on,
        still_there=still_there,
        on=stored.said_on,
        policy=policy_for(patient.program_id),
    )
    answer = answer_to(effect=effect, found=found, still_there=still_there)
    if is_new:
        audit.record_row(actor, "side_effect.reported", stored)
        _follow_up(actor, patient, stored, found, now)
        if first is not None and not still_there:
            _end_concern(actor, patient, effect, now)
    return SideEffectResult(stored, is_new, answer)


def _first(patient: Patient, first_id: int | None, effect: Effect) -> SideEffectReport | None:
    if first_id is None:
        return None
    first = SideEffectReport.objects.filter(pk=first_id, patient_id=patient.pk, first__isnull=True).first()
    if first is None:
        raise NotFound
    if first.effect != effect.value:
        raise BadSideEffect("This follows a report of another side effect.", field="effect")
    return first


def _check_injection(patient: Patient, injection_id: int, effect: Effect) -> None:
    if effect is not Effect.SITE:
        raise BadSideEffect("Only the place of an injection belongs to one.", field="injection_id")
    if not Injection.objects.filter(pk=injection_id, patient_id=patient.pk, voided_at__isnull=True).exists():
        raise NotFound


def _follow_up(actor: Actor, patient: Patient, report: SideEffectReport, found: list[Finding], now: datetime) -> None:
    treatment = open_treatment(patient)
    policy = policy_for(patient.program_id)
    raise_many(
        actor=actor,
        concerns=[
            Concern(
                program_id=patient.program_id,
                patient_id=patient.pk,
                treatment_id=treatment.pk if treatment else None,
                kind=each.kind,
                severity=each.severity,
                evidence=_evidence(each.kind, report),
                policy_version=policy.version,
            )
            for each in found
        ],
        now=now,
    )
    effect, strength = Effect(report.effect), Strength(report.strength)
    if report.still_there and effect in GATE_EVENTS:
        evidence = {"on": report.said_on.isoformat()}
        note_event(actor=actor, patient=patient, event=GATE_EVENTS[effect], evidence=evidence, now=now)
    if needs_a_call(effect=effect, strength=strength, still_there=report.still_there, found=found):
        new = NewTask(
            program_id=patient.program_id,
            patient_id=patient.pk,
            kind=TaskKind.SIDE_EFFECT_LOOK,
            facts={"effect": report.effect, "strength": report.strength},
        )
        make_tasks(actor=actor, tasks=[new], now=now)


def _end_concern(actor: Actor, patient: Patient, effect: Effect, now: datetime) -> None:
    """It is gone: its concern ended by itself, unless another effect still holds it up (contract 5)."""
    if effect in _CLINICIAN_ENDS:
        return
    kind = _ENDS_WHEN_GONE.get(effect, FlagKind.SIDE_EFFECT_LASTING)
    holds = set(_ENDS_WHEN_GONE) if kind is FlagKind.SIDE_EFFECT_LASTING else set(Effect) - {effect}
    others = [
        each
        for each in effects_of(patient=patient, key=None)
        if each.still_there and each.effect not in holds | set(_CLINICIAN_ENDS)
    ]
    if not others:
        end_many(actor=actor, patient_ids=[patient.pk], kinds=[kind], note_key="said_gone", now=now)


def _evidence(kind: FlagKind, report: SideEffectReport) -> dict[str, object]:
    evidence: dict[str, object] = {"on": report.said_on.isoformat()}
    if report.signs:
        evidence["signs"] = list(report.signs)
    if kind is FlagKind.SIDE_EFFECT_LASTING:
        evidence |= {
            "effect": report.effect,
            "began_on": report.began_on.isoformat(),
            "days": (report.said_on - report.began_on).days,
        }
    return evidence
