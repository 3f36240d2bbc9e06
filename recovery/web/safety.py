"""The staff's page of what stops a patient's prompts: holds with their clock, times away, what was stated."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import Actor, access
from backend.errors import NotFound
from backend.rules.roles import Access
from recovery.rules.medicines import Medicine
from recovery.selectors.holds import hold_for, medicines_of, stay_for
from recovery.selectors.patient_head import PatientHead
from recovery.selectors.safety import FactView, HoldView, StayView, safety_of
from recovery.services import gates, statements, stays
from recovery.web import answers, happened_words, subpages, words
from recovery.web import safety_forms as forms

HERE = "patient-safety"


@require_GET
@access(Access.CARE_TEAM)
def safety_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/safety/"""
    return _page(request, subpages.head_for(request, patient_id))


@require_POST
@access(Access.CARE_TEAM)
def safety_act(request: HttpRequest, patient_id: int, act: str) -> HttpResponse:
    """POST /care/patients/{id}/safety/{act}/ - one form of the page. What is wrong is said on the page (422)."""
    return subpages.act(request, patient_id, act, ACTS, _page, here=HERE)


# --- what a form does ------------------------------------------------------------------------------------


def _hold(actor: Actor, patient: Any, hold_id: int) -> int:
    if hold_for(actor, hold_id=hold_id).patient_id != patient.pk:
        raise NotFound
    return hold_id


def _stay(actor: Actor, patient: Any, stay_id: int) -> int:
    if stay_for(actor, stay_id=stay_id).patient_id != patient.pk:
        raise NotFound
    return stay_id


def _understood(actor: Actor, patient: Any, form: forms.UnderstoodForm, now: datetime) -> object:
    return gates.acknowledge_hold(actor=actor, hold_id=_hold(actor, patient, form.cleaned_data["hold"]), now=now)


def _lift(actor: Actor, patient: Any, form: forms.LiftForm, now: datetime) -> object:
    data = form.cleaned_data
    hold_id = _hold(actor, patient, data["hold"])
    return gates.lift_hold(actor=actor, hold_id=hold_id, reason=data["reason"], note=data["note"], now=now)


def _order(actor: Actor, patient: Any, form: forms.OrderForm, now: datetime) -> object:
    data = form.cleaned_data
    medicine = Medicine(data["medicine"])
    return gates.order_hold(actor=actor, patient=patient, medicine=medicine, note=data["note"], now=now)


def _away(actor: Actor, patient: Any, form: forms.AwayForm, now: datetime) -> object:
    return stays.begin_stay(actor=actor, patient=patient, now=now, **form.cleaned_data)


def _expected(actor: Actor, patient: Any, form: forms.ExpectedForm, now: datetime) -> object:
    data = form.cleaned_data
    stay_id = _stay(actor, patient, data["stay"])
    return stays.expect_release(actor=actor, stay_id=stay_id, expected_on=data["expected_on"], now=now)


def _back(actor: Actor, patient: Any, form: forms.BackForm, now: datetime) -> object:
    data = form.cleaned_data
    return stays.end_stay(actor=actor, stay_id=_stay(actor, patient, data["stay"]), ended_on=data["ended_on"], now=now)


def _settle(actor: Actor, patient: Any, form: forms.SettleForm, now: datetime) -> object:
    data = form.cleaned_data
    inside = stays.Inside(opioids=data["opioids"], doses=data["doses"], dose_days=data["dose_days"])
    return stays.settle_stay(actor=actor, stay_id=_stay(actor, patient, data["stay"]), inside=inside, now=now)


def _void(actor: Actor, patient: Any, form: forms.VoidForm, now: datetime) -> object:
    return stays.void_stay(actor=actor, stay_id=_stay(actor, patient, form.cleaned_data["stay"]), now=now)


def _fact(actor: Actor, patient: Any, form: forms.FactForm, now: datetime) -> object:
    return statements.state_fact(actor=actor, patient=patient, statement=form.statement(now), now=now)


ACTS = {
    "understood": subpages.Act(forms.UnderstoodForm, _understood, "understood"),
    "lift": subpages.Act(forms.LiftForm, _lift, "lifted"),
    "order": subpages.Act(forms.OrderForm, _order, "held"),
    "away": subpages.Act(forms.AwayForm, _away),
    "expected": subpages.Act(forms.ExpectedForm, _expected),
    "back": subpages.Act(forms.BackForm, _back),
    "settle": subpages.Act(forms.SettleForm, _settle),
    "void": subpages.Act(forms.VoidForm, _void),
    "fact": subpages.Act(forms.FactForm, _fact),
}


# --- the page ---------------------------------------------------------------------------------------------


