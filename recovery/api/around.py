"""People around a patient, how the patient may be reached, and what was earned: the patient's own side."""

import re
from datetime import time
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, DayField, StrictSerializer, TextField, WordField, YesNoField
from backend.api.views import ApiView
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from recovery.rules.reach import Interpreter
from recovery.rules.rewards import EntryKind, Phase, Reason
from recovery.rules.supporters import EndedBy, Relation, SupporterState, Tier, Topic
from recovery.rules.words import Language
from recovery.selectors.access import own_patient
from recovery.selectors.around import reach_of, rewards_of, supporters_of, supporters_shown
from recovery.services.reach import LONGEST_TEXT, LONGEST_WORD, Reach, set_reach
from recovery.services.supporters import NewSupporter, add_supporter, end_supporter

_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class PersonSerializer(serializers.Serializer):
    """Somebody whom the patient lets in. Before `state` is active nothing is sent and nothing is told."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    name = serializers.CharField()
    phone = serializers.CharField()
    relation = WordField(Relation)
    language = WordField(Language)
    tier = WordField(Tier)
    may_tell = serializers.ListField(child=WordField(Topic))
    state = WordField(SupporterState)
    expires_on = serializers.DateField()
    agreed_at = AwareDateTimeField(allow_null=True)
    ended_at = AwareDateTimeField(allow_null=True)


class PeopleSerializer(serializers.Serializer):
    items = PersonSerializer(many=True)


class PeopleView(ApiView):
    """GET /api/v1/me/people/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listPeople", responses=PeopleSerializer)
    def get(self, request: Request) -> Response:
        """Whom the signed-in patient lets in: those who count first, then those that ended."""
        patient = own_patient(self.actor)
        shown = supporters_of(patient=patient, today=local_date(clock.now(), patient.zone))
        return Response(PeopleSerializer({"items": shown}).data)


