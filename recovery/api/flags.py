"""The worklist and what the care team does with a flag."""

from collections import defaultdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.pagination import OffsetQuery, offset_page
from backend.api.serializers import AwareDateTimeField, StrictSerializer, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from backend.services import audit
from recovery.api.fields import CodeField, NoteField
from recovery.rules.records import OutreachChannel, OutreachOutcome
from recovery.rules.states import FlagKind, FlagStatus, Role, Severity
from recovery.selectors.worklist import Section, worklist_rows
from recovery.services.flags import (
    FlagOutcome,
    NewOutreach,
    close_flag,
    confirm_returned,
    own_flag,
    release_flag,
    snooze_flag,
)

# What a person may choose; the other is written by the system alone.
OUTCOMES = [outcome for outcome in FlagOutcome if outcome is not FlagOutcome.REASON_ENDED]


class WorklistRowSerializer(serializers.Serializer):
    """One live flag with what a call needs. `sentence` says why, with the numbers."""

    flag_id = serializers.IntegerField()
    patient_id = serializers.IntegerField()
    patient_number = serializers.IntegerField()
    program_id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    call_name = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    contact_note = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    zone = serializers.CharField()
    kind = WordField(FlagKind)
    severity = WordField(Severity)
    status = WordField(FlagStatus)
    section = WordField(Section)
    sentence = serializers.CharField()
    opened_at = AwareDateTimeField()
    severity_since = AwareDateTimeField()
    respond_by = AwareDateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    owner_role = WordField(Role, help_text="Whose kind of work it is; `owner_id` is who took it.")
    owner_id = serializers.IntegerField(allow_null=True)
    owner_name = serializers.CharField(allow_blank=True)
    snoozed_until = AwareDateTimeField(allow_null=True)
    others = serializers.IntegerField(min_value=0, help_text="Further flags of the same patient on this list.")


class WorklistPageSerializer(serializers.Serializer):
    """Most severe first, then oldest first. `count` is the length of the whole list."""

    items = WorklistRowSerializer(many=True)
    count = serializers.IntegerField(min_value=0)


class FlagSerializer(serializers.Serializer):
    """Where a flag stands after the act."""

    id = serializers.IntegerField()
    patient_id = serializers.IntegerField()
    kind = WordField(FlagKind)
    severity = WordField(Severity)
    status = WordField(FlagStatus)
    owner_id = serializers.IntegerField(allow_null=True)
    snoozed_until = AwareDateTimeField(allow_null=True)
    closed_at = AwareDateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True)


class WorklistView(ApiView):
    """GET /api/v1/care/worklist/ - who needs somebody, why, and by when."""

    access = Access.CARE_TEAM
    Query = OffsetQuery

    @extend_schema(operation_id="worklist", responses=WorklistPageSerializer)
    def get(self, request: Request) -> Response:
        """The live flags of the programs that the signed-in person works in.

        Every read is audited, for each patient shown.
        """
        program_ids = self.actor.programs_for(Access.CARE_TEAM)
        rows = worklist_rows(program_ids=program_ids, now=clock.now(), viewer=self.actor)
        page = offset_page(rows, limit=self.query["limit"], offset=self.query["offset"])
        self._audit(page["items"])
        return Response(WorklistPageSerializer(page).data)

    def _audit(self, shown: list[Any]) -> None:
        seen: dict[int, list[tuple[int | None, str, int | None]]] = defaultdict(list)
        for row in shown:
            seen[row.program_id].append((row.patient_id, "flag", row.flag_id))
        for program_id, objects in seen.items():
            audit.record_many(actor=self.actor, action="worklist.read", program_id=program_id, objects=objects)


class OwnFlagView(ApiView):
    """POST /api/v1/care/flags/{flag_id}/own/"""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="ownFlag", responses=FlagSerializer)
    def post(self, request: Request, flag_id: int) -> Response:
        """Take a flag, also from a colleague."""
        self.data()
        flag = own_flag(actor=self.actor, flag_id=flag_id, now=clock.now())
        return Response(FlagSerializer(flag).data)


class ReleaseFlagView(ApiView):
    """POST /api/v1/care/flags/{flag_id}/release/"""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="releaseFlag", responses=FlagSerializer)
    def post(self, request: Request, flag_id: int) -> Response:
        """Give a flag back to the list."""
        self.data()
        flag = release_flag(actor=self.actor, flag_id=flag_id, now=clock.now())
        return Response(FlagSerializer(flag).data)


class SnoozeFlagView(ApiView):
    """POST /api/v1/care/flags/{flag_id}/snooze/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        until = AwareDateTimeField(help_text="With its zone; still to come.")
        # Stored in clear, so a code and no free text.
        reason = CodeField(max_length=40, allow_blank=False, default=serializers.empty, help_text="A code.")

    @extend_schema(operation_id="snoozeFlag", responses=FlagSerializer)
    def post(self, request: Request, flag_id: int) -> Response:
        """Put a flag aside until a time, with a reason. It comes back by itself, earlier if it rises."""
        flag = snooze_flag(actor=self.actor, flag_id=flag_id, now=clock.now(), **self.data())
        return Response(FlagSerializer(flag).data)


class CloseFlagView(ApiView):
    """POST /api/v1/care/flags/{flag_id}/close/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        class Outreach(StrictSerializer):
            """A contact, or an attempt."""

            channel = WordField(OutreachChannel)
            outcome = WordField(OutreachOutcome)
            at = AwareDateTimeField(allow_null=True, default=None, help_text="Not in the future; null: just now.")
            note = NoteField()

        outcome = WordField(OUTCOMES, name="ClosingOutcome")
        note = NoteField()
        outreach = Outreach(allow_null=True, default=None)

    @extend_schema(operation_id="closeFlag", responses=FlagSerializer)
    def post(self, request: Request, flag_id: int) -> Response:
        """Close a flag with what came of it, and the contact that was made.

        409 when it is closed already.
        """
        given = self.data()
        contact = given.pop("outreach")
        flag = close_flag(
            actor=self.actor,
            flag_id=flag_id,
            now=clock.now(),
            outreach=NewOutreach(**contact) if contact else None,
            **given,
        )
        return Response(FlagSerializer(flag).data)


class ConfirmFlagView(ApiView):
    """POST /api/v1/care/flags/{flag_id}/confirm/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        note = NoteField()

    @extend_schema(operation_id="confirmFlag", responses=FlagSerializer)
    def post(self, request: Request, flag_id: int) -> Response:
        """Confirm that the reason of a red flag has ended. 409 unless the flag is returned."""
        flag = confirm_returned(actor=self.actor, flag_id=flag_id, now=clock.now(), **self.data())
        return Response(FlagSerializer(flag).data)
