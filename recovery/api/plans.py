"""A patient's own plan and goals."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, TextField, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import NOTE_CHARACTERS
from recovery.rules.plans import MOST_PEOPLE, GoalAbout, GoalOutcome, Plan, PlanPart, SafePerson
from recovery.rules.records import TriggerKind
from recovery.rules.states import Goal, ReportSource
from recovery.selectors.access import key_of, own_patient
from recovery.selectors.plans import PlanShown, goals_of, goals_shown, plan_of, plan_shown
from recovery.services.plans import end_goal, save_plan, set_goal


class SafePersonSerializer(serializers.Serializer):
    """Somebody who does the person good."""

    name = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)


class StrategiesSerializer(serializers.Serializer):
    """What to do, by the kind of trigger."""

    environmental = serializers.CharField(allow_blank=True)
    emotional = serializers.CharField(allow_blank=True)
    physical = serializers.CharField(allow_blank=True)


class PlanSerializer(serializers.Serializer):
    """One version of the plan. `shared` are the parts that the care team may see."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    number = serializers.IntegerField(min_value=1)
    made_at = AwareDateTimeField()
    shared = serializers.ListField(child=WordField(PlanPart))
    reasons = serializers.CharField(allow_blank=True)
    exit = serializers.CharField(allow_blank=True)
    people = SafePersonSerializer(many=True)
    stress = serializers.CharField(allow_blank=True)
    strategies = StrategiesSerializer()


class OwnPlanSerializer(serializers.Serializer):
    """`plan` is null before the first version."""

    plan = PlanSerializer(allow_null=True)


class GoalSerializer(serializers.Serializer):
    """`aim` is null for a goal of life; `outcome` is empty while it stands."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    about = WordField(GoalAbout)
    aim = WordField(Goal, name="Aim", allow_null=True)
    words = serializers.CharField(allow_blank=True)
    review_on = serializers.DateField()
    set_at = AwareDateTimeField()
    source = WordField(ReportSource)  # type: ignore[assignment]
    ended_at = AwareDateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True)


class GoalListSerializer(serializers.Serializer):
    """Those that stand come first."""

    items = GoalSerializer(many=True)


def plan_json(shown: PlanShown) -> dict[str, Any]:
    """A version of the plan as the API gives it."""
    plan = shown.plan
    return {
        "id": shown.id,
        "client_id": shown.client_id,
        "number": shown.number,
        "made_at": shown.made_at,
        "shared": sorted(part.value for part in shown.shared),
        "reasons": plan.reasons,
        "exit": plan.exit,
        "people": [{"name": person.name, "phone": person.phone} for person in plan.people],
        "stress": plan.stress,
        "strategies": {kind.value: plan.strategies.get(kind, "") for kind in TriggerKind},
    }


class OwnWords(TextField):
    """Free text of the person, sealed before it is stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=NOTE_CHARACTERS, allow_blank=True, default="", **kwargs)


class OwnPlanView(ApiView):
    """GET /api/v1/me/plan/ - the latest version."""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="readPlan", responses=OwnPlanSerializer)
    def get(self, request: Request) -> Response:
        """The latest version of the signed-in patient's own plan, whole."""
        patient = own_patient(self.actor)
        shown = plan_of(patient=patient, key=key_of(patient))
        return Response(OwnPlanSerializer({"plan": plan_json(shown) if shown else None}).data)


class PlanVersionView(ApiView):
    """PUT /api/v1/me/plan/{client_id}/ - a new version of the plan."""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        class Person(StrictSerializer):
            name = TextField(max_length=80)
            phone = TextField(max_length=30, allow_blank=True, default="")

        class Strategies(StrictSerializer):
            environmental = OwnWords()
            emotional = OwnWords()
            physical = OwnWords()

        reasons = OwnWords(help_text="Own reasons.")
        exit = OwnWords(help_text="How to leave an event.")
        people = Person(many=True, max_length=MOST_PEOPLE, default=list)  # type: ignore[call-arg]
        stress = OwnWords(help_text="What to do under stress.")
        strategies = Strategies(default=dict)
        shared = serializers.ListField(
            child=WordField(PlanPart),
            default=list,
            max_length=len(PlanPart),
            help_text="The parts that the care team may see from now on.",
        )

    @extend_schema(operation_id="savePlan", responses={201: PlanSerializer, 200: PlanSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Save the plan as a new version.

        Versions are never edited; the latest one decides what the care team may see, also of what earlier
        ones said. Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        patient, data = own_patient(self.actor), self.data()
        plan = Plan(
            reasons=data["reasons"],
            exit=data["exit"],
            people=tuple(SafePerson(each["name"], each["phone"]) for each in data["people"]),
            stress=data["stress"],
            strategies={TriggerKind(kind): text for kind, text in data["strategies"].items() if text},
        )
        row, is_new = save_plan(
            actor=self.actor,
            patient=patient,
            client_id=client_id,
            plan=plan,
            shared=[PlanPart(part) for part in data["shared"]],
            now=clock.now(),
        )
        shown = plan_shown(row, key=key_of(patient))
        return Response(PlanSerializer(plan_json(shown)).data, status=201 if is_new else 200)


class GoalListView(ApiView):
    """GET /api/v1/me/goals/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listGoals", responses=GoalListSerializer)
    def get(self, request: Request) -> Response:
        """Every goal of the signed-in patient, those that stand first."""
        patient = own_patient(self.actor)
        goals = goals_of(patient=patient, key=key_of(patient))
        return Response(GoalListSerializer({"items": goals}).data)


class GoalView(ApiView):
    """PUT /api/v1/me/goals/{client_id}/ - a goal is set."""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        about = WordField(GoalAbout)
        aim = WordField(Goal, name="Aim", allow_null=True, default=None, help_text="Needed about alcohol and opioids.")
        words = OwnWords(help_text="Needed for a goal of life.")
        review_on = DayField(allow_null=True, default=None, help_text="When to look again; null: the program's days.")

    @extend_schema(operation_id="setGoal", responses={201: GoalSerializer, 200: GoalSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Set a goal.

        Alcohol and opioids are never one goal; a new one about the same ends the one before. Safe to repeat:
        201 the first time, 200 for the same body again, 409 for another.
        """
        patient, data = own_patient(self.actor), self.data()
        goal, is_new = set_goal(
            actor=self.actor,
            patient=patient,
            client_id=client_id,
            about=GoalAbout(data["about"]),
            aim=Goal(data["aim"]) if data["aim"] else None,
            words=data["words"],
            review_on=data["review_on"],
            now=clock.now(),
        )
        [shown] = goals_shown([goal], key=key_of(patient))
        return Response(GoalSerializer(shown).data, status=201 if is_new else 200)


class EndGoalView(ApiView):
    """POST /api/v1/me/goals/{id}/end/"""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        outcome = WordField(GoalOutcome)

    @extend_schema(operation_id="endGoal", responses={200: GoalSerializer})
    def post(self, request: Request, goal_id: int) -> Response:
        """End a goal with what came of it; the same again changes nothing."""
        patient, outcome = own_patient(self.actor), GoalOutcome(self.data()["outcome"])
        goal = end_goal(actor=self.actor, patient=patient, goal_id=goal_id, outcome=outcome, now=clock.now())
        [shown] = goals_shown([goal], key=key_of(patient))
        return Response(GoalSerializer(shown).data)
