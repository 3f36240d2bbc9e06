"""The patient's own page "Something happened": a fixed list, and at once the answer that belongs to it (S 4)."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from backend import clock
from backend.access import access
from backend.errors import DomainError, IdReused, NotFound
from backend.rules.roles import Access
from backend.services import audit
from recovery.rules.facts import DETAILS, FactKind, TabletsGone
from recovery.rules.states import ReportSource
from recovery.selectors.access import own_patient
from recovery.selectors.safety import own_hold, statements_shown
from recovery.services.statements import FactStatement, state_fact
from recovery.web import answers, happened_words, own_fields, own_words
from recovery.web.forms import NOTE_LENGTH

# The question of day 2 has its own place on the page.
OFFERED = [kind for kind in happened_words.CHOICES if kind is not FactKind.WELL_AFTER_DOSE]


class HappenedForm(forms.Form):
    """What happened, and the closed answers that go with it. Answers to other choices are left aside."""

    client_id = forms.UUIDField()
    kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in FactKind])
    medicine = forms.CharField(required=False, max_length=120)
    taken = forms.ChoiceField(required=False, choices=[("", ""), ("yes", "yes"), ("no", "no")])
    how = forms.ChoiceField(required=False, choices=[("", ""), *[(each.value, each.value) for each in TabletsGone]])
    hard_to_breathe = forms.ChoiceField(required=False, choices=[("", ""), ("yes", "yes"), ("no", "no")])
    fever = forms.ChoiceField(required=False, choices=[("", ""), ("yes", "yes"), ("no", "no")])
    note = forms.CharField(required=False, max_length=NOTE_LENGTH)

    def statement(self, *, source: ReportSource) -> FactStatement:
        """Only what belongs to the choice: nobody is refused for a field they left filled."""
        data = self.cleaned_data
        kind = FactKind(data["kind"])
        return FactStatement(
            client_id=data["client_id"],
            kind=kind.value,
            source=source.value,
            details={name: data[name] for name in DETAILS.get(kind, {}) if data[name]},
            medicine=data["medicine"].strip() if kind is FactKind.NEW_MEDICINE else "",
            note=data["note"],
        )


@require_http_methods(["GET", "POST"])
@access(Access.OWN_PATIENT)
def happened(request: HttpRequest) -> HttpResponse:
    """GET the list, POST /me/happened/ - what happened; the answer stands on the next page."""
    actor = answers.actor_of(request)
    patient, now = own_patient(actor), clock.now()
    if request.method == "GET":
        return _list(request, patient)
    form = HappenedForm(request.POST)
    if not form.is_valid():
        wrong = "choose_one" if "kind" in form.errors else "look"
        return _list(request, patient, wrong=wrong, status=422, form=form)
    try:
        result = state_fact(actor=actor, patient=patient, statement=form.statement(source=ReportSource.APP), now=now)
    except NotFound:
        raise
    except IdReused:
        return _list(request, patient, wrong="again", status=422, form=form)
    except DomainError as refusal:
        wrong = {"medicine": "which", "taken": "which"}.get(refusal.field or "", "again")
        return _list(request, patient, wrong=wrong, status=422, form=form, refusal=refusal)
    number = own_words.phone_shown(patient.program.phone)
    [shown] = statements_shown([result.fact], patient=patient, number=number)
    context = _frame(patient) | {"said": shown, "hold": own_hold(patient=patient, now=now)}
    # No redirect: an answer of safety is read now, also where the next page would not load.
    return answers.private(render(request, "recovery/own_answered.html", context))


_WRONG = {
    "en": {
        "choose_one": "Please choose what happened. Nothing was sent.",
        "which": "Please write which medicine it is, and whether you took it. Nothing was sent.",
        "look": "Please look at what is marked. Nothing was sent.",
        "again": "This was not sent. Please try again, or call us.",
    },
    "es": {
        "choose_one": "Por favor, elija qué pasó. No se envió nada.",
        "which": "Por favor, escriba qué medicamento es y si lo tomó. No se envió nada.",
        "look": "Por favor, mire lo que está marcado. No se envió nada.",
        "again": "Esto no se envió. Intente otra vez o llámenos.",
    },
}


def _list(
    request: HttpRequest,
    patient: Any,
    *,
    wrong: str = "",
    status: int = 200,
    form: HappenedForm | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    actor = answers.actor_of(request)
    audit.record(
        actor=actor,
        action="own_page.read",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )
    frame = _frame(patient)
    place = 0 if frame["language"] == "en" else 1
    context = frame | {
        "choices": [(kind.value, happened_words.CHOICES[kind][place]) for kind in OFFERED],
        "happened_id": uuid4(),
        "f": own_fields.kept(form, frame["language"], refusal=refusal) if form is not None else {},
        "wrong": _WRONG[frame["language"]].get(wrong, ""),
    }
    return answers.private(render(request, "recovery/own_happened.html", context, status=status))


def _frame(patient: Any) -> dict[str, Any]:
    language = patient.language if patient.language in own_words.TEXTS else "en"
    phone = patient.program.phone
    return {
        "language": language,
        "t": {**own_words.TEXTS[language], **happened_words.TEXTS[language]},
        "clinic": patient.program.neutral_name,
        "has_988": patient.program.country == "US",
        "phone": phone,
        "phone_shown": own_words.phone_shown(phone),
    }
