"""Questionnaires on the patient's phone: what waits, one answer at a time, finished."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import AwareDateTimeField, StrictSerializer, TextField, WholeField, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from backend.services import audit
from recovery.api.fields import CodeField
from recovery.rules.instruments.definition import LONGEST_TEXT, InstrumentKey, Item, Kind
from recovery.rules.instruments.safety import danger_of
from recovery.rules.instruments.telling import told, when_read
from recovery.rules.records import FormStatus
from recovery.rules.words import Language
from recovery.selectors.access import own_patient
from recovery.selectors.instruments import FormView, form_for, form_view, open_forms, staffing_of
from recovery.selectors.policy import policy_for
from recovery.services import instruments


class QuestionsLineSerializer(serializers.Serializer):
    """A questionnaire that waits, or was begun."""

    client_id = serializers.UUIDField()
    instrument = WordField(InstrumentKey)
    title = serializers.CharField()
    status = WordField(FormStatus)
    due_on = serializers.DateField()


class QuestionsListSerializer(serializers.Serializer):
    items = QuestionsLineSerializer(many=True)


class OptionSerializer(serializers.Serializer):
    value = serializers.IntegerField()
    text = serializers.CharField()


class ItemSerializer(serializers.Serializer):
    """One question with what was answered. `value` and `text` are null until then, and for "would rather not say"."""

    key = serializers.CharField()
    text = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    kind = WordField(Kind, name="QuestionKind")
    options = OptionSerializer(many=True)
    low = serializers.IntegerField()
    high = serializers.IntegerField()
    low_text = serializers.CharField(allow_blank=True)
    high_text = serializers.CharField(allow_blank=True)
    answered = serializers.BooleanField()
    value = serializers.IntegerField(allow_null=True)
    written = serializers.CharField(allow_null=True)


class QuestionsSerializer(serializers.Serializer):
    """A questionnaire as far as it was answered. `next` is the key of the question to ask, null when none is left.

    `told` is to be shown beside the next question after a safety answer. `when_read` says when somebody reads it.
    """

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    instrument = WordField(InstrumentKey)
    title = serializers.CharField()
    intro = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    notice = serializers.CharField(allow_blank=True, help_text="Who made it, as its licence asks.")
    status = WordField(FormStatus)
    items = ItemSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    told = serializers.CharField(allow_blank=True)
    when_read = serializers.CharField(allow_blank=True)


class QuestionAnswerSerializer(serializers.Serializer):
    """One stored answer and where the questionnaire stands now."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    item = serializers.CharField()
    answered_at = AwareDateTimeField()
    next = serializers.CharField(allow_null=True)
    told = serializers.CharField(allow_blank=True)


def _told(view: FormView, patient: Any) -> str:
    policy = policy_for(patient.program_id)
    danger = danger_of(view.instrument.key, view.answers, policy=policy)
    if danger is None:
        return ""
    staffing = staffing_of(program_id=patient.program_id, now=clock.now())
    return told(danger, staffing, zone=patient.zone, language=Language(patient.language))


def _item(view: FormView, item: Item) -> dict[str, Any]:
    value = view.answers.get(item.key)
    low_text, high_text = item.ends or ({}, {})
    return {
        "key": item.key,
        "text": view.words(item.text),
        "hint": view.words(item.hint),
        "kind": item.kind.value,
        "options": [{"value": option.value, "text": view.words(option.text)} for option in item.options],
        "low": item.low,
        "high": item.high,
        "low_text": view.words(low_text),
        "high_text": view.words(high_text),
        "answered": item.key in view.answers,
        "value": value if isinstance(value, int) else None,
        "written": value if isinstance(value, str) else None,
    }


def _line(view: FormView) -> dict[str, Any]:
    form = view.form
    return {
        "client_id": form.client_id,
        "instrument": form.instrument,
        "title": view.words(view.instrument.title),
        "status": form.status,
        "due_on": form.due_on,
    }


def _whole(view: FormView, patient: Any) -> dict[str, Any]:
    staffing = staffing_of(program_id=patient.program_id, now=clock.now())
    waits = view.waits_for
    return {
        "id": view.form.pk,
        "client_id": view.form.client_id,
        "instrument": view.instrument.key.value,
        "title": view.words(view.instrument.title),
        "intro": view.words(view.instrument.intro),
        "language": view.language.value,
        "notice": view.instrument.licence.notice,
        "status": view.form.status,
        "items": [_item(view, item) for item in view.items],
        "next": None if waits is None else waits.key,
        "told": _told(view, patient),
        "when_read": when_read(staffing, zone=patient.zone, language=Language(patient.language)),
    }


