"""Cravings that the patient logs."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.pagination import KeyQuery, key_page
from backend.api.serializers import AwareDateTimeField, StrictSerializer, WholeField, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import NoteField
from recovery.rules.records import Substance
from recovery.selectors.access import own_patient
from recovery.selectors.journal import cravings, cravings_shown
from recovery.services.cravings import log_craving


class CravingSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    intensity = serializers.IntegerField(min_value=0, max_value=10)
    substance = WordField(Substance)
    confidence = serializers.IntegerField(min_value=0, max_value=10, allow_null=True)
    felt_at = AwareDateTimeField()
    received_at = AwareDateTimeField()
    note = serializers.CharField(allow_blank=True)


class CravingPageSerializer(serializers.Serializer):
    """Newest first. `next` is the `after` of the next page, null on the last."""

    items = CravingSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class CravingView(ApiView):
    """PUT /api/v1/me/cravings/{client_id}/ - a patient records a craving."""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        intensity = WholeField(min_value=0, max_value=10, help_text="0 none, 10 the strongest.")
        felt_at = AwareDateTimeField(help_text="With its zone; not in the future.")
        substance = WordField(Substance, default=Substance.ANY.value)
        confidence = WholeField(
            min_value=0, max_value=10, allow_null=True, default=None, help_text="Of staying on course; 10 is certain."
        )
        note = NoteField()

    @extend_schema(operation_id="logCraving", responses={201: CravingSerializer, 200: CravingSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Log a craving.

        The phone makes `client_id`, so that it may repeat the request until it is answered: 201 the first time, 200
        with the same record when the same body comes again, 409 when the id comes with another body. A rise that
        somebody should know of is on the care team's list when this is answered.
        """
        patient = own_patient(self.actor)
        log, is_new = log_craving(
            actor=self.actor, patient=patient, client_id=client_id, now=clock.now(), **self.data()
        )
        [shown] = cravings_shown([log], patient=patient)
        return Response(CravingSerializer(shown).data, status=201 if is_new else 200)


class CravingListView(ApiView):
    """GET /api/v1/me/cravings/ - the patient's own readings."""

    access = Access.OWN_PATIENT
    Query = KeyQuery

    @extend_schema(operation_id="listCravings", responses=CravingPageSerializer)
    def get(self, request: Request) -> Response:
        """The cravings that the signed-in patient logged, newest first."""
        limit, after = self.query["limit"], self.query["after"]
        rows = cravings(
            patient=own_patient(self.actor), limit=limit + 1, before=(after.at, after.id) if after else None
        )
        return Response(CravingPageSerializer(key_page(rows, limit=limit, at="felt_at")).data)
