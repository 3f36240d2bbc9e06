"""Labs, urine screens, challenges, procedures, reversal agents: what staff record, what a patient tells."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.serializers import (
    AmountField,
    AwareDateTimeField,
    DayField,
    StrictSerializer,
    WholeField,
    WordField,
    YesNoField,
)
from backend.api.views import ApiView
from backend.rules.roles import Access
from backend.services import audit
from recovery.api.fields import CodeField, NoteField
from recovery.rules.gates import Analyte
from recovery.rules.labs import LabAnalyte
from recovery.rules.procedures import OpioidExpected, ProcedureKind, ProcedureStatus, wallet_card
from recovery.rules.reversal import HasIt
from recovery.rules.screens import (
    AnalyteResult,
    ChallengeResult,
    ChallengeRoute,
    ScreenMethod,
    ScreenPanel,
    ScreenStage,
)
from recovery.rules.states import ReportSource
from recovery.rules.words import Language
from recovery.selectors.access import own_patient, patient_for
from recovery.selectors.checks import own_tests
from recovery.selectors.patient_head import patient_head
from recovery.services.labs import NewLab, record_labs
from recovery.services.procedures import NewProcedure, plan_procedure
from recovery.services.reversal import NewReversal, record_reversal
from recovery.services.screens import NewChallenge, NewScreen, record_challenge, record_screen

TELL_AND_CALL = {
    "en": "Please tell the other clinic what you take, and call us with the date.",
    "es": "Por favor diga en la otra clínica lo que toma, y llámenos para darnos la fecha.",
}
"""C 7: what a patient reads when they tell of a procedure."""


class StoredSerializer(serializers.Serializer):
    """What was stored, and under which id."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    recorded_at = AwareDateTimeField()


