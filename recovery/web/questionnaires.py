"""The staff's page of a patient's questionnaires: scores over time, single answers, filling one in for somebody."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from backend import clock
from backend.access import access
from backend.errors import DomainError, NotFound
from backend.rules.roles import Access
from backend.services import audit
from recovery.rules.instruments.catalogue import INSTRUMENTS
from recovery.rules.instruments.definition import Filler, Instrument, InstrumentKey, Item, Kind, Value, said
from recovery.rules.policy import Policy
from recovery.rules.records import FormStatus
from recovery.rules.words import Language
from recovery.selectors.instruments import (
    FormLine,
    answer_series,
    form_by_id,
    form_for,
    form_lines,
    form_view,
    instrument_of,
    text_numbers,
    worded,
)
from recovery.selectors.policy import policy_for
from recovery.services import instruments
from recovery.web import answers, charts, subpages, words
from recovery.web.question_words import LINES, NAMES, STATUS, band_words

HERE = "questionnaires"
DECLINED = "x"
_EN = Language.ENGLISH


@require_GET
@access(Access.CARE_TEAM)
def page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/questionnaires/ - scores are opened here; single answers are not."""
    head = subpages.head_for(request, patient_id)
    patient, today = head.patient, head.today
    _record(request, patient, "questionnaire.scores_read")
    lines = form_lines(patient=patient)
    policy = policy_for(patient.program_id)
    context = {
        "charts": [*_score_charts(lines, policy, today), *_line_charts(patient, today)],
        "lines": [_line(each, today) for each in lines],
        "fill": [
            (key.value, NAMES[key], each.licence.text_shipped)
            for key, each in INSTRUMENTS.items()
            if Filler.STAFF in each.filled_by
        ],
    }
    return subpages.show(request, "recovery/questionnaires.html", head, context, here=HERE)


def _score_charts(lines: Sequence[FormLine], policy: Policy, today: date) -> list[dict[str, Any]]:
    cuts = {
        InstrumentKey.PHQ2: policy.phq2_at,
        InstrumentKey.PHQ9: policy.phq9_moderate_at,
        InstrumentKey.AUDIT_C: policy.audit_c_at_men,
        InstrumentKey.PACS: policy.pacs_raised_at,
    }
    found = []
    for key, cut in cuts.items():
        points = [(each.on, each.total) for each in lines if each.instrument.key is key and each.total is not None]
        if points:
            top = next(each.of for each in lines if each.instrument.key is key and each.of) or 1
            found.append(_chart(NAMES[key], points, top=top, cut=cut, today=today))
    return found


def _line_charts(patient: Any, today: date) -> list[dict[str, Any]]:
    found = []
    for key, names in LINES.items():
        series = answer_series(patient=patient, instrument=key, items=names)
        for item, name in names.items():
            points = series[item]
            if points:
                high = INSTRUMENTS[key].item(item).high
                top = high if high <= 30 else max(10, max(value for _, value in points))
                found.append(_chart(name, points, top=top, cut=None, today=today))
    return found


def _chart(name: str, points: Sequence[tuple[date, int]], *, top: int, cut: int | None, today: date) -> dict[str, Any]:
    ordered = sorted(points)
    return {
        "name": name,
        "chart": charts.score_chart(ordered, top=top, cut=cut, today=today),
        "rows": [(words.date_words(on, today=today), value) for on, value in reversed(ordered)],
        "top": top,
        "cut": cut,
    }


def _line(each: FormLine, today: date) -> dict[str, Any]:
    key = each.instrument.key
    total = "" if each.total is None else f"{each.total} of {each.of}"
    band = band_words(key, each.band, each.parts)
    score = ", ".join(part for part in (total, band) if part)
    if not score and each.status is FormStatus.FINISHED and each.instrument.key not in LINES:
        score = "no score: an item has no answer"
    begun = each.status not in (FormStatus.DUE,)
    return {
        "id": each.form_id,
        "name": NAMES[key],
        "on": words.date_words(each.on, today=today),
        "status": STATUS[each.status],
        "score": score,
        "by": each.by_name or {"patient": "patient", "staff": "staff"}.get(each.filled_by, ""),
        "language": "" if each.language == "en" else "Spanish",
        "begun": begun,
        "safety": each.had_safety_answer,
        "go_on": each.status is FormStatus.STARTED and each.filled_by == Filler.STAFF.value,
        "client_id": each.client_id,
        "instrument": key.value,
        "waits": each.status is FormStatus.DUE and Filler.STAFF in each.instrument.filled_by,
    }


