"""A person's own record, whole."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.selectors.access import own_patient
from recovery.services.export import export_record


class ExportSerializer(serializers.Serializer):
    """`sections` maps a section's name to its rows; a row's fields are those of what it is about."""

    format = serializers.CharField()
    made_at = AwareDateTimeField()
    zone = serializers.CharField()
    sections = serializers.DictField(child=serializers.ListField(child=serializers.DictField()))


class OwnExportView(ApiView):
    """GET /api/v1/me/export/ - everything held about the signed-in patient."""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="exportRecord", responses=ExportSerializer)
    def get(self, request: Request) -> Response:
        """Everything that is held about the signed-in patient, to keep or to take elsewhere.

        Instants are in UTC; days are days in the patient's zone. Left out are notes that staff write for staff.
        """
        made = export_record(actor=self.actor, patient=own_patient(self.actor), for_staff=False, now=clock.now())
        answer = Response(made)
        answer["Cache-Control"] = "no-store, private"
        answer["Content-Disposition"] = 'attachment; filename="record.json"'
        return answer
