"""A program's own list of meetings: GET /care/meetings/, kept by the care team, read by patients on /me/help/."""

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import access
from backend.errors import NotFound
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from backend.selectors.people import programs_by_id
from recovery.rules.support import MeetingKind, meeting_words
from recovery.selectors.places import places_of
from recovery.services.places import NewPlace, check_place, list_place, withdraw_place
from recovery.web import answers, words
from recovery.web.forms import PlainForm, choices

DONE = {"listed": "On the list.", "checked": "Checked today.", "withdrawn": "Taken off the list."}
ACTS: dict[str, tuple[Callable[..., object], str]] = {
    "checked": (check_place, "checked"),
    "withdraw": (withdraw_place, "withdrawn"),
}


class PlaceForm(PlainForm):
    """A meeting, and where it is known from."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        choices=choices({kind.value: meeting_words(kind) for kind in MeetingKind}, empty="Choose"),
        error_messages={"required": "Choose one."},
    )
    name = forms.CharField(max_length=120, error_messages={"required": "Give it its name."})
    times = forms.CharField(max_length=200, error_messages={"required": "Say when it meets."})
    place = forms.CharField(required=False, max_length=200)
    online = forms.BooleanField(required=False)
    language = forms.ChoiceField(choices=[("en", "English"), ("es", "Spanish")])
    phone = forms.CharField(required=False, max_length=16)
    source = forms.CharField(max_length=200, error_messages={"required": "Say where this is known from."})


@require_GET
@access(Access.CARE_TEAM)
def places_page(request: HttpRequest) -> HttpResponse:
    """GET /care/meetings/ - the list of each program of the signed-in person."""
    return _show(request, notice=DONE.get(request.GET.get("done", ""), ""))


@require_POST
@access(Access.CARE_TEAM)
def add(request: HttpRequest, program_id: int) -> HttpResponse:
    """POST /care/meetings/{program}/add/"""
    actor, now = answers.actor_of(request), clock.now()
    if program_id not in actor.programs_for(Access.CARE_TEAM):
        raise NotFound
    form = PlaceForm(request.POST, auto_id=f"p{program_id}-%s")

    def act() -> object:
        return list_place(actor=actor, program_id=program_id, place=NewPlace(**form.cleaned_data), now=now)

    if not answers.accepted(form, act):
        return _show(request, sent={program_id: form}, status=422)
    return _back("listed")


@require_POST
@access(Access.CARE_TEAM)
def change(request: HttpRequest, place_id: int, act: str) -> HttpResponse:
    """POST /care/meetings/{place}/{checked, withdraw}/"""
    if act not in ACTS:
        raise NotFound
    do, done = ACTS[act]
    do(actor=answers.actor_of(request), place_id=place_id, now=clock.now())
    return _back(done)


def _back(done: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('meeting-places')}?{urlencode({'done': done})}")


def _show(
    request: HttpRequest, *, notice: str = "", sent: dict[int, PlaceForm] | None = None, status: int = 200
) -> HttpResponse:
    sent = sent or {}
    now = clock.now()
    lists = []
    programs = programs_by_id(answers.actor_of(request).programs_for(Access.CARE_TEAM)).values()
    for program in sorted(programs, key=lambda each: each.name):
        today = local_date(now, program.zone)
        form = sent.get(program.pk) or PlaceForm(
            auto_id=f"p{program.pk}-%s", initial={"client_id": uuid4(), "language": "en"}
        )
        lists.append(
            {
                "id": program.pk,
                "name": program.name,
                "form": form,
                "places": [
                    {
                        "id": each.id,
                        "what": meeting_words(each.kind),
                        "facts": each,
                        "phone_shown": words.phone_shown(each.phone),
                        "language": {"en": "English", "es": "Spanish"}[each.language],
                        "checked": words.date_words(each.reviewed_on, today=today),
                    }
                    for each in places_of([program.pk], today=today)
                ],
            }
        )
    context = {"lists": lists, "notice": notice}
    return answers.private(render(request, "recovery/places.html", context, status=status))
