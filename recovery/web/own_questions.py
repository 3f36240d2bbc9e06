"""Questionnaires on the patient's phone: one question a screen, works without scripts, keeps what was answered."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import access
from backend.errors import Conflict, DomainError, IdReused, NotFound
from backend.rules.roles import Access
from backend.services import audit
from recovery.rules.instruments.definition import InstrumentKey, Item, Kind
from recovery.rules.instruments.safety import danger_of
from recovery.rules.instruments.telling import told, when_read
from recovery.rules.records import FormStatus
from recovery.rules.words import Language
from recovery.selectors.access import own_patient
from recovery.selectors.instruments import FormView, answered_today, form_for, form_view, open_forms, staffing_of
from recovery.selectors.policy import policy_for
from recovery.services import instruments
from recovery.web import answers, own_words
from recovery.web.question_words import TEXTS


@require_GET
@access(Access.OWN_PATIENT)
def listed(request: HttpRequest) -> HttpResponse:
    """GET /me/questions/ - what waits."""
    patient, now = own_patient(answers.actor_of(request)), clock.now()
    forms = waiting(patient, now)
    daily_waits = any(form["instrument"] == InstrumentKey.DAILY.value for form in forms)
    daily_done = answered_today(patient=patient, instrument=InstrumentKey.DAILY, now=now)
    context = _frame(patient) | {
        "forms": forms,
        "when_read": _when_read(patient, now),
        "new_daily": None if daily_waits or daily_done else uuid4(),
    }
    return answers.private(render(request, "recovery/own_questions.html", context))


@require_POST
@access(Access.OWN_PATIENT)
def begin(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """POST /me/questions/{id}/begin/"""
    actor, now = answers.actor_of(request), clock.now()
    patient = own_patient(actor)
    try:
        instruments.start_form(
            actor=actor,
            patient=patient,
            client_id=client_id,
            instrument=request.POST.get("instrument", ""),
            now=now,
        )
    except NotFound:
        raise
    except DomainError:
        return HttpResponseRedirect(reverse("own-questions"))
    return HttpResponseRedirect(reverse("own-question", args=[client_id]))


@require_POST
@access(Access.OWN_PATIENT)
def decline(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """POST /me/questions/{id}/not-today/"""
    actor = answers.actor_of(request)
    with suppress(Conflict):  # begun or over meanwhile: the list shows how it is
        instruments.decline_form(actor=actor, patient=own_patient(actor), form_client_id=client_id, now=clock.now())
    return HttpResponseRedirect(reverse("own-questions"))


@require_GET
@access(Access.OWN_PATIENT)
def one(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """GET /me/questions/{id}/ - the next question, or an earlier one by ``item``."""
    patient = own_patient(answers.actor_of(request))
    return _show(request, patient, client_id, item=request.GET.get("item", ""))


@require_POST
@access(Access.OWN_PATIENT)
def answer(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """POST /me/questions/{id}/answer/ - one answer, stored at once."""
    actor, now = answers.actor_of(request), clock.now()
    patient = own_patient(actor)
    item = request.POST.get("item", "")
    try:
        answer_id, value = UUID(request.POST.get("client_id", "")), _value(request)
    except ValueError:
        return _show(request, patient, client_id, item=item, wrong="choose", status=422)
    try:
        instruments.answer_item(
            actor=actor,
            patient=patient,
            form_client_id=client_id,
            client_id=answer_id,
            item=item,
            value=value,
            now=now,
        )
        view = form_view(form_for(patient=patient, client_id=client_id), patient=patient)
        if view.waits_for is None and view.form.status == FormStatus.STARTED.value:
            instruments.finish_form(actor=actor, patient=patient, form_client_id=client_id, now=now)
    except NotFound:
        raise
    except (IdReused, Conflict):
        pass  # the first answer of this page stands, or the time is over: the page shows how it is
    except DomainError:
        return _show(request, patient, client_id, item=item, wrong="choose", status=422)
    return HttpResponseRedirect(reverse("own-question", args=[client_id]))


def _value(request: HttpRequest) -> int | str | None:
    """What was answered; None for "would rather not say". Raises ValueError when there is nothing."""
    if request.POST.get("rather_not"):
        return None
    if "written" in request.POST:
        return request.POST["written"].strip() or None
    text = request.POST.get("value", "")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise ValueError("no number")
    return int(text)


def waiting(patient: Any, now: datetime) -> list[dict[str, Any]]:
    """What waits on the phone, as the list and the patient's day show it."""
    found = []
    for form in open_forms(patient=patient, now=now):
        view = form_view(form, patient=patient)
        found.append(
            {
                "client_id": form.client_id,
                "instrument": form.instrument,
                "title": view.words(view.instrument.title),
                "language": view.language.value,
                "begun": form.status == FormStatus.STARTED.value,
            }
        )
    return found


