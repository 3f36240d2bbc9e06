"""The patient's own plan, goals, journal, meetings and needs, on a phone. Plain forms, English and Spanish."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import access
from backend.errors import DomainError, NotFound
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from recovery.rules.needs import NeedKind, need_words
from recovery.rules.plans import MOST_PEOPLE, GoalAbout, GoalOutcome, Plan, PlanPart, aim_words
from recovery.rules.records import TriggerKind
from recovery.rules.support import MeetingKind, meeting_words, therapy_words
from recovery.selectors.access import key_of, own_patient
from recovery.selectors.journal import entries
from recovery.selectors.plans import GoalShown, goals_of, plan_of
from recovery.selectors.support import meetings_of, needs_of, therapy_of
from recovery.services import journal, plans, support
from recovery.web import answers, own_fields, own_frame, own_words
from recovery.web.own_forms import GOALS, EntryForm, GoalEndForm, GoalForm, MeetingForm, NeedForm, PlanForm

EMPTY_ROWS = 2
SHOWN = 5


@require_GET
@access(Access.OWN_PATIENT)
def plan_page(request: HttpRequest) -> HttpResponse:
    """GET /me/plan/"""
    return _show(request)


@require_POST
@access(Access.OWN_PATIENT)
def plan_act(request: HttpRequest, act: str) -> HttpResponse:
    """POST /me/plan/{save, goal, goal-end, write, meeting, need}/ - one form of the page."""
    handler = _ACTS.get(act)
    if handler is None:
        raise NotFound
    return handler(request)


def _save(request: HttpRequest) -> HttpResponse:
    form = PlanForm(request.POST)
    if not form.is_valid():
        return _show(request, wrong="again", status=422, form=form, name="plan")

    def act(by: dict[str, Any]) -> object:
        return plans.save_plan(
            **by, client_id=form.cleaned_data["client_id"], plan=form.plan(), shared=form.shared_parts()
        )

    return _do(request, act, done="plan", form=form, name="plan")


def _goal(request: HttpRequest) -> HttpResponse:
    form = GoalForm(request.POST)
    if not form.is_valid():
        return _show(request, wrong="goal", status=422, form=form, name="goal")
    data = form.cleaned_data
    about, aim = GOALS[data["goal"]]
    return _do(
        request,
        lambda by: plans.set_goal(**by, client_id=data["client_id"], about=about, aim=aim, words=data["words"]),
        done="goal",
        form=form,
        name="goal",
    )


def _goal_end(request: HttpRequest) -> HttpResponse:
    form = GoalEndForm(request.POST)
    if not form.is_valid():
        return _show(request, wrong="again", status=422)
    data = form.cleaned_data
    outcome = GoalOutcome(data["outcome"])
    return _do(request, lambda by: plans.end_goal(**by, goal_id=data["goal_id"], outcome=outcome), done="goal")


def _write(request: HttpRequest) -> HttpResponse:
    form = EntryForm(request.POST)
    if not form.is_valid():
        return _show(
            request, wrong="words" if not request.POST.get("words") else "again", status=422, form=form, name="write"
        )
    data = form.cleaned_data

    def act(by: dict[str, Any]) -> object:
        return journal.write_entry(
            **by, client_id=data["client_id"], words=data["words"], shared=data["shared"], written_at=by["now"]
        )

    return _do(request, act, done="write", form=form, name="write")


def _meeting(request: HttpRequest) -> HttpResponse:
    form = MeetingForm(request.POST)
    if not form.is_valid():
        return _show(
            request, wrong="choose" if "kind" in form.errors else "again", status=422, form=form, name="meeting"
        )
    data = form.cleaned_data

    def act(by: dict[str, Any]) -> object:
        return support.log_meeting(
            **by,
            client_id=data["client_id"],
            kind=MeetingKind(data["kind"]),
            attended_on=data["attended_on"],
            helped=data["helped"],
        )

    return _do(request, act, done="meeting", form=form, name="meeting")


def _need(request: HttpRequest) -> HttpResponse:
    form = NeedForm(request.POST)
    if not form.is_valid():
        return _show(request, wrong="choose" if "kind" in form.errors else "again", status=422, form=form, name="need")
    data = form.cleaned_data
    kind = NeedKind(data["kind"])
    return _do(
        request,
        lambda by: support.state_need(**by, client_id=data["client_id"], kind=kind, note=data["note"]),
        done="need",
        form=form,
        name="need",
    )


_ACTS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "save": _save,
    "goal": _goal,
    "goal-end": _goal_end,
    "write": _write,
    "meeting": _meeting,
    "need": _need,
}


def _do(
    request: HttpRequest,
    act: Callable[[dict[str, Any]], object],
    *,
    done: str,
    form: Form | None = None,
    name: str = "",
) -> HttpResponse:
    actor = answers.actor_of(request)
    by = {"actor": actor, "patient": own_patient(actor), "now": clock.now()}

    def again(refusal: DomainError) -> HttpResponse:
        return _show(request, wrong="again", status=422, form=form, name=name, refusal=refusal)

    return own_frame.saved(lambda: act(by), route="own-plan", done=done, again=again)


def _show(
    request: HttpRequest,
    *,
    wrong: str = "",
    status: int = 200,
    form: Form | None = None,
    name: str = "",
    refusal: DomainError | None = None,
) -> HttpResponse:
    """The page; ``form`` is the one called ``name`` that was sent and not saved."""
    patient = own_patient(answers.actor_of(request))
    key, language = key_of(patient), own_frame.language_of(patient)
    shown = plan_of(patient=patient, key=key)
    goals = goals_of(patient=patient, key=key)
    words = own_frame.words_of(patient)
    typed = form if isinstance(form, PlanForm) else None
    context = {
        "f": {name: own_fields.kept(form, patient.language, refusal=refusal)} if form is not None else {},
        "number": shown.number if shown else 0,
        "parts": _parts(
            shown.plan if shown else None, shown.shared if shown else frozenset(), words, typed, patient.language
        ),
        "plan_id": uuid4(),
        "goal_id": uuid4(),
        "entry_id": uuid4(),
        "meeting_id": uuid4(),
        "need_id": uuid4(),
        "standing": [_goal_line(goal, patient, words) for goal in goals if goal.ended_at is None],
        "ended": [_goal_line(goal, patient, words) for goal in goals if goal.ended_at is not None][:SHOWN],
        "goal_choices": [(code, words[f"goal_{code}"]) for code in GOALS],
        "entries": [
            {"on": _day(entry.written_at, patient), "words": entry.words, "shared": entry.shared}
            for entry in entries(patient=patient, limit=SHOWN)
        ],
        "meeting_choices": [(kind.value, meeting_words(kind, language)) for kind in MeetingKind],
        "meetings": [
            {
                "what": meeting_words(meeting.kind, language),
                "on": own_words.day(meeting.attended_on, patient.language),
                "helped": meeting.helped,
            }
            for meeting in meetings_of(patient=patient, key=key, limit=SHOWN)
        ],
        "therapy": [
            {
                "what": therapy_words(visit.kind, language),
                "on": own_words.day(visit.due_on, patient.language),
                "at": own_words.clock_time(visit.starts_at, patient.zone, patient.language) if visit.starts_at else "",
                "with_whom": visit.with_whom,
            }
            for visit in therapy_of(patient=patient, key=key, limit=SHOWN)
            if visit.status in ("planned", "booked")
        ],
        "need_choices": [(kind.value, need_words(kind, language)) for kind in NeedKind],
        "needs": [
            {"what": need_words(need.kind, language), "is_open": need.status == "open"}
            for need in needs_of(patient=patient, key=key)[:SHOWN]
        ],
        "today": local_date(clock.now(), patient.zone).isoformat(),
    }
    return own_frame.show(
        request, patient, "recovery/own_plan.html", context, here="own-plan", wrong=wrong, status=status
    )


def _parts(plan: Plan | None, shared: Any, words: Any, form: PlanForm | None, language: str) -> list[dict[str, Any]]:
    """The parts of the form, with what is stored, or with what was just typed and could not be saved."""
    typed = form.data if form is not None else None
    ticked = set(typed.getlist("shared")) if typed is not None else {part.value for part in shared}  # type: ignore[attr-defined]

    wrongs = own_fields.kept(form, language) if form is not None else {}

    def wrong(name: str) -> str:
        return wrongs[name].error if name in wrongs else ""

    def value(name: str, stored: str) -> str:
        return typed.get(name, "").replace("\x00", "") if typed is not None else stored

    people = plan.people if plan else ()
    rows = min(MOST_PEOPLE, max(len(people) + EMPTY_ROWS, 3)) if typed is None else MOST_PEOPLE
    strategies = plan.strategies if plan else {}
    fields: dict[PlanPart, list[dict[str, Any]]] = {
        PlanPart.PEOPLE: [
            {
                "number": number + 1,
                "name": f"name_{number}",
                "phone": f"phone_{number}",
                "name_value": value(f"name_{number}", people[number].name if number < len(people) else ""),
                "name_wrong": wrong(f"name_{number}"),
                "phone_wrong": wrong(f"phone_{number}"),
                "phone_value": value(f"phone_{number}", people[number].phone if number < len(people) else ""),
            }
            for number in range(rows)
        ],
        PlanPart.STRATEGIES: [
            {
                "name": f"strategy_{kind.value}",
                "label": words[f"kind_{kind.value}"],
                "value": value(f"strategy_{kind.value}", strategies.get(kind, "")),
                "wrong": wrong(f"strategy_{kind.value}"),
            }
            for kind in TriggerKind
        ],
    }
    return [
        {
            "code": part.value,
            "label": words[f"part_{part.value}"],
            "is_shared": part.value in ticked,
            "value": value(part.value, getattr(plan, part.value) if plan else "") if part not in fields else "",
            "wrong": wrong(part.value) if part not in fields else "",
            "people": fields[part] if part is PlanPart.PEOPLE else None,
            "strategies": fields[part] if part is PlanPart.STRATEGIES else None,
        }
        for part in PlanPart
    ]


def _goal_line(goal: GoalShown, patient: Any, words: Any) -> dict[str, Any]:
    title = aim_words(goal.about, goal.aim, own_frame.language_of(patient))
    return {
        "id": goal.id,
        "title": title or goal.words,
        "words": goal.words if title else "",
        "review": own_words.day(goal.review_on, patient.language),
        "outcome": words.get(f"ended_{goal.outcome}", ""),
        "is_life": goal.about is GoalAbout.LIFE,
    }


def _day(instant: Any, patient: Any) -> str:
    return own_words.day(local_date(instant, patient.zone), patient.language)
