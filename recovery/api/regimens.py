"""What is ordered for a patient: choices, versions, start, change, stop. Prescribers order; the team reads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import (
    AwareDateTimeField,
    DayField,
    StrictSerializer,
    TextField,
    WholeField,
    WordField,
    YesNoField,
)
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.rules.medicines import Medicine
from recovery.rules.regimen_words import WARNING_WORDS, OrderWarning
from recovery.selectors.access import patient_for
from recovery.selectors.regimens import regimen_choices, regimen_rows
from recovery.services.orders import Order, change_order, order_regimen, stop_order
from recovery.services.patients import read_patient


class PlainNumberField(serializers.FloatField):
    """A number written as a number."""

    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float):
            self.fail("invalid")
        return super().to_internal_value(data)


class StepInput(StrictSerializer):
    """Days of a regimen with one dose; day 1 is the first. `to_day` null is open, and only the last may be."""

    from_day = WholeField(min_value=1, max_value=3660)
    to_day = WholeField(min_value=1, max_value=3660, allow_null=True)
    dose_mg = PlainNumberField()
    coverage_hours = PlainNumberField()


class WeekdayInput(StrictSerializer):
    """The dose of one weekday, 0 is Monday."""

    weekday = WholeField(min_value=0, max_value=6)
    dose_mg = PlainNumberField()
    coverage_hours = PlainNumberField()


class OrderInput(StrictSerializer):
    """What to order. What is left out of the plan is the catalogue's."""

    kind = TextField(max_length=40, help_text="A key of the choices.")
    starts_on = DayField(help_text="Day 1, in the patient's zone.")
    last_day = DayField(allow_null=True, default=None)
    times = serializers.ListField(
        child=TextField(max_length=5), allow_null=True, default=None, max_length=4, help_text='Local, such as "08:00".'
    )
    steps = StepInput(many=True, required=False)
    weekday_doses = WeekdayInput(many=True, required=False)
    every_days = WholeField(min_value=1, max_value=60, required=False)
    reminders = YesNoField(default=True)
    outside_window_ok = YesNoField(default=False, help_text="The patient chose a time outside 08:00 to 21:00.")
    warnings_read = serializers.ListField(
        child=WordField(OrderWarning), default=list, help_text="Codes of the warnings that were read."
    )

    def order(self) -> Order:
        data = dict(self.validated_data)
        plan = {key: data.pop(key) for key in ("steps", "weekday_doses", "every_days") if key in data}
        times = data.pop("times")
        return Order(
            **data,
            times=None if times is None else tuple(times),
            plan={key: [dict(each) for each in part] if isinstance(part, list) else part for key, part in plan.items()}
            or None,
        )


class RegimenSerializer(serializers.Serializer):
    """One version as it was ordered."""

    id = serializers.IntegerField(source="regimen_id")
    version = serializers.IntegerField()
    kind = serializers.CharField()
    name = serializers.CharField()
    medicine = WordField(Medicine)
    plan = serializers.JSONField()
    starts_on = serializers.DateField()
    last_day = serializers.DateField(allow_null=True)
    reminders = serializers.BooleanField()
    outside_window_ok = serializers.BooleanField()
    is_open = serializers.BooleanField()
    is_bridge = serializers.BooleanField()
    ordered_at = AwareDateTimeField()
    ended_at = AwareDateTimeField(allow_null=True)
    end_reason = serializers.CharField(allow_blank=True)


class RegimenListSerializer(serializers.Serializer):
    """The newest first."""

    items = RegimenSerializer(many=True)


class ReadBeforeSerializer(serializers.Serializer):
    code = WordField(OrderWarning)
    words = serializers.CharField()


class ChoiceSerializer(serializers.Serializer):
    """One regimen that can be ordered. `warnings` are to be read, and named in `warnings_read`, before."""

    kind = serializers.CharField()
    name = serializers.CharField()
    medicine = WordField(Medicine)
    times_a_day = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    warnings = ReadBeforeSerializer(many=True)