class CareLabView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/lab-results/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        analyte = WordField(LabAnalyte)
        value = AmountField(max_digits=9, decimal_places=2, min_value=0)
        unit = CodeField(max_length=12, help_text="Empty: the usual unit of the analyte.")
        upper_limit = AmountField(max_digits=9, decimal_places=2, min_value=0, allow_null=True, default=None)
        taken_on = DayField()
        is_baseline = YesNoField(default=False)
        note = NoteField()

    @extend_schema(operation_id="recordLab", responses={201: StoredSerializer, 200: StoredSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record one laboratory value with the limit that its laboratory printed. Safe to repeat."""
        patient = patient_for(self.actor, patient_id=patient_id)
        new = NewLab(client_id=client_id, **self.data())
        [(row, is_new)] = record_labs(actor=self.actor, patient=patient, results=[new], now=clock.now())
        return Response(StoredSerializer(row).data, status=201 if is_new else 200)


class CareScreenView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/urine-screens/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        class Result(StrictSerializer):
            """One analyte that was tested."""

            analyte = WordField(Analyte)
            result = WordField(AnalyteResult)

        taken_on = DayField()
        panel = WordField(ScreenPanel)
        method = WordField(ScreenMethod)
        stage = WordField(ScreenStage)
        results = Result(many=True, max_length=len(Analyte))  # type: ignore[call-arg]
        confirms_id = WholeField(min_value=1, max_value=(1 << 62), allow_null=True, default=None)
        note = NoteField()

    @extend_schema(operation_id="recordScreen", responses={201: StoredSerializer, 200: StoredSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record a urine screen: what was tested and what it showed. Safe to repeat.

        A positive holds naltrexone until a prescriber read it; no result of a screen reaches the patient.
        """
        patient = patient_for(self.actor, patient_id=patient_id)
        given = self.data()
        results = {each["analyte"]: each["result"] for each in given.pop("results")}
        screen = NewScreen(client_id=client_id, results=results, **given)
        row, is_new = record_screen(actor=self.actor, patient=patient, screen=screen, now=clock.now())
        return Response(StoredSerializer(row).data, status=201 if is_new else 200)


class CareChallengeView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/challenges/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        done_on = DayField()
        route = WordField(ChallengeRoute)
        result = WordField(ChallengeResult)
        repeat_on = DayField(allow_null=True, default=None)
        note = NoteField()

    @extend_schema(operation_id="recordChallenge", responses={201: StoredSerializer, 200: StoredSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record a challenge and its result. Its dose is the label's and is not taken. Safe to repeat."""
        patient = patient_for(self.actor, patient_id=patient_id)
        new = NewChallenge(client_id=client_id, **self.data())
        row, is_new = record_challenge(actor=self.actor, patient=patient, challenge=new, now=clock.now())
        return Response(StoredSerializer(row).data, status=201 if is_new else 200)


class ProcedureInput(StrictSerializer):
    kind = WordField(ProcedureKind)
    planned_on = DayField()
    opioid_expected = WordField(OpioidExpected, default=OpioidExpected.UNKNOWN.value)
    note = NoteField()


class CareProcedureView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/procedures/{client_id}/"""

    access = Access.CARE_TEAM
    Input = ProcedureInput

    @extend_schema(operation_id="recordProcedure", responses={201: StoredSerializer, 200: StoredSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record a planned procedure. It is work for the prescriber and holds nothing. Safe to repeat."""
        patient = patient_for(self.actor, patient_id=patient_id)
        new = NewProcedure(client_id=client_id, **self.data())
        row, is_new = plan_procedure(actor=self.actor, patient=patient, procedure=new, now=clock.now())
        return Response(StoredSerializer(row).data, status=201 if is_new else 200)


class ReversalInput(StrictSerializer):
    has_it = WordField(HasIt)
    expires_on = DayField(allow_null=True, default=None)
    trained = YesNoField(allow_null=True, default=None, help_text="Somebody close knows how to use it.")


class CareReversalView(ApiView):
    """PUT /api/v1/care/patients/{patient_id}/reversal-agents/{client_id}/"""

    access = Access.CARE_TEAM

    class Input(ReversalInput):
        offered = YesNoField(default=False)

    @extend_schema(operation_id="recordReversalAgent", responses={201: StoredSerializer, 200: StoredSerializer})
    def put(self, request: Request, patient_id: int, client_id: UUID) -> Response:
        """Record what was said about a reversal agent at home. Safe to repeat."""
        patient = patient_for(self.actor, patient_id=patient_id)
        new = NewReversal(client_id=client_id, **self.data())
        row, is_new = record_reversal(actor=self.actor, patient=patient, answer=new, now=clock.now())
        return Response(StoredSerializer(row).data, status=201 if is_new else 200)


# --- the patient's own ---


class OwnProcedureSerializer(serializers.Serializer):
    """A procedure as its patient told it, with what to do and the card to carry."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    kind = WordField(ProcedureKind)
    planned_on = DayField()
    status = WordField(ProcedureStatus)
    say = serializers.CharField()
    card = serializers.ListField(child=serializers.CharField())


class OwnProcedureView(ApiView):
    """PUT /api/v1/me/procedures/{client_id}/"""

    access = Access.OWN_PATIENT
    Input = ProcedureInput

    @extend_schema(operation_id="tellProcedure", responses={201: OwnProcedureSerializer, 200: OwnProcedureSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Tell the team of a planned procedure. The answer says what to tell the other clinic. Safe to repeat."""
        patient = own_patient(self.actor)
        new = NewProcedure(client_id=client_id, source=ReportSource.APP.value, **self.data())
        row, is_new = plan_procedure(actor=self.actor, patient=patient, procedure=new, now=clock.now())
        shown = {
            "id": row.pk,
            "client_id": row.client_id,
            "kind": row.kind,
            "planned_on": row.planned_on,
            "status": row.status,
            "say": TELL_AND_CALL[patient.language],
            "card": wallet_card(language=Language(patient.language), phone=patient.program.phone),
        }
        return Response(OwnProcedureSerializer(shown).data, status=201 if is_new else 200)


class OwnReversalView(ApiView):
    """PUT /api/v1/me/reversal-agents/{client_id}/"""

    access = Access.OWN_PATIENT
    Input = ReversalInput

    @extend_schema(operation_id="answerReversalAgent", responses={201: StoredSerializer, 200: StoredSerializer})
    def put(self, request: Request, client_id: UUID) -> Response:
        """Answer whether a reversal agent is at home, and until when it is good. Safe to repeat."""
        patient = own_patient(self.actor)
        new = NewReversal(client_id=client_id, source=ReportSource.APP.value, **self.data())
        row, is_new = record_reversal(actor=self.actor, patient=patient, answer=new, now=clock.now())
        return Response(StoredSerializer(row).data, status=201 if is_new else 200)


class OwnTestsSerializer(serializers.Serializer):
    """What is to come. No result of a test is in it."""

    class Planned(serializers.Serializer):
        kind = WordField(ProcedureKind)
        planned_on = DayField()

    class Reversal(serializers.Serializer):
        on_day = DayField()
        has_it = WordField(HasIt)
        expires_on = DayField(allow_null=True)

    blood_test_due_on = DayField(source="lab_due_on", allow_null=True)
    procedures = Planned(many=True)
    reversal_agent = Reversal(source="reversal", allow_null=True)


class OwnTestsView(ApiView):
    """GET /api/v1/me/tests/"""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="ownTests", responses=OwnTestsSerializer)
    def get(self, request: Request) -> Response:
        """The signed-in patient's own upcoming blood test and procedures, and the last word on a reversal agent."""
        patient = own_patient(self.actor)
        head = patient_head(patient=patient, now=clock.now())
        audit.record(
            actor=self.actor,
            action="tests.read",
            program_id=patient.program_id,
            patient_id=patient.pk,
            object_kind="patient",
            object_id=patient.pk,
        )
        shown = own_tests(patient=patient, treatment=head.treatment, key=head.key, today=head.today)
        return Response(OwnTestsSerializer(shown).data)
