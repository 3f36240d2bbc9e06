"""The trigger journal of the patient."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.pagination import KeyQuery, key_page
from backend.api.serializers import AwareDateTimeField, StrictSerializer, WholeField, WordField, YesNoField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import CodeField, NoteField
from recovery.rules.records import TriggerKind, TriggerOrigin
from recovery.selectors.access import own_patient
from recovery.selectors.journal import triggers, triggers_shown
from recovery.services.journal import add_trigger


class TriggerSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    origin = WordField(TriggerOrigin)
    kind = WordField(TriggerKind)
    tag = serializers.CharField(allow_blank=True)
    intensity = serializers.IntegerField(min_value=0, max_value=10, allow_null=True)
    tried = serializers.CharField(allow_blank=True)
    helped = serializers.BooleanField(allow_null=True)
    happened_at = AwareDateTimeField()
    received_at = AwareDateTimeField()
    note = serializers.CharField(allow_blank=True)


class TriggerPageSerializer(serializers.Serializer):
    """Newest first. `next` is the `after` of the next page, null on the last."""

    items = TriggerSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class TriggerView(ApiView):
    """PUT /api/v1/me/triggers/{client_id}/ - a patient notes a trigger."""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        origin = WordField(TriggerOrigin)
        kind = WordField(TriggerKind)
        happened_at = AwareDateTimeField(help_text="With its zone; not in the future.")
        tag = CodeField(max_length=40, help_text="A code from the app's list of triggers.")
        intensity = WholeField(min_value=0, max_value=10, allow_null=True, default=None)
        tried = CodeField(max_length=40, help_text="A code from the coping library.")
        helped = YesNoField(allow_null=True, default=None)
        note = NoteField()

    @extend_schema(operation_id="addTrigger", responses={201: TriggerSerializer, 200: TriggerSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Note a trigger in the journal.

        Safe to repeat, as for cravings: 201 the first time, 200 for the same body again, 409 for another.
        """
        patient = own_patient(self.actor)
        entry, is_new = add_trigger(
            actor=self.actor, patient=patient, client_id=client_id, now=clock.now(), **self.data()
        )
        [shown] = triggers_shown([entry], patient=patient)
        return Response(TriggerSerializer(shown).data, status=201 if is_new else 200)


class TriggerListView(ApiView):
    """GET /api/v1/me/triggers/ - the patient's own journal."""

    access = Access.OWN_PATIENT
    Query = KeyQuery

    @extend_schema(operation_id="listTriggers", responses=TriggerPageSerializer)
    def get(self, request: Request) -> Response:
        """The triggers that the signed-in patient noted, newest first."""
        limit, after = self.query["limit"], self.query["after"]
        rows = triggers(
            patient=own_patient(self.actor), limit=limit + 1, before=(after.at, after.id) if after else None
        )
        return Response(TriggerPageSerializer(key_page(rows, limit=limit, at="happened_at")).data)
