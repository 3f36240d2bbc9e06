"""A concern reaches who is on call, moves on when nobody answers, and never waits for nobody (C 7, S 15)."""

import uuid
from datetime import date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.services import people
from recovery.models import Escalation, Flag
from recovery.rules.escalation import OverrideReason
from recovery.rules.states import FlagKind, FlagStatus, Severity
from recovery.services import rota
from recovery.services.flags import close_flag, end_reason, own_flag, raise_flag, release_flag, snooze_flag, wake_flags
from reminders.models import InboundMessage, Message
from reminders.services import escalations, replies
from reminders.services.senders import register_sender

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONDAY = date(2026, 3, 2)
OURS = "+12125550100"


def raise_(patient, now, severity=Severity.RED, kind=FlagKind.SUICIDE_RISK):
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


@pytest.fixture
def crew(program, now):
    """Four people with a number and a medical director, and a rota of two weeks with two people each."""
    users = []
    for number in range(1, 6):
        role = Role.MEDICAL_DIRECTOR if number == 5 else Role.NURSE
        users.append(people.create_staff(email=f"n{number}@crew.example", roles={program: [role]}, now=now).pk)
    people.create_team(
        program_id=program,
        name="Crew",
        members={user: (f"N{index}", f"+1212555010{index}") for index, user in enumerate(users, start=1)},
        now=now,
    )
    director = actor_of(user_id=users[4])
    rota.set_rota(
        actor=director,
        program_id=program,
        anchor=MONDAY,
        hand_over=time(8),
        turns=[users[0:2], users[2:4]],
        now=now,
    )
    return users


def run(program, at):
    escalations.escalate(program_ids=[program], now=at)


def told(since=None):
    rows = Message.objects.filter(subject_kind="flag").order_by("due_at", "pk")
    found: dict[datetime, list[int]] = {}
    for due_at, user in rows.values_list("due_at", "recipient_id"):
        found.setdefault(due_at, []).append(user)
    return [sorted(users) for users in found.values()]