@require_GET
@access(Access.CARE_TEAM)
def one(request: HttpRequest, patient_id: int, form_id: int) -> HttpResponse:
    """GET /care/patients/{id}/questionnaires/{form}/ - single answers; the read stands in the audit by itself."""
    head = subpages.head_for(request, patient_id)
    form = form_by_id(patient=head.patient, form_id=form_id)
    _record(request, head.patient, "questionnaire.answers_read", form.pk)
    view = form_view(form, patient=head.patient)
    rows = []
    for item in view.items:
        value = view.answers.get(item.key)
        if item.key not in view.answers:
            told = "no answer"
        elif value is None:
            told = "would rather not say"
        else:
            told = view.words({_EN: item.says(value, view.language)})
        number = f"{value}" if isinstance(value, int) and item.options else ""
        rows.append({"text": view.words(item.text), "hint": "", "told": told, "number": number})
    instrument = view.instrument
    context = {
        "name": NAMES[instrument.key],
        "intro": view.words(instrument.intro),
        "rows": rows,
        "form_language": view.language.value,
        "status": STATUS[FormStatus(form.status)],
        "on": words.date_words(form.due_on, today=head.today),
        "licence": instrument.licence,
        "safety_at": "" if form.safety_at is None else words.clock_time(form.safety_at, head.zone),
    }
    return subpages.show(request, "recovery/questionnaire.html", head, context, here=HERE)


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def fill(request: HttpRequest, patient_id: int, instrument: str) -> HttpResponse:
    """GET the questions, POST /care/patients/{id}/questionnaires/fill/{instrument}/ - staff enter what was answered."""
    head = subpages.head_for(request, patient_id)
    found = instrument_of(instrument)
    if Filler.STAFF not in found.filled_by:
        raise Http404
    client_id, given = _begun(request, head.patient, found)
    numbers = text_numbers(policy_for(head.patient.program_id))
    wrong, field, status = "", "", 200
    if request.method == "POST":
        try:
            given = _given(request, found)
            form = instruments.record_form(
                actor=answers.actor_of(request),
                patient=head.patient,
                client_id=client_id,
                instrument=found.key.value,
                answers=given,
                now=clock.now(),
            )
        except NotFound:
            raise
        except DomainError as refusal:
            wrong, field, status = refusal.message, refusal.field or "", 422
        else:
            done = "questionnaire" if form.status == FormStatus.FINISHED.value else "questionnaire-open"
            return HttpResponseRedirect(f"{reverse(HERE, args=[patient_id])}?done={done}")
    context = {
        "name": NAMES[found.key],
        "licence": found.licence,
        "client_id": client_id,
        "intro": worded(found.intro, _EN, numbers),
        "items": [_field(item, given, numbers, wrong=wrong if item.key == field else "") for item in found.items],
        "wrong": wrong,
    }
    response = subpages.show(request, "recovery/questionnaire_fill.html", head, context, here=HERE)
    response.status_code = status
    return response


def _begun(request: HttpRequest, patient: Any, instrument: Instrument) -> tuple[UUID, dict[str, Value]]:
    """The id of the form that is filled, and what it has already."""
    text = request.POST.get("client_id") or request.GET.get("form") or ""
    try:
        client_id = UUID(text)
    except ValueError:
        return uuid4(), {}
    if request.method == "POST":
        return client_id, {}
    form = form_for(patient=patient, client_id=client_id)
    if form.instrument != instrument.key.value or form.filled_by == Filler.PATIENT.value:
        raise NotFound
    return client_id, dict(form_view(form, patient=patient).answers)


def _given(request: HttpRequest, instrument: Instrument) -> dict[str, Value]:
    """What the page sent; items that were left open are absent. Raises BadAnswer."""
    found: dict[str, Value] = {}
    for item in instrument.items:
        text = request.POST.get(f"i-{item.key}", "").strip()
        if not text:
            continue
        if item.kind is Kind.TEXT:
            found[item.key] = text
        elif text == DECLINED:
            found[item.key] = None
        elif text.isascii() and text.isdigit() and len(text) < 6:
            found[item.key] = int(text)
        else:
            raise instruments.BadAnswer("A whole number, please.", field=item.key)
    return found


def _field(item: Item, given: dict[str, Value], numbers: dict[str, int], *, wrong: str) -> dict[str, Any]:
    value = given.get(item.key)
    if item.kind is Kind.CHOICE:
        choices = [(str(option.value), worded(option.text, _EN, numbers)) for option in item.options]
    elif item.kind is Kind.SCALE:
        choices = [(str(number), str(number)) for number in range(item.low, item.high + 1)]
    else:
        choices = []
    return {
        "key": item.key,
        "text": worded(item.text, _EN, numbers),
        "hint": said(item.hint, _EN),
        "kind": item.kind.value,
        "choices": choices,
        "high": item.high,
        "value": DECLINED if item.key in given and value is None else "" if value is None else str(value),
        "conditional": item.only_if is not None,
        "wrong": wrong,
    }


def _record(request: HttpRequest, patient: Any, action: str, form_id: int | None = None) -> None:
    audit.record(
        actor=answers.actor_of(request),
        action=action,
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="questionnaire",
        object_id=form_id,
    )
