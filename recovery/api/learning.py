"""What a patient can read, the lines to call, and the card to show."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, StrictSerializer, WholeField
from backend.api.views import ApiView
from backend.errors import NotFound
from backend.rules.roles import Access
from recovery.rules import alert_card as card_rules
from recovery.rules.crisis_lines import lines_for
from recovery.rules.words import Language
from recovery.selectors.access import key_of, own_patient
from recovery.selectors.learning import alert_card, modules_shown
from recovery.services.learning import mark_read


class ModuleSerializer(serializers.Serializer):
    """One thing to read, in the patient's language. `read_at` is null until this version was read."""

    code = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    paragraphs = serializers.ListField(child=serializers.CharField())
    source = serializers.CharField()  # type: ignore[assignment]
    written_on = serializers.DateField()
    review_by = serializers.DateField()
    read_at = AwareDateTimeField(allow_null=True)


class ModuleListSerializer(serializers.Serializer):
    """In the order in which they are offered."""

    items = ModuleSerializer(many=True)


class ReceiptSerializer(serializers.Serializer):
    module = serializers.CharField()
    version = serializers.IntegerField()
    read_at = AwareDateTimeField()


class LineSerializer(serializers.Serializer):
    """A number to call or text. `say` is the word to send; empty where any word does."""

    code = serializers.CharField()
    name = serializers.CharField()
    what = serializers.CharField()
    call = serializers.CharField(allow_blank=True)
    text_to = serializers.CharField(allow_blank=True)
    say = serializers.CharField(allow_blank=True)
    emergency = serializers.BooleanField()
    verified_on = serializers.DateField()


class HelpSerializer(serializers.Serializer):
    """The clinic's own number, and the lines of its country that somebody verified, emergency first."""

    clinic_phone = serializers.CharField(allow_blank=True)
    lines = LineSerializer(many=True)


class CardSerializer(serializers.Serializer):
    """The medical alert card. Keep it off the lock screen."""

    title = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    statement = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField())
    clinic = serializers.CharField()
    clinic_phone = serializers.CharField(allow_blank=True)
    last_given = serializers.DateField(allow_null=True)
    cover_ends = serializers.DateField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class ModuleListView(ApiView):
    """GET /api/v1/me/learn/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listModules", responses=ModuleListSerializer)
    def get(self, request: Request) -> Response:
        """What the signed-in patient can read about the medicine they take."""
        patient = own_patient(self.actor)
        language = Language(patient.language)
        items = [
            {
                "code": each.module.code,
                "version": each.module.version,
                "title": each.module.title[language],
                "paragraphs": list(each.module.paragraphs[language]),
                "source": each.module.source,
                "written_on": each.module.written_on,
                "review_by": each.module.review_by,
                "read_at": each.read_at,
            }
            for each in modules_shown(patient)
        ]
        return Response(ModuleListSerializer({"items": items}).data)


class ModuleReadView(ApiView):
    """PUT /api/v1/me/learn/{code}/read/"""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        version = WholeField(min_value=1, max_value=32767)

    @extend_schema(operation_id="markRead", responses={201: ReceiptSerializer, 200: ReceiptSerializer})
    def put(self, request: Request, code: str) -> Response:
        """Say that a module was read; 200 when it was said before, 409 when the text has changed since."""
        receipt, is_new = mark_read(
            actor=self.actor,
            patient=own_patient(self.actor),
            code=code,
            version=self.data()["version"],
            now=clock.now(),
        )
        return Response(ReceiptSerializer(receipt).data, status=201 if is_new else 200)


class HelpView(ApiView):
    """GET /api/v1/me/help/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="readHelp", responses=HelpSerializer)
    def get(self, request: Request) -> Response:
        """Numbers to call in danger or distress."""
        patient = own_patient(self.actor)
        language = Language(patient.language)
        lines = [
            {
                "code": line.code,
                "name": line.name[language],
                "what": line.what[language],
                "call": line.call,
                "text_to": line.text_to,
                "say": line.say[language],
                "emergency": line.emergency,
                "verified_on": line.verified_on,
            }
            for line in lines_for(patient.program.country)
        ]
        return Response(HelpSerializer({"clinic_phone": patient.program.phone, "lines": lines}).data)


class CardView(ApiView):
    """GET /api/v1/me/card/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="readCard", responses=CardSerializer)
    def get(self, request: Request) -> Response:
        """The medical alert card of a patient who takes a blocker; 404 for anybody else."""
        patient = own_patient(self.actor)
        card = alert_card(patient=patient, key=key_of(patient))
        if card is None:
            raise NotFound
        words = card_rules.card_text(Language(patient.language))
        found = {
            "title": words.title,
            "name": card.name,
            "statement": words.statement,
            "lines": list(words.lines),
            "clinic": card.clinic,
            "clinic_phone": card.clinic_phone,
            "last_given": card.last_given,
            "cover_ends": card.cover_ends,
            "source": card_rules.SOURCE,
        }
        return Response(CardSerializer(found).data)
