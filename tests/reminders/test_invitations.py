"""Check-ins, questionnaires and friendly texts: who is invited, once, and what ends an invitation."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.access import NOBODY
from backend.models import Consent
from backend.services.people import create_patient_account
from recovery.models import AfterCare, CravingLog, InstrumentForm, PatientGoal, Stay, Treatment
from recovery.rules.states import FlagKind, ReportSource, Severity
from recovery.services.flags import raise_flag
from recovery.services.prompts import pause_prompts, resume_prompts, wish_check_in
from reminders.models import InboundMessage, Message
from reminders.services.replies import receive_text
from reminders.services.senders import register_sender

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = date(2026, 3, 3)
EVENING = datetime(2026, 3, 3, 23, 15, tzinfo=UTC)  # 18:15 in New York
OURS = "+18005550100"


@pytest.fixture
def with_app(patient: Any, agree: Callable[[Any], None], now: datetime) -> Any:
    """A patient with an account who agreed to texts."""
    agree(patient)
    create_patient_account(program_id=patient.program_id, patient_id=patient.pk, now=now)
    return patient


@pytest.fixture
def form(now: datetime) -> Callable[..., InstrumentForm]:
    """A form that falls due on 3 March."""

    def make(person: Any, key: str = "daily", **changes: Any) -> InstrumentForm:
        values = {
            "program_id": person.program_id,
            "patient": person,
            "client_id": uuid.uuid4(),
            "instrument": key,
            "version": "1",
            "language": "en",
            "status": "due",
            "reason": "scheduled",
            "due_on": DAY,
            "asked_at": now,
        }
        return InstrumentForm.objects.create(**values | changes)

    return make


@pytest.fixture
def by_text(patient: Any, agree: Callable[[Any], None], now: datetime) -> Any:
    """A patient who is asked for one number by text at six."""
    agree(patient)
    wish_check_in(actor=NOBODY, patient=patient, how="text", at=time(18), source=ReportSource.STAFF, now=now)
    return patient


def texts(*fields: str) -> list[Any]:
    rows = Message.objects.order_by("due_at", "pk")
    return list(rows.values_list(*(fields or ("template", "state", "why")), flat=len(fields) == 1))


class TestCheckIns:
    def test_a_form_of_today_is_announced_once_at_six(self, with_app, form, plan, send, company, now):
        form(with_app)
        assert plan(now) == 1
        assert plan(now) == 0
        send(EVENING)
        assert company.bodies == ["Your one-minute check-in is in the app. No hurry, any time today is fine."]
        assert plan(EVENING) == 0

    @pytest.mark.parametrize(
        ("keys", "template"),
        [
            pytest.param(["daily", "phq2"], "check_in.more", id="one text for both"),
            pytest.param(["phq2"], "check_in.questions", id="a questionnaire alone"),
        ],
    )
    def test_one_text_announces_all_of_a_day(self, with_app, form, plan, keys, template):
        for key in keys:
            form(with_app, key)
        plan()
        assert texts("template") == [template]

    @pytest.mark.parametrize(
        ("status", "why"),
        [
            pytest.param("finished", "answered", id="filled"),
            pytest.param("started", "answered", id="begun"),
            pytest.param("passed", "cancelled", id="its time is over"),
        ],
    )
    def test_what_was_answered_is_not_announced(self, with_app, form, plan, send, company, now, status, why):
        row = form(with_app)
        plan(now)
        begun = {"started_at": now, "filled_by": "patient", "source": "app"} if why == "answered" else {}
        finished = {"finished_at": now} if status == "finished" else {}
        InstrumentForm.objects.filter(pk=row.pk).update(status=status, **begun, **finished)
        send(EVENING)
        assert texts() == [("check_in.app", "suppressed", why)]
        assert company.sent == []

    def test_a_follow_up_has_a_text_of_its_own(self, with_app, form, plan, now):
        form(with_app)
        plan(now)
        form(with_app, "phq9", reason="follow_up")
        plan(now + HOUR)
        plan(now + HOUR)
        assert texts("step", "template") == [("ask", "check_in.app"), ("follow", "check_in.questions")]

    def test_nobody_without_an_account_a_consent_or_the_wish(
        self, patient, make_patient, program, agree, form, plan, now
    ):
        form(patient)  # neither account nor consent
        agreed = make_patient(program)
        agree(agreed)
        form(agreed)  # staff ask those without an account
        unwilling = make_patient(program)
        create_patient_account(program_id=program, patient_id=unwilling.pk, now=now)
        form(unwilling)
        quiet = make_patient(program)
        agree(quiet)
        create_patient_account(program_id=program, patient_id=quiet.pk, now=now)
        wish_check_in(actor=NOBODY, patient=quiet, how="none", at=time(18), source=ReportSource.APP, now=now)
        form(quiet)
        assert plan(now) == 0

    def test_an_own_time_is_kept(self, with_app, form, plan, now):
        wish_check_in(actor=NOBODY, patient=with_app, how="app", at=time(12, 30), source=ReportSource.APP, now=now)
        form(with_app)
        plan(now)
        [at] = texts("send_after")
        assert datetime(2026, 3, 3, 17, 30, tzinfo=UTC) <= at < datetime(2026, 3, 3, 17, 40, tzinfo=UTC)

    def test_a_consent_that_was_taken_back_stops_it_at_the_wire(self, with_app, form, plan, send, company, now):
        form(with_app)
        plan(now)
        Consent.objects.update(revoked_at=now)
        send(EVENING)
        assert texts() == [("check_in.app", "suppressed", "no_consent")]


class TestOneNumberByText:
    def answer(self, person, body, at):
        from recovery.selectors import reminding

        register_sender(program_id=person.program_id, address=OURS, provider="fake")
        phone = reminding.contacts([person.pk])[person.pk].phone
        receive_text(sid="IN1", sender=phone, addressed_to=(OURS,), body=body, now=at)

    def test_it_is_asked_once_a_day_and_the_answer_is_a_reading(self, by_text, plan, send, company, now):
        assert plan(now) == 1
        assert plan(now) == 0
        send(EVENING)
        assert company.bodies == ["Your number for today, 0 to 10? Reply with one number."]
        self.answer(by_text, "3", EVENING + HOUR)
        log = CravingLog.objects.get()
        assert (log.intensity, log.source, log.local_day) == (3, "sms", DAY)
        row = InboundMessage.objects.get()
        assert (row.result, row.handled_at) == ("number", EVENING + HOUR)
        assert plan(now + 24 * HOUR) == 1

    def test_who_said_it_already_is_not_asked(self, by_text, plan, send, company, now):
        from recovery.services.cravings import log_craving

        plan(now)
        log_craving(
            actor=NOBODY, patient=by_text, client_id=uuid.uuid4(), intensity=2, felt_at=now, now=now, source="staff"
        )
        send(EVENING)
        assert texts() == [("check_in.number", "suppressed", "answered")]
        assert plan(EVENING) == 0

    def test_a_high_number_raises_its_flag_in_the_same_transaction(self, by_text, plan, send, now):
        from recovery.models import Flag

        plan(now)
        send(EVENING)
        self.answer(by_text, "9", EVENING + HOUR)
        assert Flag.objects.get().kind == "craving_high"


class TestHellos:
    @pytest.fixture
    def agreed(self, patient, agree):
        agree(patient)
        return patient

    def silent(self, person, run, at):
        return raise_flag(
            program_id=person.program_id,
            patient_id=person.pk,
            treatment_id=None,
            kind=FlagKind.SILENCE,
            severity=Severity.INFO,
            evidence={"run": run, "unit": "days", "since": "2026-02-27", "call_run": 5},
            policy_version="default-4",
            now=at,
        )

    def test_three_silent_days_bring_one_friendly_text(self, agreed, plan, send, company, now):
        self.silent(agreed, 2, now - 2 * HOUR)
        assert plan(now - HOUR) == 0
        self.silent(agreed, 3, now - HOUR)
        assert plan(now) == 1
        send(now + 2 * HOUR)
        assert company.bodies == ["We have not heard from you. Is anything in the way? Reply 1 for a call."]
        assert plan(now + 24 * HOUR) == 0, "once for a silence"

    def test_an_answer_before_it_left_keeps_it_back(self, agreed, staff, plan, send, company, now):
        from recovery.services.silence import end_for_answers

        self.silent(agreed, 3, now - HOUR)
        plan(now)
        end_for_answers(patients={agreed.pk: agreed.program_id}, now=now)
        send(now + 2 * HOUR)
        assert texts() == [("hello.silence", "suppressed", "answered")]

    @pytest.mark.parametrize(
        ("days", "expected"),
        [pytest.param(n, ["hello.plain"] if n in (3, 7, 14, 21) else [], id=str(n)) for n in (2, 3, 7, 8, 14, 21, 28)],
    )
    def test_n8_the_first_month_has_friendly_texts(self, agreed, plan, send, company, now, days, expected):
        Treatment.objects.update(started_on=DAY - timedelta(days=days))
        plan(now)
        plan(now)
        assert texts("template") == expected
        send(now + 2 * HOUR)
        assert company.bodies == (["Hello from North. No need to answer. Reply 1 for a call."] if expected else [])

    def test_n10_after_care_has_one_a_week(self, agreed, plan, now):
        row = Treatment.objects.get()
        AfterCare.objects.create(
            program_id=agreed.program_id,
            patient=agreed,
            treatment=row,
            cause="closed",
            cover_ended_on=DAY,
            until=DAY + timedelta(days=60),
            next_contact_on=DAY,
            opened_at=now,
        )
        Treatment.objects.update(ended_on=DAY)
        for day in range(15):
            plan(now + timedelta(days=day))
        assert texts("slot_on") == [DAY, DAY + timedelta(days=7), DAY + timedelta(days=14)]

    def test_one_a_day_whatever_it_follows_from(self, agreed, plan, now):
        Treatment.objects.update(started_on=DAY - timedelta(days=7))
        self.silent(agreed, 3, now - HOUR)
        plan(now)
        plan(now)
        assert texts("template") == ["hello.silence"]


class TestPauses:
    def pause(self, person, now, first=DAY, days=3, client_id=None):
        row, _ = pause_prompts(
            actor=NOBODY,
            patient=person,
            client_id=client_id or uuid.uuid4(),
            first_day=first,
            last_day=first + timedelta(days=days - 1),
            source=ReportSource.APP,
            now=now,
        )
        return row

    def test_prompts_rest_and_come_back_by_themselves(self, texted, program, plan, send, company, now):
        from recovery.services.regimens import extend_doses

        self.pause(texted, now - 2 * HOUR, days=2)
        for day in range(4):
            at = now + timedelta(days=day)
            extend_doses(program_ids=[program], now=at)
            plan(at - HOUR)
            send(at + timedelta(minutes=15))
        firsts = Message.objects.filter(step="1.first", state="accepted").order_by("slot_on")
        assert list(firsts.values_list("slot_on", flat=True)) == [DAY + timedelta(days=2), DAY + timedelta(days=3)]

    def test_what_was_planned_before_rests_too_until_it_is_resumed(self, texted, plan, send, now):
        plan(now - HOUR)
        row = self.pause(texted, now - HOUR / 2)
        send(now + timedelta(minutes=15))
        first = Message.objects.get(step="1.first", slot_on=DAY)
        assert (first.state, first.why) == ("suppressed", "paused")
        resume_prompts(actor=NOBODY, patient=texted, client_id=row.client_id, now=now + HOUR)
        plan(now + 22 * HOUR)
        send(now + 24.3 * HOUR)
        assert Message.objects.get(step="1.first", slot_on=DAY + timedelta(days=1)).state == "accepted"

    def test_an_invitation_on_such_a_day_has_its_outcome(self, with_app, form, plan, now):
        self.pause(with_app, now)
        form(with_app)
        assert plan(now) > 0
        assert plan(now) == 0
        assert texts() == [("check_in.app", "suppressed", "paused")]

    def test_visits_go_on(self, patient, agree, plan, send, now):
        from recovery.models import Appointment

        agree(patient)
        self.pause(patient, now)
        Appointment.objects.create(
            program_id=patient.program_id,
            patient=patient,
            treatment=Treatment.objects.get(),
            kind="clinic",
            due_on=DAY,
            status="booked",
            created_at=now,
        )
        plan(now - HOUR)
        send(now + HOUR)
        assert texts("step", "state") == [("day0", "accepted"), ("day+1", "planned")]

    def test_being_away_and_a_holiday_are_both_heard(self, patient, now):
        from recovery.selectors.reminding import rests_of

        self.pause(patient, now)
        Stay.objects.create(
            program_id=patient.program_id, patient=patient, client_id=uuid.uuid4(), place="hospital",
            began_on=DAY + timedelta(days=9), recorded_at=now,
        )  # fmt: skip
        rest = rests_of([patient.pk])[patient.pk]
        assert [rest.covers(DAY + timedelta(days=n)) for n in (0, 2, 3, 8, 9)] == [True, True, False, False, True]


class TestOwnGoal:
    @pytest.fixture
    def with_goal(self, request, with_app, now):
        """An own goal of a month ago, and a reading on each of the last days: 14 unless told otherwise."""
        PatientGoal.objects.create(
            program_id=with_app.program_id,
            patient=with_app,
            client_id=uuid.uuid4(),
            about="opioid",
            aim="abstinence",
            review_on=DAY + timedelta(days=60),
            set_at=now - timedelta(days=30),
            source="app",
        )
        for days in range(1, 1 + getattr(request, "param", 14)):
            CravingLog.objects.create(
                program_id=with_app.program_id,
                patient=with_app,
                client_id=uuid.uuid4(),
                substance="any",
                intensity=1,
                felt_at=now - timedelta(days=days),
                local_day=DAY - timedelta(days=days),
                received_at=now,
                source="app",
            )
        return with_app

    def invited(self, form, person, plan, now):
        for days in range(3):
            form(person, due_on=DAY + timedelta(days=days))
            plan(now + timedelta(days=days))
            InstrumentForm.objects.update(status="passed")
        return texts("why").count("goal_met")

    def test_row_54_who_meets_it_is_asked_every_third_day(self, with_goal, form, plan, now):
        assert self.invited(form, with_goal, plan, now) == 2
        assert Message.objects.count() == 3

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda p, now: PatientGoal.objects.update(set_at=now - timedelta(days=3)), id="too-new"),
            pytest.param(
                lambda p, now: raise_flag(
                    program_id=p.program_id, patient_id=p.pk, treatment_id=None, kind=FlagKind.CRAVING_HIGH,
                    severity=Severity.AMBER, evidence={}, policy_version="default-4", now=now,
                ),
                id="a-concern",
            ),
        ],
    )  # fmt: skip
    def test_who_does_not_is_asked_every_day(self, with_goal, form, plan, now, change):
        change(with_goal, now)
        assert self.invited(form, with_goal, plan, now) == 0
        assert Message.objects.count() == 3

    @pytest.mark.parametrize("with_goal", [9], indirect=True)
    def test_silence_meets_no_goal(self, with_goal, form, plan, now):
        assert self.invited(form, with_goal, plan, now) == 0


def test_a_tick_with_nothing_to_do_asks_little(with_app, form, plan, now):
    form(with_app)
    plan(now)
    with CaptureQueriesContext(connection) as queries:
        assert plan(now) == 0
    about = [query for query in queries if "instrumentform" in query["sql"] or "checkinwish" in query["sql"]]
    assert len(about) <= 4
