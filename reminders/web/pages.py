"""The conversation with a patient, and the demonstration's phones."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import Actor, access
from backend.errors import NotFound
from backend.rules.roles import Access
from reminders.selectors.history import Said
from reminders.selectors.outbox import Phone
from reminders.services import reading, replies
from reminders.web.words import state_words

LONGEST = 1600


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def _shown(one: Said, zone: ZoneInfo) -> dict[str, object]:
    return {
        "text": one.text,
        "ours": one.ours,
        "at": one.at,
        # Formatted here: a template would turn it into the zone of the server.
        "written": f"{one.at.astimezone(zone):%a} {one.at.astimezone(zone).day} {one.at.astimezone(zone):%b, %H:%M}",
        "state": state_words(one.state, one.why),
        "waits": one.waits_for_person,
    }


@require_GET
@access(Access.CARE_TEAM)
def patient_messages(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/messages/ - a fragment for the patient page, a page without it."""
    history, zone = reading.read_messages(actor=_actor(request), patient_id=patient_id)
    template = "reminders/_messages.html" if request.headers.get("HX-Request") else "reminders/messages.html"
    context = {"texts": [_shown(one, ZoneInfo(zone)) for one in history], "patient_id": patient_id, "zone": zone}
    return _private(render(request, template, context))


def _only_in_demonstrations() -> None:
    if settings.MODE not in ("demo", "test") or settings.SMS_PROVIDER != "outbox":
        raise NotFound


@require_GET
@access(Access.CARE_TEAM)
def outbox(request: HttpRequest) -> HttpResponse:
    """GET /outbox/ - the texts as the phones would show them."""
    _only_in_demonstrations()
    utc = ZoneInfo("UTC")
    shown = [
        {"phone": phone, "name": _phone_name(phone), "texts": [_shown(one, utc) for one in phone.texts]}
        for phone in reading.read_outbox(actor=_actor(request))
    ]
    return _private(render(request, "reminders/outbox.html", {"phones": shown}))


_PLACES = {"push": "A browser, by push", "app": "An app, by push", "email": "A mailbox"}


def _phone_name(phone: Phone) -> str:
    return _PLACES.get(phone.channel) or f"Phone ending in {phone.last_two}"


@require_POST
@access(Access.CARE_TEAM)
def outbox_reply(request: HttpRequest) -> HttpResponse:
    """POST /outbox/reply - answer as the phone."""
    _only_in_demonstrations()
    text_id, body = request.POST.get("text", ""), request.POST.get("body", "")[:LONGEST]
    # A number longer than a bigint would be the database's error, not a page that is not there.
    if not (text_id.isascii() and text_id.isdigit() and len(text_id) < 19 and body.strip()):
        raise NotFound
    replies.receive_from_outbox(actor=_actor(request), text_id=int(text_id), body=body, now=clock.now())
    return HttpResponseRedirect(reverse("outbox"))
