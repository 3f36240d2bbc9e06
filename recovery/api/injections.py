"""Injections that staff record."""

from decimal import Decimal
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import (
    AmountField,
    AwareDateTimeField,
    DayField,
    StrictSerializer,
    TextField,
    WordField,
    YesNoField,
)
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import CodeField, NoteField
from recovery.rules.medicines import GIVEN_AT_VISITS
from recovery.rules.records import Site
from recovery.selectors.access import patient_for
from recovery.services.injections import GivenInjection, record_injections


class InjectionSerializer(serializers.Serializer):
    """The stored injection. `warnings` are codes to read out; they never refuse what was given (S 9)."""

    id = serializers.IntegerField(source="injection_id")
    warnings = serializers.ListField(child=serializers.CharField())
    next_due_on = serializers.DateField(allow_null=True)


class InjectionView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/injections/{client_id}/ - staff record an injection."""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        given_on = DayField(help_text="Calendar day in the patient's zone; not in the future.")
        medicine = WordField(GIVEN_AT_VISITS, name="InjectedMedicine")
        dose_mg = AmountField(max_digits=7, decimal_places=2, min_value=Decimal("0.01"))
        given_at = AwareDateTimeField(allow_null=True, default=None)
        site = WordField(Site, allow_null=True, default=None, help_text="Which side.")
        lot = CodeField(max_length=40)
        lot_expires_on = DayField(allow_null=True, default=None)
        needle_inches = AmountField(
            max_digits=3, decimal_places=1, min_value=Decimal("0.1"), allow_null=True, default=None
        )
        operator = TextField(max_length=120, allow_blank=True, default="", help_text="Who gave it.")
        given_elsewhere = YesNoField(default=False, help_text="By somebody else, in another place.")
        verified = YesNoField(
            default=True, help_text="false: given elsewhere and no record seen yet; moves no date until it is verified."
        )
        partly_given = YesNoField(default=False, help_text="Moves no date until a prescriber says that it counts.")
        note = NoteField()

    @extend_schema(operation_id="recordInjection", responses={201: InjectionSerializer, 200: InjectionSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record an injection that was given.

        It moves cover and the next visit. Safe to repeat: 201 the first time, 200 for the same body again, 409 for
        another body, or for a second injection of the same medicine on one day.
        """
        patient = patient_for(self.actor, patient_id=patient_id)
        fields = self.data()
        fields["site"] = fields["site"] or ""
        given = GivenInjection(client_id=client_id, patient_id=patient.pk, **fields)
        [result] = record_injections(actor=self.actor, injections=[given], now=clock.now())
        return Response(InjectionSerializer(result).data, status=201 if result.is_new else 200)
