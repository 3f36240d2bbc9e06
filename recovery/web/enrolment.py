"""Enrolling a person, and opening, closing and opening again a treatment."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from backend import clock
from backend.access import access
from backend.errors import DomainError, NotFound
from backend.rules import wall_time
from backend.rules.roles import Access
from backend.selectors.people import programs_by_id
from recovery.selectors.episodes import episodes_of
from recovery.selectors.patient_head import PatientHead
from recovery.services import patients, treatments
from recovery.web import answers, subpages, visit_words, words
from recovery.web.order_forms import OPIOID_HISTORY, CloseTreatmentForm, EnrolForm, HistoryForm, OpenForm

HERE = "treatment"


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def enrol(request: HttpRequest) -> HttpResponse:
    """GET the form, POST /care/enrol/ - one person. Consent is the person's own act and is asked elsewhere."""
    actor, now = answers.actor_of(request), clock.now()
    found = programs_by_id(actor.programs_for(Access.CARE_TEAM))
    first = next(iter(found.values()))
    form = EnrolForm(
        answers.sent(request),
        auto_id="enrol-%s",
        programs=[(str(pk), program.name) for pk, program in found.items()],
        initial={
            "client_id": uuid4(),
            "program": str(first.pk),
            "zone": first.zone,
            "treatment_from": wall_time.local_date(now, first.zone),
        },
    )
    context = {"form": form, "several": len(found) > 1}
    if request.method == "GET":
        return answers.private(render(request, "recovery/enrol.html", context))
    if form.is_valid():
        data = dict(form.cleaned_data)
        program_id = int(data.pop("program"))
        try:
            patient, _ = patients.enrol_once(
                actor=actor,
                program_id=program_id,
                client_id=data.pop("client_id"),
                person=patients.NewPatient(**data),
                now=now,
            )
        except NotFound:
            raise
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            return HttpResponseRedirect(f"{reverse('patient', args=[patient.pk])}?done=enrolled")
    return answers.refused(request, "recovery/enrol.html", "recovery/enrol.html", context)


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def treatment(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET the treatments of a patient, POST /care/patients/{id}/treatment/ - open one (again), or close it."""
    head = subpages.head_for(request, patient_id)
    return _treatment(request, head, answers.sent(request), None)


@require_POST
@access(Access.CARE_TEAM)
def opioid_history(request: HttpRequest, patient_id: int) -> HttpResponse:
    """POST /care/patients/{id}/treatment/history/ - what is known of opioids in the past (S 2)."""
    head = subpages.head_for(request, patient_id)
    form = HistoryForm(request.POST, auto_id="history-%s")
    if form.is_valid():
        try:
            patients.record_opioid_history(
                actor=answers.actor_of(request), patient=head.patient, now=clock.now(), **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            return HttpResponseRedirect(f"{reverse(HERE, args=[patient_id])}?done=noted")
    return _treatment(request, head, None, form)


def _treatment(
    request: HttpRequest, head: PatientHead, sent: QueryDict | None, history: HistoryForm | None
) -> HttpResponse:
    patient, running = head.patient, head.treatment
    opening = OpenForm(
        sent if running is None else None,
        auto_id="open-%s",
        initial={"indication": patient.indication, "started_on": head.today},
    )
    closing = CloseTreatmentForm(
        sent if running is not None else None,
        auto_id="close-%s",
        initial={"ended_on": head.today},
    )
    status = 200 if history is None else 422
    if sent is not None:
        form: Any = opening if running is None else closing
        # A form that was sent for the other state: a colleague was faster.
        if form.is_valid():
            try:
                _write(request, patient, running, form.cleaned_data)
            except NotFound:
                raise
            except DomainError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                query = urlencode({"done": "opened" if running is None else "ended"})
                return HttpResponseRedirect(f"{reverse(HERE, args=[patient.pk])}?{query}")
        status = 422
    context = {
        "running": running is not None,
        "opening": opening,
        "history": history or HistoryForm(auto_id="history-%s", initial={"opioid_history": patient.opioid_history}),
        "history_now": dict(OPIOID_HISTORY)[patient.opioid_history],
        "closing": closing,
        "episodes": [
            {
                "what": words.said(words.INDICATION, each.indication),
                "from": words.date_words(each.started_on, today=head.today),
                "to": words.date_words(each.ended_on, today=head.today) if each.ended_on else "",
                "why": visit_words.CLOSE.get(each.end_reason) or words.plain(each.end_reason),
                "again": each.readmission_of_id is not None,
            }
            for each in episodes_of(patient_id=patient.pk)
        ],
    }
    answer = subpages.show(request, "recovery/treatment.html", head, context, here=HERE)
    answer.status_code = status
    return answer


def _write(request: HttpRequest, patient: Any, running: Any, data: dict[str, Any]) -> None:
    actor, now = answers.actor_of(request), clock.now()
    if running is None:
        treatments.open_treatment(actor=actor, patient=patient, now=now, **data)
    else:
        treatments.close_treatment(actor=actor, treatment=running, now=now, **data)
