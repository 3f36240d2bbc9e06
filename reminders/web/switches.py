"""Kinds of texts that are switched off and on, who missed one, and whether the day fits its sender (N33)."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import Actor, access
from backend.errors import NotFound
from backend.rules.roles import Access
from backend.selectors.people import programs_by_id, staff_names
from backend.services import audit
from recovery.selectors.names import patient_names
from reminders.rules.fit import fit_words
from reminders.rules.retry import BreakerState
from reminders.rules.stops import SAFETY, StopKind
from reminders.selectors import stops as selectors
from reminders.selectors.sending import circuits, sender_fits
from reminders.services import stops
from reminders.web.words import CLASSES

DONE = {"off": "Switched off. It holds for every text that has not left yet.", "on": "Switched on again."}
LOOK_BACK = timedelta(days=14)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store, private"
    return response


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _chosen(request: HttpRequest, ids: list[int]) -> int:
    given = request.GET.get("program", "")
    wanted = _number(given) if given else ids[0]
    if wanted not in ids:
        raise NotFound
    return wanted


def _programs(ids: list[int], chosen: int) -> tuple[Any, list[tuple[int, str, bool]]]:
    """The chosen program, and the links to the others where there are several."""
    rows = programs_by_id(ids)
    return rows[chosen], [(pk, rows[pk].name, pk == chosen) for pk in ids] if len(ids) > 1 else []


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a} {at.astimezone(zone).day} {at.astimezone(zone):%b, %H:%M}"


@require_GET
@access(Access.DIRECTION)
def texts_page(request: HttpRequest) -> HttpResponse:
    """GET /care/texts/ - every kind of text with its switch, what was off, the provider and the sender."""
    actor, now = _actor(request), clock.now()
    ids = actor.programs_for(Access.DIRECTION)
    chosen = _chosen(request, ids)
    program, links = _programs(ids, chosen)
    zone = ZoneInfo(program.zone)
    rows = selectors.stops_of(chosen)
    live = {(row.kind, row.name): row for row in rows if row.ended_at is None}
    names = staff_names(program_ids=[chosen])
    context = {
        "program_id": chosen,
        "program_name": program.name,
        "programs": links,
        "kinds": [
            {
                "name": one.value,
                "label": label,
                "safety": one in SAFETY,
                "stop": _stop(live.get((StopKind.CLASS.value, one.value)), zone, names),
            }
            for one, label in CLASSES.items()
        ],
        "templates": [_stop(row, zone, names) for (kind, _), row in live.items() if kind == StopKind.TEMPLATE.value],
        "ended": [_stop(row, zone, names) for row in rows if row.ended_at is not None],
        "circuits": [
            f"Since {_when(row.since, zone)} the provider lets nobody through. One text tries again every half minute; "
            "the others wait and keep their order."
            for row in circuits()
            if row.state != BreakerState.CLOSED.value and row.since
        ],
        "senders": [
            {
                "words": fit_words(one.fit, one.per_second),
                "fits": one.fit.fits,
                "stopped": _when(one.stopped_until, zone) if one.stopped_until else "",
            }
            for one in sender_fits(chosen, now=now)
        ],
        "sees_people": chosen in actor.programs_for(Access.CARE_TEAM),
        "longest": stops.LONGEST_REASON,
        "notice": DONE.get(request.GET.get("done", ""), ""),
    }
    return _private(render(request, "reminders/texts.html", context))


def _stop(row: selectors.ShownStop | None, zone: ZoneInfo, names: dict[int, str]) -> dict[str, Any] | None:
    if row is None:
        return None
    labels = {one.value: label for one, label in CLASSES.items()}
    return {
        "id": row.pk,
        "label": labels.get(row.name, row.name) if row.kind == StopKind.CLASS.value else f"The text {row.name}",
        "reason": row.reason,
        "since": _when(row.since, zone),
        "until": _when(row.ended_at, zone) if row.ended_at else "",
        "who": names.get(row.by_id or 0, "") or ("" if row.by_id else "by itself"),
    }


@require_POST
@access(Access.DIRECTION)
def off(request: HttpRequest) -> HttpResponse:
    """POST /care/texts/off/ - switch one kind of text off, with a reason."""
    program_id = _number(request.POST.get("program", ""))
    if program_id is None:
        raise NotFound
    stops.switch_off(
        actor=_actor(request),
        program_id=program_id,
        kind=StopKind.CLASS,
        name=request.POST.get("name", ""),
        reason=request.POST.get("reason", ""),
        now=clock.now(),
    )
    return _back(program_id, "off")


@require_POST
@access(Access.DIRECTION)
def on(request: HttpRequest, stop_id: int) -> HttpResponse:
    """POST /care/texts/{stop}/on/ - send this kind of text again from now on."""
    return _back(stops.switch_on(actor=_actor(request), stop_id=stop_id, now=clock.now()), "on")


def _back(program_id: int, done: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('texts')}?program={program_id}&done={done}")


@require_GET
@access(Access.CARE_TEAM)
def missed_page(request: HttpRequest) -> HttpResponse:
    """GET /care/texts/missed/ - who missed a text that was held back in the last two weeks. Audited by person."""
    actor, now = _actor(request), clock.now()
    ids = actor.programs_for(Access.CARE_TEAM)
    chosen = _chosen(request, ids)
    program, links = _programs(ids, chosen)
    zone = ZoneInfo(program.zone)
    rows = selectors.missed(chosen, since=now - LOOK_BACK)
    people = sorted({one.patient_id for one in rows if one.patient_id is not None})
    names = patient_names(people)
    audit.record_many(
        actor=actor,
        action="missed_texts.read",
        program_id=chosen,
        objects=[(patient_id, "patient", patient_id) for patient_id in people],
        fields=["name"],
    )
    labels = {one.value: label for one, label in CLASSES.items()}
    shown = [
        {
            "patient_id": one.patient_id,
            "name": names.get(one.patient_id or 0, "") or "Nobody known",
            "label": labels[one.message_class],
            "due": _when(one.due_at, zone),
            "safety": one.safety,
        }
        for one in rows
    ]
    context = {
        "program_name": program.name,
        "programs": links,
        "safety": [one for one in shown if one["safety"]],
        "others": [one for one in shown if not one["safety"]],
        "days": LOOK_BACK.days,
    }
    return _private(render(request, "reminders/missed.html", context))
