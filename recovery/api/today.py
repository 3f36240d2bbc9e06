"""Today, as the patient's own page asks for it."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock, ports
from backend.api.serializers import AwareDateTimeField, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.rules.flag_texts import NextStep
from recovery.rules.states import DoseState
from recovery.selectors.access import own_patient
from recovery.selectors.today import today


class DoseTodaySerializer(serializers.Serializer):
    """One slot. `state` is what is known now: nothing said is never called missed."""

    id = serializers.IntegerField()
    dosing_day = serializers.DateField()
    ordinal = serializers.IntegerField(min_value=1, max_value=4)
    due_at = AwareDateTimeField()
    opens_at = AwareDateTimeField()
    closes_at = AwareDateTimeField()
    state = WordField(DoseState)
    taken_at = AwareDateTimeField(allow_null=True)
    can_report = serializers.BooleanField()
    words = serializers.CharField()


class NextVisitSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    due_on = serializers.DateField()
    starts_at = AwareDateTimeField(allow_null=True)
    has_passed = serializers.BooleanField()
    words = serializers.CharField()


class OwnHoldSerializer(serializers.Serializer):
    """Somebody is working on it (S 5). `call_by` null: nobody promised an hour, or it has passed."""

    state = serializers.ChoiceField(choices=["waiting", "late", "understood"])
    words = serializers.CharField()
    call_by = AwareDateTimeField(allow_null=True)
    number = serializers.CharField(allow_blank=True)


class NoticeSerializer(serializers.Serializer):
    """What to read while the care team has a concern. `next_step` is what to offer beside it."""

    words = serializers.CharField()
    next_step = WordField(NextStep)


class TodaySerializer(serializers.Serializer):
    """`day` is the dosing day, which rolls at 04:00 local; `calendar_day` the date."""

    day = serializers.DateField()
    calendar_day = serializers.DateField()
    zone = serializers.CharField()
    language = serializers.CharField()
    clinic_phone = serializers.CharField(allow_blank=True)
    doses = DoseTodaySerializer(many=True)
    next_visit = NextVisitSerializer(allow_null=True)
    hold = OwnHoldSerializer(allow_null=True)
    ask_about_first = serializers.BooleanField(help_text="Ask how the first one was (`well_after_dose`).")
    notices = NoticeSerializer(many=True, help_text="The most urgent first; empty when there is nothing to say.")
    when_wanted = serializers.BooleanField(help_text="Targeted use is ordered: offer a report with `unplanned`.")
    taken_when_wanted = serializers.IntegerField(min_value=0, help_text="How often that was reported for this day.")


class TodayView(ApiView):
    """GET /api/v1/me/today/ - the patient's own day."""

    access = Access.OWN_PATIENT

    @extend_schema(operation_id="today", responses=TodaySerializer)
    def get(self, request: Request) -> Response:
        """What today holds for the signed-in patient.

        The doses of this dosing day, each with what is known of it, and the next visit, in plain words in the
        patient's language. Whatever woke the person up counts as seen. The answer also sets the csrftoken cookie
        that every change needs.
        """
        patient, now = own_patient(self.actor), clock.now()
        ports.note_seen(actor=self.actor, program_id=patient.program_id, patient_id=patient.pk, now=now)
        return Response(TodaySerializer(today(patient=patient, now=now)).data)