class TestSteps:
    def test_first_then_second_then_everybody_and_everybody_again(self, program, patient, crew, now):
        flag = raise_(patient, now)
        minutes = int((flag.respond_by - now) / MINUTE)
        for minute in range(2 * minutes):
            run(program, now + minute * MINUTE)
        assert told() == [[crew[0]], [crew[1]], crew, crew]

    def test_half_of_the_response_time_lies_between_two_steps(self, program, patient, crew, now):
        flag = raise_(patient, now, Severity.AMBER_PLUS, FlagKind.CRAVING_HIGH)
        run(program, now)
        half = (flag.respond_by - now) / 2
        run(program, now + half - MINUTE)
        assert told() == [[crew[0]]]
        run(program, now + half)
        assert told() == [[crew[0]], [crew[1]]]

    def test_quiet_hours_do_not_delay_red_and_hold_amber(self, program, patient, crew, now):
        night = now + timedelta(hours=13)  # Tuesday 23:00 local
        raise_(patient, night)
        raise_(patient, night, Severity.AMBER_PLUS, FlagKind.CRAVING_HIGH)
        for minute in range(6):
            run(program, night + minute * MINUTE)
        amber, red = Flag.objects.order_by("severity_rank")
        assert set(Message.objects.values_list("subject_id", flat=True)) == {red.pk}
        run(program, night + 9 * HOUR)
        assert Message.objects.filter(subject_id=amber.pk).count() == 1

    def test_calendar_red_begins_with_the_clinic_day_and_then_goes_on_at_any_hour(self, program, patient, crew, now):
        midnight = now + timedelta(hours=14)
        raise_(patient, midnight, Severity.RED, FlagKind.INJECTION_LATE)
        for hour in range(24):
            run(program, midnight + hour * HOUR)
        first = Message.objects.order_by("due_at").first()
        assert first.due_at == midnight + 8 * HOUR
        assert Message.objects.filter(due_at__gt=midnight + 20 * HOUR).exists()

    def test_a_red_flag_that_was_calendar_and_rises_at_night_waits_for_the_morning(self, program, patient, crew, now):
        raise_(patient, now, Severity.AMBER_PLUS, FlagKind.INJECTION_LATE)
        midnight = now + timedelta(hours=14)
        raise_(patient, midnight, Severity.RED, FlagKind.INJECTION_LATE)
        run(program, midnight + HOUR)
        assert told() == []
        run(program, midnight + 8 * HOUR)
        assert told() == [[crew[0]]]

    def test_two_runners_tell_once(self, program, patient, crew, now):
        raise_(patient, now)
        run(program, now)
        run(program, now)
        assert told() == [[crew[0]]]

    def test_the_override_is_told_and_a_known_gap_goes_to_everybody(self, program, patient, crew, now):
        director = actor_of(user_id=crew[4])
        override = {"actor": director, "program_id": program, "starts_at": now, "ends_at": now + DAY, "now": now}
        rota.add_override(people=[crew[3]], reason=OverrideReason.ILL, **override)
        raise_(patient, now)
        run(program, now)
        assert told() == [[crew[3]]]
        rota.add_override(people=[], reason=OverrideReason.OTHER, **override)
        raise_(patient, now + MINUTE, kind=FlagKind.OVERDOSE_SIGN)
        run(program, now + MINUTE)
        assert told()[-1] == crew

    def test_somebody_without_a_number_is_passed_over(self, program, patient, crew, now):
        mute = people.create_staff(email="mute@crew.example", roles={program: [Role.NURSE]}, now=now).pk
        rota.set_rota(
            actor=actor_of(user_id=crew[4]),
            program_id=program,
            anchor=MONDAY,
            hand_over=time(8),
            turns=[[mute, crew[2]]],
            now=now,
        )
        raise_(patient, now)
        run(program, now)
        assert told() == [[crew[2]]]

    def test_with_nobody_to_tell_the_timer_runs_on_and_it_is_written_down(self, program, patient, now):
        raise_(patient, now)
        run(program, now)
        row = Escalation.objects.get()
        assert (row.told, row.next_at > now) == (1, True)
        assert audited() == ["flag.nobody_to_tell"]

    def test_a_flag_from_before_there_were_escalations_gets_one(self, program, patient, crew, now):
        flag = raise_(patient, now)
        bare = Flag.objects.get(pk=flag.pk)  # written past the service, as an older version did
        bare.pk, bare.uid = None, uuid.uuid4()
        bare.kind = FlagKind.OVERDOSE_SIGN.value
        bare.save(force_insert=True)
        run(program, now)
        assert set(Message.objects.values_list("subject_id", flat=True)) == {flag.pk, bare.pk}


def audited():
    from backend.models import AuditEvent

    return list(AuditEvent.objects.filter(action__startswith="flag.").values_list("action", flat=True))


