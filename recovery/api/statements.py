"""What a patient states to have happened, and the answer they get at once."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.pagination import KeyQuery, key_page
from backend.api.serializers import AwareDateTimeField, StrictSerializer, TextField, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import NoteField
from recovery.rules.facts import DETAILS, FactKind
from recovery.rules.states import ReportSource
from recovery.selectors.access import own_patient, patient_for
from recovery.selectors.safety import statements, statements_shown
from recovery.services.statements import FactStatement, state_fact

_ANSWERS = {name: words for details in DETAILS.values() for name, words in details.items()}
SAID_BY = [ReportSource.STAFF, ReportSource.OBSERVED, ReportSource.SUPPORTER, ReportSource.PHARMACY]


class StatedFactSerializer(serializers.Serializer):
    """One statement. `words` is the answer to read out now; `call_by` when somebody can call, null for no call."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    kind = WordField(FactKind)
    details = serializers.DictField(child=serializers.CharField())
    happened_at = AwareDateTimeField(allow_null=True)
    received_at = AwareDateTimeField()
    medicine = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(help_text="Code of the answer.")
    words = serializers.CharField()
    call_by = AwareDateTimeField(allow_null=True)
    is_emergency = serializers.BooleanField(help_text="Show the emergency number beside the answer.")


class StatedFactPageSerializer(serializers.Serializer):
    """Newest first. `next` is the `after` of the next page, null on the last."""

    items = StatedFactSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class StatementInput(StrictSerializer):
    kind = WordField(FactKind)
    happened_at = AwareDateTimeField(allow_null=True, default=None, help_text="Null: the time was not stated.")
    medicine = TextField(max_length=120, allow_blank=True, default="", help_text="For `new_medicine`: its name.")
    taken = WordField(_ANSWERS["taken"], allow_null=True, default=None)
    how = WordField(_ANSWERS["how"], allow_null=True, default=None)
    hard_to_breathe = WordField(_ANSWERS["hard_to_breathe"], allow_null=True, default=None)
    fever = WordField(_ANSWERS["fever"], allow_null=True, default=None)
    note = NoteField()


def statement_of(data: dict[str, Any], *, client_id: UUID, source: str) -> FactStatement:
    """The statement in the body of a request."""
    return FactStatement(
        client_id=client_id,
        kind=data["kind"],
        source=source,
        details={name: data[name] for name in _ANSWERS if data[name] is not None},
        happened_at=data["happened_at"],
        medicine=data["medicine"],
        note=data["note"],
    )


class StatementView(ApiView):
    """PUT /api/v1/me/statements/{client_id}/ - a patient states that something happened."""

    access = Access.OWN_PATIENT
    Input = StatementInput

    @extend_schema(operation_id="stateFact", responses={201: StatedFactSerializer, 200: StatedFactSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """State that something happened, from a fixed list.

        It counts the moment it is sent, and the answer says what to do and by when somebody calls. Safe to
        repeat: 201 the first time, 200 with the first answer for the same body again, 409 for another.
        """
        patient = own_patient(self.actor)
        said = statement_of(self.data(), client_id=client_id, source=ReportSource.APP.value)
        result = state_fact(actor=self.actor, patient=patient, statement=said, now=clock.now())
        [shown] = statements_shown([result.fact], patient=patient)
        return Response(StatedFactSerializer(shown).data, status=201 if result.is_new else 200)


class StatementListView(ApiView):
    """GET /api/v1/me/statements/ - what the patient stated."""

    access = Access.OWN_PATIENT
    Query = KeyQuery

    @extend_schema(operation_id="listStatements", responses=StatedFactPageSerializer)
    def get(self, request: Request) -> Response:
        """What the signed-in patient stated, newest first, each with the answer that was given."""
        limit, after = self.query["limit"], self.query["after"]
        rows = statements(
            patient=own_patient(self.actor), limit=limit + 1, before=(after.at, after.id) if after else None
        )
        return Response(StatedFactPageSerializer(key_page(rows, limit=limit, at="received_at")).data)


class CareStatementView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/statements/{client_id}/ - staff record it on behalf."""

    access = Access.CARE_TEAM

    class Input(StatementInput):
        said_by = WordField(SAID_BY, name="StatementSource", default=ReportSource.STAFF)

    @extend_schema(operation_id="recordStatement", responses={201: StatedFactSerializer, 200: StatedFactSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record what a patient, or somebody about them, said happened. The same follows as from their own word."""
        patient = patient_for(self.actor, patient_id=patient_id)
        fields = self.data()
        said = statement_of(fields, client_id=client_id, source=fields["said_by"])
        result = state_fact(actor=self.actor, patient=patient, statement=said, now=clock.now())
        [shown] = statements_shown([result.fact], patient=patient)
        return Response(StatedFactSerializer(shown).data, status=201 if result.is_new else 200)