def _page(
    request: HttpRequest, head: PatientHead, *, sent: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    sent, now, patient = sent or {}, clock.now(), head.patient
    actor = answers.actor_of(request)
    shown = safety_of(patient=patient)
    takes = medicines_of([patient.pk], on_day=head.dosing_day).get(patient.pk, [])
    zone = patient.program.zone
    stay = shown.open_stay
    context = {
        "wrong": [error for form in sent.values() for errors in form.errors.values() for error in errors],
        "may_prescribe": patient.program_id in actor.programs_for(Access.PRESCRIBER),
        "open_holds": [_hold_words(each, now, zone, sent) for each in shown.open_holds],
        "past_holds": [_hold_words(each, now, zone, sent) for each in shown.past_holds],
        "order_form": sent.get("order")
        or forms.OrderForm(auto_id="order-%s", initial={"medicine": takes[0].value if takes else None}),
        "stay": None if stay is None else _stay_words(stay, head, sent),
        "past_stays": [_stay_words(each, head, {}) for each in shown.stays if not each.is_open],
        "away_form": sent.get("away")
        or forms.AwayForm(auto_id="away-%s", initial={"client_id": uuid4(), "began_on": head.today}),
        "facts": [_fact_words(each, now, zone) for each in shown.facts],
        "fact_form": sent.get("fact") or forms.FactForm(auto_id="fact-%s", initial={"client_id": uuid4()}),
    }
    response = subpages.show(request, "recovery/safety.html", head, context, here=HERE)
    response.status_code = status
    return response


def _hold_words(hold: HoldView, now: datetime, zone: str, sent: dict[str, Any]) -> dict[str, Any]:
    lift, understood = sent.get("lift"), sent.get("understood")
    return {
        "id": hold.id,
        "why": happened_words.CAUSE.get(hold.cause, words.plain(hold.cause)),
        "what": "Every form of naltrexone" if hold.stops == "antagonist" else words.plain(hold.stops),
        "since": words.when(hold.opened_at, now=now, zone=zone),
        "age": words.age(hold.opened_at, now=now),
        "by": hold.opened_by,
        "owner": happened_words.OWNER.get(hold.owner_role, hold.owner_role),
        "call_by": words.when(hold.call_by, now=now, zone=zone),
        "call_is_late": hold.understood_at is None and hold.call_by < now,
        "pages": hold.pages,
        "next_page": words.when(hold.next_alarm_at, now=now, zone=zone) if hold.next_alarm_at else "",
        "in_error": hold.in_error,
        "from_next": hold.from_next_window,
        "understood": words.when(hold.understood_at, now=now, zone=zone) if hold.understood_at else "",
        "understood_by": hold.understood_by,
        "lifted": words.when(hold.lifted_at, now=now, zone=zone) if hold.lifted_at else "",
        "lifted_by": hold.lifted_by,
        "reason": happened_words.LIFT.get(hold.lift_reason, ""),
        "note": hold.note,
        "understood_form": understood
        if _is_of(understood, "hold", hold.id)
        else forms.UnderstoodForm(auto_id=f"understood{hold.id}-%s", initial={"hold": hold.id}),
        "lift_form": lift
        if _is_of(lift, "hold", hold.id)
        else forms.LiftForm(auto_id=f"lift{hold.id}-%s", initial={"hold": hold.id}),
    }


def _is_of(form: Any, field: str, pk: int) -> bool:
    return form is not None and form.data.get(field) == str(pk)


def _stay_words(stay: StayView, head: PatientHead, sent: dict[str, Any]) -> dict[str, Any]:
    today = head.today
    given = {"stay": stay.id}
    return {
        "place": happened_words.PLACE[stay.place],
        "began": words.date_words(stay.began_on, today=today),
        "expected": words.date_words(stay.expected_on, today=today) if stay.expected_on else "",
        "ended": words.date_words(stay.ended_on, today=today) if stay.ended_on else "",
        "voided": stay.voided,
        "opioids": happened_words.INSIDE.get(stay.opioids_inside, ""),
        "doses": happened_words.INSIDE.get(stay.doses_inside, ""),
        "by": stay.recorded_by,
        "settled_by": stay.settled_by,
        "note": stay.note,
        "expected_form": sent.get("expected")
        or forms.ExpectedForm(auto_id="expected-%s", initial=given | {"expected_on": stay.expected_on}),
        "back_form": sent.get("back") or forms.BackForm(auto_id="back-%s", initial=given | {"ended_on": today}),
        "settle_form": sent.get("settle") or forms.SettleForm(auto_id="settle-%s", initial=given),
        "void_form": sent.get("void") or forms.VoidForm(auto_id="void-%s", initial=given),
    }


def _fact_words(fact: FactView, now: datetime, zone: str) -> dict[str, Any]:
    details = [happened_words.DETAIL[pair] for pair in fact.details.items() if pair in happened_words.DETAIL]
    return {
        "what": happened_words.KIND[fact.kind],
        "details": ", ".join([fact.medicine, *details] if fact.medicine else details),
        "when": words.when(fact.received_at, now=now, zone=zone),
        "source": words.said(words.SOURCE, fact.source),
        "by": fact.reporter,
        "note": fact.note,
    }