class TestAnswers:
    def test_who_takes_it_on_the_list_is_left_in_peace_and_then_asked(self, program, patient, crew, send, company, now):
        flag = raise_(patient, now, kind=FlagKind.REPORTED_USE)
        response = flag.respond_by - now
        run(program, now)
        own_flag(actor=actor_of(user_id=crew[1]), flag_id=flag.pk, now=now)
        send(now)
        assert company.sent == []  # the notice lost its reason before it left
        run(program, now + response - MINUTE)
        assert told() == [[crew[0]]]
        run(program, now + response)
        assert told()[-1] == sorted([crew[0], crew[1]])
        send(now + response)
        assert {one.body for one in company.sent} == {
            "A patient is still waiting for you. Please sign in and look at the worklist."
        }

    def test_given_back_it_is_told_again_at_once_on_the_same_day(self, program, patient, crew, now):
        flag = raise_(patient, now)
        run(program, now)
        own_flag(actor=actor_of(user_id=crew[1]), flag_id=flag.pk, now=now)
        release_flag(actor=actor_of(user_id=crew[1]), flag_id=flag.pk, now=now + MINUTE)
        run(program, now + MINUTE)
        assert told() == [[crew[0]], [crew[0]]]

    def test_an_owner_who_left_leaves_it_to_those_on_call(self, program, patient, crew, now):
        from backend.models import Membership

        flag = raise_(patient, now)
        own_flag(actor=actor_of(user_id=crew[3]), flag_id=flag.pk, now=now)
        Membership.objects.filter(user_id=crew[3]).update(ended_at=now)
        run(program, flag.respond_by + 2 * MINUTE)
        flag.refresh_from_db()
        assert (flag.status, flag.owner_id, told()) == ("open", None, [[crew[0]]])

    def test_a_reply_takes_the_flag_told_last_and_the_other_goes_on(
        self, program, patient, crew, send, company, now, make_patient
    ):
        register_sender(program_id=program, address=OURS, provider="outbox")
        first = raise_(patient, now)
        second = raise_(make_patient(program), now + MINUTE)
        run(program, now)
        send(now)
        run(program, now + MINUTE)
        send(now + MINUTE)
        # The first one is told again meanwhile to the second person: N1 has had two texts.
        reply(company, now + 2 * MINUTE, sender="+12125550101")
        assert [Flag.objects.get(pk=pk).owner_id for pk in (first.pk, second.pk)] == [None, crew[0]]
        assert Escalation.objects.get(flag=first).next_at is not None
        reply(company, now + 2 * MINUTE, sender="+12125550101")
        assert Flag.objects.get(pk=first.pk).owner_id == crew[0]

    def test_closed_or_ended_by_itself_nobody_is_told_any_more(self, program, patient, crew, staff, now):
        closed = raise_(patient, now)
        raise_(patient, now, Severity.RED, FlagKind.CONTACT_LOST)
        close_flag(actor=staff, flag_id=closed.pk, outcome="reached", now=now)
        end_reason(patient_id=patient.pk, kind=FlagKind.CONTACT_LOST, note_key="x", now=now)
        run(program, now + DAY)
        assert told() == []
        assert set(Escalation.objects.values_list("phase", "next_at")) == {("closed", None)}

    def test_a_snooze_of_a_month_ends_after_a_week(self, program, patient, crew, staff, now):
        flag = raise_(patient, now)
        snooze_flag(actor=staff, flag_id=flag.pk, until=now + 30 * DAY, reason="x", now=now)
        run(program, now + 7 * DAY - MINUTE)
        assert told() == []
        run(program, now + 7 * DAY)
        flag.refresh_from_db()
        assert (flag.status, flag.snoozed_until, len(told())) == ("open", None, 1)


def reply(company, at, *, sender, body="1"):
    number = InboundMessage.objects.count()
    return replies.receive_text(sid=f"IN{number}", sender=sender, addressed_to=[OURS], body=body, now=at)


