"""The staff's page about one patient's texts: the number, the check-in, and days without prompts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend.access import Actor, access
from backend.rules.roles import Access
from recovery.rules.prompts import CheckInBy
from recovery.rules.states import ReportSource
from recovery.selectors.patient_head import PatientHead
from recovery.selectors.prompts import wishes_of
from recovery.services.prompts import pause_prompts, resume_prompts, wish_check_in
from recovery.web import subpages, words
from recovery.web.forms import PlainForm, choices
from reminders.selectors.numbers import NumberState, number_state
from reminders.services.numbers import verify

HERE = "patient-texts"
CHECK_IN = {
    CheckInBy.APP.value: "A text says that it is in the app",
    CheckInBy.TEXT.value: "A text asks for one number",
    CheckInBy.NONE.value: "No text about it",
}


class WishForm(PlainForm):
    check_in = forms.ChoiceField(choices=choices(CHECK_IN))
    check_in_at = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


def _day() -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))


class PauseForm(PlainForm):
    client_id = forms.UUIDField(widget=forms.HiddenInput)
    first_day = _day()
    last_day = _day()


class ResumeForm(PlainForm):
    client_id = forms.UUIDField(widget=forms.HiddenInput)


class VerifyForm(PlainForm):
    """That the patient was asked."""

    asked = forms.BooleanField(error_messages={"required": "Ask the patient first, then tick this."})


def _wish(actor: Actor, patient: Any, form: WishForm, now: datetime) -> object:
    data = form.cleaned_data
    return wish_check_in(
        actor=actor,
        patient=patient,
        how=data["check_in"],
        at=data["check_in_at"],
        source=ReportSource.STAFF,
        now=now,
    )


def _pause(actor: Actor, patient: Any, form: PauseForm, now: datetime) -> object:
    return pause_prompts(actor=actor, patient=patient, source=ReportSource.STAFF, now=now, **form.cleaned_data)


def _resume(actor: Actor, patient: Any, form: ResumeForm, now: datetime) -> object:
    return resume_prompts(actor=actor, patient=patient, client_id=form.cleaned_data["client_id"], now=now)


def _verify(actor: Actor, patient: Any, form: VerifyForm, now: datetime) -> None:
    verify(actor=actor, patient=patient, now=now)


ACTS: Mapping[str, subpages.Act] = {
    "check-in": subpages.Act(WishForm, _wish),
    "pause": subpages.Act(PauseForm, _pause),
    "resume": subpages.Act(ResumeForm, _resume),
    "verified": subpages.Act(VerifyForm, _verify),
}


@require_GET
@access(Access.CARE_TEAM)
def texts_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/texts/"""
    return _page(request, subpages.head_for(request, patient_id))


@require_POST
@access(Access.CARE_TEAM)
def texts_act(request: HttpRequest, patient_id: int, act: str) -> HttpResponse:
    """POST /care/patients/{id}/texts/{act}/ - one form of the page. What is wrong is said on the page (422)."""
    return subpages.act(request, patient_id, act, ACTS, _page, here=HERE)


def _page(
    request: HttpRequest, head: PatientHead, *, sent: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    sent = sent or {}
    wishes = wishes_of(patient=head.patient, today=head.today)
    pause = wishes.pause
    context = {
        "number": _number(number_state(patient=head.patient), head),
        "check_in": CHECK_IN[wishes.check_in.value],
        "check_in_at": f"{wishes.check_in_at:%H:%M}" if wishes.check_in is not CheckInBy.NONE else "",
        "wish_form": sent.get("check-in")
        or WishForm(
            auto_id="check-in-%s", initial={"check_in": wishes.check_in.value, "check_in_at": wishes.check_in_at}
        ),
        "pause": pause
        and {
            "first": words.date_words(pause.first_day, today=head.today),
            "last": words.date_words(pause.last_day, today=head.today),
            "form": ResumeForm(auto_id="resume-%s", initial={"client_id": pause.client_id}),
        },
        "pause_form": sent.get("pause") or PauseForm(auto_id="pause-%s", initial={"client_id": uuid4()}),
        "verify_form": sent.get("verified") or VerifyForm(auto_id="verified-%s"),
        "wrong": [
            error
            for act, form in sent.items()
            for name, errors in form.errors.items()
            for error in errors
            if name == "__all__" or act == "resume"
        ],
    }
    answer = subpages.show(request, "reminders/patient_texts.html", head, context, here=HERE)
    answer.status_code = status
    return answer


def _number(state: NumberState, head: PatientHead) -> dict[str, Any]:
    lines = []
    if not state.has_number:
        lines.append("No number is known.")
    if not state.agreed:
        lines.append("There is no consent to texts.")
    if state.stopped_at is not None:
        lines.append(f"Opted out on {words.date_words(state.stopped_at.date(), today=head.today)}.")
    if state.bad_since is not None:
        lines.append(f"Texts have not arrived since {words.date_words(state.bad_since.date(), today=head.today)}.")
    if state.shared:
        lines.append("Others can read this phone: texts ask nothing, and what comes from it waits for a person.")
    return {
        "lines": lines or ["Texts may go to this number."],
        "doubted": state.doubted_since is not None and words.date_words(state.doubted_since.date(), today=head.today),
    }
