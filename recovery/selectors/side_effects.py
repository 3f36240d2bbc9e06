"""Side effects as they were reported, each with its latest answer, and the questions that are open.

Needs an open scope. Not reported is not gone: an effect that nobody spoke of again stays as it was last said.
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from backend.crypto import Key
from backend.selectors.export import opened
from recovery.models import Injection, Patient, SideEffectReport
from recovery.rules.side_effects import Effect, Sign, Strength, asks_again_on, site_question_is_open
from recovery.selectors.policy import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectShown:
    """One side effect: when it began, and what was said of it last."""

    first_id: int
    client_id: UUID
    effect: Effect
    strength: Strength
    signs: tuple[Sign, ...]
    began_on: date
    still_there: bool
    said_on: date
    source: str
    injection_id: int | None
    note: str = field(repr=False)


def effects_of(*, patient: Patient, key: Key | None) -> list[EffectShown]:
    """Every side effect with its latest answer: those still there first, newest first in each half."""
    rows = SideEffectReport.objects.filter(program_id=patient.program_id, patient_id=patient.pk).order_by("pk")
    latest: dict[int, SideEffectReport] = {}
    for row in rows:
        latest[row.first_id or row.pk] = row
    shown = [effect_shown(row, key=key) for row in latest.values()]
    return sorted(shown, key=lambda each: (not each.still_there, -each.said_on.toordinal(), -each.first_id))


def effect_shown(row: SideEffectReport, *, key: Key | None) -> EffectShown:
    """One report, its note opened."""
    return EffectShown(
        first_id=row.first_id or row.pk,
        client_id=row.client_id,
        effect=Effect(row.effect),
        strength=Strength(row.strength),
        signs=tuple(Sign(sign) for sign in row.signs),
        began_on=row.began_on,
        still_there=row.still_there,
        said_on=row.said_on,
        source=row.source,
        injection_id=row.injection_id,
        note=opened(row, key, "note"),
    )


def asked_again(*, patient: Patient, effects: list[EffectShown], today: date) -> list[EffectShown]:
    """The effects of which the page asks whether they are still there (C 1 row 59)."""
    policy = policy_for(patient.program_id)
    return [
        each
        for each in effects
        if each.still_there and asks_again_on(began_on=each.began_on, last_said_on=each.said_on, policy=policy) <= today
    ]


def site_question(*, patient: Patient, today: date) -> Injection | None:
    """The injection whose place the page asks about today; None when it is not the day, or was answered (N18)."""
    last = (
        Injection.objects.filter(program_id=patient.program_id, patient_id=patient.pk, voided_at__isnull=True)
        .order_by("-given_on", "-id")
        .first()
    )
    if last is None or not site_question_is_open(
        given_on=last.given_on, today=today, policy=policy_for(patient.program_id)
    ):
        return None
    answered = SideEffectReport.objects.filter(patient_id=patient.pk, injection_id=last.pk).exists()
    return None if answered else last


def asks_something(*, patient: Patient, today: date) -> bool:
    """Whether a question about a side effect or the place of an injection waits for an answer today."""
    if site_question(patient=patient, today=today) is not None:
        return True
    return bool(asked_again(patient=patient, effects=effects_of(patient=patient, key=None), today=today))