class ChoiceListSerializer(serializers.Serializer):
    items = ChoiceSerializer(many=True)


class RegimensView(ApiView):
    """GET, POST /api/v1/care/patients/{patient_id}/regimens/"""

    access = Access.CARE_TEAM
    Input = OrderInput

    @extend_schema(operation_id="listRegimens", request=None, responses=RegimenListSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """Every version of what was ordered for a patient."""
        patient = read_patient(actor=self.actor, patient_id=patient_id)
        return Response(RegimenListSerializer({"items": regimen_rows(patient=patient)}).data)

    @extend_schema(operation_id="startRegimen", responses=RegimenSerializer)
    def post(self, request: Request, patient_id: int) -> Response:
        """Order a regimen. Only a prescriber may.

        A medicine has one regimen at a time: a repeat is a 409, never a second one.
        """
        patient = patient_for(self.actor, patient_id=patient_id)
        row = order_regimen(actor=self.actor, patient=patient, order=_order(self), now=clock.now())
        return _shown(patient, row.pk)


class RegimenChangeView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/regimens/{regimen_id}/change/"""

    access = Access.CARE_TEAM

    class Input(OrderInput):
        keep_cycle = YesNoField(default=False, help_text="Only times and doses change, from now on.")

    @extend_schema(operation_id="changeRegimen", responses=RegimenSerializer)
    def post(self, request: Request, patient_id: int, regimen_id: int) -> Response:
        """Replace a regimen by a new version. Only a prescriber may.

        Nothing past is rewritten; doses that lie ahead and that nobody reported are replaced. 409 when the version
        has ended already.
        """
        patient = patient_for(self.actor, patient_id=patient_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        keep = given.validated_data.pop("keep_cycle")
        row = change_order(
            actor=self.actor,
            patient=patient,
            regimen_id=regimen_id,
            order=given.order(),
            keep_cycle=keep,
            now=clock.now(),
        )
        return _shown(patient, row.pk)


class RegimenStopView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/regimens/{regimen_id}/stop/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        reason = TextField(max_length=40, help_text="In a few words; no names.")

    @extend_schema(operation_id="stopRegimen", responses=RegimenSerializer)
    def post(self, request: Request, patient_id: int, regimen_id: int) -> Response:
        """End a regimen. Only a prescriber may. What was due stays to be reported."""
        patient = patient_for(self.actor, patient_id=patient_id)
        row = stop_order(
            actor=self.actor, patient=patient, regimen_id=regimen_id, reason=self.data()["reason"], now=clock.now()
        )
        return _shown(patient, row.pk)


class RegimenChoicesView(ApiView):
    """GET /api/v1/care/patients/{patient_id}/regimen-choices/"""

    access = Access.CARE_TEAM

    class Query(StrictSerializer):
        q = TextField(max_length=80, allow_blank=True, default="", help_text="A word of the name, or a brand.")

    @extend_schema(operation_id="listRegimenChoices", responses=ChoiceListSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """What the program offers this patient, found by name or brand."""
        patient = read_patient(actor=self.actor, patient_id=patient_id)
        items = [
            {
                "kind": choice.entry.key,
                "name": choice.name,
                "medicine": choice.entry.medicine.value,
                "times_a_day": choice.entry.times_a_day,
                "source": choice.entry.source,
                "warnings": [{"code": code.value, "words": WARNING_WORDS[code]} for code in choice.warnings],
            }
            for choice in regimen_choices(patient=patient, text=self.query["q"])
        ]
        return Response(ChoiceListSerializer({"items": items}).data)


def _order(view: ApiView) -> Order:
    given = OrderInput(data=view.request.data)
    given.is_valid(raise_exception=True)
    return given.order()


def _shown(patient: Any, regimen_id: int) -> Response:
    row = next(each for each in regimen_rows(patient=patient) if each.regimen_id == regimen_id)
    return Response(RegimenSerializer(row).data)
