"""Who is on call, where cover is missing, and somebody else for a while."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.access import Actor
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, WholeField, WordField
from backend.api.views import ApiView
from backend.errors import NotFound
from backend.rules.roles import Access
from recovery.api.around import HourField
from recovery.rules.escalation import OverrideReason
from recovery.selectors.rota import RotaView, rota_views
from recovery.services.rota import (
    MOST_IN_A_TURN,
    MOST_TURNS,
    add_override,
    cancel_override,
    may_edit,
    set_rota,
    take_over,
)

# Taking over writes its own reason.
REASONS = [reason for reason in OverrideReason if reason is not OverrideReason.TAKE_OVER]


class OnCallSerializer(serializers.Serializer):
    """Who is on call, in the order in which they are told; nobody is a gap."""

    starts_at = AwareDateTimeField()
    ends_at = AwareDateTimeField()
    people = serializers.ListField(child=serializers.IntegerField())
    overridden = serializers.BooleanField()


class RotaGapSerializer(serializers.Serializer):
    """A stretch with fewer than two people whom a text reaches."""

    starts_at = AwareDateTimeField()
    ends_at = AwareDateTimeField()
    missing = serializers.IntegerField(min_value=1, max_value=2)


class RotaPersonSerializer(serializers.Serializer):
    """`role` is empty for somebody of the rota who has left the care team."""

    user_id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    role = serializers.CharField(allow_blank=True)
    reachable = serializers.BooleanField(help_text="Has a number that a text reaches.")


class OverrideSerializer(serializers.Serializer):
    """Somebody else for a while. Of two at the same time the newer one holds."""

    id = serializers.IntegerField()
    program_id = serializers.IntegerField()
    starts_at = AwareDateTimeField()
    ends_at = AwareDateTimeField()
    people = serializers.ListField(child=serializers.IntegerField())
    reason = WordField(OverrideReason)


class UnansweredSerializer(serializers.Serializer):
    """Concerns that wait for somebody: counts alone."""

    waiting = serializers.IntegerField(min_value=0)
    told_everybody = serializers.IntegerField(min_value=0)
    oldest_at = AwareDateTimeField(allow_null=True)


class ProgramRotaSerializer(serializers.Serializer):
    """From now to the end of the next week."""

    program_id = serializers.IntegerField()
    zone = serializers.CharField()
    has_weeks = serializers.BooleanField(help_text="Whether somebody has made a weekly rota.")
    may_edit = serializers.BooleanField()
    on_call = OnCallSerializer(many=True)
    gaps = RotaGapSerializer(many=True)
    people = RotaPersonSerializer(many=True)
    overrides = OverrideSerializer(many=True)
    unanswered = UnansweredSerializer()


class RotaListSerializer(serializers.Serializer):
    items = ProgramRotaSerializer(many=True)


class RotaListView(ApiView):
    """GET /api/v1/care/rota/ - who is on call in each program of the signed-in person."""

    access = Access.STAFF

    @extend_schema(operation_id="listRota", responses=RotaListSerializer)
    def get(self, request: Request) -> Response:
        """Who is on call until the end of the next week, with gaps and people without a number. Names no patient."""
        views = rota_views(self.actor.programs_for(Access.STAFF), now=clock.now())
        items = [_rota(view, edits=may_edit(self.actor, view.program_id)) for view in views]
        return Response(RotaListSerializer({"items": items}).data)


class OverrideView(ApiView):
    """POST /api/v1/care/rota/overrides/"""

    access = Access.DIRECTION

    class Input(StrictSerializer):
        program_id = WholeField(min_value=1)
        starts_at = AwareDateTimeField(help_text="With its zone.")
        ends_at = AwareDateTimeField(help_text="With its zone; still to come, at most 62 days after the beginning.")
        people = serializers.ListField(
            child=WholeField(min_value=1), max_length=2, help_text="First and second; empty is a gap that is known."
        )
        reason = WordField(REASONS, name="OverrideChoice")

    @extend_schema(operation_id="addOverride", responses=OverrideSerializer)
    def post(self, request: Request) -> Response:
        """Put up to two people on call for a while. 403 unless a medical director or an operator of the program."""
        given = self.data()
        now = clock.now()
        _refuse_strangers(self.actor, given["program_id"])
        pk = add_override(actor=self.actor, now=now, **given | {"reason": OverrideReason(given["reason"])})
        return Response(_override(given["program_id"], pk, now=now))


class TakeOverView(ApiView):
    """POST /api/v1/care/rota/take-over/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        program_id = WholeField(min_value=1)
        until = AwareDateTimeField(help_text="With its zone; within the next seven days.")

    @extend_schema(operation_id="takeOver", responses=OverrideSerializer)
    def post(self, request: Request) -> Response:
        """Be on call first from now until a time; who was first becomes second."""
        given, now = self.data(), clock.now()
        _refuse_strangers(self.actor, given["program_id"])
        pk = take_over(actor=self.actor, now=now, **given)
        return Response(_override(given["program_id"], pk, now=now))


class RotaWeeksView(ApiView):
    """POST /api/v1/care/rota/weeks/"""

    access = Access.DIRECTION

    class Input(StrictSerializer):
        program_id = WholeField(min_value=1)
        anchor = DayField(help_text="The Monday of the first week.")
        hand_over = HourField(help_text="Local time at which a week begins.")
        turns = serializers.ListField(
            child=serializers.ListField(child=WholeField(min_value=1), min_length=1, max_length=MOST_IN_A_TURN),
            min_length=1,
            max_length=MOST_TURNS,
            help_text="The weeks of the circle, each its people in the order in which they are told.",
        )

    @extend_schema(operation_id="setRota", responses=ProgramRotaSerializer)
    def post(self, request: Request) -> Response:
        """Make a new version of the weekly rota, in force at once. 403 unless a director or an operator."""
        given, now = self.data(), clock.now()
        _refuse_strangers(self.actor, given["program_id"])
        set_rota(actor=self.actor, now=now, **given)
        [view] = rota_views([given["program_id"]], now=now)
        return Response(ProgramRotaSerializer(_rota(view, edits=True)).data)


class EndOverrideView(ApiView):
    """POST /api/v1/care/rota/overrides/{id}/end/"""

    access = Access.STAFF

    @extend_schema(operation_id="endOverride", request=None, responses={204: None})
    def post(self, request: Request, override_id: int) -> Response:
        """End an override before its time: an editor of the rota, or whoever made it. 409 for one that was ended."""
        self.data()
        cancel_override(actor=self.actor, override_id=override_id, now=clock.now())
        return Response(status=204)


def _override(program_id: int, pk: int, *, now: datetime) -> dict[str, Any]:
    [view] = rota_views([program_id], now=now)
    [row] = [row for row in view.overrides if row.id == pk]
    return dict(OverrideSerializer(row).data)


def _refuse_strangers(actor: Actor, program_id: int) -> None:
    """A program where somebody does not work is not there."""
    if program_id not in actor.programs_for(Access.STAFF):
        raise NotFound


def _rota(view: RotaView, *, edits: bool) -> dict[str, Any]:
    return {
        "program_id": view.program_id,
        "zone": view.zone,
        "has_weeks": view.rota is not None and bool(view.rota.turns),
        "may_edit": edits,
        "on_call": [*view.weeks[0], *view.weeks[1]],
        "gaps": view.gaps,
        "people": list(view.people.values()),
        "overrides": view.overrides,
        "unanswered": view.unanswered,
    }
