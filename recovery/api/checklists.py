"""Checklists as clinical systems fill and sign them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, TextField, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from backend.services import audit
from recovery.api.fields import CodeField, NoteField
from recovery.rules.checklists import ChecklistCause, ChecklistKind, ChecklistStatus
from recovery.rules.medicines import Medicine
from recovery.selectors.access import patient_for
from recovery.selectors.checklists import checklists_of
from recovery.selectors.patient_head import patient_head
from recovery.services.checklists import answer_items, sign_checklist


class ChecklistSerializer(serializers.Serializer):
    """One checklist with its questions. `missing` and `to_explain` say why it cannot be signed yet."""

    class Item(serializers.Serializer):
        code = serializers.CharField(source="item.code")
        question = serializers.CharField(source="item.question")
        source = serializers.CharField(source="item.source")  # type: ignore[assignment]
        value = serializers.CharField(allow_blank=True)

    id = serializers.IntegerField(source="checklist_id")
    kind = WordField(ChecklistKind)
    cause = WordField(ChecklistCause)
    medicine = WordField(Medicine)
    status = WordField(ChecklistStatus)
    opened_at = AwareDateTimeField()
    signed_at = AwareDateTimeField(allow_null=True)
    expires_on = DayField(allow_null=True)
    in_force = serializers.BooleanField()
    items = Item(many=True)
    missing = serializers.ListField(child=serializers.CharField(), source="ready.missing")
    to_explain = serializers.ListField(child=serializers.CharField(), source="ready.to_explain")


class ChecklistListSerializer(serializers.Serializer):
    """Live ones first, then the newest."""

    items = ChecklistSerializer(many=True)


class _Checklists(ApiView):
    def _shown(self, patient_id: int) -> list[Any]:
        patient = patient_for(self.actor, patient_id=patient_id)
        head = patient_head(patient=patient, now=clock.now())
        audit.record(
            actor=self.actor,
            action="checklists.read",
            program_id=patient.program_id,
            patient_id=patient.pk,
            object_kind="patient",
            object_id=patient.pk,
        )
        return checklists_of(patient=patient, key=head.key, today=head.today)

    def _one(self, patient_id: int, checklist_id: int) -> Response:
        [row] = [each for each in self._shown(patient_id) if each.checklist_id == checklist_id]
        return Response(ChecklistSerializer(row).data)


class ChecklistListView(_Checklists):
    """GET /api/v1/care/patients/{patient_id}/checklists/"""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="listChecklists", responses=ChecklistListSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """The start and restart checklists of a patient with what was answered. Audited."""
        return Response(ChecklistListSerializer({"items": self._shown(patient_id)}).data)


class AnswerChecklistView(_Checklists):
    """POST /api/v1/care/patients/{patient_id}/checklists/{checklist_id}/answers/"""

    access = Access.CLINICAL

    class Input(StrictSerializer):
        class Answer(StrictSerializer):
            """One answer; `reason` where it speaks against it and is signed over."""

            item = CodeField(max_length=40, allow_blank=False, default=serializers.empty)
            value = TextField(max_length=20, allow_blank=False)
            reason = NoteField()

        answers = Answer(many=True, max_length=60)  # type: ignore[call-arg]

    @extend_schema(operation_id="answerChecklist", responses=ChecklistSerializer)
    def post(self, request: Request, patient_id: int, checklist_id: int) -> Response:
        """Store answers; earlier ones stay on record. 409 unless it is open."""
        patient = patient_for(self.actor, patient_id=patient_id, access=Access.CLINICAL)
        given = {each["item"]: (each["value"], each["reason"]) for each in self.data()["answers"]}
        answer_items(actor=self.actor, patient=patient, checklist_id=checklist_id, answers=given, now=clock.now())
        return self._one(patient_id, checklist_id)


class SignChecklistView(_Checklists):
    """POST /api/v1/care/patients/{patient_id}/checklists/{checklist_id}/sign/"""

    access = Access.PRESCRIBER
    also_refuses = ("422",)

    @extend_schema(operation_id="signChecklist", responses=ChecklistSerializer)
    def post(self, request: Request, patient_id: int, checklist_id: int) -> Response:
        """Sign it: from now until `expires_on` it is an order. 422 names what is missing, 409 unless it is open."""
        self.data()
        patient = patient_for(self.actor, patient_id=patient_id, access=Access.PRESCRIBER)
        sign_checklist(actor=self.actor, patient=patient, checklist_id=checklist_id, now=clock.now())
        return self._one(patient_id, checklist_id)
