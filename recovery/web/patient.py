"""The staff's page of one patient, and what staff record there. Every read is audited."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend import clock
from backend.access import access
from backend.errors import DomainError, NotFound
from backend.rules.roles import Access
from recovery.rules.medicines import GIVEN_AT_VISITS
from recovery.rules.states import ReportSource
from recovery.rules.triggers import trigger_words
from recovery.selectors.access import patient_for
from recovery.selectors.patient_page import STRIP_WEEKS, DoseView, PatientPage
from recovery.selectors.patient_page import patient_page as page_of
from recovery.selectors.worklist import worklist_rows
from recovery.services import doses, flags, injections
from recovery.services.patients import read_patient
from recovery.web import answers, charts, subpages, words
from recovery.web.forms import ContactForm, DoseForm, InjectionForm, client_id, local_today
from recovery.web.people_words import reach_words
from recovery.web.rows import shown_rows
from recovery.web.tasks import shown_tasks

INJECTED = [each.value for each in GIVEN_AT_VISITS]


@require_GET
@access(Access.CARE_TEAM)
def patient_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/"""
    page = _page(request, patient_id)
    context = _context(request, page)
    notice = answers.done_notice(request)
    told = [words.WARNING[code] for code in request.GET.getlist("warn") if code in words.WARNING]
    return answers.private(render(request, "recovery/patient.html", context | {"notice": notice, "told": told}))


