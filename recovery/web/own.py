"""The patient's own page on a phone: today, one number, one moment. English and Spanish.

Each form carries an id made with the page, so that a double tap is one record, and works
without scripts. What was not sent is said (``app.js``): nothing is kept on the phone,
because phones are shared.
"""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend import clock, ports
from backend.access import access
from backend.errors import DomainError, IdReused, NotFound
from backend.rules.roles import Access
from backend.services import audit
from recovery.rules.coping import COPING
from recovery.rules.records import TriggerKind, TriggerOrigin
from recovery.rules.states import DoseState, ReportSource, Statement
from recovery.rules.triggers import TRIGGER_TAGS
from recovery.rules.words import Language
from recovery.selectors.access import own_patient
from recovery.selectors.patient_page import OwnPage
from recovery.selectors.patient_page import own_page as page_of
from recovery.selectors.side_effects import asks_something
from recovery.services import cravings, doses, journal
from recovery.web import answers, happened_words, own_fields, own_questions, own_words
from recovery.web.forms import MomentForm, OwnReportForm, ScaleForm, WhenWantedForm
from recovery.web.question_words import TEXTS as QUESTION_TEXTS

ANSWERED = (DoseState.TAKEN, DoseState.SKIPPED, DoseState.MISSED)


@require_GET
@access(Access.OWN_PATIENT)
def own_page(request: HttpRequest) -> HttpResponse:
    """GET /me/ - whatever woke the person up has been seen by now."""
    patient = own_patient(answers.actor_of(request))
    ports.note_seen(
        actor=answers.actor_of(request), program_id=patient.program_id, patient_id=patient.pk, now=clock.now()
    )
    return _show(request, done=request.GET.get("done", ""))


@require_POST
@access(Access.OWN_PATIENT)
def report(request: HttpRequest, dose_id: int) -> HttpResponse:
    """POST /me/today/{dose}/ - done, or not today. The time is not asked, so it stays unknown."""
    actor, patient, now = answers.actor_of(request), own_patient(answers.actor_of(request)), clock.now()
    form = OwnReportForm(request.POST)
    if not form.is_valid():
        return _show(request, wrong="again", status=422)
    data = form.cleaned_data
    statement = doses.DoseStatement(
        client_id=data["client_id"],
        patient_id=patient.pk,
        dose_id=dose_id,
        statement=(Statement.TAKEN if data["said"] == "yes" else Statement.SKIPPED).value,
        source=ReportSource.APP.value,
        reason=data["reason"] if data["said"] == "no" else "",
    )
    done = "today-unwell" if statement.reason == "felt_unwell" else f"today-{data['said']}"
    return _save(request, lambda: doses.report_doses(actor=actor, statements=[statement], now=now), done=done)


@require_POST
@access(Access.OWN_PATIENT)
def when_wanted(request: HttpRequest) -> HttpResponse:
    """POST /me/today/one/ - one was taken before a time of high risk; nothing was planned for it (C 1 row 17)."""
    actor, patient, now = answers.actor_of(request), own_patient(answers.actor_of(request)), clock.now()
    form = WhenWantedForm(request.POST)
    if not form.is_valid():
        return _show(request, wrong="again", status=422)
    statement = doses.DoseStatement(
        client_id=form.cleaned_data["client_id"],
        patient_id=patient.pk,
        statement=Statement.TAKEN.value,
        source=ReportSource.APP.value,
        unplanned=True,
    )
    return _save(request, lambda: doses.report_doses(actor=actor, statements=[statement], now=now), done="today-yes")


@require_POST
@access(Access.OWN_PATIENT)
def scale(request: HttpRequest) -> HttpResponse:
    """POST /me/scale/ - one number from 0 to 10; confidence and a note if the person likes."""
    actor, patient, now = answers.actor_of(request), own_patient(answers.actor_of(request)), clock.now()
    form = ScaleForm(request.POST)
    if not form.is_valid():
        wrong = "number" if "intensity" in form.errors else "look"
        return _show(request, wrong=wrong, status=422, sent={"scale": own_fields.kept(form, patient.language)})
    data = form.cleaned_data
    return _save(
        request,
        lambda: cravings.log_craving(
            actor=actor,
            patient=patient,
            client_id=data["client_id"],
            intensity=data["intensity"],
            confidence=data["confidence"],
            note=data["note"],
            felt_at=now,
            now=now,
            substance=page_of(patient=patient, now=now).substance.value,
            source=ReportSource.APP.value,
        ),
        done="scale",
    )