class QuestionsListView(ApiView):
    """GET /api/v1/me/questions/ - what waits for an answer."""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="listQuestions", responses=QuestionsListSerializer)
    def get(self, request: Request) -> Response:
        """The questionnaires that wait for the signed-in patient, those that were begun first."""
        patient = own_patient(self.actor)
        waiting = open_forms(patient=patient, now=clock.now())
        items = [_line(form_view(form, patient=patient)) for form in waiting]
        return Response(QuestionsListSerializer({"items": items}).data)


class QuestionsView(ApiView):
    """PUT begins, GET reads /api/v1/me/questions/{client_id}/."""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        instrument = WordField(InstrumentKey)

    @extend_schema(operation_id="readQuestions", responses=QuestionsSerializer)
    def get(self, request: Request, client_id: UUID) -> Response:
        """One questionnaire with its questions and what was answered so far."""
        patient = own_patient(self.actor)
        form = form_for(patient=patient, client_id=client_id)
        audit.record(
            actor=self.actor,
            action="questionnaire.read",
            program_id=form.program_id,
            patient_id=form.patient_id,
            object_kind="questionnaire",
            object_id=form.pk,
        )
        return Response(QuestionsSerializer(_whole(form_view(form, patient=patient), patient)).data)

    @extend_schema(operation_id="startQuestions", responses={201: QuestionsSerializer, 200: QuestionsSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Begin a questionnaire: one of the list, by its `client_id`, or another one under an id that the phone makes.

        Safe to repeat: 201 the first time, 200 afterwards, 409 when the id belongs to another questionnaire, when one
        of this kind is open already, or when the program does not ask it on phones.
        """
        patient = own_patient(self.actor)
        form, is_new = instruments.start_form(
            actor=self.actor, patient=patient, client_id=client_id, now=clock.now(), **self.data()
        )
        shown = QuestionsSerializer(_whole(form_view(form, patient=patient), patient))
        return Response(shown.data, status=201 if is_new else 200)


class AnswerView(ApiView):
    """PUT /api/v1/me/questions/{client_id}/answers/{answer_id}/ - one answer."""

    access = Access.OWN_PATIENT

    class Input(StrictSerializer):
        item = CodeField(max_length=40, allow_blank=False, default=serializers.empty, help_text="Key of the question.")
        value = WholeField(
            min_value=0, max_value=1000, allow_null=True, default=None, help_text="null: would rather not say."
        )
        written = TextField(
            max_length=LONGEST_TEXT, allow_blank=True, default="", help_text="For a question of kind text."
        )

    @extend_schema(
        operation_id="answerQuestion", responses={201: QuestionAnswerSerializer, 200: QuestionAnswerSerializer}
    )
    def put(self, request: Request, client_id: UUID, answer_id: UUID) -> Response:
        """Store one answer. It counts at once, whether or not the questionnaire is finished.

        Safe to repeat: 201 the first time, 200 for the same body again, 409 for another. To correct an answer, send it
        under another id. `told` is to be shown now.
        """
        patient = own_patient(self.actor)
        data = self.data()
        answer, is_new = instruments.answer_item(
            actor=self.actor,
            patient=patient,
            form_client_id=client_id,
            client_id=answer_id,
            item=data["item"],
            value=data["written"] or data["value"],
            now=clock.now(),
        )
        view = form_view(answer.form, patient=patient)
        waits = view.waits_for
        shown = {
            "id": answer.pk,
            "client_id": answer.client_id,
            "item": answer.item,
            "answered_at": answer.answered_at,
            "next": None if waits is None else waits.key,
            "told": _told(view, patient),
        }
        return Response(QuestionAnswerSerializer(shown).data, status=201 if is_new else 200)


class FinishQuestionsView(ApiView):
    """POST /api/v1/me/questions/{client_id}/finish/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="finishQuestions", request=None, responses=QuestionsSerializer)
    def post(self, request: Request, client_id: UUID) -> Response:
        """Close a questionnaire whose questions were all answered, if only with "would rather not say"."""
        self.data()
        patient = own_patient(self.actor)
        form = instruments.finish_form(actor=self.actor, patient=patient, form_client_id=client_id, now=clock.now())
        return Response(QuestionsSerializer(_whole(form_view(form, patient=patient), patient)).data)


class DeclineQuestionsView(ApiView):
    """POST /api/v1/me/questions/{client_id}/not-today/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="declineQuestions", request=None, responses=QuestionsLineSerializer)
    def post(self, request: Request, client_id: UUID) -> Response:
        """Say "not today" to questions that were not begun. Nothing is asked why."""
        self.data()
        patient = own_patient(self.actor)
        form = instruments.decline_form(actor=self.actor, patient=patient, form_client_id=client_id, now=clock.now())
        return Response(QuestionsLineSerializer(_line(form_view(form, patient=patient))).data)
