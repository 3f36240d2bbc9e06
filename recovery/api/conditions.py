"""What else a person lives with, as staff keep it."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import NoteField
from recovery.rules.conditions import ConditionKind
from recovery.selectors.access import key_of, patient_for
from recovery.selectors.conditions import condition_view, conditions_of
from recovery.services.conditions import NewCondition, end_condition, record_condition, void_condition
from recovery.services.patients import read_patient


class ConditionSerializer(serializers.Serializer):
    """One condition. `why` and `source` say how it bears on the treatment; it opens no gate."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    kind = WordField(ConditionKind)
    name = serializers.CharField()
    why = serializers.CharField(allow_blank=True)
    source = serializers.CharField()  # type: ignore[assignment]
    since = serializers.DateField(allow_null=True)
    ended_on = serializers.DateField(allow_null=True)
    voided = serializers.BooleanField()
    stands = serializers.BooleanField()
    recorded_at = AwareDateTimeField()
    note = serializers.CharField(allow_blank=True)


class ConditionListSerializer(serializers.Serializer):
    """Those that stand first."""

    items = ConditionSerializer(many=True)


class ConditionListView(ApiView):
    """GET /api/v1/care/patients/{patient_id}/conditions/"""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="listConditions", responses=ConditionListSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """The list of a patient. The read is audited."""
        patient = read_patient(actor=self.actor, patient_id=patient_id)
        items = conditions_of(patient=patient, key=key_of(patient))
        return Response(ConditionListSerializer({"items": items}).data)


class ConditionView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/conditions/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        kind = WordField(ConditionKind)
        since = DayField(allow_null=True, default=None, help_text="Null: nobody knows.")
        note = NoteField()

    @extend_schema(operation_id="recordCondition", responses={201: ConditionSerializer, 200: ConditionSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Put a condition on the list. Safe to repeat. 400 for one that stands there already."""
        patient = patient_for(self.actor, patient_id=patient_id)
        new = NewCondition(client_id=client_id, **self.data())
        row, is_new = record_condition(actor=self.actor, patient=patient, condition=new, now=clock.now())
        shown = condition_view(row, patient=patient, key=key_of(patient))
        return Response(ConditionSerializer(shown).data, status=201 if is_new else 200)


class EndConditionView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/conditions/{entry_id}/end/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        ended_on = DayField(help_text="Local day, not to come.")

    @extend_schema(operation_id="endCondition", responses=ConditionSerializer)
    def post(self, request: Request, patient_id: int, entry_id: int) -> Response:
        """It is over. 409 when it ended before."""
        patient = patient_for(self.actor, patient_id=patient_id)
        row = end_condition(actor=self.actor, patient=patient, entry_id=entry_id, now=clock.now(), **self.data())
        return Response(ConditionSerializer(condition_view(row, patient=patient, key=key_of(patient))).data)


class VoidConditionView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/conditions/{entry_id}/void/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        pass

    @extend_schema(operation_id="voidCondition", responses=ConditionSerializer)
    def post(self, request: Request, patient_id: int, entry_id: int) -> Response:
        """It was entered in error. It stays on record and counts no more."""
        self.data()
        patient = patient_for(self.actor, patient_id=patient_id)
        row = void_condition(actor=self.actor, patient=patient, entry_id=entry_id, now=clock.now())
        return Response(ConditionSerializer(condition_view(row, patient=patient, key=key_of(patient))).data)
