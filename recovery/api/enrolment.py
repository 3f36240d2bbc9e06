"""Enrolling a person from another system, and what is known of opioids in the past."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, TextField, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.rules.states import Indication, OpioidHistory
from recovery.rules.words import Language
from recovery.selectors.access import patient_for
from recovery.services.patients import NewPatient, enrol_once, record_opioid_history


class EnrolledSerializer(serializers.Serializer):
    """Who was enrolled, by number. What was said of the person is read on their page."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField(source="external_ref")
    number = serializers.IntegerField()
    enrolled_at = AwareDateTimeField()


class EnrolView(ApiView):
    """PUT /api/v1/care/programs/{program_id}/patients/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        name = TextField(max_length=200)
        call_name = TextField(max_length=200, allow_blank=True, default="", help_text="What staff call the person.")
        phone = TextField(max_length=20, allow_blank=True, default="", help_text="E.164, empty when there is none.")
        born_on = DayField(allow_null=True, default=None)
        zone = TextField(max_length=64, help_text="IANA name, such as America/New_York.")
        language = WordField(Language, default=Language.ENGLISH.value)
        indication = WordField(Indication)
        opioid_history = WordField(
            OpioidHistory, default=OpioidHistory.UNKNOWN.value, help_text="`none` is a clinician's word."
        )
        treatment_from = DayField(allow_null=True, default=None, help_text="Opens a treatment from this day.")

    @extend_schema(operation_id="enrolPatient", responses={201: EnrolledSerializer, 200: EnrolledSerializer})
    def put(self, request: Request, program_id: int, client_id: UUID) -> Response:
        """Enrol a person under the sender's own id. It gives no consent to texts: that is the person's own act.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another body under the same id.
        """
        row, is_new = enrol_once(
            actor=self.actor,
            program_id=program_id,
            client_id=client_id,
            person=NewPatient(**self.data()),
            now=clock.now(),
        )
        return Response(EnrolledSerializer(row).data, status=201 if is_new else 200)


class HistoryNotedSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    opioid_history = WordField(OpioidHistory)


class OpioidHistoryView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/opioid-history/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        opioid_history = WordField(OpioidHistory)

    @extend_schema(operation_id="recordOpioidHistory", responses=HistoryNotedSerializer)
    def post(self, request: Request, patient_id: int) -> Response:
        """Note what is known of opioids in the past. Only a clinician says that there never were any."""
        patient = patient_for(self.actor, patient_id=patient_id)
        row = record_opioid_history(actor=self.actor, patient=patient, now=clock.now(), **self.data())
        return Response(HistoryNotedSerializer(row).data)
