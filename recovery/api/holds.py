"""Holds and stays: what the care team sees and does."""

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
from backend.services import audit
from recovery.api.fields import NoteField
from recovery.rules.facts import FactKind
from recovery.rules.gates import GateEvent
from recovery.rules.medicines import Medicine
from recovery.rules.records import GivenInside, LiftReason, StayPlace
from recovery.rules.states import ReportSource, Role
from recovery.selectors.access import patient_for
from recovery.selectors.holds import hold_for, stay_for
from recovery.selectors.safety import hold_view, safety_of, stay_view
from recovery.services.gates import acknowledge_hold, lift_hold, order_hold
from recovery.services.stays import Inside, begin_stay, end_stay, expect_release, settle_stay, void_stay


class HoldSerializer(serializers.Serializer):
    """A hold. `stops` is `antagonist` for every form of naltrexone, else the one medicine."""

    id = serializers.IntegerField()
    medicine = WordField(Medicine)
    stops = serializers.CharField()
    cause = WordField(GateEvent)
    opened_at = AwareDateTimeField()
    opened_by = serializers.CharField(allow_blank=True)
    from_next_window = serializers.BooleanField()
    owner_role = WordField(Role)
    call_by = AwareDateTimeField()
    next_alarm_at = AwareDateTimeField(allow_null=True)
    pages = serializers.IntegerField(min_value=0)
    in_error = serializers.BooleanField(help_text="What opened it was entered in error; a prescriber decides.")
    understood_at = AwareDateTimeField(allow_null=True)
    understood_by = serializers.CharField(allow_blank=True)
    lifted_at = AwareDateTimeField(allow_null=True)
    lifted_by = serializers.CharField(allow_blank=True)
    lift_reason = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class StaySerializer(serializers.Serializer):
    """A time away. Prompts rest while `is_open`."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    place = WordField(StayPlace)
    began_on = serializers.DateField()
    expected_on = serializers.DateField(allow_null=True)
    ended_on = serializers.DateField(allow_null=True)
    opioids_inside = serializers.CharField(allow_blank=True)
    doses_inside = serializers.CharField(allow_blank=True)
    settled_at = AwareDateTimeField(allow_null=True)
    settled_by = serializers.CharField(allow_blank=True)
    recorded_by = serializers.CharField(allow_blank=True)
    voided = serializers.BooleanField()
    is_open = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)


class FactSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = WordField(FactKind)
    details = serializers.DictField(child=serializers.CharField())
    happened_on = serializers.DateField()
    received_at = AwareDateTimeField()
    said_by = WordField(ReportSource, source="source")
    reporter = serializers.CharField(allow_blank=True)
    medicine = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class SafetySerializer(serializers.Serializer):
    holds = HoldSerializer(many=True)
    stays = StaySerializer(many=True)
    facts = FactSerializer(many=True)


class SafetyView(ApiView):
    """GET /api/v1/care/patients/{patient_id}/safety/ - holds, stays and statements."""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="safety", responses=SafetySerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """The holds of a patient, the open ones among them, their times away, and what was stated. Audited."""
        patient = patient_for(self.actor, patient_id=patient_id)
        audit.record(
            actor=self.actor,
            action="safety.read",
            program_id=patient.program_id,
            patient_id=patient.pk,
            object_kind="patient",
            object_id=patient.pk,
        )
        return Response(SafetySerializer(safety_of(patient=patient)).data)


class OrderHoldView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/holds/ - a prescriber's order."""

    access = Access.PRESCRIBER

    class Input(StrictSerializer):
        medicine = WordField(Medicine)
        note = NoteField()

    @extend_schema(operation_id="orderHold", responses=HoldSerializer)
    def post(self, request: Request, patient_id: int) -> Response:
        """Stop the prompts of a medicine until a prescriber lifts it. 409 while such an order is open."""
        patient = patient_for(self.actor, patient_id=patient_id, access=Access.PRESCRIBER)
        data = self.data()
        outcome = order_hold(
            actor=self.actor,
            patient=patient,
            medicine=Medicine(data["medicine"]),
            note=data["note"],
            now=clock.now(),
        )
        return Response(HoldSerializer(hold_view(outcome.opened[0], patient=patient)).data)


class UnderstoodView(ApiView):
    """POST /api/v1/care/holds/{hold_id}/understood/ - the patient understood."""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="holdUnderstood", request=None, responses=HoldSerializer)
    def post(self, request: Request, hold_id: int) -> Response:
        """Record, after speaking with the patient, that they understood. The hold stays; its call task ends."""
        self.data()
        hold = hold_for(self.actor, hold_id=hold_id)
        row = acknowledge_hold(actor=self.actor, hold_id=hold.pk, now=clock.now())
        return Response(HoldSerializer(hold_view(row, patient=hold.patient)).data)


