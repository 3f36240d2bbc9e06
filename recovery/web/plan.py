"""The staff's page of a patient's own half: the shared plan, goals, what helps, meetings, side effects, needs.

Staff see of the plan and the journal what the person chose to share, and record what somebody tells them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import Actor, access
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from recovery.rules.coping import skill_title
from recovery.rules.needs import NeedKind, need_words
from recovery.rules.plans import GoalOutcome, PlanPart, aim_words
from recovery.rules.records import TriggerKind
from recovery.rules.side_effects import effect_words, sign_words, strength_words
from recovery.rules.states import ReportSource
from recovery.rules.support import TherapyKind, meeting_words, therapy_words
from recovery.rules.tasks import outcome_words
from recovery.rules.triggers import trigger_words
from recovery.selectors.journal import entries, patterns, tried_counts
from recovery.selectors.learning import modules_shown
from recovery.selectors.patient_head import PatientHead
from recovery.selectors.plans import GoalShown, PlanShown, goals_of, shared_plan
from recovery.selectors.side_effects import EffectShown, effects_of
from recovery.selectors.support import meetings_of, needs_of, therapy_of
from recovery.services import plans, support
from recovery.services.side_effects import report_side_effect
from recovery.web import subpages, words
from recovery.web.own_forms import GOALS
from recovery.web.plan_forms import BookTherapyForm, KeepGoalForm, SetGoalForm, SideEffectForm, StateNeedForm

PATTERN_DAYS = 90
PARTS = {
    PlanPart.REASONS: "Own reasons",
    PlanPart.EXIT: "Way out of an event",
    PlanPart.PEOPLE: "Safe people",
    PlanPart.STRESS: "Under stress",
    PlanPart.STRATEGIES: "By trigger",
}


@require_GET
@access(Access.CARE_TEAM)
def plan_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/plan/"""
    return _page(request, subpages.head_for(request, patient_id))


@require_POST
@access(Access.CARE_TEAM)
def plan_act(request: HttpRequest, patient_id: int, act: str) -> HttpResponse:
    """POST /care/patients/{id}/plan/{act}/ - one form of the page. What is wrong is said on the page (422)."""
    return subpages.act(request, patient_id, act, ACTS, _page, here="patient-plan")


# --- what a form does ------------------------------------------------------------------------------------


def _goal(actor: Actor, patient: Any, form: SetGoalForm, now: datetime) -> object:
    data = form.cleaned_data
    about, aim = GOALS[data["goal"]]
    return plans.set_goal(
        actor=actor,
        patient=patient,
        client_id=data["client_id"],
        about=about,
        aim=aim,
        words=data["words"],
        review_on=data["review_on"],
        source=ReportSource.STAFF.value,
        now=now,
    )


def _look(actor: Actor, patient: Any, form: KeepGoalForm, now: datetime) -> object:
    data = form.cleaned_data
    by: dict[str, Any] = {"actor": actor, "patient": patient, "goal_id": data["goal_id"], "now": now}
    if data["outcome"]:
        return plans.end_goal(**by, outcome=GoalOutcome(data["outcome"]))
    return plans.keep_goal(**by, review_on=data["review_on"])


def _side_effect(actor: Actor, patient: Any, form: SideEffectForm, now: datetime) -> object:
    return report_side_effect(
        actor=actor, patient=patient, source=ReportSource.STAFF.value, now=now, **form.arguments()
    )


def _need(actor: Actor, patient: Any, form: StateNeedForm, now: datetime) -> object:
    data = form.cleaned_data
    return support.state_need(
        actor=actor,
        patient=patient,
        client_id=data["client_id"],
        kind=NeedKind(data["kind"]),
        note=data["note"],
        source=ReportSource.STAFF.value,
        now=now,
    )


def _therapy(actor: Actor, patient: Any, form: BookTherapyForm, now: datetime) -> object:
    data = form.cleaned_data
    return support.book_therapy(
        actor=actor,
        patient=patient,
        client_id=data["client_id"],
        kind=TherapyKind(data["kind"]),
        starts_at=form.starts_at(patient.zone),
        with_whom=data["with_whom"],
        now=now,
    )


ACTS = {
    "goal": subpages.Act(SetGoalForm, _goal),
    "look": subpages.Act(KeepGoalForm, _look),
    "side-effect": subpages.Act(SideEffectForm, _side_effect),
    "need": subpages.Act(StateNeedForm, _need),
    "therapy": subpages.Act(BookTherapyForm, _therapy, places={"starts_at": "day"}),
}


# --- what the page shows -----------------------------------------------------------------------------------


