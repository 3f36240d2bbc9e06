"""What else a person lives with: /care/patients/{id}/conditions/, the list that staff keep."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import Actor, access
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from recovery.rules.conditions import CONDITIONS
from recovery.selectors.conditions import ConditionView, conditions_of
from recovery.selectors.patient_head import PatientHead
from recovery.services.conditions import NewCondition, end_condition, record_condition, void_condition
from recovery.web import subpages, words
from recovery.web.forms import NOTE_LENGTH, PlainForm

HERE = "patient-conditions"


class ConditionForm(PlainForm):
    """A condition that staff learned of."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        choices=[("", "Choose"), *[(kind.value, rule.name) for kind, rule in CONDITIONS.items()]],
        error_messages={"required": "Choose one."},
    )
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2}))


class EntryForm(PlainForm):
    entry_id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class EndForm(EntryForm):
    """The day on which it was over."""

    ended_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": "Choose the day."}
    )


@require_GET
@access(Access.CARE_TEAM)
def conditions_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/conditions/"""
    return _page(request, subpages.head_for(request, patient_id))


@require_POST
@access(Access.CARE_TEAM)
def conditions_act(request: HttpRequest, patient_id: int, act: str) -> HttpResponse:
    """POST /care/patients/{id}/conditions/{record, end, void}/"""
    return subpages.act(request, patient_id, act, ACTS, _page, here=HERE)


def _record(actor: Actor, patient: Any, form: ConditionForm, now: datetime) -> object:
    return record_condition(actor=actor, patient=patient, condition=NewCondition(**form.cleaned_data), now=now)


def _end(actor: Actor, patient: Any, form: EndForm, now: datetime) -> object:
    return end_condition(actor=actor, patient=patient, now=now, **form.cleaned_data)


def _void(actor: Actor, patient: Any, form: EntryForm, now: datetime) -> object:
    return void_condition(actor=actor, patient=patient, entry_id=form.cleaned_data["entry_id"], now=now)


ACTS = {
    "record": subpages.Act(ConditionForm, _record),
    "end": subpages.Act(EndForm, _end),
    "void": subpages.Act(EntryForm, _void, done="voided"),
}


def _page(
    request: HttpRequest, head: PatientHead, *, sent: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    sent = sent or {}
    ended, now = sent.get("end"), clock.now()

    def day(value: Any) -> str:
        return words.day_name(value, today=head.today)

    def line(each: ConditionView) -> dict[str, Any]:
        is_sent = ended is not None and ended.data.get("entry_id") == str(each.id)
        return {
            "id": each.id,
            "name": each.name,
            "why": each.why,
            "source": each.source,
            "since": day(each.since) if each.since else "",
            "ended": "entered in error" if each.voided else f"until {day(each.ended_on)}" if each.ended_on else "",
            "stands": each.stands,
            "note": each.note,
            "on": day(local_date(each.recorded_at, head.zone)),
            "by": each.recorded_by,
            "form": ended
            if is_sent
            else EndForm(
                auto_id=f"end-{each.id}-%s", initial={"entry_id": each.id, "ended_on": local_date(now, head.zone)}
            ),
        }

    shown = [line(each) for each in conditions_of(patient=head.patient, key=head.key)]
    context = {
        "standing": [each for each in shown if each["stands"]],
        "past": [each for each in shown if not each["stands"]],
        "form": sent.get("record") or ConditionForm(auto_id="record-%s", initial={"client_id": uuid4()}),
        "wrong": [error for each in sent.values() for error in each.non_field_errors()],
    }
    response = subpages.show(request, "recovery/conditions.html", head, context, here=HERE)
    response.status_code = status
    return response
