"""What lies ahead, on a phone: procedures, the next blood test, and whether naloxone is at hand."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import access
from backend.errors import DomainError, NotFound
from backend.rules.roles import Access
from recovery.rules.procedures import ProcedureKind, procedure_words
from recovery.rules.reversal import HasIt
from recovery.rules.states import Indication, OpioidHistory, ReportSource, counts_as_opioid
from recovery.rules.words import Language
from recovery.selectors.access import own_patient
from recovery.selectors.checks import own_tests
from recovery.selectors.learning import modules_of, takes_blocker
from recovery.selectors.patient_head import patient_head
from recovery.services.procedures import NewProcedure, plan_procedure
from recovery.services.reversal import NewReversal, record_reversal
from recovery.web import answers, own_fields, own_frame, own_words
from recovery.web.own_forms import AtHandForm, ProcedureForm


@require_GET
@access(Access.OWN_PATIENT)
def ahead_page(request: HttpRequest) -> HttpResponse:
    """GET /me/ahead/"""
    return _show(request)


@require_POST
@access(Access.OWN_PATIENT)
def ahead_act(request: HttpRequest, act: str) -> HttpResponse:
    """POST /me/ahead/{procedure, at-hand}/ - one form of the page."""
    handler = _ACTS.get(act)
    if handler is None:
        raise NotFound
    return handler(request)


def _procedure(request: HttpRequest) -> HttpResponse:
    form = ProcedureForm(request.POST)

    def save(by: dict[str, Any]) -> object:
        return plan_procedure(**by, procedure=NewProcedure(source=ReportSource.APP.value, **form.cleaned_data))

    return _do(request, "procedure", form, save)


def _at_hand(request: HttpRequest) -> HttpResponse:
    form = AtHandForm(request.POST)

    def save(by: dict[str, Any]) -> object:
        return record_reversal(**by, answer=NewReversal(source=ReportSource.APP.value, **form.cleaned_data))

    return _do(request, "at_hand", form, save)


_ACTS: dict[str, Callable[[HttpRequest], HttpResponse]] = {"procedure": _procedure, "at-hand": _at_hand}


def _do(request: HttpRequest, name: str, form: forms.Form, save: Callable[[dict[str, Any]], object]) -> HttpResponse:
    actor = answers.actor_of(request)
    patient = own_patient(actor)
    by = {"actor": actor, "patient": patient, "now": clock.now()}

    def again(refusal: DomainError | None = None) -> HttpResponse:
        return _show(request, sent={name: own_fields.kept(form, patient.language, refusal=refusal)}, status=422)

    if not form.is_valid():
        return again()
    return own_frame.saved(lambda: save(by), route="own-ahead", done=name, again=again)


def _show(request: HttpRequest, *, sent: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    patient = own_patient(answers.actor_of(request))
    head = patient_head(patient=patient, now=clock.now())
    words, language = own_frame.words_of(patient), patient.language
    shown = own_tests(patient=patient, treatment=head.treatment, key=head.key, today=head.today)
    last = shown.reversal
    context = {
        "f": sent or {},
        "today": head.today.isoformat(),
        "procedure_id": uuid4(),
        "at_hand_id": uuid4(),
        "still_id": uuid4(),
        "blood_test": own_words.day_and_year(shown.lab_due_on, language) if shown.lab_due_on else "",
        "blood_test_passed": shown.lab_due_on is not None and shown.lab_due_on < head.today,
        "procedures": [
            {
                "what": procedure_words(ProcedureKind(each.kind), Language(language)),
                "on": own_words.day_and_year(each.planned_on, language),
                "from": own_words.day_and_year(each.hold_from, language) if each.hold_from else "",
                "note": each.note,
            }
            for each in shown.procedures
        ],
        "kinds": [(kind.value, procedure_words(kind, Language(language))) for kind in ProcedureKind],
        "has_card": takes_blocker(patient),
        "asks_at_hand": counts_as_opioid(Indication(patient.indication), OpioidHistory(patient.opioid_history)),
        "can_read": any(module.code == "overdose" for module in modules_of(patient)),
        "has_choices": [(each.value, words[f"has_{each.value}"]) for each in HasIt],
        "last": {
            "said": words[f"has_said_{last.has_it}"],
            "on": own_words.day(last.on_day, language),
            "expires": own_words.day_and_year(last.expires_on, language) if last.expires_on else "",
            "expires_on": last.expires_on.isoformat() if last.expires_on else "",
            "is_over": last.expires_on is not None and last.expires_on <= head.today,
            "still": last.has_it == HasIt.YES.value,
        }
        if last
        else None,
        "phone": patient.program.phone,
        "phone_shown": own_words.phone_shown(patient.program.phone),
    }
    return own_frame.show(
        request,
        patient,
        "recovery/own_ahead.html",
        context,
        here="own-ahead",
        wrong="again" if sent else "",
        status=status,
    )
