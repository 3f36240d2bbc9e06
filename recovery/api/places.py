"""The program's own list of meetings: kept by the care team, read by patients."""

from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import StrictSerializer, TextField, WholeField, WordField, YesNoField
from backend.api.views import ApiView
from backend.errors import NotFound
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from backend.selectors.people import programs_by_id
from recovery.rules.support import MeetingKind
from recovery.rules.words import Language
from recovery.selectors.access import own_patient
from recovery.selectors.places import PlaceView as PlaceFacts
from recovery.selectors.places import place_view, places_of, places_shown
from recovery.services.places import NewPlace, check_place, list_place, withdraw_place


class OwnPlaceSerializer(serializers.Serializer):
    """A meeting, where it is known from, and the day on which somebody checked that it meets."""

    kind = WordField(MeetingKind)
    name = serializers.CharField()
    times = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    online = serializers.BooleanField()
    language = WordField(Language)
    phone = serializers.CharField(allow_blank=True)
    source = serializers.CharField()  # type: ignore[assignment]
    reviewed_on = serializers.DateField()


class PlaceSerializer(OwnPlaceSerializer):
    """As staff keep it. `shown`: patients read it; `check_again`: nobody looked for long."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    program_id = serializers.IntegerField()
    check_again = serializers.BooleanField()
    shown = serializers.BooleanField()


class OwnPlaceListSerializer(serializers.Serializer):
    items = OwnPlaceSerializer(many=True)


class PlaceListSerializer(serializers.Serializer):
    items = PlaceSerializer(many=True)


class OwnPlacesView(ApiView):
    """GET /api/v1/me/meeting-places/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listMeetingPlaces", responses=OwnPlaceListSerializer)
    def get(self, request: Request) -> Response:
        """The meetings that the program of the signed-in patient knows of; none that nobody checked for a year."""
        patient = own_patient(self.actor)
        items = places_shown(patient.program_id, today=local_date(clock.now(), patient.program.zone))
        return Response(OwnPlaceListSerializer({"items": items}).data)


class PlaceListView(ApiView):
    """GET /api/v1/care/meeting-places/"""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="keptMeetingPlaces", responses=PlaceListSerializer)
    def get(self, request: Request) -> Response:
        """The lists of the programs of the signed-in person. They hold nothing of a patient."""
        now = clock.now()
        programs = programs_by_id(self.actor.programs_for(Access.CARE_TEAM)).values()
        items = [each for one in programs for each in places_of([one.pk], today=local_date(now, one.zone))]
        return Response(PlaceListSerializer({"items": items}).data)


class PlaceView(ApiView):
    """PUT /api/v1/care/meeting-places/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        program_id = WholeField(min_value=1, max_value=(1 << 62))
        kind = WordField(MeetingKind)
        name = TextField(max_length=120)
        times = TextField(max_length=200, help_text="When it meets, in words.")
        place = TextField(max_length=200, allow_blank=True, default="", help_text="Empty: it meets online only.")
        online = YesNoField(default=False)
        language = WordField(Language, default=Language.ENGLISH.value)
        phone = TextField(max_length=16, allow_blank=True, default="")
        source = TextField(max_length=200, help_text="Where it is known from.")  # type: ignore[assignment]

    @extend_schema(operation_id="listMeetingPlace", responses={201: PlaceSerializer, 200: PlaceSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Put a meeting on the list of a program, as checked today. Safe to repeat."""
        given, now = self.data(), clock.now()
        program_id = given.pop("program_id")
        if program_id not in self.actor.programs_for(Access.CARE_TEAM):
            raise NotFound
        place = NewPlace(client_id=client_id, **given)
        row, is_new = list_place(actor=self.actor, program_id=program_id, place=place, now=now)
        return Response(PlaceSerializer(_shown(row, now)).data, status=201 if is_new else 200)


class CheckPlaceView(ApiView):
    """POST /api/v1/care/meeting-places/{place_id}/checked/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        pass

    @extend_schema(operation_id="checkMeetingPlace", responses=PlaceSerializer)
    def post(self, request: Request, place_id: int) -> Response:
        """Somebody made sure today that it meets."""
        self.data()
        now = clock.now()
        return Response(PlaceSerializer(_shown(check_place(actor=self.actor, place_id=place_id, now=now), now)).data)


class WithdrawPlaceView(ApiView):
    """POST /api/v1/care/meeting-places/{place_id}/withdraw/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        pass

    @extend_schema(operation_id="withdrawMeetingPlace", responses=PlaceSerializer)
    def post(self, request: Request, place_id: int) -> Response:
        """It meets no more; patients do not see it any longer. 409 when it was taken off before."""
        self.data()
        now = clock.now()
        return Response(PlaceSerializer(_shown(withdraw_place(actor=self.actor, place_id=place_id, now=now), now)).data)


def _shown(row: Any, now: datetime) -> PlaceFacts:
    return place_view(row, today=local_date(now, row.program.zone))