@require_GET
@access(Access.CARE_TEAM)
def patient_flags(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/flags/ - the flags of the page alone, after one of them changed."""
    actor, now = answers.actor_of(request), clock.now()
    patient = patient_for(actor, patient_id=patient_id)
    rows = worklist_rows(program_ids=[patient.program_id], now=now, viewer=actor, patient_id=patient.pk)
    answers.record_rows_read(actor, rows, action="worklist.read")
    context = {"rows": shown_rows(rows, now=now, several_programs=False), "patient_id": patient.pk}
    context["epoch"] = int(now.timestamp())
    return answers.private(render(request, "recovery/_patient_flags.html", context))


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def record_dose(request: HttpRequest, patient_id: int, dose_id: int) -> HttpResponse:
    """GET the form, POST /care/patients/{id}/doses/{id}/ - what was said about a dose nobody reported."""
    page, now = _page(request, patient_id), clock.now()
    dose = _dose(page, dose_id)
    form = DoseForm(
        answers.sent(request),
        auto_id=f"d{dose_id}-%s",
        initial={"client_id": uuid4()},
        due_at=dose.due_at,
        zone=page.zone,
    )
    context = {
        "page": page,
        "form": form,
        "dose": dose,
        "line": charts.dose_line(dose, today=page.today, zone=page.zone),
    }
    if request.method == "GET":
        return answers.private(render(request, "recovery/dose_form.html", context))
    if not form.is_valid():
        return answers.refused(request, "recovery/dose_form.html", "recovery/dose_form.html", context)
    data = form.cleaned_data
    statement = doses.DoseStatement(
        client_id=data["client_id"],
        patient_id=page.patient_id,
        dose_id=dose.dose_id,
        statement=data["statement"].value,
        source=(ReportSource.OBSERVED if data["observed"] else ReportSource.STAFF).value,
        taken_at=data.get("taken_at"),
        note=data["note"],
    )
    try:
        doses.report_doses(actor=answers.actor_of(request), statements=[statement], now=now)
    except NotFound:
        raise
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return answers.refused(request, "recovery/dose_form.html", "recovery/dose_form.html", context)
    return _back(page.patient_id, "dose")


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def record_injection(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET the form, POST /care/patients/{id}/given/ - warnings are told afterwards and never refuse (S 9)."""
    page, now = _page(request, patient_id), clock.now()
    form = _injection_form(page, answers.sent(request))
    context = {"page": page, "form": form, "last": next((i for i in page.injections if not i.voided), None)}
    if request.method == "GET":
        return answers.private(render(request, "recovery/injection_form.html", context))
    template = "recovery/injection_form.html"
    if not form.is_valid():
        return answers.refused(request, template, template, context)
    data = form.cleaned_data
    given = injections.GivenInjection(
        client_id=client_id(form),
        patient_id=page.patient_id,
        given_on=data["given_on"],
        medicine=data["medicine"],
        dose_mg=data["dose_mg"],
        site=data["site"],
        lot=data["lot"],
        lot_expires_on=data["lot_expires_on"],
        needle_inches=data["needle_inches"],
        operator=data["operator"],
        note=data["note"],
        source=ReportSource.STAFF.value,
        verified=data["where"] != "stated",
        given_elsewhere=data["where"] != "here",
        partly_given=data["partly_given"],
    )
    try:
        [result] = injections.record_injections(actor=answers.actor_of(request), injections=[given], now=now)
    except NotFound:
        raise
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return answers.refused(request, template, template, context)
    done = "known" if not result.is_new else "given" if result.next_due_on else "waits"
    return _back(page.patient_id, done, warnings=result.warnings)


@require_POST
@access(Access.CARE_TEAM)
def record_contact(request: HttpRequest, patient_id: int) -> HttpResponse:
    """POST /care/patients/{id}/contact/ - a contact that belongs to no flag."""
    actor = answers.actor_of(request)
    form = ContactForm(request.POST, auto_id="contact-%s")
    if not form.is_valid():
        context = _context(request, _page(request, patient_id)) | {"contact_form": form}
        return answers.refused(request, "recovery/patient.html", "recovery/patient.html", context)
    patient = patient_for(actor, patient_id=patient_id)
    data = form.cleaned_data
    flags.record_outreach(
        actor=actor,
        program_id=patient.program_id,
        patient_id=patient.pk,
        outreach=flags.NewOutreach(channel=data["channel"].value, outcome=data["result"].value, note=data["note"]),
        now=clock.now(),
    )
    return _back(patient.pk, "contact")


def _page(request: HttpRequest, patient_id: int) -> PatientPage:
    """The page's facts, with the entry in the audit that they were read."""
    actor = answers.actor_of(request)
    patient = read_patient(actor=actor, patient_id=patient_id)
    return page_of(patient=patient, now=clock.now(), viewer=actor)


def _dose(page: PatientPage, dose_id: int) -> DoseView:
    for dose in page.doses:
        if dose.dose_id == dose_id:
            return dose
    raise NotFound


def _injection_form(page: PatientPage, data: Any) -> InjectionForm:
    last = next((each for each in page.injections if not each.voided), None)
    planned = [each.medicine for each in page.regimens if each.medicine in INJECTED]
    likely = list(dict.fromkeys([*planned, *([last.medicine] if last else [])]))
    others = [code for code in INJECTED if code not in likely]
    return InjectionForm(
        data,
        auto_id="given-%s",
        medicines=[(code, words.plain(code)) for code in likely],
        others=[(code, words.plain(code)) for code in others],
        today=local_today(page.local_now, page.zone),
        initial={
            "client_id": uuid4(),
            "given_on": local_today(page.local_now, page.zone),
            "medicine": (likely or others)[0],
            "dose_mg": f"{last.dose_mg.normalize():f}" if last else None,
            "needle_inches": last.needle_inches if last else None,
            "where": "here",
        },
    )


def _back(patient_id: int, done: str, *, warnings: list[str] | None = None) -> HttpResponse:
    query = [("done", done), *(("warn", str(code)) for code in warnings or [])]
    return HttpResponseRedirect(f"{reverse('patient', args=[patient_id])}?{urlencode(query)}")


def _context(request: HttpRequest, page: PatientPage) -> dict[str, Any]:
    now, zone, today = clock.now(), page.zone, page.today
    strip = charts.dose_strip(page.doses, first=page.strip_from, weeks=STRIP_WEEKS, today=today, zone=zone)
    chart = charts.craving_chart(page.cravings, first=page.chart_from, today=today, usual=page.usual_craving, zone=zone)
    return {
        "page": page,
        "epoch": int(now.timestamp()),
        "title_name": page.name or f"Record {page.number}",
        "local_time": words.clock_time(page.local_now, zone),
        "phone_shown": words.phone_shown(page.phone),
        "language_name": words.said(words.LANGUAGE, page.language),
        "status": words.said(words.PATIENT_STATUS, page.status),
        "rows": shown_rows(page.flags, now=now, several_programs=False),
        "tasks": shown_tasks(page.tasks, now=now),
        "patient_id": page.patient_id,
        "pages": subpages.PAGES,
        "page_here": "patient",
        "strip": strip,
        "dose_table": [_dose_line(dose, page) for dose in reversed(page.doses) if dose.due_at <= now],
        "open_doses": [_dose_line(dose, page) for dose in page.not_reported[:3]],
        "differing": [_dose_line(dose, page) for dose in page.doses if dose.says],
        "chart": chart,
        "readings": [
            {
                "when": words.when(each.felt_at, now=now, zone=zone),
                "value": each.intensity,
                "confidence": each.confidence,
                "note": each.note,
            }
            for each in reversed(page.cravings)
        ],
        "cover": _cover_words(page),
        "unprotected": words.when(page.unprotected_since, now=now, zone=zone) if page.unprotected_since else "",
        "unprotected_is_past": page.unprotected_since is not None and page.unprotected_since <= now,
        "regimens": [
            {"name": words.plain(each.medicine), "since": words.date_words(each.starts_on, today=today)}
            for each in page.regimens
        ],
        "takes_injections": any(each.medicine in INJECTED for each in page.regimens) or bool(page.injections),
        "injections": [_injection_words(each, page) for each in page.injections],
        "upcoming": [_visit_words(each, page) for each in page.upcoming],
        "past_visits": [_visit_words(each, page) for each in page.past_visits],
        "triggers": [
            {
                "when": words.when(each.happened_at, now=now, zone=zone),
                "what": f"{words.said(words.TRIGGER_KIND, each.kind)}, {words.said(words.ORIGIN, each.origin)}",
                "strength": each.intensity,
                "note": each.note or (trigger_words(each.tag) if each.tag else ""),
            }
            for each in page.triggers
        ],
        "contacts": [
            {
                "when": words.when(each.at, now=now, zone=page.program_zone),
                "what": f"{words.said(words.CHANNEL, each.channel)}: {words.said(words.REACHED, each.outcome)}",
                "by": each.by_name,
                "note": each.note,
            }
            for each in page.outreach
        ],
        "closed_flags": [
            {
                "sentence": each.sentence,
                "when": words.when(each.closed_at, now=now, zone=page.program_zone),
                "outcome": words.said(words.ENDED, each.outcome),
                "by": each.closed_by,
                "note": each.note,
            }
            for each in page.closed_flags
        ],
        "reach": reach_words(page.reach),
        "contact_form": ContactForm(auto_id="contact-%s"),
        "messages_url": f"/care/patients/{page.patient_id}/messages/",
    }


def _dose_line(dose: DoseView, page: PatientPage) -> dict[str, Any]:
    return {
        "id": dose.dose_id,
        "day": words.day_name(dose.day, today=page.today),
        "time": words.clock_time(dose.due_at, page.zone),
        "state": words.DOSE[dose.state],
        "late": dose.timeliness == "late",
        "source": words.said(words.SOURCE, dose.source) if dose.source else "",
        "says": [f"{words.said(words.SOURCE, each.source)}: {words.DOSE[each.state]}" for each in dose.says],
    }


def _cover_words(page: PatientPage) -> dict[str, Any] | None:
    if page.cover is None:
        return None
    found = page.cover
    today = local_today(page.local_now, page.zone)
    left = (found.next_due_on - today).days
    if left > 0:
        due = f"in {left} days" if left > 1 else "tomorrow"
    else:
        due = "today" if left == 0 else f"{-left} day{'s' if left < -1 else ''} ago"
    return {
        "words": words.BAND[found.band],
        "is_late": found.band.is_late,
        "dsl": found.dsl,
        "given": words.date_words(found.given_on, today=today),
        "due_on": words.date_words(found.next_due_on, today=today),
        "due": due,
        "ends": words.date_words(found.ends_on - timedelta(days=1), today=today),
        "bar": min(100, round(found.dsl / 56 * 100)),
    }


def _injection_words(given: Any, page: PatientPage) -> dict[str, Any]:
    today = page.today
    details = [
        words.plain(given.medicine),
        f"{given.dose_mg.normalize():f} mg",
        {"left": "left side", "right": "right side"}.get(given.site, ""),
        f"lot {given.lot}" if given.lot else "",
        f"lot expires {words.date_words(given.lot_expires_on, today=today)}" if given.lot_expires_on else "",
        f"needle {given.needle_inches.normalize():f} in" if given.needle_inches else "",
        f"given by {given.operator}" if given.operator else "",
    ]
    return {
        "on": words.date_words(given.given_on, today=today),
        "details": ", ".join(part for part in details if part),
        "warnings": [words.said(words.WARNING, code) for code in given.warnings],
        "unverified": not given.verified,
        "voided": given.voided,
        "note": given.note,
        "by": given.recorded_by,
    }


def _visit_words(visit: Any, page: PatientPage) -> dict[str, str]:
    today = local_today(page.local_now, page.zone)
    at = f", {words.clock_time(visit.starts_at, page.zone)}" if visit.starts_at else ""
    return {
        "on": words.day_name(visit.due_on, today=today) + at,
        "kind": words.said(words.VISIT_KIND, visit.kind),
        "status": words.said(words.VISIT_STATUS, visit.status),
    }
