"""A person's plan and goals, opened; and as much of the plan as they chose to share. Needs an open scope."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend.crypto import Key
from backend.selectors.export import opened, rows_of
from recovery.models import Patient, PatientGoal, PlanVersion
from recovery.rules.plans import GoalAbout, Plan, PlanPart, SafePerson, drink_severity
from recovery.rules.records import TriggerKind
from recovery.rules.states import Goal, Indication, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShown:
    """One version of the plan with what is shared of it."""

    id: int
    client_id: UUID
    number: int
    made_at: datetime
    shared: frozenset[PlanPart]
    plan: Plan = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalShown:
    """One goal, its words opened. ``is_due``: its day to look again has come."""

    id: int
    client_id: UUID
    about: GoalAbout
    aim: Goal | None
    words: str = field(repr=False)
    review_on: date
    set_at: datetime
    source: str
    ended_at: datetime | None
    outcome: str


def plan_of(*, patient: Patient, key: Key | None) -> PlanShown | None:
    """The latest version whole, as the person sees it; None before the first."""
    row = _latest(patient)
    return plan_shown(row, key=key) if row else None


def shared_plan(*, patient: Patient, key: Key | None) -> PlanShown | None:
    """The latest version as the team sees it: the shared parts alone; None before the first."""
    row = _latest(patient)
    if row is None:
        return None
    whole = plan_shown(row, key=key)
    return PlanShown(
        id=whole.id,
        client_id=whole.client_id,
        number=whole.number,
        made_at=whole.made_at,
        shared=whole.shared,
        plan=whole.plan.only(whole.shared),
    )


def plan_shown(row: PlanVersion, *, key: Key | None) -> PlanShown:
    """A version with its texts opened."""
    people = opened(row, key, "people")
    strategies = opened(row, key, "strategies")
    return PlanShown(
        id=row.pk,
        client_id=row.client_id,
        number=row.number,
        made_at=row.made_at,
        shared=frozenset(PlanPart(part) for part in row.shared),
        plan=Plan(
            reasons=opened(row, key, "reasons"),
            exit=opened(row, key, "exit"),
            people=tuple(SafePerson(*pair) for pair in json.loads(people)) if people else (),
            stress=opened(row, key, "stress"),
            strategies=(
                {TriggerKind(kind): text for kind, text in json.loads(strategies).items()} if strategies else {}
            ),
        ),
    )


def goals_of(*, patient: Patient, key: Key | None) -> list[GoalShown]:
    """Every goal: those that stand first, newest first in each half."""
    rows = PatientGoal.objects.filter(program_id=patient.program_id, patient_id=patient.pk).order_by("-set_at", "-id")
    shown = goals_shown(rows, key=key)
    return sorted(shown, key=lambda goal: goal.ended_at is not None)


def goals_shown(rows: Iterable[PatientGoal], *, key: Key | None) -> list[GoalShown]:
    """These goals with their words opened."""
    return [
        GoalShown(
            id=row.pk,
            client_id=row.client_id,
            about=GoalAbout(row.about),
            aim=Goal(row.aim) if row.aim else None,
            words=opened(row, key, "words"),
            review_on=row.review_on,
            set_at=row.set_at,
            source=row.source,
            ended_at=row.ended_at,
            outcome=row.outcome,
        )
        for row in rows
    ]


def alcohol_goal(patient: Patient) -> Goal | None:
    """What the person wants about alcohol; None where no goal stands."""
    aim = (
        PatientGoal.objects.filter(
            program_id=patient.program_id,
            patient_id=patient.pk,
            about=GoalAbout.ALCOHOL.value,
            ended_at__isnull=True,
        )
        .values_list("aim", flat=True)
        .first()
    )
    return Goal(aim) if aim else None


def stated_drink_severity(patient: Patient) -> Severity | None:
    """How a drink that this person states is read, by their own goal; None: no concern (contract 3, N15)."""
    return drink_severity(goal=alcohol_goal(patient), indication=Indication(patient.indication))


def plan_rows(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """For the person's own export: every version, whole."""
    return rows_of(PlanVersion, patient=patient, key=key)


def plan_rows_for_staff(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """For the staff's export: the latest version, and of it the shared parts."""
    row = _latest(patient)
    if row is None:
        return []
    hidden = {part.value for part in PlanPart} - set(row.shared)
    latest = PlanVersion.objects.filter(pk=row.pk)
    return rows_of(latest, patient=patient, key=key, leave_out=hidden)


def _latest(patient: Patient) -> PlanVersion | None:
    rows = PlanVersion.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
    return rows.order_by("-number").first()
