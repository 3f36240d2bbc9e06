"""Where a patient is woken up: this phone, a mailbox, what comes first. And the page that a mail asks to open."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID, uuid4

from django import forms
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend import clock
from backend.access import access
from backend.errors import DomainError, IdReused, NotFound
from backend.rules.roles import Access
from recovery.rules.words import short_date
from recovery.selectors.access import own_patient
from recovery.web import answers, own_frame
from reminders.providers import vapid
from reminders.rules.devices import LONGEST_ENDPOINT
from reminders.rules.states import WAKES, Channel
from reminders.selectors.devices import devices_of, first_choice, is_on
from reminders.services import devices

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Reminders",
        "why": "A reminder here says only that you have an update. If you do not look, a text follows.",
        "here": "On this phone",
        "here_why": "Anybody who holds this phone may see that there is an update, and nothing else.",
        "here_do": "Remind me on this phone",
        "here_refused": "This browser did not allow it. Its settings for notifications can change that.",
        "here_cannot": "This needs a browser with scripts switched on.",
        "mail": "By e-mail",
        "mail_why": "You get one mail that asks whether the address is yours.",
        "mail_do": "Remind me here",
        "address": "E-mail address",
        "places": "Where you are reminded",
        "unconfirmed": "waits for you to open the mail we sent",
        "stop": "Stop",
        "first": "What comes first",
        "first_label": "Remind me first",
        "save": "Save",
        "back": "Back",
        "push": "A browser",
        "app": "The app",
        "email": "E-mail",
        "sms": "By text",
        "saved": "Saved.",
        "refused": "That did not work. Please look at the address and try again.",
    },
    "es": {
        "title": "Avisos",
        "why": "Un aviso aquí solo dice que hay una novedad. Si no la mira, le llega un mensaje.",
        "here": "En este teléfono",
        "here_why": "Quien tenga este teléfono puede ver que hay una novedad, y nada más.",
        "here_do": "Avisarme en este teléfono",
        "here_refused": "Este navegador no lo permitió. Se puede cambiar en sus ajustes de notificaciones.",
        "here_cannot": "Para esto hace falta un navegador con scripts activados.",
        "mail": "Por correo",
        "mail_why": "Le llega un correo que pregunta si la dirección es suya.",
        "mail_do": "Avisarme aquí",
        "address": "Correo electrónico",
        "places": "Dónde le avisamos",
        "unconfirmed": "falta abrir el correo que enviamos",
        "stop": "Quitar",
        "first": "Qué va primero",
        "first_label": "Avisarme primero",
        "save": "Guardar",
        "back": "Volver",
        "push": "Un navegador",
        "app": "La app",
        "email": "Correo",
        "sms": "Por mensaje",
        "saved": "Guardado.",
        "refused": "No se pudo. Revise la dirección y pruebe otra vez.",
    },
}


class DeviceForm(forms.Form):
    client_id = forms.UUIDField()
    channel = forms.ChoiceField(choices=[(each.value, each.value) for each in WAKES])
    address = forms.CharField(max_length=LONGEST_ENDPOINT)
    p256dh = forms.CharField(required=False, max_length=120)
    auth = forms.CharField(required=False, max_length=60)


class FirstForm(forms.Form):
    first = forms.ChoiceField(choices=[(each.value, each.value) for each in Channel])


@require_http_methods(["GET", "POST"])
@access(Access.OWN_PATIENT)
def own_wake(request: HttpRequest) -> HttpResponse:
    """GET /me/wake/, POST to be woken up in one more place."""
    if request.method == "GET":
        return _show(request)
    actor, form = answers.actor_of(request), DeviceForm(request.POST)
    if not form.is_valid():
        return _show(request, refused=True)
    try:
        devices.register(actor=actor, patient=own_patient(actor), now=clock.now(), **form.cleaned_data)
    except IdReused:
        pass  # the first one stands
    except DomainError:
        return _show(request, refused=True)
    return _back()


@require_POST
@access(Access.OWN_PATIENT)
def stop(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """POST /me/wake/{id}/stop/"""
    actor = answers.actor_of(request)
    devices.remove(actor=actor, patient=own_patient(actor), client_id=client_id, now=clock.now())
    return _back()


@require_POST
@access(Access.OWN_PATIENT)
def first(request: HttpRequest) -> HttpResponse:
    """POST /me/wake/first/"""
    actor, form = answers.actor_of(request), FirstForm(request.POST)
    if not form.is_valid():
        return _show(request, refused=True)
    try:
        devices.choose_first(actor=actor, patient=own_patient(actor), first=form.cleaned_data["first"], now=clock.now())
    except DomainError:
        return _show(request, refused=True)
    return _back()


def _back() -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('own-wake')}?done=saved")


def _show(request: HttpRequest, *, refused: bool = False) -> HttpResponse:
    patient = own_patient(answers.actor_of(request))
    words = WORDS.get(patient.language) or WORDS["en"]
    language = own_frame.language_of(patient)
    chosen = first_choice(patient.pk)
    context = {
        "v": words,
        "saved": words["saved"] if request.GET.get("done") == "saved" and not refused else "",
        "refused": words["refused"] if refused else "",
        "offered": [channel.value for channel in WAKES if is_on(channel)],
        "push_key": vapid.public_key(),
        "push_id": uuid4(),
        "mail_id": uuid4(),
        "devices": [
            {
                "client_id": one.client_id,
                "name": words[one.channel],
                "day": short_date(one.registered_at.date(), language),
                "waits": not one.confirmed,
            }
            for one in devices_of(patient.pk)
            if one.ended_at is None
        ],
        "choices": [(one.value, words[one.value]) for one in Channel if is_on(one)],
        "first": chosen.value if chosen is not None else "",
    }
    return own_frame.show(
        request, patient, "reminders/own_wake.html", context, here="own-wake", status=422 if refused else 200
    )


@never_cache
@require_http_methods(["GET", "POST"])
@access(Access.PUBLIC)
def confirm_mail(request: HttpRequest, token: str) -> HttpResponse:
    """GET /mail/{token}/ - a button, since scanners open every link; POST - the address is confirmed."""
    context: dict[str, bool] = {}
    if request.method == "POST":
        try:
            devices.confirm_mail(token=token, now=clock.now())
            context["done"] = True
        except NotFound:
            context["refused"] = True
    return render(request, "reminders/mail_confirm.html", context, status=404 if "refused" in context else 200)


@require_GET
@access(Access.PUBLIC)
def service_worker(request: HttpRequest) -> HttpResponse:
    """GET /sw.js - from the root, because a script there may only serve what lies below it."""
    path = finders.find("reminders/sw.js")
    assert isinstance(path, str)
    response = HttpResponse(Path(path).read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response