def _page(
    request: HttpRequest, head: PatientHead, *, sent: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    patient, key, now, sent = head.patient, head.key, clock.now(), sent or {}
    shown = shared_plan(patient=patient, key=key)
    goals = goals_of(patient=patient, key=key)
    looked = sent.get("look")

    def day(value: Any) -> str:
        return words.day_name(value, today=head.today)

    def form(act: str, kind: type[Any]) -> Any:
        return sent.get(act) or kind(auto_id=f"{act}-%s", initial={"client_id": uuid4()})

    def goal(each: GoalShown) -> dict[str, Any]:
        is_sent = looked is not None and looked.data.get("goal_id") == str(each.id)
        return {
            "title": aim_words(each.about, each.aim) or each.words,
            "words": each.words if each.aim else "",
            "review": day(each.review_on),
            "is_due": each.ended_at is None and each.review_on <= head.today,
            "set": day(local_date(each.set_at, patient.zone)),
            "by": words.said(words.SOURCE, each.source),
            "outcome": each.outcome.replace("_", " "),
            "form": looked if is_sent else KeepGoalForm(auto_id=f"look-{each.id}-%s", initial={"goal_id": each.id}),
        }

    context = {
        "plan": _plan(shown, head) if shown else None,
        "standing": [goal(each) for each in goals if each.ended_at is None],
        "ended": [goal(each) for each in goals if each.ended_at is not None],
        "goal_form": form("goal", SetGoalForm),
        "tried": [
            {"what": skill_title(each.skill), "times": each.times, "helped": each.helped, "did_not": each.did_not}
            for each in tried_counts(patient=patient)
        ],
        "patterns": [
            {
                "what": trigger_words(each.tag) if each.tag else words.said(words.TRIGGER_KIND, each.kind).capitalize(),
                "times": each.times,
            }
            for each in patterns(patient=patient, since=now - timedelta(days=PATTERN_DAYS))
        ],
        "pattern_days": PATTERN_DAYS,
        "entries": [
            {"words": entry.words, "on": day(local_date(entry.written_at, patient.zone))}
            for entry in entries(patient=patient, limit=10, shared_only=True)
        ],
        "meetings": [
            {"what": meeting_words(each.kind), "on": day(each.attended_on), "helped": each.helped, "note": each.note}
            for each in meetings_of(patient=patient, key=key, limit=10)
        ],
        "therapy": [
            {
                "what": therapy_words(each.kind),
                "on": words.when(each.starts_at, now=now, zone=patient.zone) if each.starts_at else day(each.due_on),
                "status": words.said(words.VISIT_STATUS, each.status),
                "with_whom": each.with_whom,
            }
            for each in therapy_of(patient=patient, key=key)
        ],
        "therapy_form": form("therapy", BookTherapyForm),
        "effects": [_effect(each, day) for each in effects_of(patient=patient, key=key)],
        "effect_form": form("side-effect", SideEffectForm),
        "needs": [
            {
                "what": need_words(each.kind),
                "is_open": each.status == "open",
                "outcome": outcome_words(each.outcome) if each.outcome else "",
                "on": day(local_date(each.stated_at, patient.zone)),
                "note": each.note,
            }
            for each in needs_of(patient=patient, key=key)
        ],
        "need_form": form("need", StateNeedForm),
        "modules": [
            {
                "title": each.module.title[words.Language.ENGLISH],
                "read": day(local_date(each.read_at, patient.zone)) if each.read_at else "",
            }
            for each in modules_shown(patient)
        ],
        "wrong": [error for each in sent.values() for error in each.non_field_errors()],
    }
    response = subpages.show(request, "recovery/plan.html", head, context, here="patient-plan")
    response.status_code = status
    return response


def _plan(shown: PlanShown, head: PatientHead) -> dict[str, Any]:
    plan = shown.plan
    lines = {
        PlanPart.REASONS: [plan.reasons],
        PlanPart.EXIT: [plan.exit],
        PlanPart.PEOPLE: [f"{each.name}, {each.phone}" if each.phone else each.name for each in plan.people],
        PlanPart.STRESS: [plan.stress],
        PlanPart.STRATEGIES: [
            f"{words.TRIGGER_KIND[kind.value].capitalize()}: {plan.strategies[kind]}"
            for kind in TriggerKind
            if plan.strategies.get(kind)
        ],
    }
    return {
        "number": shown.number,
        "on": words.day_name(local_date(shown.made_at, head.zone), today=head.today),
        "parts": [{"label": PARTS[part], "lines": lines[part]} for part in PlanPart if plan.has(part)],
        "kept": len(PlanPart) - len(shown.shared),
    }


def _effect(each: EffectShown, day: Callable[[Any], str]) -> dict[str, Any]:
    return {
        "what": effect_words(each.effect),
        "strength": strength_words(each.strength).lower(),
        "signs": ", ".join(sign_words(sign) for sign in each.signs),
        "began": day(each.began_on),
        "still_there": each.still_there,
        "said": day(each.said_on),
        "by": words.said(words.SOURCE, each.source),
        "note": each.note,
    }
