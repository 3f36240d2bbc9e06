"""Meetings, therapy visits and needs."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, TextField, WordField, YesNoField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import NoteField
from recovery.rules.needs import NeedKind
from recovery.rules.records import AppointmentStatus, TaskStatus
from recovery.rules.support import MeetingKind, TherapyKind
from recovery.selectors.access import key_of, own_patient, patient_for
from recovery.selectors.support import meeting_shown, meetings_of, need_shown, needs_of, therapy_of, therapy_shown
from recovery.services.support import book_therapy, log_meeting, state_need


class MeetingSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    kind = WordField(MeetingKind)
    online = serializers.BooleanField()
    attended_on = serializers.DateField()
    helped = serializers.BooleanField(allow_null=True)
    note = serializers.CharField(allow_blank=True)


class MeetingListSerializer(serializers.Serializer):
    """The latest 50, newest first. A meeting that is not noted says nothing."""

    items = MeetingSerializer(many=True)


class TherapySerializer(serializers.Serializer):
    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    kind = WordField(TherapyKind)
    starts_at = AwareDateTimeField(allow_null=True)
    due_on = serializers.DateField()
    status = WordField(AppointmentStatus)
    with_whom = serializers.CharField(allow_blank=True)


class TherapyListSerializer(serializers.Serializer):
    """Latest first."""

    items = TherapySerializer(many=True)


class NeedSerializer(serializers.Serializer):
    """A need and what became of the work on it."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    kind = WordField(NeedKind)
    stated_at = AwareDateTimeField()
    status = WordField(TaskStatus)
    outcome = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class NeedListSerializer(serializers.Serializer):
    """Open ones first."""

    items = NeedSerializer(many=True)


class MeetingListView(ApiView):
    """GET /api/v1/me/meetings/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listMeetings", responses=MeetingListSerializer)
    def get(self, request: Request) -> Response:
        """The meetings that the signed-in patient noted."""
        patient = own_patient(self.actor)
        return Response(MeetingListSerializer({"items": meetings_of(patient=patient, key=key_of(patient))}).data)


class MeetingView(ApiView):
    """PUT /api/v1/me/meetings/{client_id}/"""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        kind = WordField(MeetingKind)
        attended_on = DayField(help_text="Local day, not after today.")
        online = YesNoField(default=False)
        helped = YesNoField(allow_null=True, default=None)
        note = NoteField()

    @extend_schema(operation_id="logMeeting", responses={201: MeetingSerializer, 200: MeetingSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Note a meeting that was attended.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        patient, data = own_patient(self.actor), self.data()
        row, is_new = log_meeting(
            actor=self.actor,
            patient=patient,
            client_id=client_id,
            now=clock.now(),
            **(data | {"kind": MeetingKind(data["kind"])}),
        )
        shown = meeting_shown(row, key=key_of(patient))
        return Response(MeetingSerializer(shown).data, status=201 if is_new else 200)


class TherapyListView(ApiView):
    """GET /api/v1/me/therapy/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listTherapy", responses=TherapyListSerializer)
    def get(self, request: Request) -> Response:
        """The therapy visits of the signed-in patient."""
        patient = own_patient(self.actor)
        return Response(TherapyListSerializer({"items": therapy_of(patient=patient, key=key_of(patient))}).data)


class CareTherapyView(ApiView):
    """PUT /api/v1/care/patients/{id}/therapy/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        kind = WordField(TherapyKind)
        starts_at = AwareDateTimeField(help_text="With its zone; still to come.")
        with_whom = TextField(max_length=120, allow_blank=True, default="")

    @extend_schema(operation_id="bookTherapy", responses={201: TherapySerializer, 200: TherapySerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Book a visit for therapy.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        patient, data = patient_for(self.actor, patient_id=patient_id), self.data()
        row, is_new = book_therapy(
            actor=self.actor,
            patient=patient,
            client_id=client_id,
            now=clock.now(),
            **(data | {"kind": TherapyKind(data["kind"])}),
        )
        shown = therapy_shown(row, key=key_of(patient))
        return Response(TherapySerializer(shown).data, status=201 if is_new else 200)


class NeedListView(ApiView):
    """GET /api/v1/me/needs/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listNeeds", responses=NeedListSerializer)
    def get(self, request: Request) -> Response:
        """What the signed-in patient asked for, and what became of it."""
        patient = own_patient(self.actor)
        return Response(NeedListSerializer({"items": needs_of(patient=patient, key=key_of(patient))}).data)


class NeedView(ApiView):
    """PUT /api/v1/me/needs/{client_id}/"""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        kind = WordField(NeedKind)
        note = NoteField()

    @extend_schema(operation_id="stateNeed", responses={201: NeedSerializer, 200: NeedSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Ask for help with something; it becomes work for the care team.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        patient, data = own_patient(self.actor), self.data()
        row, is_new = state_need(
            actor=self.actor,
            patient=patient,
            client_id=client_id,
            kind=NeedKind(data["kind"]),
            note=data["note"],
            now=clock.now(),
        )
        shown: Any = need_shown(row, key=key_of(patient))
        return Response(NeedSerializer(shown).data, status=201 if is_new else 200)
