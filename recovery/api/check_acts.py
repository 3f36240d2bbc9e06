"""What staff do with recorded tests: read them, review a value, mark an entry as made in error."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, WordField
from backend.api.views import ApiView, NoFields
from backend.rules.roles import Access
from recovery.rules.gates import Analyte
from recovery.rules.labs import LabAnalyte
from recovery.rules.screens import AnalyteResult, ReadAs
from recovery.selectors.access import patient_for
from recovery.selectors.checks import tests_page
from recovery.selectors.patient_head import patient_head
from recovery.services.labs import review_lab, void_lab
from recovery.services.patients import read_patient
from recovery.services.screens import read_screen_as, void_challenge, void_screen


class LabSerializer(serializers.Serializer):
    """One value. `times` is the multiple of its laboratory's own upper limit."""

    id = serializers.IntegerField(source="entry_id")
    analyte = WordField(LabAnalyte)
    value = serializers.DecimalField(max_digits=9, decimal_places=2, coerce_to_string=False)
    unit = serializers.CharField()
    upper_limit = serializers.DecimalField(max_digits=9, decimal_places=2, coerce_to_string=False, allow_null=True)
    times = serializers.FloatField(allow_null=True)
    is_baseline = serializers.BooleanField()
    taken_on = DayField()
    reviewed_at = AwareDateTimeField(allow_null=True)
    reviewed_by = serializers.CharField(allow_blank=True)
    voided = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)


class ScreenSerializer(serializers.Serializer):
    """One urine screen. `reading` is empty until a prescriber read it."""

    id = serializers.IntegerField(source="entry_id")
    taken_on = DayField()
    panel = serializers.CharField()
    method = serializers.CharField()
    stage = serializers.CharField()
    results = serializers.DictField(child=WordField(AnalyteResult))
    reading = serializers.CharField(allow_blank=True)
    read_by = serializers.CharField(allow_blank=True)
    voided = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)


class ChallengeSerializer(serializers.Serializer):
    """One challenge. Its dose is the label's and is not kept."""

    id = serializers.IntegerField(source="pk")
    done_on = DayField()
    route = serializers.CharField()
    result = serializers.CharField()
    repeat_on = DayField(allow_null=True)
    voided = serializers.SerializerMethodField()

    def get_voided(self, row: Any) -> bool:
        return row.voided_at is not None


class TestsSerializer(serializers.Serializer):
    """Newest first. `open_analytes` had a positive last and no negative since (S 10)."""

    labs = LabSerializer(many=True)
    screens = ScreenSerializer(many=True)
    open_analytes = serializers.ListField(child=WordField(Analyte))
    challenges = ChallengeSerializer(many=True)


class CareTestsView(ApiView):
    """GET /api/v1/care/patients/{patient_id}/tests/"""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="listTests", responses=TestsSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """A patient's laboratory values, urine screens and challenges, voided ones included. For staff alone."""
        patient = read_patient(actor=self.actor, patient_id=patient_id)
        head = patient_head(patient=patient, now=clock.now())
        page = tests_page(patient=patient, treatment=head.treatment, key=head.key, today=head.today)
        return Response(TestsSerializer(page).data)


class RecordedEntrySerializer(serializers.Serializer):
    """Where an entry stands after the act."""

    id = serializers.IntegerField()
    voided = serializers.BooleanField()


class _ActView(ApiView):
    access = Access.CARE_TEAM
    Input = NoFields

    def act(self, patient_id: int, service: Any, entry_id: int) -> Response:
        patient = patient_for(self.actor, patient_id=patient_id)
        row = service(actor=self.actor, patient=patient, entry_id=entry_id, now=clock.now(), **self.data())
        return Response(RecordedEntrySerializer({"id": row.pk, "voided": row.voided_at is not None}).data)


class ReviewLabView(_ActView):
    """POST /api/v1/care/patients/{patient_id}/lab-results/{entry_id}/review/"""

    @extend_schema(operation_id="reviewLab", responses=RecordedEntrySerializer)
    def post(self, request: Request, patient_id: int, entry_id: int) -> Response:
        """Say that a value was read. Only a prescriber may. Safe to repeat."""
        return self.act(patient_id, review_lab, entry_id)


class ReadScreenView(_ActView):
    """POST /api/v1/care/patients/{patient_id}/urine-screens/{entry_id}/read/"""

    class Input(StrictSerializer):
        reading = WordField(ReadAs)

    @extend_schema(operation_id="readScreen", responses=RecordedEntrySerializer)
    def post(self, request: Request, patient_id: int, entry_id: int) -> Response:
        """Say what a screen means. Only a prescriber may; the hold stays until a prescriber lifts it.

        Safe to repeat; 409 when it was read with another meaning.
        """
        return self.act(patient_id, read_screen_as, entry_id)


class VoidLabView(_ActView):
    """POST /api/v1/care/patients/{patient_id}/lab-results/{entry_id}/void/"""

    @extend_schema(operation_id="voidLab", responses=RecordedEntrySerializer)
    def post(self, request: Request, patient_id: int, entry_id: int) -> Response:
        """Mark a value as entered in error. It stays on record; a concern that rested on it alone ends."""
        return self.act(patient_id, void_lab, entry_id)


class VoidScreenView(_ActView):
    """POST /api/v1/care/patients/{patient_id}/urine-screens/{entry_id}/void/"""

    @extend_schema(operation_id="voidScreen", responses=RecordedEntrySerializer)
    def post(self, request: Request, patient_id: int, entry_id: int) -> Response:
        """Mark a screen as entered in error; a hold that rested on it alone is lifted, or is for the prescriber.

        Only a prescriber's void lifts a hold.
        """
        return self.act(patient_id, void_screen, entry_id)


class VoidChallengeView(_ActView):
    """POST /api/v1/care/patients/{patient_id}/challenges/{entry_id}/void/"""

    @extend_schema(operation_id="voidChallenge", responses=RecordedEntrySerializer)
    def post(self, request: Request, patient_id: int, entry_id: int) -> Response:
        """Mark a challenge as entered in error; a hold that rested on it alone is lifted, or is for the prescriber.

        Only a prescriber's void lifts a hold.
        """
        return self.act(patient_id, void_challenge, entry_id)