class PersonView(ApiView):
    """PUT /api/v1/me/people/{client_id}/"""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        name = TextField(max_length=200)
        phone = TextField(max_length=16, help_text="With its country, such as +12125550123.")
        relation = WordField(Relation)
        tier = WordField(
            Tier,
            help_text="reach: the clinic may ask them to pass on that it called. hello: also a friendly text once a "
            "week. informed: also what may_tell lists.",
        )
        may_tell = serializers.ListField(child=WordField(Topic), max_length=len(Topic), default=list)
        language = WordField(Language, default=Language.ENGLISH.value)
        expires_on = DayField(allow_null=True, default=None, help_text="The last day; a year from now at most.")

    @extend_schema(operation_id="addPerson", responses={201: PersonSerializer, 200: PersonSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Let somebody in.

        They are asked, too: until they agree nothing is sent to them and nothing is told. Safe to repeat: 201 the
        first time, 200 for the same body again, 409 for another, for a number that is on the list, or where
        somebody else must allow it.
        """
        patient, now = own_patient(self.actor), clock.now()
        new = NewSupporter(client_id=client_id, **self.data())
        row, is_new = add_supporter(actor=self.actor, patient=patient, new=new, now=now)
        [shown] = supporters_shown([row], patient=patient, today=local_date(now, patient.zone))
        return Response(PersonSerializer(shown).data, status=201 if is_new else 200)


class EndPersonView(ApiView):
    """POST /api/v1/me/people/{id}/end/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="endPerson", request=None, responses=PersonSerializer)
    def post(self, request: Request, supporter_id: int) -> Response:
        """Let somebody in no longer, from now on. No reason is asked for; a repeat changes nothing."""
        self.data()
        patient, now = own_patient(self.actor), clock.now()
        row = end_supporter(
            actor=self.actor, patient=patient, supporter_id=supporter_id, by=EndedBy.PATIENT.value, now=now
        )
        [shown] = supporters_shown([row], patient=patient, today=local_date(now, patient.zone))
        return Response(PersonSerializer(shown).data)


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
class HourField(serializers.Field):
    """A local time of day as HH:MM."""

    default_error_messages = {"invalid": "Write a time as 09:30."}

    def to_internal_value(self, data: Any) -> time:
        if not isinstance(data, str) or not _HOUR.fullmatch(data):
            self.fail("invalid")
        return time.fromisoformat(data)

    def to_representation(self, value: time) -> str:
        return value.strftime("%H:%M")


class ReachSerializer(serializers.Serializer):
    """How the patient may be reached; null where nobody has asked yet. Hours are local."""

    phone_shared = serializers.BooleanField()
    safe_to_call = serializers.BooleanField(allow_null=True)
    safe_voicemail = serializers.BooleanField(allow_null=True)
    safe_from = HourField(allow_null=True)
    safe_until = HourField(allow_null=True)
    agreed_word = serializers.CharField(allow_blank=True)
    interpreter = WordField(Interpreter)
    letters_ok = serializers.BooleanField(allow_null=True)
    letter_address = serializers.CharField(allow_blank=True)


class ReachView(ApiView):
    """GET and POST /api/v1/me/reach/"""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        phone_shared = YesNoField(default=False, help_text="Others can read this phone.")
        safe_to_call = YesNoField(allow_null=True, default=None)
        safe_voicemail = YesNoField(allow_null=True, default=None)
        safe_from = HourField(allow_null=True, default=None)
        safe_until = HourField(allow_null=True, default=None)
        agreed_word = TextField(
            max_length=LONGEST_WORD, allow_blank=True, default="", help_text="What a call says it is about."
        )
        interpreter = WordField(Interpreter, default="")
        letters_ok = YesNoField(allow_null=True, default=None)
        letter_address = TextField(max_length=LONGEST_TEXT, allow_blank=True, default="")

    @extend_schema(operation_id="reach", responses=ReachSerializer)
    def get(self, request: Request) -> Response:
        """How the signed-in patient may be reached."""
        return Response(ReachSerializer(reach_of(patient=own_patient(self.actor))).data)

    @extend_schema(operation_id="setReach", responses=ReachSerializer)
    def post(self, request: Request) -> Response:
        """Say how one may be reached: the whole of it; what is left out counts as not said."""
        patient = own_patient(self.actor)
        set_reach(actor=self.actor, patient=patient, reach=Reach(**self.data()), now=clock.now())
        return Response(ReachSerializer(reach_of(patient=patient)).data)


class RewardEntrySerializer(serializers.Serializer):
    """`cents` is below zero for what was handed out and for what is taken back because it was an error."""

    id = serializers.IntegerField()
    kind = WordField(EntryKind)
    reason = serializers.CharField(
        allow_blank=True,
        help_text=f"{', '.join(reason.value for reason in Reason)}; empty unless something was earned.",
    )
    on_day = serializers.DateField()
    cents = serializers.IntegerField()
    is_corrected = serializers.BooleanField()


class RewardsSerializer(serializers.Serializer):
    """Amounts in US cents. `step_cents` is what a step earns today; it falls on days that are known beforehand."""

    is_on = serializers.BooleanField()
    started_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    phase = WordField(Phase, allow_null=True)
    step_cents = serializers.IntegerField()
    week_cap_cents = serializers.IntegerField()
    total_cap_cents = serializers.IntegerField()
    balance_cents = serializers.IntegerField()
    entries = RewardEntrySerializer(many=True)


class RewardsView(ApiView):
    """GET /api/v1/me/rewards/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="rewards", responses=RewardsSerializer)
    def get(self, request: Request) -> Response:
        """What the signed-in patient's steps earned and what was handed out, the newest first.

        What was earned stays: nothing is ever taken for a missed day.
        """
        patient = own_patient(self.actor)
        shown = rewards_of(patient=patient, today=local_date(clock.now(), patient.zone))
        return Response(RewardsSerializer(shown).data)
