"""Where a patient wants to be woken up, and that they have seen what woke them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, StrictSerializer, TextField, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.selectors.access import own_patient
from reminders.providers import vapid
from reminders.rules.devices import LONGEST_ENDPOINT, Ended
from reminders.rules.states import WAKES, Channel
from reminders.selectors.devices import devices_of, first_choice, is_on, shown
from reminders.services import devices
from reminders.services.seen import note_seen


class DeviceSerializer(serializers.Serializer):
    """A place to be woken up; its address is not repeated. `confirmed`: a mailbox needs its owner's word."""

    client_id = serializers.UUIDField()
    channel = WordField(WAKES, name="WakeChannel")
    registered_at = AwareDateTimeField()
    last_seen_at = AwareDateTimeField()
    confirmed = serializers.BooleanField()
    ended_at = AwareDateTimeField(allow_null=True)
    ended_why = serializers.CharField(
        allow_blank=True, help_text=f"{', '.join(each.value for each in Ended)}; empty while it is in use."
    )


class DeviceListSerializer(serializers.Serializer):
    """`first`: the channel that the person wants first, null when they said nothing. `offered`: those there are."""

    items = DeviceSerializer(many=True)
    first = WordField(Channel, allow_null=True)
    offered = serializers.ListField(child=WordField(Channel))
    push_key = serializers.CharField(allow_blank=True, help_text="The key to subscribe a browser with; '' without push")


class DeviceListView(ApiView):
    """GET /api/v1/me/devices/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listDevices", responses=DeviceListSerializer)
    def get(self, request: Request) -> Response:
        """Where the signed-in patient is woken up, the latest first, and what is offered here."""
        return Response(_list(own_patient(self.actor).pk))


def _list(patient_id: int) -> dict[str, Any]:
    content = {
        "items": devices_of(patient_id),
        "first": first_choice(patient_id),
        "offered": [channel for channel in Channel if is_on(channel)],
        "push_key": vapid.public_key() if is_on(Channel.PUSH) else "",
    }
    return DeviceListSerializer(content).data


class DeviceView(ApiView):
    """PUT and DELETE /api/v1/me/devices/{client_id}/"""

    access = Access.OWN_PATIENT
    http_method_names = ["put", "delete"]

    class Input(StrictSerializer):
        channel = WordField(WAKES, name="WakeChannel")
        address = TextField(
            max_length=LONGEST_ENDPOINT,
            help_text="The endpoint of a browser's subscription, the token of an app, or a mail address.",
        )
        p256dh = TextField(max_length=120, allow_blank=True, default="", help_text="Of a browser's subscription.")
        auth = TextField(max_length=60, allow_blank=True, default="", help_text="Of a browser's subscription.")

    @extend_schema(operation_id="registerDevice", responses={201: DeviceSerializer, 200: DeviceSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Wake me up here. Registering is agreeing to it.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another. A repeat says that the
        place is still in use; one that was not heard of for 60 days is forgotten.
        """
        row, is_new = devices.register(
            actor=self.actor,
            patient=own_patient(self.actor),
            client_id=client_id,
            now=clock.now(),
            **self.data(),
        )
        return Response(DeviceSerializer(shown(row)).data, status=201 if is_new else 200)

    @extend_schema(operation_id="removeDevice", request=None, responses={200: DeviceSerializer})
    def delete(self, request: Request, client_id: UUID) -> Response:
        """Wake me up here no more. Safe to repeat; 404 for an id that was never yours."""
        patient = own_patient(self.actor)
        row = devices.remove(actor=self.actor, patient=patient, client_id=client_id, now=clock.now())
        return Response(DeviceSerializer(shown(row)).data)


class FirstChannelView(ApiView):
    """POST /api/v1/me/first-channel/"""

    access = Access.OWN_PATIENT
    http_method_names = ["post"]

    class Input(StrictSerializer):
        first = WordField(Channel)

    @extend_schema(operation_id="chooseFirstChannel", responses=DeviceListSerializer)
    def post(self, request: Request) -> Response:
        """Which channel comes first. It counts once there is a device of it and the person agreed. Safe to repeat."""
        patient = own_patient(self.actor)
        devices.choose_first(actor=self.actor, patient=patient, now=clock.now(), **self.data())
        return Response(_list(patient.pk))


class SeenSerializer(serializers.Serializer):
    """How many wake-ups this was the first sight of."""

    seen = serializers.IntegerField()


class SeenView(ApiView):
    """POST /api/v1/me/seen/"""

    access = Access.OWN_PATIENT
    http_method_names = ["post"]

    @extend_schema(operation_id="noteSeen", responses=SeenSerializer)
    def post(self, request: Request) -> Response:
        """I have opened the app: no text follows what woke me up. Opening today says so too."""
        patient = own_patient(self.actor)
        seen = note_seen(actor=self.actor, program_id=patient.program_id, patient_id=patient.pk, now=clock.now())
        return Response(SeenSerializer({"seen": seen}).data)
