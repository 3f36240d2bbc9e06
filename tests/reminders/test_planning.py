"""What is planned, what is planned once, and what loses its reason."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.db import programs
from backend.models import Program
from backend.rules.roles import Role
from backend.services import people
from recovery.models import Appointment, Dose, Patient
from recovery.rules.states import FlagKind, Severity
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.flags import own_flag, raise_flag
from recovery.services.injections import GivenInjection, record_injections
from reminders.models import Message
from reminders.services import planning

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def rows(*fields):
    return list(Message.objects.order_by("due_at", "pk").values_list(*fields))


def test_a_dose_gets_its_reminder_and_one_re_prompt(texted, plan, now):
    assert plan() > 0
    today = [row for row in rows("slot_on", "step", "state", "is_question") if row[0] == date(2026, 3, 3)]
    assert today == [
        (date(2026, 3, 3), "1.first", "planned", True),
        (date(2026, 3, 3), "1.again", "planned", True),
    ]
    first = Message.objects.get(slot_on=date(2026, 3, 3), step="1.first")
    assert now <= first.send_after < now + timedelta(minutes=10)
    assert first.expires_at == now + 3 * HOUR


def test_a_second_run_changes_nothing_and_reads_little(texted, plan):
    plan()
    before = rows("pk", "send_after", "state")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert plan() == 0
    assert rows("pk", "send_after", "state") == before
    assert len(queries) < 72  # of both ticks: a query for each source, and what a scope costs


def test_the_number_of_queries_does_not_grow_with_patients(program, make_patient, agree, on_tablets, plan, texted):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            plan()
        return len(queries)

    def arrive(people):
        for _ in range(people):
            person = make_patient(program)
            agree(person)
            on_tablets(person)

    # What waits is looked at only where something waits: it does before both counts.
    plan()
    arrive(1)
    few = asked()
    arrive(8)
    assert asked() <= few


def test_no_reminder_without_the_patients_wish(patient, agree, on_tablets, plan):
    agree(patient)
    on_tablets(patient, reminders=False)
    assert plan() == 0


def test_a_moved_dose_moves_its_text_while_it_waits(texted, plan, now):
    plan()
    Dose.objects.filter(dosing_day=date(2026, 3, 4)).update(
        due_at=now + 25 * HOUR, closes_at=now + 28 * HOUR, day_ends_at=now + 38 * HOUR
    )
    Message.objects.filter(slot_on=date(2026, 3, 3), step="1.first").update(state="accepted")
    assert plan() > 0
    moved = Message.objects.get(slot_on=date(2026, 3, 4), step="1.first")
    assert moved.expires_at == now + 28 * HOUR
    assert Message.objects.filter(slot_on=date(2026, 3, 3), step="1.first").count() == 1
    assert plan() == 0


def test_what_was_answered_is_suppressed(texted, staff, plan, now):
    plan()
    report_doses(
        actor=staff,
        statements=[DoseStatement(client_id=uuid.uuid4(), patient_id=texted.pk, statement="taken", source="app")],
        now=now,
    )
    plan()
    today = [row[1:] for row in rows("slot_on", "step", "state", "why") if row[0] == date(2026, 3, 3)]
    assert today == [("1.first", "suppressed", "answered"), ("1.again", "suppressed", "answered")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(lambda p: Dose.objects.filter(patient=p).update(state="cancelled"), "cancelled", id="cancelled"),
        pytest.param(lambda p: Dose.objects.filter(patient=p).update(state="held"), "hold", id="on-hold"),
        pytest.param(lambda p: Patient.objects.filter(pk=p.pk).update(status="exited"), "exited", id="exited"),
        pytest.param(lambda p: Patient.objects.filter(pk=p.pk).update(status="deceased"), "deceased", id="died"),
    ],
)
def test_what_lost_its_reason_is_suppressed(texted, plan, change, why):
    plan()
    change(texted)
    plan()
    assert set(Message.objects.filter(slot_on=date(2026, 3, 3)).values_list("state", "why")) == {("suppressed", why)}


def test_a_closed_program_sends_nothing_more(texted, program, plan, now):
    plan()
    Program.objects.filter(pk=program).update(closed_at=now)
    planning.end_closed_programs(now=now)
    assert set(Message.objects.values_list("state", "why")) == {("suppressed", "program_closed")}


def test_a_visit_is_announced_seven_three_one_and_no_days_before(patient, agree, staff, plan, now):
    agree(patient)
    record_injections(
        actor=staff,
        injections=[
            GivenInjection(
                client_id=uuid.uuid4(),
                patient_id=patient.pk,
                given_on=date(2026, 3, 3),
                medicine="naltrexone_injection",
                dose_mg=380,
            )
        ],
        now=now,
    )
    visit = Appointment.objects.get(patient=patient)
    assert visit.due_on == date(2026, 3, 31)
    for day in range(30):
        plan(now + timedelta(days=day))
        plan(now + timedelta(days=day))
    texts = Message.objects.filter(subject_kind="appointment").order_by("due_at").values_list("slot_on", "template")
    assert list(texts) == [
        (date(2026, 3, 24), "visit.week"),
        (date(2026, 3, 28), "visit.three_days"),
        (date(2026, 3, 30), "visit.tomorrow"),
        (date(2026, 3, 31), "visit.today"),
        (date(2026, 4, 1), "visit.passed"),
    ]


def test_a_visit_that_moved_leaves_no_old_text(patient, agree, staff, plan, now):
    agree(patient)
    record_injections(
        actor=staff,
        injections=[
            GivenInjection(
                client_id=uuid.uuid4(),
                patient_id=patient.pk,
                given_on=date(2026, 3, 3),
                medicine="naltrexone_injection",
                dose_mg=380,
            )
        ],
        now=now,
    )
    at = now + timedelta(days=21)  # the morning of the first text
    plan(at - HOUR)
    Appointment.objects.update(due_on=date(2026, 4, 6))
    plan(at - HOUR)
    assert list(Message.objects.values_list("step", "state", "why")) == [("day-7", "suppressed", "cancelled")]


class TestStaffNotices:
    @pytest.fixture
    def on_call(self, program, now):
        user = people.create_staff(email="oncall@example.org", roles={program: [Role.NURSE]}, now=now)
        people.create_team(program_id=program, name="A", members={user.pk: ("Nurse", "+12125550199")}, now=now)
        return user

    def raise_(self, patient, now, severity, kind=FlagKind.CRAVING_HIGH):
        return raise_flag(
            program_id=patient.program_id,
            patient_id=patient.pk,
            treatment_id=None,
            kind=kind,
            severity=severity,
            evidence={},
            policy_version="default-1",
            now=now,
        )

    def test_amber_plus_is_told_once_and_amber_is_not(self, patient, on_call, plan, now):
        self.raise_(patient, now, Severity.AMBER, FlagKind.CONTACT_LOST)
        flag = self.raise_(patient, now, Severity.AMBER_PLUS)
        assert plan() == 1
        assert plan() == 0
        [notice] = Message.objects.all()
        assert (notice.subject_kind, notice.subject_id, notice.recipient_id) == ("flag", flag.pk, on_call.pk)
        assert (notice.patient_id, notice.audience, notice.message_class) == (None, "staff", "staff_notice")

    def test_a_flag_that_rises_to_red_is_told_again(self, patient, on_call, plan, now):
        self.raise_(patient, now, Severity.AMBER_PLUS)
        plan()
        self.raise_(patient, now, Severity.RED)
        assert plan() == 1
        assert plan() == 0

    def test_calendar_red_waits_for_the_clinic_and_acute_red_does_not(self, patient, on_call, plan, now):
        night = now + timedelta(hours=14)  # Wednesday 00:00 local
        self.raise_(patient, night, Severity.RED, FlagKind.INJECTION_LATE)
        self.raise_(patient, night, Severity.RED, FlagKind.SUICIDE_RISK)
        for hours in (0, 7, 8):
            plan(night + timedelta(hours=hours))
        first = Message.objects.filter(step__startswith="0.")
        assert sorted(first.values_list("acute", "send_after")) == [
            (False, night + timedelta(hours=8)),
            (True, night),
        ]

    def test_a_flag_that_somebody_took_needs_no_notice(self, patient, on_call, staff, plan, send, company, now):
        flag = self.raise_(patient, now, Severity.RED)
        plan()
        own_flag(actor=staff, flag_id=flag.pk, now=now)
        send(now)
        assert company.sent == []
        assert list(Message.objects.values_list("state", "why")) == [("suppressed", "answered")]

    def test_the_notice_goes_to_the_staff_members_phone(self, patient, on_call, plan, send, company, now):
        self.raise_(patient, now, Severity.RED)
        plan()
        send(now)
        assert [(one.to, one.body) for one in company.sent] == [
            ("+12125550199", "A patient needs review. Reply 1 to take it.")
        ]


def test_other_programs_are_not_touched(texted, make_program, program, plan, now):
    other = make_program()
    with programs([other]):
        assert planning.plan_messages(program_ids=[other], now=now) == 0
    assert Message.objects.count() == 0
