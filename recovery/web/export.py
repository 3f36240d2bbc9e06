"""A patient's whole record as a file, for staff who hand it over."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from backend import clock
from backend.access import access
from backend.rules.roles import Access
from recovery.selectors.access import patient_for
from recovery.services.export import export_record
from recovery.web import answers


@require_GET
@access(Access.CARE_TEAM)
def export_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/export/ - a download; its name says the record's number and nothing else."""
    actor = answers.actor_of(request)
    patient = patient_for(actor, patient_id=patient_id)
    made = export_record(actor=actor, patient=patient, for_staff=True, now=clock.now())
    answer = JsonResponse(made, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="record-{patient.number}.json"'
    return answers.private(answer)
