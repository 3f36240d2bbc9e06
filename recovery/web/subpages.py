"""The staff's pages about one patient beside the overview: one head, one row of links, one audit entry a read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from backend import clock
from backend.access import Actor
from backend.errors import NotFound
from recovery.selectors.patient_head import PatientHead, patient_head
from recovery.services.patients import read_patient
from recovery.web import answers

PAGES: list[tuple[str, str]] = [
    ("patient", "Overview"),
    ("patient-safety", "Safety"),
    ("treatment", "Treatment"),
    ("regimens", "Orders"),
    ("visits", "Visits"),
    ("patient-tests", "Tests"),
    ("patient-conditions", "Conditions"),
    ("patient-checklists", "Checklists"),
    ("patient-people", "People"),
    ("patient-texts", "Texts"),
    ("patient-measures", "Measures"),
    ("patient-plan", "Plan"),
    ("questionnaires", "Questionnaires"),
]
"""Route and label of each page, in the order of the links."""


def head_for(request: HttpRequest, patient_id: int) -> PatientHead:
    """The patient, with the entry in the audit that a page about them was read. Raises NotFound."""
    patient = read_patient(actor=answers.actor_of(request), patient_id=patient_id)
    return patient_head(patient=patient, now=clock.now())


def show(request: HttpRequest, template: str, head: PatientHead, context: dict[str, Any], *, here: str) -> HttpResponse:
    """Render ``template`` (which extends recovery/subpage.html); ``here`` is the route of the page it belongs to."""
    frame = {"head": head, "patient_id": head.patient.pk, "pages": PAGES, "page_here": here}
    notice = answers.done_notice(request)
    return answers.private(render(request, template, frame | {"notice": notice} | context))


@dataclass(frozen=True, slots=True)
class Act:
    """What one form of a page does: ``do(actor, patient, form, now)``, and the notice afterwards (``answers.DONE``).

    ``places``: see ``answers.accepted``.
    """

    form: type[Any]
    do: Callable[[Actor, Any, Any, datetime], object]
    done: str = "saved"
    places: Mapping[str, str] = field(default_factory=dict)


class Page(Protocol):
    def __call__(
        self, request: HttpRequest, head: PatientHead, *, sent: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse: ...


def act(
    request: HttpRequest, patient_id: int, name: str, acts: Mapping[str, Act], page: Page, *, here: str
) -> HttpResponse:
    """Do what a form of the page asks and go back to it; what is wrong is said on the page (422).

    The form comes back as ``sent[name]``. Raises NotFound for a form that the page does not have.
    """
    chosen = acts.get(name)
    if chosen is None:
        raise NotFound
    head = head_for(request, patient_id)
    form = chosen.form(request.POST, auto_id=f"{name}-%s")

    def do() -> object:
        return chosen.do(answers.actor_of(request), head.patient, form, clock.now())

    if not answers.accepted(form, do, places=chosen.places):
        return page(request, head, sent={name: form}, status=422)
    return back(patient_id, here=here, done=chosen.done)


def back(patient_id: int, *, here: str, done: str, warnings: Sequence[str] = ()) -> HttpResponse:
    """To the page again, with the notice ``done`` and the codes of ``warnings`` in the address."""
    query = [("done", done), *(("warn", code) for code in warnings)]
    return HttpResponseRedirect(f"{reverse(here, args=[patient_id])}?{urlencode(query)}")
