"""The staff's pages about one patient beside the overview: one head, one row of links, one audit entry a read."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from backend import clock
from backend.services import audit
from recovery.selectors.access import patient_for
from recovery.selectors.patient_head import PatientHead, patient_head
from recovery.web import answers

PAGES: list[tuple[str, str]] = [
    ("patient", "Overview"),
    ("patient-safety", "Safety"),
    ("treatment", "Treatment"),
    ("regimens", "Orders"),
    ("visits", "Visits"),
    ("patient-tests", "Tests"),
    ("patient-checklists", "Checklists"),
    ("patient-people", "People"),
    ("patient-measures", "Measures"),
    ("patient-plan", "Plan"),
    ("questionnaires", "Questionnaires"),
]
"""Route and label of each page, in the order of the links."""


def head_for(request: HttpRequest, patient_id: int) -> PatientHead:
    """The patient, with the entry in the audit that a page about them was read. Raises NotFound."""
    actor = answers.actor_of(request)
    patient = patient_for(actor, patient_id=patient_id)
    audit.record(
        actor=actor,
        action="patient.read",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )
    return patient_head(patient=patient, now=clock.now())


def show(request: HttpRequest, template: str, head: PatientHead, context: dict[str, Any], *, here: str) -> HttpResponse:
    """Render ``template`` (which extends recovery/subpage.html); ``here`` is the route of the page it belongs to."""
    frame = {"head": head, "patient_id": head.patient.pk, "pages": PAGES, "page_here": here}
    notice = answers.done_notice(request)
    return answers.private(render(request, template, frame | {"notice": notice} | context))