@require_http_methods(["GET", "POST"])
@access(Access.OWN_PATIENT)
def moment(request: HttpRequest) -> HttpResponse:
    """GET the short form, POST /me/moment/ - a trigger that was met."""
    actor, patient, now = answers.actor_of(request), own_patient(answers.actor_of(request)), clock.now()
    if request.method == "GET":
        return _show(request, template="recovery/own_moment.html")
    form = MomentForm(request.POST)
    if not form.is_valid():
        wrong = "choose" if {"origin", "kind"} & set(form.errors) else "look"
        return _show(
            request,
            template="recovery/own_moment.html",
            wrong=wrong,
            status=422,
            sent={"moment": own_fields.kept(form, patient.language)},
        )
    data = form.cleaned_data
    return _save(
        request,
        lambda: journal.add_trigger(
            actor=actor,
            patient=patient,
            client_id=data["client_id"],
            origin=data["origin"],
            kind=data["kind"],
            intensity=data["intensity"],
            tag=data["tag"],
            tried=data["tried"],
            helped=data["helped"],
            note=data["note"],
            happened_at=now,
            now=now,
        ),
        done="moment",
    )


def _save(request: HttpRequest, act: Any, *, done: str) -> HttpResponse:
    """Do it and show the page again; the same id with other words means that the first one stands."""
    try:
        act()
    except NotFound:
        raise
    except IdReused:
        done = "known"
    except DomainError:
        return _show(request, wrong="again", status=422)
    target = f"{reverse('own')}?done={done}"
    if not answers.is_fragment(request):
        return HttpResponseRedirect(target)
    if done == "moment":
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return _show(request, done=done)


def _show(
    request: HttpRequest,
    *,
    template: str = "recovery/own.html",
    done: str = "",
    wrong: str = "",
    status: int = 200,
    sent: dict[str, Any] | None = None,
) -> HttpResponse:
    actor, now = answers.actor_of(request), clock.now()
    patient = own_patient(actor)
    page = page_of(patient=patient, now=now)
    audit.record(
        actor=actor,
        action="own_page.read",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )
    context = own_context(page) | {
        "f": sent or {},
        "body_asks": asks_something(patient=patient, today=page.today.calendar_day),
        "questions": own_questions.waiting(patient, now),
        "q": QUESTION_TEXTS.get(page.today.language) or QUESTION_TEXTS["en"],
        "done": own_words.DONE.get(page.today.language, {}).get(done, ""),
        "wrong": own_words.WRONG.get(page.today.language, {}).get(wrong, ""),
    }
    if answers.is_fragment(request):
        template = template.replace("recovery/", "recovery/_")
    return answers.private(render(request, template, context, status=status))


def _notices(page: OwnPage) -> dict[str, Any]:
    """What live concerns say, each button once. A visit whose date passed says so itself."""
    today, phone = page.today, page.today.clinic_phone
    said = today.next_visit.words if today.next_visit else ""
    shown = [notice for notice in today.notices if notice.words != said]
    return {
        "notices": [notice.words.replace(phone, own_words.phone_shown(phone)) for notice in shown]
        if phone
        else [notice.words for notice in shown],
        "steps": list(dict.fromkeys(notice.next_step.value for notice in shown)),
    }


def own_context(page: OwnPage) -> dict[str, Any]:
    """The page in the words of its language."""
    language, zone = page.today.language, page.today.zone
    words = language if language in own_words.TEXTS else "en"
    t = {**own_words.TEXTS[words], **happened_words.TEXTS[words]}
    visit = page.today.next_visit
    return {
        "language": language,
        "t": t,
        "day": own_words.day(page.today.day, language),
        "doses": [
            {
                "id": dose.id,
                "time": own_words.clock_time(dose.due_at, zone, language),
                "words": dose.words,
                "state": dose.state.value,
                "answered": dose.state in ANSWERED,
                "said_yes": dose.state is DoseState.TAKEN,
                "can_answer": dose.can_report,
                "held": dose.state is DoseState.HELD,
                "client_id": uuid4(),
            }
            for dose in page.today.doses
        ],
        "earlier": [
            {
                "id": dose.dose_id,
                "day": own_words.day(dose.day, language),
                "time": own_words.clock_time(dose.due_at, zone, language),
                "client_id": uuid4(),
            }
            for dose in page.earlier
        ],
        "hold": page.today.hold,
        **_notices(page),
        "ask_first": page.today.ask_about_first,
        "first_id": uuid4(),
        "takes_doses": page.takes_doses,
        "when_wanted": page.today.when_wanted,
        "taken_when_wanted": page.today.taken_when_wanted,
        "wanted_id": uuid4(),
        "in_treatment": page.in_treatment,
        "visit": visit,
        "visit_time": own_words.clock_time(visit.starts_at, zone, language) if visit and visit.starts_at else "",
        "phone": page.today.clinic_phone,
        "phone_shown": own_words.phone_shown(page.today.clinic_phone),
        "clinic": page.neutral_name,
        "has_988": page.country == "US",
        "scale": [str(number) for number in range(11)],
        "scale_id": uuid4(),
        "moment_id": uuid4(),
        "origins": [(each.value, t[f"origin_{each.value}"]) for each in TriggerOrigin],
        "kinds": [(each.value, t[f"kind_{each.value}"]) for each in TriggerKind],
        "tags": [(tag.code, tag.words[Language(language)]) for tag in TRIGGER_TAGS.values()],
        "skills": [(skill.code, skill.title[Language(language)]) for skill in COPING.values()],
        "reasons": own_words.reasons(language),
    }