class LiftHoldView(ApiView):
    """POST /api/v1/care/holds/{hold_id}/lift/ - a prescriber lifts it."""

    access = Access.PRESCRIBER

    class Input(StrictSerializer):
        reason = WordField(LiftReason)
        note = NoteField()

    @extend_schema(operation_id="liftHold", responses=HoldSerializer)
    def post(self, request: Request, hold_id: int) -> Response:
        """Lift a hold, with the reason. Prompts go on with the next dose when no other hold is open."""
        hold = hold_for(self.actor, hold_id=hold_id, access=Access.PRESCRIBER)
        row = lift_hold(actor=self.actor, hold_id=hold.pk, now=clock.now(), **self.data())
        return Response(HoldSerializer(hold_view(row, patient=hold.patient)).data)


class StayView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/stays/{client_id}/ - somebody is away."""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        place = WordField(StayPlace)
        began_on = DayField(help_text="First day away, in the patient's zone; not in the future.")
        expected_on = DayField(allow_null=True, default=None, help_text="When release is expected.")
        note = NoteField()

    @extend_schema(operation_id="recordStay", responses={201: StaySerializer, 200: StaySerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record that a patient is in hospital, in custody or in residential care: prompts rest, cover runs on.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another, and while a stay is open.
        """
        patient = patient_for(self.actor, patient_id=patient_id)
        stay, is_new = begin_stay(
            actor=self.actor, patient=patient, client_id=client_id, now=clock.now(), **self.data()
        )
        return Response(StaySerializer(stay_view(stay, patient=patient)).data, status=201 if is_new else 200)


class _StayAct(ApiView):
    access = Access.CARE_TEAM

    def _patient(self, stay_id: int) -> Any:
        return stay_for(self.actor, stay_id=stay_id).patient


class ExpectedView(_StayAct):
    """POST /api/v1/care/stays/{stay_id}/expected/ - when release is expected."""

    class Input(StrictSerializer):
        expected_on = DayField(allow_null=True)

    @extend_schema(operation_id="expectRelease", responses=StaySerializer)
    def post(self, request: Request, stay_id: int) -> Response:
        """Write down on which day release is expected; null when it is not known any more."""
        patient = self._patient(stay_id)
        row = expect_release(actor=self.actor, stay_id=stay_id, now=clock.now(), **self.data())
        return Response(StaySerializer(stay_view(row, patient=patient)).data)


class BackView(_StayAct):
    """POST /api/v1/care/stays/{stay_id}/back/ - the person is back."""

    class Input(StrictSerializer):
        ended_on = DayField(help_text="The day of being back; not in the future.")

    @extend_schema(operation_id="endStay", responses=StaySerializer)
    def post(self, request: Request, stay_id: int) -> Response:
        """Record the day of being back. A contact is owed; prompts rest until it is recorded."""
        patient = self._patient(stay_id)
        row = end_stay(actor=self.actor, stay_id=stay_id, now=clock.now(), **self.data())
        return Response(StaySerializer(stay_view(row, patient=patient)).data)


class SettleView(_StayAct):
    """POST /api/v1/care/stays/{stay_id}/settle/ - staff asked what was given inside."""

    class Input(StrictSerializer):
        opioids = WordField(GivenInside, name="OpioidsInside")
        doses = WordField(GivenInside, name="DosesInside")
        dose_days = serializers.ListField(
            child=DayField(), max_length=366, default=list, help_text="Dosing days on which a dose was given."
        )

    @extend_schema(operation_id="settleStay", responses=StaySerializer)
    def post(self, request: Request, stay_id: int) -> Response:
        """Record the contact: prompts go on. An opioid that was given opens a hold."""
        patient = self._patient(stay_id)
        row = settle_stay(actor=self.actor, stay_id=stay_id, inside=Inside(**self.data()), now=clock.now())
        return Response(StaySerializer(stay_view(row, patient=patient)).data)


class VoidStayView(_StayAct):
    """POST /api/v1/care/stays/{stay_id}/void/ - entered in error."""

    @extend_schema(operation_id="voidStay", request=None, responses=StaySerializer)
    def post(self, request: Request, stay_id: int) -> Response:
        """Mark a stay as entered in error: it counts no more and stays on record."""
        self.data()
        patient = self._patient(stay_id)
        row = void_stay(actor=self.actor, stay_id=stay_id, now=clock.now())
        return Response(StaySerializer(stay_view(row, patient=patient)).data)
