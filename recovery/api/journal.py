"""The patient's journal, the coping library, and what was tried."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.pagination import KeyQuery, key_page
from backend.api.serializers import AwareDateTimeField, StrictSerializer, TextField, WholeField, WordField, YesNoField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.api.fields import NOTE_CHARACTERS, CodeField, NoteField
from recovery.rules.coping import COPING
from recovery.rules.records import TriggerKind, TriggerOrigin
from recovery.rules.triggers import TRIGGER_TAGS
from recovery.rules.words import Language
from recovery.selectors.access import own_patient
from recovery.selectors.journal import entries, entries_shown, tried_counts
from recovery.services.journal import log_skill, write_entry

LARGEST_ID = 2**63 - 1


class EntrySerializer(serializers.Serializer):
    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    written_at = AwareDateTimeField()
    received_at = AwareDateTimeField()
    shared = serializers.BooleanField()
    words = serializers.CharField()


class EntryPageSerializer(serializers.Serializer):
    """Newest first. `next` is the `after` of the next page, null on the last."""

    items = EntrySerializer(many=True)
    next = serializers.CharField(allow_null=True)


class SkillUseSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    skill = serializers.CharField()
    helped = serializers.BooleanField(allow_null=True)
    used_at = AwareDateTimeField()
    trigger_id = serializers.IntegerField(allow_null=True)


class SkillSerializer(serializers.Serializer):
    """One thing to try, in the patient's language."""

    code = serializers.CharField()
    kinds = serializers.ListField(child=WordField(TriggerKind))
    title = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())
    source = serializers.CharField()  # type: ignore[assignment]
    written_on = serializers.DateField()
    review_by = serializers.DateField()


class TagSerializer(serializers.Serializer):
    """One trigger of the list, with its own place on both axes."""

    code = serializers.CharField()
    origin = WordField(TriggerOrigin)
    kind = WordField(TriggerKind)
    words = serializers.CharField()
    life_event = serializers.BooleanField()


class TriedSerializer(serializers.Serializer):
    """How often something was tried; `unsaid` are the times without an answer whether it helped."""

    skill = serializers.CharField()
    times = serializers.IntegerField()
    helped = serializers.IntegerField()
    did_not = serializers.IntegerField()
    unsaid = serializers.IntegerField()


class CopingSerializer(serializers.Serializer):
    """The coping library, the list of triggers, and the patient's own counts."""

    skills = SkillSerializer(many=True)
    triggers = TagSerializer(many=True)
    tried = TriedSerializer(many=True)


class EntryListView(ApiView):
    """GET /api/v1/me/journal/"""

    access = Access.OWN_PATIENT
    Query = KeyQuery

    @extend_schema(operation_id="listEntries", responses=EntryPageSerializer)
    def get(self, request: Request) -> Response:
        """What the signed-in patient wrote, newest first."""
        limit, after = self.query["limit"], self.query["after"]
        rows = entries(patient=own_patient(self.actor), limit=limit + 1, before=(after.at, after.id) if after else None)
        return Response(EntryPageSerializer(key_page(rows, limit=limit, at="written_at")).data)


class EntryView(ApiView):
    """PUT /api/v1/me/journal/{client_id}/"""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        words = TextField(max_length=NOTE_CHARACTERS)
        written_at = AwareDateTimeField(help_text="With its zone; not in the future.")
        shared = YesNoField(default=False, help_text="The care team may read it.")

    @extend_schema(operation_id="writeEntry", responses={201: EntrySerializer, 200: EntrySerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Write an entry; nobody else reads it unless it is shared.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        patient = own_patient(self.actor)
        entry, is_new = write_entry(
            actor=self.actor, patient=patient, client_id=client_id, now=clock.now(), **self.data()
        )
        [shown] = entries_shown([entry], patient=patient)
        return Response(EntrySerializer(shown).data, status=201 if is_new else 200)


class CopingView(ApiView):
    """GET /api/v1/me/coping/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="readCoping", responses=CopingSerializer)
    def get(self, request: Request) -> Response:
        """Things to try and the list of triggers, in the patient's language, with what was tried and helped."""
        patient = own_patient(self.actor)
        language = Language(patient.language)
        found = {
            "skills": [
                {
                    "code": skill.code,
                    "kinds": sorted(kind.value for kind in skill.kinds),
                    "title": skill.title[language],
                    "steps": list(skill.steps[language]),
                    "source": skill.source,
                    "written_on": skill.written_on,
                    "review_by": skill.review_by,
                }
                for skill in COPING.values()
            ],
            "triggers": [
                {
                    "code": tag.code,
                    "origin": tag.origin.value,
                    "kind": tag.kind.value,
                    "words": tag.words[language],
                    "life_event": tag.life_event,
                }
                for tag in TRIGGER_TAGS.values()
            ],
            "tried": tried_counts(patient=patient),
        }
        return Response(CopingSerializer(found).data)


class SkillUseView(ApiView):
    """PUT /api/v1/me/skills/{client_id}/"""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        skill = CodeField(max_length=40, allow_blank=False, default=serializers.empty, help_text="Of the library.")
        used_at = AwareDateTimeField(help_text="With its zone; not in the future.")
        helped = YesNoField(allow_null=True, default=None)
        trigger_id = WholeField(min_value=1, max_value=LARGEST_ID, allow_null=True, default=None)
        note = NoteField()

    @extend_schema(operation_id="logSkill", responses={201: SkillUseSerializer, 200: SkillUseSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Note that something was tried, and whether it helped.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        row, is_new = log_skill(
            actor=self.actor,
            patient=own_patient(self.actor),
            client_id=client_id,
            now=clock.now(),
            **self.data(),
        )
        return Response(SkillUseSerializer(row).data, status=201 if is_new else 200)
