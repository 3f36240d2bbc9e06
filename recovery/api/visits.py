"""Visits, the medicine they need, injections that were stated or entered in error, tablets at hand, bridges."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
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
    WholeField,
    WordField,
    YesNoField,
)
from backend.api.views import ApiView, NoFields
from backend.rules import wall_time
from backend.rules.roles import Access
from recovery.rules.records import (
    AppointmentKind,
    AppointmentStatus,
    CancelReason,
    CountKind,
    NotGivenReason,
    NotKeptReason,
    Supply,
    VoidReason,
)
from recovery.rules.states import ReportSource
from recovery.selectors.access import own_patient, patient_for
from recovery.selectors.supply import tablets_of
from recovery.selectors.visits import VisitRow, own_visits, visit_rows
from recovery.services import supply, visits
from recovery.services.injections import state_given_elsewhere, verify_injection, void_injection
from recovery.services.patients import read_patient

ENDINGS = {"not_kept": visits.visit_not_kept, "not_given": visits.injection_not_given, "cancelled": visits.cancel_visit}
REASONS = list(dict.fromkeys(word.value for kind in (NotKeptReason, NotGivenReason, CancelReason) for word in kind))
STAFF_SOURCES = [ReportSource.STAFF, ReportSource.OBSERVED, ReportSource.PHARMACY, ReportSource.SUPPORTER]


class VisitSerializer(serializers.Serializer):
    """One visit. `supply_due_on`: by when its medicine is to be on site."""

    id = serializers.IntegerField(source="visit_id")
    kind = WordField(AppointmentKind)
    due_on = serializers.DateField()
    starts_at = AwareDateTimeField(allow_null=True)
    status = WordField(AppointmentStatus)
    reason = serializers.CharField(allow_blank=True)
    confirmed_at = AwareDateTimeField(allow_null=True)
    another_time_at = AwareDateTimeField(allow_null=True)
    supply = serializers.CharField(allow_blank=True)
    supply_on = serializers.DateField(allow_null=True)
    supply_due_on = serializers.DateField(allow_null=True)
    supply_late = serializers.BooleanField()


class VisitListSerializer(serializers.Serializer):
    """Oldest first."""

    items = VisitSerializer(many=True)


class BookedSerializer(serializers.Serializer):
    """The visit as it stands. `warnings`: early, late, closed_day; they refuse nothing."""

    visit = VisitSerializer()
    warnings = serializers.ListField(child=serializers.CharField())


class VisitsView(ApiView):
    """GET, POST /api/v1/care/patients/{patient_id}/visits/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        kind = WordField(AppointmentKind)
        due_on = DayField(help_text="In the patient's zone.")
        starts_at = AwareDateTimeField(allow_null=True, default=None)
        remind = YesNoField(default=True)

    @extend_schema(operation_id="listVisits", request=None, responses=VisitListSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """A patient's visits, those to come and those that were."""
        patient = read_patient(actor=self.actor, patient_id=patient_id)
        return Response(VisitListSerializer({"items": _rows(patient)}).data)

    @extend_schema(operation_id="bookVisit", responses=BookedSerializer)
    def post(self, request: Request, patient_id: int) -> Response:
        """Book a visit. There is one next injection visit: booking it again gives it another day."""
        patient = patient_for(self.actor, patient_id=patient_id)
        found = visits.book_visit(actor=self.actor, patient=patient, now=clock.now(), **self.data())
        return _booked(patient, found)


class VisitMoveView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/visits/{visit_id}/move/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        due_on = DayField()
        starts_at = AwareDateTimeField(allow_null=True, default=None)

    @extend_schema(operation_id="moveVisit", responses=BookedSerializer)
    def post(self, request: Request, patient_id: int, visit_id: int) -> Response:
        """Give a visit another day or time."""
        patient = patient_for(self.actor, patient_id=patient_id)
        found = visits.move_visit(actor=self.actor, visit_id=visit_id, patient=patient, now=clock.now(), **self.data())
        return _booked(patient, found)


class VisitEndView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/visits/{visit_id}/end/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        outcome = serializers.ChoiceField(choices=["kept", *ENDINGS])
        reason = serializers.ChoiceField(
            choices=REASONS, required=False, help_text="Why; each outcome but kept has its own reasons."
        )

    @extend_schema(operation_id="endVisit", responses=VisitSerializer)
    def post(self, request: Request, patient_id: int, visit_id: int) -> Response:
        """Say what came of a visit: kept, not kept, cancelled, or kept without an injection (`not_given`).

        An injection that was given keeps its visit by being recorded.
        """
        patient = patient_for(self.actor, patient_id=patient_id)
        data, now = self.data(), clock.now()
        if data["outcome"] == "kept":
            visits.visit_kept(actor=self.actor, visit_id=visit_id, patient=patient, now=now)
        else:
            ENDINGS[data["outcome"]](
                actor=self.actor, visit_id=visit_id, patient=patient, reason=data.get("reason", ""), now=now
            )
        return _one(patient, visit_id)


class VisitSupplyView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/visits/{visit_id}/supply/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        supply = WordField(Supply)
        on_day = DayField(help_text="Since when; not in the future.")

    @extend_schema(operation_id="setVisitSupply", responses=VisitSerializer)
    def post(self, request: Request, patient_id: int, visit_id: int) -> Response:
        """Say where the medicine of a visit is."""
        patient = patient_for(self.actor, patient_id=patient_id)
        visits.set_supply(actor=self.actor, visit_id=visit_id, patient=patient, now=clock.now(), **self.data())
        return _one(patient, visit_id)


class InjectionStandsSerializer(serializers.Serializer):
    """Where a recorded injection stands. `next_due_on` null: it moves no date."""

    id = serializers.IntegerField()
    counts = serializers.BooleanField()
    voided = serializers.BooleanField()
    next_due_on = serializers.DateField(allow_null=True)


class InjectionVerifyView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/injections/{injection_id}/verify/"""

    access = Access.CARE_TEAM
    Input = NoFields

    @extend_schema(operation_id="verifyInjection", responses=InjectionStandsSerializer)
    def post(self, request: Request, patient_id: int, injection_id: int) -> Response:
        """Let a stated injection count: its record was seen.

        One that was given in part counts only when a prescriber says so.
        """
        self.data()
        patient = patient_for(self.actor, patient_id=patient_id)
        found = verify_injection(actor=self.actor, injection_id=injection_id, patient=patient, now=clock.now())
        stands = {"id": injection_id, "counts": True, "voided": False, "next_due_on": found.next_due_on}
        return Response(InjectionStandsSerializer(stands).data)


class InjectionVoidView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/injections/{injection_id}/void/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        reason = WordField(VoidReason)

    @extend_schema(operation_id="voidInjection", responses=InjectionStandsSerializer)
    def post(self, request: Request, patient_id: int, injection_id: int) -> Response:
        """Let a record that was entered in error not count. It is never deleted; cover is what the one before left."""
        patient = patient_for(self.actor, patient_id=patient_id)
        void_injection(
            actor=self.actor,
            injection_id=injection_id,
            patient=patient,
            reason=self.data()["reason"],
            now=clock.now(),
        )
        stands = {"id": injection_id, "counts": False, "voided": True, "next_due_on": None}
        return Response(InjectionStandsSerializer(stands).data)


class TabletsInput(StrictSerializer):
    kind = WordField(CountKind, help_text="picked_up adds; counted says how many are left.")
    on_day = DayField(help_text="In the patient's zone; not in the future.")
    tablets = WholeField(min_value=0, max_value=supply.MOST_TABLETS)
    tablet_mg = AmountField(max_digits=7, decimal_places=2, min_value=Decimal("0.01"), help_text="In one.")
    medicine = TextField(max_length=40, allow_blank=True, default="", help_text="Needed when several are ordered.")


class TabletsSerializer(serializers.Serializer):
    """The stored count, and what is at hand now. `runs_out_on` null: not within four months, or nothing is due."""

    id = serializers.IntegerField()
    tablets_left = serializers.IntegerField(allow_null=True)
    days_left = serializers.IntegerField(allow_null=True)
    runs_out_on = serializers.DateField(allow_null=True)


class OwnTabletsView(ApiView):
    """PUT /api/v1/me/tablets/{client_id}/ - a patient says how many are left, or were picked up."""

    access = Access.OWN_PATIENT
    Input = TabletsInput

    @extend_schema(operation_id="countTablets", responses={201: TabletsSerializer, 200: TabletsSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Say how many are left.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another body under the same id.
        """
        patient, now = own_patient(self.actor), clock.now()
        row, is_new = supply.record_tablets(
            actor=self.actor,
            patient=patient,
            client_id=client_id,
            source=ReportSource.APP.value,
            now=now,
            **self.data(),
        )
        return _tablets(patient, row, is_new, now)


class CareTabletsView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/tablets/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(TabletsInput):
        source = WordField(  # type: ignore[assignment]
            STAFF_SOURCES, name="StaffCountSource", default=ReportSource.STAFF.value
        )

    @extend_schema(operation_id="recordTablets", responses={201: TabletsSerializer, 200: TabletsSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record a pick-up or a count. Safe to repeat: 201, then 200, 409 for another body."""
        patient, now = patient_for(self.actor, patient_id=patient_id), clock.now()
        row, is_new = supply.record_tablets(
            actor=self.actor, patient=patient, client_id=client_id, now=now, **self.data()
        )
        return _tablets(patient, row, is_new, now)


class BridgeSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    regimen_id = serializers.IntegerField()
    agreed_on = serializers.DateField()


class BridgeView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/bridge/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        starts_on = DayField()
        last_day = DayField()
        agreed_on = DayField(help_text="When the patient agreed.")

    @extend_schema(operation_id="orderBridge", responses=BridgeSerializer)
    def post(self, request: Request, patient_id: int) -> Response:
        """Order tablets because the injection will be late. Only a prescriber may.

        They end when the injection is recorded.
        """
        patient = patient_for(self.actor, patient_id=patient_id)
        row = supply.order_bridge(actor=self.actor, patient=patient, now=clock.now(), **self.data())
        return Response(BridgeSerializer({"id": row.pk, "regimen_id": row.regimen_id, "agreed_on": row.agreed_on}).data)


# --- the patient's own ----------------------------------------------------------------------------------------------


class OwnVisitSerializer(serializers.Serializer):
    """A visit to come. It says nothing of what it is for."""

    id = serializers.IntegerField()
    due_on = serializers.DateField()
    starts_at = AwareDateTimeField(allow_null=True)
    confirmed_at = AwareDateTimeField(allow_null=True)
    another_time_at = AwareDateTimeField(allow_null=True)


class OwnVisitListSerializer(serializers.Serializer):
    items = OwnVisitSerializer(many=True)


class OwnVisitsView(ApiView):
    """GET /api/v1/me/visits/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listOwnVisits", responses=OwnVisitListSerializer)
    def get(self, request: Request) -> Response:
        """The visits to come, soonest first."""
        rows = own_visits(patient=own_patient(self.actor))
        return Response(OwnVisitListSerializer({"items": rows}).data)


class ConfirmVisitView(ApiView):
    """POST /api/v1/me/visits/{visit_id}/confirm/"""

    access = Access.OWN_PATIENT
    Input = NoFields

    @extend_schema(operation_id="confirmVisit", responses=OwnVisitSerializer)
    def post(self, request: Request, visit_id: int) -> Response:
        """Say that the day suits. Safe to repeat."""
        self.data()
        patient = own_patient(self.actor)
        row = visits.confirm_visit(actor=self.actor, visit_id=visit_id, patient=patient, now=clock.now())
        return Response(OwnVisitSerializer(row).data)


class AnotherTimeView(ApiView):
    """POST /api/v1/me/visits/{visit_id}/another-time/"""

    access = Access.OWN_PATIENT
    Input = NoFields

    @extend_schema(operation_id="askForAnotherTime", responses=OwnVisitSerializer)
    def post(self, request: Request, visit_id: int) -> Response:
        """Ask for another time: somebody calls, and the visit stands until then. Safe to repeat."""
        self.data()
        patient = own_patient(self.actor)
        row = visits.ask_for_another_time(actor=self.actor, visit_id=visit_id, patient=patient, now=clock.now())
        return Response(OwnVisitSerializer(row).data)


class StatedVisitSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    given_on = serializers.DateField()


class GivenElsewhereView(ApiView):
    """PUT /api/v1/me/visits/elsewhere/{client_id}/ - the visit took place somewhere else."""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        given_on = DayField(help_text="Not in the future.")

    @extend_schema(
        operation_id="stateVisitElsewhere", responses={201: StatedVisitSerializer, 200: StatedVisitSerializer}
    )
    def put(self, request: Request, client_id: UUID) -> Response:
        """Say that it was given elsewhere. It moves no date until staff have seen the record.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another body under the same id.
        """
        given_on = self.data()["given_on"]
        found = state_given_elsewhere(
            actor=self.actor,
            patient=own_patient(self.actor),
            client_id=client_id,
            given_on=given_on,
            now=clock.now(),
        )
        stated = {"id": found.injection_id, "given_on": given_on}
        return Response(StatedVisitSerializer(stated).data, status=201 if found.is_new else 200)


# --- what the views share -------------------------------------------------------------------------------------------


def _rows(patient: Any) -> list[VisitRow]:
    today: date = wall_time.local_date(clock.now(), patient.zone)
    return visit_rows(patient=patient, today=today)


def _find(patient: Any, visit_id: int) -> VisitRow:
    return next(row for row in _rows(patient) if row.visit_id == visit_id)


def _one(patient: Any, visit_id: int) -> Response:
    return Response(VisitSerializer(_find(patient, visit_id)).data)


def _booked(patient: Any, found: visits.Booked) -> Response:
    shown: dict[str, Any] = {"visit": _find(patient, found.visit.pk), "warnings": found.warnings}
    return Response(BookedSerializer(shown).data)


def _tablets(patient: Any, row: Any, is_new: bool, now: datetime) -> Response:
    left = next((each for each in tablets_of(patient=patient, now=now) if each.medicine == row.medicine), None)
    shown = {
        "id": row.pk,
        "tablets_left": None if left is None else left.at_hand.tablets,
        "days_left": None if left is None else left.at_hand.days_left(left.today),
        "runs_out_on": None if left is None else left.at_hand.runs_out_on,
    }
    return Response(TabletsSerializer(shown).data, status=201 if is_new else 200)