class TestGaps:
    def test_the_director_hears_of_it_a_day_before_and_once_a_day(self, program, crew, send, company, now):
        director = actor_of(user_id=crew[4])
        starts = now + 30 * HOUR
        rota.add_override(
            actor=director,
            program_id=program,
            starts_at=starts,
            ends_at=starts + DAY,
            people=[],
            reason=OverrideReason.HOLIDAY,
            now=now,
        )
        assert escalations.warn_of_gaps(program_ids=[program], now=now) == 0
        later = now + 7 * HOUR
        assert escalations.warn_of_gaps(program_ids=[program], now=later) == 1
        assert escalations.warn_of_gaps(program_ids=[program], now=later) == 0
        send(later)
        assert [(one.to, one.body) for one in company.sent] == [
            ("+12125550105", "Nobody is on call from 4 pm. Please look at the rota.")
        ]

    def test_a_week_of_one_person_is_told_too(self, program, crew, send, company, now):
        rota.set_rota(
            actor=actor_of(user_id=crew[4]),
            program_id=program,
            anchor=MONDAY,
            hand_over=time(8),
            turns=[[crew[0]]],
            now=now,
        )
        escalations.warn_of_gaps(program_ids=[program], now=now)
        send(now)
        assert [one.body for one in company.sent] == ["Too few people are on call from 10 am. Please look at the rota."]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"phase": "waiting", "next_at": None}, id="nobody and no timer"),
        pytest.param({"phase": "owned", "owner": None}, id="owned by nobody"),
        pytest.param({"phase": "snoozed", "next_at": None}, id="asleep for ever"),
        pytest.param({"phase": "closed"}, id="closed with a timer"),
    ],
)
def test_the_database_refuses_a_concern_that_waits_for_nobody(program, patient, now, wrong):
    raise_(patient, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Escalation.objects.update(**wrong)


def test_whatever_people_and_clocks_do_each_red_flag_has_an_owner_or_a_timer(
    program, patient, crew, staff, now, make_patient
):
    """The real services against PostgreSQL, in any order; the rules alone are model-checked beside this."""
    other = make_patient(program)

    class Clinic(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.savepoint = transaction.atomic()
            self.savepoint.__enter__()
            self.now = now

        def teardown(self):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

        def live(self, index):
            rows = list(Flag.objects.exclude(status__in=["closed", "returned"]).order_by("pk"))
            return rows[index % len(rows)] if rows else None

        @rule(
            who=st.booleans(),
            kind=st.sampled_from([FlagKind.SUICIDE_RISK, FlagKind.INJECTION_LATE, FlagKind.CRAVING_HIGH]),
            severity=st.sampled_from([Severity.AMBER, Severity.AMBER_PLUS, Severity.RED]),
        )
        def raised(self, who, kind, severity):
            raise_(patient if who else other, self.now, severity, kind)

        @rule(minutes=st.sampled_from([1, 3, 60, 700, 3000, 15_000]))
        def time_passes(self, minutes):
            self.now += minutes * MINUTE

        @rule()
        def tick(self):
            escalations.escalate(program_ids=[program], now=self.now)

        @rule()
        def wake(self):
            wake_flags(program_ids=[program], now=self.now)

        @rule(index=st.integers(0, 5), who=st.integers(0, 3))
        def taken(self, index, who):
            if flag := self.live(index):
                own_flag(actor=actor_of(user_id=crew[who]), flag_id=flag.pk, now=self.now)

        @rule(index=st.integers(0, 5))
        def given_back(self, index):
            flag = self.live(index)
            if flag and flag.status == FlagStatus.OWNED.value:
                release_flag(actor=staff, flag_id=flag.pk, now=self.now)

        @rule(index=st.integers(0, 5), hours=st.integers(1, 800))
        def snoozed(self, index, hours):
            if flag := self.live(index):
                snooze_flag(actor=staff, flag_id=flag.pk, until=self.now + hours * HOUR, reason="x", now=self.now)

        @rule(index=st.integers(0, 5), by_itself=st.booleans())
        def ended(self, index, by_itself):
            if (flag := self.live(index)) is None:
                return
            if by_itself:
                end_reason(patient_id=flag.patient_id, kind=FlagKind(flag.kind), note_key="x", now=self.now)
            else:
                close_flag(actor=staff, flag_id=flag.pk, outcome="reached", now=self.now)

        @invariant()
        def nobody_waits_for_nobody(self):
            rows = {row.flag_id: row for row in Escalation.objects.all()}
            for flag in Flag.objects.all():
                live = flag.status in ("open", "owned", "snoozed")
                if live and flag.severity in ("red", "amber_plus"):
                    row = rows[flag.pk]
                    assert row.next_at is not None
                    assert (flag.status == "owned") <= (row.owner_id == flag.owner_id)
                    assert (flag.status == "open") <= (row.phase == "waiting")
                    assert row.next_at <= self.now + 8 * DAY
                elif not live and flag.pk in rows:
                    assert rows[flag.pk].phase == "closed"

    run_state_machine_as_test(
        Clinic,
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
