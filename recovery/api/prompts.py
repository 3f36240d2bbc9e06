"""What a person wants of prompts: how the check-in is announced, and days without any."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from backend.services import audit
from recovery.api.around import HourField
from recovery.rules.prompts import CheckInBy
from recovery.rules.states import ReportSource
from recovery.selectors.access import own_patient, patient_for
from recovery.selectors.prompts import wishes_of
from recovery.services.prompts import pause_prompts, resume_prompts, wish_check_in


class PauseSerializer(serializers.Serializer):
    """Days without prompts, both included. Visits and holds go on."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    said_by = WordField(ReportSource, source="source")
    made_at = AwareDateTimeField()
    ended_at = AwareDateTimeField(allow_null=True)


class PromptsSerializer(serializers.Serializer):
    """`pause` is the one that is on or to come."""

    check_in = WordField(CheckInBy)
    check_in_at = HourField()
    pause = PauseSerializer(allow_null=True)


class WishInput(StrictSerializer):
    check_in = WordField(CheckInBy, help_text="app: a text says that it is there. text: a text asks for one number.")
    check_in_at = HourField(help_text="Local, from 08:00 to 20:30.")


class PauseInput(StrictSerializer):
    first_day = DayField(help_text="In the patient's zone.")
    last_day = DayField(help_text="Included.")


class OwnPromptsView(ApiView):
    """GET and POST /api/v1/me/prompts/"""

    access = Access.OWN_PATIENT
    Input = WishInput

    @extend_schema(operation_id="prompts", responses=PromptsSerializer)
    def get(self, request: Request) -> Response:
        """How the signed-in patient is asked for the check-in, and the days without prompts."""
        return _shown(own_patient(self.actor))

    @extend_schema(operation_id="setPrompts", responses=PromptsSerializer)
    def post(self, request: Request) -> Response:
        """Choose how the check-in is announced, and when. It holds from the next day that is not announced yet."""
        return _wished(self, own_patient(self.actor), ReportSource.APP)


class OwnPauseView(ApiView):
    """PUT /api/v1/me/pauses/{client_id}/"""

    access = Access.OWN_PATIENT
    Input = PauseInput

    @extend_schema(operation_id="pausePrompts", responses={201: PauseSerializer, 200: PauseSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Ask for days without prompts, such as a holiday. A pause that stood before ends; it counts as no silence.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        return _paused(self, own_patient(self.actor), client_id, ReportSource.APP)


class OwnResumeView(ApiView):
    """POST /api/v1/me/pauses/{client_id}/end/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="resumePrompts", request=None, responses=PauseSerializer)
    def post(self, request: Request, client_id: UUID) -> Response:
        """Let prompts go on before the pause is over; a repeat changes nothing."""
        self.data()
        row = resume_prompts(actor=self.actor, patient=own_patient(self.actor), client_id=client_id, now=clock.now())
        return Response(PauseSerializer(row).data)


class CarePromptsView(ApiView):
    """GET and POST /api/v1/care/patients/{patient_id}/prompts/"""

    access = Access.CARE_TEAM
    Input = WishInput

    @extend_schema(operation_id="carePrompts", responses=PromptsSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """How a patient is asked for the check-in, and the days without prompts. Audited."""
        patient = patient_for(self.actor, patient_id=patient_id)
        audit.record(
            actor=self.actor,
            action="prompts.read",
            program_id=patient.program_id,
            patient_id=patient.pk,
            object_kind="patient",
            object_id=patient.pk,
        )
        return _shown(patient)

    @extend_schema(operation_id="setCarePrompts", responses=PromptsSerializer)
    def post(self, request: Request, patient_id: int) -> Response:
        """Write down how a patient wants to be asked for the check-in: in the app, by text, or not."""
        return _wished(self, patient_for(self.actor, patient_id=patient_id), ReportSource.STAFF)


class CarePauseView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/pauses/{client_id}/"""

    access = Access.CARE_TEAM
    Input = PauseInput

    @extend_schema(operation_id="recordPause", responses={201: PauseSerializer, 200: PauseSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Write down days on which a patient wants no prompts. Safe to repeat."""
        return _paused(self, patient_for(self.actor, patient_id=patient_id), client_id, ReportSource.STAFF)


class CareResumeView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/pauses/{client_id}/end/"""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="endPause", request=None, responses=PauseSerializer)
    def post(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Let a patient's prompts go on before the pause is over; a repeat changes nothing."""
        self.data()
        patient = patient_for(self.actor, patient_id=patient_id)
        row = resume_prompts(actor=self.actor, patient=patient, client_id=client_id, now=clock.now())
        return Response(PauseSerializer(row).data)


def _shown(patient: Any) -> Response:
    return Response(PromptsSerializer(wishes_of(patient=patient, today=local_date(clock.now(), patient.zone))).data)


def _wished(view: Any, patient: Any, source: ReportSource) -> Response:
    given = view.data()
    wish_check_in(
        actor=view.actor,
        patient=patient,
        how=given["check_in"],
        at=given["check_in_at"],
        source=source,
        now=clock.now(),
    )
    return _shown(patient)


def _paused(view: Any, patient: Any, client_id: UUID, source: ReportSource) -> Response:
    row, is_new = pause_prompts(
        actor=view.actor, patient=patient, client_id=client_id, source=source, now=clock.now(), **view.data()
    )
    return Response(PauseSerializer(row).data, status=201 if is_new else 200)
