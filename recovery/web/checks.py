"""The staff's page of tests: labs, urine screens, challenges, procedures, reversal agent."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import access
from backend.errors import Conflict, DomainError, NotFound
from backend.rules.roles import PRESCRIBER_ROLES, Access
from recovery.selectors.checks import LabView, ProcedureView, ScreenView, TestsPage, tests_page
from recovery.selectors.patient_head import PatientHead
from recovery.services.labs import record_labs, review_lab, void_lab
from recovery.services.procedures import end_procedure, plan_procedure, set_hold_day
from recovery.services.recorded import VOIDABLE, void_noun
from recovery.services.reversal import record_reversal
from recovery.services.screens import read_screen_as, record_challenge, record_screen, void_challenge, void_screen
from recovery.web import answers, subpages, words
from recovery.web import checks_words as say
from recovery.web.checks_forms import ChallengeForm, HoldDayForm, LabForm, ProcedureForm, ReversalForm, ScreenForm

NOUNS = ("labs", "screens", "challenges", "procedures", "reversal")
FORM_OF: dict[str, Any] = {
    "labs": LabForm,
    "screens": ScreenForm,
    "challenges": ChallengeForm,
    "procedures": ProcedureForm,
    "reversal": ReversalForm,
}


@require_GET
@access(Access.CARE_TEAM)
def tests(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/tests/"""
    head = subpages.head_for(request, patient_id)
    return _show(request, head, {})


@require_POST
@access(Access.CARE_TEAM)
def record(request: HttpRequest, patient_id: int, noun: str) -> HttpResponse:
    """POST /care/patients/{id}/tests/{noun}/ - one new entry; a form that was sent twice is stored once."""
    if noun not in NOUNS:
        raise Http404
    head = subpages.head_for(request, patient_id)
    form = _forms(_page(head), {noun: request.POST})[noun]
    by: dict[str, Any] = {"actor": answers.actor_of(request), "patient": head.patient, "now": clock.now()}
    store: dict[str, Callable[[], object]] = {
        "labs": lambda: record_labs(results=form.results(), **by),
        "screens": lambda: record_screen(screen=form.screen(), **by),
        "challenges": lambda: record_challenge(challenge=form.challenge(), **by),
        "procedures": lambda: plan_procedure(procedure=form.procedure(), **by),
        "reversal": lambda: record_reversal(answer=form.answer(), **by),
    }
    if not answers.accepted(form, store[noun]):
        return _show(request, head, {noun: form}, status=422)
    return subpages.back(head.patient.pk, here="patient-tests", done="dose")


@require_POST
@access(Access.CARE_TEAM)
def act(request: HttpRequest, patient_id: int, noun: str, entry_id: int, what: str) -> HttpResponse:
    """POST /care/patients/{id}/tests/{noun}/{entry}/{what}/ - read, review, plan the hold, end, or void an entry."""
    head = subpages.head_for(request, patient_id)
    by: dict[str, Any] = {"actor": answers.actor_of(request), "patient": head.patient, "now": clock.now()}
    said = request.POST.get("said", "")
    acts: dict[tuple[str, str], Callable[[], object]] = {
        ("labs", "review"): lambda: review_lab(entry_id=entry_id, **by),
        ("labs", "void"): lambda: void_lab(entry_id=entry_id, **by),
        ("screens", "read"): lambda: read_screen_as(entry_id=entry_id, reading=said, **by),
        ("screens", "void"): lambda: void_screen(entry_id=entry_id, **by),
        ("challenges", "void"): lambda: void_challenge(entry_id=entry_id, **by),
        ("procedures", "end"): lambda: end_procedure(entry_id=entry_id, status=said, **by),
        ("procedures", "hold"): lambda: set_hold_day(entry_id=entry_id, hold_from=_day(request), **by),
    }
    if what == "void" and noun in VOIDABLE:
        acts.setdefault((noun, "void"), lambda: void_noun(noun=noun, entry_id=entry_id, **by))
    if (noun, what) not in acts:
        raise Http404
    try:
        acts[noun, what]()
    except (NotFound, Conflict):
        raise
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        return _show(request, head, {}, refused=refusal.message, status=422)
    return subpages.back(head.patient.pk, here="patient-tests", done="dose")


def _day(request: HttpRequest) -> date:
    form = HoldDayForm(request.POST)
    if not form.is_valid():
        raise DomainError("Choose the day on which the hold begins.", field="hold_from")
    day: date = form.cleaned_data["hold_from"]
    return day


