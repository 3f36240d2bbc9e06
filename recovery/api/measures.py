"""How much of a time was covered: the measures of one patient, for staff."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import DayField, StrictSerializer, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.rules.adherence import CoverRule, Gap, Pdc, Share
from recovery.rules.measures import GAP_DAYS, LeftOut, Measures, Substance
from recovery.rules.records import StayPlace
from recovery.services.measures import read_measures


class ShareSerializer(serializers.Serializer):
    """A part of a whole. `value` has four decimals and is null when the whole is nothing."""

    part = serializers.FloatField()
    whole = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True)


class PdcSerializer(serializers.Serializer):
    """Proportion of days covered, with every denominator.

    `share` leaves out the excluded days; `known_only` also the days nobody reported; `nothing_excluded` none.
    """

    rule = WordField(CoverRule)
    days = serializers.IntegerField()
    excluded = serializers.IntegerField()
    not_reported = serializers.IntegerField()
    share = ShareSerializer()
    known_only = ShareSerializer()
    nothing_excluded = ShareSerializer()


class GapSerializer(serializers.Serializer):
    """Uncovered days in a row; excluded days inside are not among `days`."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    days = serializers.IntegerField()


class GapCountSerializer(serializers.Serializer):
    at_least_days = serializers.ChoiceField(choices=GAP_DAYS)
    count = serializers.IntegerField()


class LeftOutSerializer(serializers.Serializer):
    """Days that left the denominator: away, and nobody knows what was given."""

    first = serializers.DateField()
    last = serializers.DateField()
    days = serializers.IntegerField()
    place = WordField(StayPlace)


class ContinuitySerializer(serializers.Serializer):
    days = serializers.IntegerField()
    reached = serializers.BooleanField(help_text="Whether it lasted as long as the program's policy asks.")


class DoseCountSerializer(serializers.Serializer):
    doses = ShareSerializer()
    known_only = ShareSerializer()
    mg = ShareSerializer(allow_null=True)


class MeasureSerializer(serializers.Serializer):
    """Every measure of one substance. `pdc` is null before the first confirmed dose: there is none then, not 0."""

    substance = WordField(Substance, name="MedicineSubstance")
    pdc = PdcSerializer(allow_null=True)
    pdc_carry = PdcSerializer(allow_null=True)
    mpr = ShareSerializer()
    doses = DoseCountSerializer()
    longest_gap = GapSerializer(allow_null=True)
    gaps = GapSerializer(many=True)
    gap_counts = GapCountSerializer(many=True)
    persistence_days = serializers.IntegerField(allow_null=True)
    continuity = ContinuitySerializer()
    on_time = ShareSerializer()
    left_out = LeftOutSerializer(many=True)
    not_reported = serializers.ListField(child=serializers.DateField())


class MeasuresSerializer(serializers.Serializer):
    """The window, both days included, and what it comes to, one entry for each substance with a record."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    items = MeasureSerializer(many=True)


def share(found: Share | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"part": round(float(found.part), 4), "whole": found.whole, "value": found.rounded}


def pdc(found: Pdc | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "rule": found.rule.value,
        "days": found.days,
        "excluded": found.excluded,
        "not_reported": found.not_reported,
        "share": share(found.share),
        "known_only": share(found.known_only),
        "nothing_excluded": share(found.nothing_excluded),
    }


def _gap(found: Gap | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"first_day": found.first_day, "last_day": found.last_day, "days": found.days}


def _left_out(found: LeftOut) -> dict[str, Any]:
    return {"first": found.first, "last": found.last, "days": found.days, "place": found.place}


def measure_json(found: Measures) -> dict[str, Any]:
    return {
        "substance": found.substance.value,
        "pdc": pdc(found.pdc),
        "pdc_carry": pdc(found.pdc_carry),
        "mpr": share(found.mpr),
        "doses": {
            "doses": share(found.doses.doses),
            "known_only": share(found.doses.known_only),
            "mg": share(found.doses.mg),
        },
        "longest_gap": _gap(found.longest_gap),
        "gaps": [_gap(each) for each in found.gaps],
        "gap_counts": [{"at_least_days": days, "count": count} for days, count in found.gaps_of_at_least.items()],
        "persistence_days": found.persistence_days,
        "continuity": {"days": found.continuity.days, "reached": found.continuity.reached},
        "on_time": share(found.on_time),
        "left_out": [_left_out(each) for each in found.left_out],
        "not_reported": found.not_reported,
    }


class MeasuresQuery(StrictSerializer):
    """``from`` is a word of Python's own, so the fields are named below."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            "from": DayField(required=False, help_text="First day; left out: the first confirmed dose."),
            "to": DayField(required=False, help_text="Last day; left out: yesterday, or the end of the treatment."),
        }


class MeasuresView(ApiView):
    """GET /api/v1/care/patients/{id}/measures/"""

    access = Access.CARE_TEAM
    Query = MeasuresQuery

    @extend_schema(operation_id="measures", responses=MeasuresSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """How much of a time was covered, each number with its rule and every denominator.

        A day that nobody reported counts as uncovered and is shown apart. Days away on which nobody knows what was
        given leave the denominator. The 80 percent that is often quoted is a convention: nothing shows that it
        protects.
        """
        found = read_measures(
            actor=self.actor,
            patient_id=patient_id,
            start=self.query.get("from"),
            end=self.query.get("to"),
            now=clock.now(),
        )
        shown = {"first_day": found.start, "last_day": found.end, "items": [measure_json(one) for one in found.items]}
        return Response(MeasuresSerializer(shown).data)
