"""A person's own plan and goals: new versions, goals set and ended."""

import json
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from backend.access import Actor
from backend.db import programs
from backend.errors import Conflict, DomainError, NotFound
from backend.rules.wall_time import local_date
from backend.services import audit
from recovery.models import Patient, PatientGoal, PlanVersion
from recovery.rules.plans import MOST_PEOPLE, GoalAbout, GoalOutcome, Plan, PlanPart, aims_of, first_review
from recovery.rules.states import Goal, ReportSource
from recovery.rules.tasks import TaskKind
from recovery.selectors.policy import policy_for
from recovery.services.once import store_once
from recovery.services.tasks import NewTask, make_tasks


class BadPlan(DomainError):
    code = "bad-plan"


class BadGoal(DomainError):
    code = "bad-goal"


@transaction.atomic
def save_plan(
    *, actor: Actor, patient: Patient, client_id: UUID, plan: Plan, shared: Collection[PlanPart], now: datetime
) -> tuple[PlanVersion, bool]:
    """Store a new version of the plan, whole. Returns it and whether it is new; safe to repeat.

    ``shared`` names the parts that the team may see from now on, also of what was written before:
    the latest version decides. Raises BadPlan for more than six people or one without a name,
    IdReused for the same id with other content.
    """
    if len(plan.people) > MOST_PEOPLE:
        raise BadPlan(f"At most {MOST_PEOPLE} people.", field="people")
    if any(not person.name.strip() for person in plan.people):
        raise BadPlan("Each person needs a name.", field="people")
    # One at a time: the number is the next one.
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    before = PlanVersion.objects.filter(patient_id=patient.pk).order_by("-number").first()
    again = PlanVersion.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    row = PlanVersion(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        number=again.number if again else (before.number if before else 0) + 1,
        shared=sorted(part.value for part in set(shared)),
        made_at=now,
    )
    people = [[person.name, person.phone] for person in plan.people]
    strategies = {kind.value: text for kind, text in sorted(plan.strategies.items()) if text}
    stored, is_new = store_once(
        row,
        same=("shared",),
        sealed={
            "reasons": plan.reasons,
            "exit": plan.exit,
            "people": json.dumps(people) if people else "",
            "stress": plan.stress,
            "strategies": json.dumps(strategies) if strategies else "",
        },
    )
    if is_new:
        audit.record_row(actor, "plan.saved", stored)
    return stored, is_new


@transaction.atomic
def set_goal(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    about: GoalAbout,
    now: datetime,
    aim: Goal | None = None,
    words: str = "",
    review_on: date | None = None,
    source: str = ReportSource.APP.value,
) -> tuple[PatientGoal, bool]:
    """Set a goal. Returns it and whether it is new; safe to repeat.

    One stands per substance: a new one about alcohol ends the one before as ``changed``. Goals
    of life stand beside each other. ``review_on`` None: after the policy's days. Raises BadGoal
    for an aim that this kind of goal does not have, a life goal without words, a review day that
    is not ahead; IdReused for the same id with other content.
    """
    today = local_date(now, patient.zone)
    if aims_of(about) and aim is None:
        raise BadGoal("Choose what this goal aims at.", field="aim")
    if aim is not None and aim not in aims_of(about):
        raise BadGoal("This goal has no such aim.", field="aim")
    if about is GoalAbout.LIFE and not words.strip():
        raise BadGoal("Say in your own words what you want to reach.", field="words")
    policy = policy_for(patient.program_id)
    row = PatientGoal(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        about=about.value,
        aim=aim.value if aim else "",
        review_on=review_on or first_review(today=today, policy=policy),
        set_at=now,
        source=source,
    )
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    known = PatientGoal.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if known is None:
        if row.review_on <= today:
            raise BadGoal("Choose a day that is still to come.", field="review_on")
        _end_standing(patient, about, now)
    elif review_on is None:
        row.review_on = known.review_on
    stored, is_new = store_once(row, same=("about", "aim", "review_on"), sealed={"words": words.strip()})
    if is_new:
        audit.record_row(actor, "goal.set", stored)
    return stored, is_new


@transaction.atomic
def end_goal(*, actor: Actor, patient: Patient, goal_id: int, outcome: GoalOutcome, now: datetime) -> PatientGoal:
    """End a goal of this person with what came of it; the same again changes nothing.

    Raises NotFound, Conflict when it ended otherwise.
    """
    goal = PatientGoal.objects.select_for_update(no_key=True).filter(pk=goal_id, patient_id=patient.pk).first()
    if goal is None:
        raise NotFound
    if goal.ended_at is not None:
        if goal.outcome == outcome.value:
            return goal
        raise Conflict("This goal has ended already.")
    goal.ended_at, goal.outcome = max(now, goal.set_at), outcome.value
    goal.save(update_fields=["ended_at", "outcome"])
    audit.record_row(actor, "goal.ended", goal)
    return goal


@transaction.atomic
def keep_goal(*, actor: Actor, patient: Patient, goal_id: int, review_on: date, now: datetime) -> PatientGoal:
    """Keep a standing goal after looking at it together, with the day of the next look.

    Raises NotFound, Conflict when it has ended, BadGoal for a day that is not ahead.
    """
    if review_on <= local_date(now, patient.zone):
        raise BadGoal("Choose a day that is still to come.", field="review_on")
    goal = PatientGoal.objects.select_for_update(no_key=True).filter(pk=goal_id, patient_id=patient.pk).first()
    if goal is None:
        raise NotFound
    if goal.ended_at is not None:
        raise Conflict("This goal has ended already.")
    if goal.review_on != review_on:
        goal.review_on = review_on
        goal.save(update_fields=["review_on"])
        audit.record_row(actor, "goal.kept", goal)
    return goal


def ask_goal_reviews(*, program_ids: Iterable[int], now: datetime, limit: int = 1000) -> int:
    """Make a task for each goal whose day to look again has come where the patient lives; returns how many.

    A tick: it opens its own scope, and may run twice, late and in several places. One task per goal and
    review day; a goal that is kept with a new day is asked about again then.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        # The farthest zone is 14 hours ahead: nothing later than tomorrow's date can be due anywhere.
        due = (
            PatientGoal.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(ended_at__isnull=True, review_on__lte=(now + timedelta(days=1)).date())
            .exclude(review_asked_for=F("review_on"))
            .select_related("patient")
            .order_by("review_on", "id")[:limit]
        )
        asked = [goal for goal in due if goal.review_on <= local_date(now, goal.patient.zone)]
        if not asked:
            return 0
        make_tasks(
            tasks=[
                NewTask(
                    program_id=goal.program_id,
                    patient_id=goal.patient_id,
                    kind=TaskKind.GOAL_REVIEW,
                    facts={"about": goal.about},
                )
                for goal in asked
            ],
            now=now,
        )
        for goal in asked:
            goal.review_asked_for = goal.review_on
        PatientGoal.objects.bulk_update(asked, ["review_asked_for"])
        return len(asked)


def _end_standing(patient: Patient, about: GoalAbout, now: datetime) -> None:
    if about is GoalAbout.LIFE:
        return
    for goal in PatientGoal.objects.filter(patient_id=patient.pk, about=about.value, ended_at__isnull=True):
        goal.ended_at, goal.outcome = max(now, goal.set_at), GoalOutcome.CHANGED.value
        goal.save(update_fields=["ended_at", "outcome"])