def _show(
    request: HttpRequest, patient: Any, client_id: UUID, *, item: str = "", wrong: str = "", status: int = 200
) -> HttpResponse:
    now = clock.now()
    form = form_for(patient=patient, client_id=client_id)
    view = form_view(form, patient=patient)
    audit.record(
        actor=answers.actor_of(request),
        action="questionnaire.read",
        program_id=form.program_id,
        patient_id=form.patient_id,
        object_kind="questionnaire",
        object_id=form.pk,
    )
    frame = _frame(patient)
    q = frame["q"]
    context = frame | {
        "client_id": client_id,
        "instrument": form.instrument,
        "title": view.words(view.instrument.title),
        "intro": view.words(view.instrument.intro),
        "form_language": view.language.value,
        "maker": view.instrument.licence.notice,
        "told": _told(view, patient, now),
        "when_read": _when_read(patient, now),
        "wrong": q.get(wrong, ""),
    }
    if form.status == FormStatus.DUE.value:
        return answers.private(render(request, "recovery/own_question_begin.html", context))
    shown = _asked(view, item)
    if form.status != FormStatus.STARTED.value or shown is None:
        done = form.status == FormStatus.FINISHED.value
        context |= {"done": done, "more": bool(waiting(patient, now))}
        return answers.private(render(request, "recovery/own_question_done.html", context, status=status))
    return answers.private(
        render(
            request,
            "recovery/own_question.html",
            context | _question(view, shown, q) | _typed(request, wrong),
            status=status,
        )
    )


def _typed(request: HttpRequest, wrong: str) -> dict[str, Any]:
    """What was typed and could not be saved stands in its field again."""
    text = request.POST.get("written", request.POST.get("value", "")).replace("\x00", "") if wrong else ""
    return {"value": text} if text else {}


def _asked(view: FormView, item: str) -> Item | None:
    """The question to show: the one asked for if it was answered already, else the next."""
    for each in view.items:
        if each.key == item and (each.key in view.answers or each == view.waits_for):
            return each
    return view.waits_for


def _question(view: FormView, item: Item, q: Any) -> dict[str, Any]:
    items = view.items
    number = [each.key for each in items].index(item.key) + 1
    value = view.answers.get(item.key)
    said = ""
    if item.key in view.answers:
        said = q["said_nothing"] if value is None else q["said"].format(answer=item.says(value, view.language))
    low, high = item.ends or ({}, {})
    return {
        "item": item.key,
        "text": view.words(item.text),
        "hint": view.words(item.hint),
        "kind": item.kind.value,
        "options": [(option.value, view.words(option.text)) for option in item.options],
        "numbers": range(item.low, item.high + 1) if item.kind is Kind.SCALE else (),
        "low": item.low,
        "high": item.high,
        "low_text": view.words(low),
        "high_text": view.words(high),
        "value": value,
        "said": said,
        "progress": q["progress"].format(number=number, all=len(items)),
        "number": number,
        "all": len(items),
        "before": items[number - 2].key if number > 1 else "",
        "answer_id": uuid4(),
    }


def _told(view: FormView, patient: Any, now: datetime) -> str:
    danger = danger_of(view.instrument.key, view.answers, policy=policy_for(patient.program_id))
    if danger is None:
        return ""
    staffing = staffing_of(program_id=patient.program_id, now=now)
    return told(danger, staffing, zone=patient.zone, language=Language(patient.language))


def _when_read(patient: Any, now: datetime) -> str:
    staffing = staffing_of(program_id=patient.program_id, now=now)
    return when_read(staffing, zone=patient.zone, language=Language(patient.language))


def _frame(patient: Any) -> dict[str, Any]:
    """What every page of the patient's phone needs around it."""
    language = patient.language
    program = patient.program
    return {
        "language": language,
        "t": own_words.TEXTS.get(language) or own_words.TEXTS["en"],
        "q": TEXTS.get(language) or TEXTS["en"],
        "clinic": program.neutral_name,
        "phone": program.phone,
        "phone_shown": own_words.phone_shown(program.phone),
        "has_988": program.country == "US",
    }