def _page(head: PatientHead) -> TestsPage:
    return tests_page(patient=head.patient, treatment=head.treatment, key=head.key, today=head.today)


def _forms(page: TestsPage, sent: dict[str, Any]) -> dict[str, Any]:
    confirmable = [
        (each.entry_id, str(each.taken_on)) for each in page.screens if each.stage == "presumptive" and not each.voided
    ]
    more: dict[str, dict[str, Any]] = {"screens": {"confirmable": confirmable}}
    return {noun: FORM_OF[noun](sent.get(noun), auto_id=f"{noun}-%s", **more.get(noun, {})) for noun in NOUNS}


def _show(
    request: HttpRequest, head: PatientHead, bound: dict[str, Any], *, refused: str = "", status: int = 200
) -> HttpResponse:
    page, today = _page(head), head.today
    actor = answers.actor_of(request)
    context = {
        "form": _forms(page, {}) | bound,
        "refused": refused,
        "prescribes": bool(actor.roles.get(head.patient.program_id, frozenset()) & PRESCRIBER_ROLES),
        "due": None if page.due is None else (words.date_words(page.due.due_on, today=today), page.due.overdue),
        "labs": [_lab(each, today) for each in page.labs],
        "screens": [_screen(each, today) for each in page.screens],
        "open_analytes": ", ".join(say.ANALYTE[each].lower() for each in page.open_analytes),
        "challenges": [
            {
                "when": words.date_words(row.done_on, today=today),
                "result": words.said(say.CHALLENGE, row.result),
                "route": words.said(say.ROUTE, row.route),
                "repeat": words.date_words(row.repeat_on, today=today) if row.repeat_on else "",
                "voided": row.voided_at is not None,
                "id": row.pk,
            }
            for row in page.challenges
        ],
        "procedures": [_procedure(each, today) for each in page.procedures],
        "reversal": [
            {
                "when": words.date_words(row.on_day, today=today),
                "has_it": words.said(say.HAS_IT, row.has_it),
                "expires": words.date_words(row.expires_on, today=today) if row.expires_on else "",
                "offered": row.offered,
                "trained": row.trained,
                "who": who,
            }
            for row, who in page.reversal
        ],
        "readings": [(str(code), text) for code, text in say.READING.items()],
    }
    response = subpages.show(request, "recovery/tests.html", head, context, here="patient-tests")
    response.status_code = status
    return response


def _lab(each: LabView, today: date) -> dict[str, Any]:
    limit = "" if each.upper_limit is None else f"limit {each.upper_limit.normalize():f}"
    return {
        "id": each.entry_id,
        "when": words.date_words(each.taken_on, today=today),
        "name": say.LAB[each.analyte],
        "value": f"{each.value.normalize():f} {words.said(say.UNIT, each.unit)}",
        "limit": limit,
        "times": "" if each.times is None else f"{each.times:.1f} times",
        "over": each.times is not None and each.times > 1,
        "baseline": each.is_baseline,
        "read": each.reviewed_at is not None,
        "read_by": each.reviewed_by,
        "voided": each.voided,
        "note": each.note,
    }


def _screen(each: ScreenView, today: date) -> dict[str, Any]:
    return {
        "id": each.entry_id,
        "when": words.date_words(each.taken_on, today=today),
        "how": f"{words.said(say.PANEL, each.panel)}, {words.said(say.METHOD, each.method).lower()}",
        "stage": words.said(say.STAGE, each.stage),
        "results": [f"{say.ANALYTE[analyte]} {say.RESULT[result]}" for analyte, result in each.results.items()],
        "to_read": each.has_positive and not each.reading and not each.voided,
        "reading": words.said(say.READING, each.reading) if each.reading else "",
        "read_by": each.read_by,
        "voided": each.voided,
        "note": each.note,
    }


def _procedure(each: ProcedureView, today: date) -> dict[str, Any]:
    return {
        "id": each.entry_id,
        "what": words.said(say.PROCEDURE, each.kind),
        "when": words.date_words(each.planned_on, today=today),
        "expected": words.said(say.EXPECTED, each.opioid_expected),
        "status": words.said(say.PROCEDURE_STATUS, each.status),
        "is_planned": each.status == "planned",
        "hold_from": words.date_words(each.hold_from, today=today) if each.hold_from else "",
        "hold_begun": each.hold_begun,
        "by_patient": each.source == "app",
        "would_hold": [
            f"{words.plain(medicine.value)}: {words.date_words(day, today=today)}" for medicine, day in each.would_hold
        ],
        "note": each.note,
    }
