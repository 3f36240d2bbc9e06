"""What was said about a dose: by the patient, or by staff."""

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
    WholeField,
    WordField,
    YesNoField,
)
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import CodeField, NoteField
from recovery.rules.states import DoseState, ReportSource, Statement
from recovery.selectors.access import own_patient, patient_for
from recovery.services.doses import DoseStatement, report_doses

MOST_ID = 10**18 - 1
# What a person can vouch for; texts and imports come by their own doors.
STAFF_SOURCES = [ReportSource.STAFF, ReportSource.OBSERVED, ReportSource.PHARMACY, ReportSource.SUPPORTER]


class DoseReportInput(StrictSerializer):
    """One statement. Which dose: by `dose_id`, by `dosing_day`, or by when it was taken."""

    statement = WordField(Statement, help_text="skipped is said during the day, missed after it.")
    dose_id = WholeField(min_value=1, max_value=MOST_ID, allow_null=True, default=None)
    dosing_day = DayField(allow_null=True, default=None, help_text="The day rolls at 04:00 local.")
    taken_at = AwareDateTimeField(
        allow_null=True, default=None, help_text="When it was taken, if that is known; never when this was sent."
    )
    dose_mg = AmountField(max_digits=7, decimal_places=2, min_value=Decimal("0.01"), allow_null=True, default=None)
    reason = CodeField(max_length=20, help_text="A code from the app's list of reasons.")
    note = NoteField()
    unplanned = YesNoField(
        default=False, help_text="Taken when wanted (targeted use): it stands beside whatever is planned that day."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["statement"] != Statement.TAKEN and attrs["taken_at"] is not None:
            raise serializers.ValidationError({"taken_at": ["Only what was taken has a time."]}, "not-taken")
        by_nothing = attrs["dose_id"] is None and attrs["dosing_day"] is None and attrs["taken_at"] is None
        if by_nothing and not attrs["unplanned"]:
            raise serializers.ValidationError({"dose_id": ["Say which dose: by its id, its day or its time."]})
        return attrs


class DoseReportSerializer(serializers.Serializer):
    """The stored report and what is now known of its dose."""

    id = serializers.IntegerField(source="report_id")
    dose_id = serializers.IntegerField(allow_null=True)
    state = WordField(DoseState)


class DoseReportView(ApiView):
    """PUT /api/v1/me/dose-reports/{client_id}/ - a patient says what happened."""

    access = Access.OWN_PATIENT

    class Input(DoseReportInput):
        pass

    @extend_schema(operation_id="reportDose", responses={201: DoseReportSerializer, 200: DoseReportSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Report a dose.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another body under the same id.
        Reports are never overwritten; the latest decides what is known.
        """
        patient = own_patient(self.actor)
        statement = DoseStatement(
            client_id=client_id, patient_id=patient.pk, source=ReportSource.APP.value, **self.data()
        )
        [result] = report_doses(actor=self.actor, statements=[statement], now=clock.now())
        return Response(DoseReportSerializer(result).data, status=201 if result.is_new else 200)


class CareDoseReportView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/dose-reports/{client_id}/ - staff record what they saw or heard."""

    access = Access.CARE_TEAM

    class Input(DoseReportInput):
        source = WordField(  # type: ignore[assignment]
            STAFF_SOURCES, name="StaffReportSource", default=ReportSource.STAFF.value
        )

    @extend_schema(operation_id="recordDose", responses={201: DoseReportSerializer, 200: DoseReportSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record what was seen or heard about a patient's dose.

        `source` says whose word it is; sources are never merged. Safe to repeat: 201, then 200, 409 for another body.
        """
        patient = patient_for(self.actor, patient_id=patient_id)
        statement = DoseStatement(client_id=client_id, patient_id=patient.pk, **self.data())
        [result] = report_doses(actor=self.actor, statements=[statement], now=clock.now())
        return Response(DoseReportSerializer(result).data, status=201 if result.is_new else 200)
