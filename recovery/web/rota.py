"""Who is on call: GET /care/rota/, taking over, somebody else for a while, and the weekly rota."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import Actor, access
from backend.errors import NotAllowed, NotFound
from backend.rules.roles import CARE_ROLES, Access
from recovery.rules.escalation import COVER, Gap, OverrideReason, Stretch
from recovery.selectors.rota import OverrideFacts, RotaPerson, RotaView, rota_views
from recovery.services import rota as services
from recovery.web import answers, words
from recovery.web.rota_forms import REASON, OverrideForm, PlainForm, TakeOverForm, WeeksForm

DONE = {
    "taken": "You are on call now.",
    "override": "Saved. It holds for this time.",
    "ended": "Ended. From now on the rota holds again.",
    "weeks": "Saved. The new rota holds from now on.",
}
ROLE = {
    "coordinator": "Coordinator",
    "nurse": "Nurse",
    "clinician": "Clinician",
    "medical_director": "Medical director",
}
PAGE = "recovery/rota.html"
EIGHT = time(8)


@require_GET
@access(Access.STAFF)
def rota_page(request: HttpRequest) -> HttpResponse:
    """GET /care/rota/ - who is on call from now to the end of next week, gaps in words, and the forms."""
    ids = answers.actor_of(request).programs_for(Access.STAFF)
    text = request.GET.get("program", "")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else ids[0]
    return _shown(request, wanted, now=clock.now(), notice=DONE.get(request.GET.get("done", ""), ""))


@require_POST
@access(Access.CARE_TEAM)
def take_over(request: HttpRequest, program_id: int) -> HttpResponse:
    """POST /care/rota/{program}/take-over/ - be on call first from now until a time."""
    actor, view, now = _of(request, program_id)
    form = TakeOverForm(request.POST, auto_id="take-%s", **_times(view, now))

    def act() -> None:
        services.take_over(actor=actor, program_id=program_id, until=form.cleaned_data["until"], now=now)

    return _done(request, view, "take", form, act, {"until": "until_on"}, "taken", now)


@require_POST
@access(Access.DIRECTION)
def override(request: HttpRequest, program_id: int) -> HttpResponse:
    """POST /care/rota/{program}/override/ - somebody else, or nobody, for a while."""
    actor, view, now = _of(request, program_id)
    form = OverrideForm(request.POST, auto_id="other-%s", people=_choices(view), **_times(view, now))

    def act() -> None:
        data = form.cleaned_data
        services.add_override(
            actor=actor,
            program_id=program_id,
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            people=data["people"],
            reason=OverrideReason(data["reason"]),
            now=now,
        )

    fields = {"starts_at": "starts_on", "ends_at": "ends_on", "people": "second"}
    return _done(request, view, "other", form, act, fields, "override", now)


@require_POST
@access(Access.DIRECTION)
def weeks(request: HttpRequest, program_id: int) -> HttpResponse:
    """POST /care/rota/{program}/weeks/ - the weekly rota, in force at once."""
    actor, view, now = _of(request, program_id)
    form = _weeks_form(view, now, request.POST)

    def act() -> None:
        data = form.cleaned_data
        services.set_rota(
            actor=actor,
            program_id=program_id,
            anchor=data["anchor"],
            hand_over=data["hand_over"],
            turns=data["turns"],
            now=now,
        )

    return _done(request, view, "weeks", form, act, {"turns": WeeksForm.name_of(0, 0)}, "weeks", now)


@require_POST
@access(Access.STAFF)
def end_override(request: HttpRequest, program_id: int, override_id: int) -> HttpResponse:
    """POST /care/rota/{program}/overrides/{id}/end/ - by an editor or by whoever made it."""
    actor, now = answers.actor_of(request), clock.now()
    services.cancel_override(actor=actor, override_id=override_id, now=now)
    return _back(program_id, "ended")


def _of(request: HttpRequest, program_id: int) -> tuple[Actor, RotaView, datetime]:
    """The actor, the rota and the present; a program where they do not work is not there."""
    actor, now = answers.actor_of(request), clock.now()
    if program_id not in actor.programs_for(Access.STAFF):
        raise NotFound
    [view] = rota_views([program_id], now=now)
    return actor, view, now


def _done(
    request: HttpRequest,
    view: RotaView,
    name: str,
    form: PlainForm,
    act: Callable[[], None],
    fields: dict[str, str],
    done: str,
    now: datetime,
) -> HttpResponse:
    """Act and come back, or show the page with what was wrong at its field (422)."""
    if answers.accepted(form, act, places=fields, passing=(NotFound, NotAllowed)):
        return _back(view.program_id, done)
    return _shown(request, view.program_id, now=now, status=422, forms={name: form})


def _back(program_id: int, done: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('rota')}?{urlencode({'program': program_id, 'done': done})}")


def _shown(
    request: HttpRequest,
    program_id: int,
    *,
    now: datetime,
    notice: str = "",
    status: int = 200,
    forms: dict[str, PlainForm] | None = None,
) -> HttpResponse:
    actor = answers.actor_of(request)
    ids = actor.programs_for(Access.STAFF)
    if program_id not in ids:
        raise NotFound
    views = {view.program_id: view for view in rota_views(ids, now=now)}
    view, forms = views[program_id], forms or {}
    edits = services.may_edit(actor, program_id)
    first, second = view.weeks
    without = [_name(each) for each in view.people.values() if each.role and not each.reachable]
    gone = [_name(each) for each in view.people.values() if not each.role]
    context = {
        "program_id": program_id,
        "program_name": view.program_name,
        "programs": [(pk, each.program_name, pk == program_id) for pk, each in views.items()] if len(ids) > 1 else [],
        "zone": view.zone,
        "now_on": [_name(view.people[user]) for user in first[0].people],
        "has_weeks": view.rota is not None and bool(view.rota.turns),
        "weeks": [
            ("This week, from now", [_stretch(view, each, now) for each in first]),
            ("Next week", [_stretch(view, each, now) for each in second]),
        ],
        "gaps": [_gap(view, each, now) for each in view.gaps],
        "without_number": without,
        "gone": gone,
        "overrides": [_override(view, row, actor, now, edits=edits) for row in view.overrides],
        "waiting": view.unanswered.waiting,
        "told_everybody": view.unanswered.told_everybody,
        "oldest": words.age(view.unanswered.oldest_at, now=now) if view.unanswered.oldest_at else "",
        "edits": edits,
        "takes": bool(actor.roles.get(program_id, frozenset()) & CARE_ROLES),
        "has_number": actor.user_id in view.people and view.people[actor.user_id].reachable,
        "take": forms.get("take") or _take_form(view, now),
        "other": forms.get("other") or _override_form(view, now),
        "weeks_form": forms.get("weeks") or _weeks_form(view, now),
        "notice": notice,
    }
    return answers.private(render(request, PAGE, context, status=status))


def _times(view: RotaView, now: datetime) -> dict[str, Any]:
    return {"today": now.astimezone(ZoneInfo(view.zone)).date(), "zone": view.zone}


def _take_form(view: RotaView, now: datetime) -> TakeOverForm:
    times = _times(view, now)
    until = {"until_on": times["today"] + timedelta(days=1), "until_at": EIGHT}
    return TakeOverForm(None, auto_id="take-%s", initial=until, **times)


def _override_form(view: RotaView, now: datetime) -> OverrideForm:
    times = _times(view, now)
    start = times["today"] + timedelta(days=1)
    initial = {
        "starts_on": start,
        "starts_time": EIGHT,
        "ends_on": start + timedelta(days=1),
        "ends_time": EIGHT,
    }
    return OverrideForm(None, auto_id="other-%s", people=_choices(view), initial=initial, **times)


def _weeks_form(view: RotaView, now: datetime, sent: Any = None) -> WeeksForm:
    today = now.astimezone(ZoneInfo(view.zone)).date()
    there = view.rota if view.rota is not None and view.rota.turns else None
    initial = {
        "anchor": there.anchor if there else today - timedelta(days=today.weekday()),
        "hand_over": there.hand_over if there else EIGHT,
    }
    turns = there.turns if there else ()
    return WeeksForm(sent, auto_id="weeks-%s", turns=turns, people=_choices(view), initial=initial)


def _choices(view: RotaView) -> list[tuple[str, str]]:
    """Everybody who can be on call; who has no number is named so, since a text does not reach them."""
    return [
        (str(each.user_id), _name(each) + ("" if each.reachable else " (no number)"))
        for each in view.people.values()
        if each.role
    ]


def _name(person: RotaPerson) -> str:
    return person.name or f"{ROLE.get(person.role, 'Former colleague')} no. {person.user_id}"


def _span(starts_at: datetime, ends_at: datetime, view: RotaView, now: datetime) -> str:
    start = "now" if starts_at <= now else words.when(starts_at, now=now, zone=view.zone)
    return f"{start} to {words.when(ends_at, now=now, zone=view.zone)}"


def _stretch(view: RotaView, stretch: Stretch, now: datetime) -> dict[str, Any]:
    return {
        "when": _capital(_span(stretch.starts_at, stretch.ends_at, view, now)),
        "people": [
            {
                "name": _name(view.people[user]),
                "problem": ""
                if view.people[user].reachable
                else "no number"
                if view.people[user].role
                else "has left the care team",
            }
            for user in stretch.people
        ],
        "overridden": stretch.overridden,
    }


def _gap(view: RotaView, gap: Gap, now: datetime) -> str:
    what = (
        "nobody whom a text reaches. A concern goes to everybody at once"
        if gap.missing >= COVER
        else "only one person whom a text reaches, and nobody second"
    )
    return _capital(f"{_span(gap.starts_at, gap.ends_at, view, now)}: {what}.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _override(view: RotaView, row: OverrideFacts, actor: Actor, now: datetime, *, edits: bool) -> dict[str, Any]:
    people = [_name(view.people[user]) for user in row.people]
    return {
        "id": row.id,
        "when": _capital(_span(row.starts_at, row.ends_at, view, now)),
        "people": ", then ".join(people) or "Nobody, on purpose",
        "reason": "Took over" if row.reason is OverrideReason.TAKE_OVER else REASON[row.reason],
        "may_end": edits or row.made_by_id == actor.user_id,
    }
