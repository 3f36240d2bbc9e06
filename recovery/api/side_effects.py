"""Side effects: what a patient, or staff for them, report; and the questions that are open."""

from datetime import date
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import DayField, StrictSerializer, WholeField, WordField, YesNoField
from backend.api.views import ApiView
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from recovery.api.fields import NoteField
from recovery.api.journal import LARGEST_ID
from recovery.rules.side_effects import Answer, Effect, Sign, Strength, answer_words
from recovery.rules.states import ReportSource
from recovery.rules.words import Language
from recovery.selectors.access import key_of, own_patient, patient_for
from recovery.selectors.side_effects import EffectShown, asked_again, effect_shown, effects_of, site_question
from recovery.services.side_effects import report_side_effect


class SideEffectSerializer(serializers.Serializer):
    """A side effect with what was said of it last. `first_id` is what a later answer names."""

    first_id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    effect = WordField(Effect)
    strength = WordField(Strength)
    signs = serializers.ListField(child=WordField(Sign))
    began_on = serializers.DateField()
    still_there = serializers.BooleanField()
    said_on = serializers.DateField()
    source = WordField(ReportSource)  # type: ignore[assignment]
    injection_id = serializers.IntegerField(allow_null=True)
    note = serializers.CharField(allow_blank=True)


class ReportedSerializer(SideEffectSerializer):
    """What was stored, and what the person is told at once."""

    answer = WordField(Answer)
    answer_words = serializers.CharField()


class SideEffectListSerializer(serializers.Serializer):
    """Those still there first. `ask_again`: of these the app asks whether they are still there.

    `ask_place_of`: the injection whose place the app asks about today, null for none.
    """

    items = SideEffectSerializer(many=True)
    ask_again = serializers.ListField(child=serializers.IntegerField())
    ask_place_of = serializers.IntegerField(allow_null=True)


def effect_json(shown: EffectShown) -> dict[str, Any]:
    """A side effect as the API gives it."""
    return {
        "first_id": shown.first_id,
        "client_id": shown.client_id,
        "effect": shown.effect.value,
        "strength": shown.strength.value,
        "signs": [sign.value for sign in shown.signs],
        "began_on": shown.began_on,
        "still_there": shown.still_there,
        "said_on": shown.said_on,
        "source": shown.source,
        "injection_id": shown.injection_id,
        "note": shown.note,
    }


class SideEffectInput(StrictSerializer):
    effect = WordField(Effect)
    strength = WordField(Strength, default=Strength.MILD.value)
    signs = serializers.ListField(child=WordField(Sign), default=list, max_length=len(Sign))
    began_on = DayField(allow_null=True, default=None, help_text="Local day; null: today, or that of the first report.")
    still_there = YesNoField(default=True)
    first_id = WholeField(min_value=1, max_value=LARGEST_ID, allow_null=True, default=None)
    injection_id = WholeField(min_value=1, max_value=LARGEST_ID, allow_null=True, default=None)
    note = NoteField()


class SideEffectListView(ApiView):
    """GET /api/v1/me/side-effects/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listSideEffects", responses=SideEffectListSerializer)
    def get(self, request: Request) -> Response:
        """The side effects that the signed-in patient reported, and what the app asks about today."""
        patient = own_patient(self.actor)
        today = local_date(clock.now(), patient.zone)
        effects = effects_of(patient=patient, key=key_of(patient))
        return Response(SideEffectListSerializer(_list(patient, effects, today)).data)


class SideEffectView(ApiView):
    """PUT /api/v1/me/side-effects/{client_id}/"""

    access = Access.OWN_PATIENT
    Input = SideEffectInput

    @extend_schema(operation_id="reportSideEffect", responses={201: ReportedSerializer, 200: ReportedSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Report a side effect, or say of one that it is still there or gone.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        return _report(self, own_patient(self.actor), client_id, ReportSource.APP)


class CareSideEffectView(ApiView):
    """PUT /api/v1/care/patients/{id}/side-effects/{client_id}/"""

    access = Access.CARE_TEAM
    Input = SideEffectInput

    @extend_schema(operation_id="recordSideEffect", responses={201: ReportedSerializer, 200: ReportedSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record what a patient said about a side effect.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another.
        """
        return _report(self, patient_for(self.actor, patient_id=patient_id), client_id, ReportSource.STAFF)


def _report(view: ApiView, patient: Any, client_id: UUID, source: ReportSource) -> Response:
    data = view.data()
    result = report_side_effect(
        actor=view.actor,
        patient=patient,
        client_id=client_id,
        effect=Effect(data["effect"]),
        strength=Strength(data["strength"]),
        signs=[Sign(sign) for sign in data["signs"]],
        began_on=data["began_on"],
        still_there=data["still_there"],
        first_id=data["first_id"],
        injection_id=data["injection_id"],
        note=data["note"],
        source=source.value,
        now=clock.now(),
    )
    body = effect_json(effect_shown(result.report, key=key_of(patient))) | {
        "answer": result.answer.value,
        "answer_words": answer_words(result.answer, Language(patient.language)),
    }
    return Response(ReportedSerializer(body).data, status=201 if result.is_new else 200)


def _list(patient: Any, effects: list[EffectShown], today: date) -> dict[str, Any]:
    injection = site_question(patient=patient, today=today)
    return {
        "items": [effect_json(shown) for shown in effects],
        "ask_again": [each.first_id for each in asked_again(patient=patient, effects=effects, today=today)],
        "ask_place_of": injection.pk if injection else None,
    }
