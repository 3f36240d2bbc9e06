"""Which texts are owed to whom, and when (contract 4; N8, N28, N29; clock changes)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.rules.wall_time import to_utc
from reminders.rules.dispatch import Why
from reminders.rules.planning import (
    POLICY,
    CheckInFact,
    DoseFact,
    FlagNotice,
    HelloFact,
    HelloWhy,
    HoldFact,
    PatientFacts,
    Person,
    VisitFact,
    jitter,
    jittered,
    ordinal_of,
    plan_check_in,
    plan_dose,
    plan_flag_notice,
    plan_hello,
    plan_hold,
    plan_later,
    plan_patient,
    plan_supporter,
    plan_visit,
    thin,
)
from reminders.rules.states import PROMPTS, Channel, MessageClass, SubjectKind
from reminders.rules.window import in_window

ZONE = ZoneInfo("America/New_York")
DAY = date(2026, 6, 10)
TEN_MINUTES = timedelta(minutes=10)


def local(day: date, at: str, zone: ZoneInfo = ZONE) -> datetime:
    return to_utc(day, time.fromisoformat(at), zone)


def dose(at: str = "09:00", *, day: date = DAY, **changes) -> DoseFact:
    due_at = local(day, at)
    base = {
        "dose_id": 5,
        "treatment_id": 7,
        "dosing_day": day,
        "ordinal": 1,
        "due_at": due_at,
        "closes_at": due_at + timedelta(hours=3),
    }
    return DoseFact(**(base | changes))


def person(**changes) -> Person:
    return Person(**({"patient_id": 11, "zone": ZONE} | changes))


def steps(messages) -> list[str]:
    return [one.slot.step for one in messages]


class TestDose:
    def test_a_reminder_and_one_re_prompt(self):
        first, again = plan_dose(dose(), person=person())
        assert (first.template, again.template) == ("dose.daily", "dose.again")
        assert steps([first, again]) == ["1.first", "1.again"]
        assert first.slot.subject_id == 7
        assert first.about_id == 5
        assert first.slot.slot_date == DAY
        due_at = local(DAY, "09:00")
        assert due_at <= first.send_after < due_at + TEN_MINUTES
        assert again.send_after - first.send_after == timedelta(hours=1)
        assert first.expires_at == again.expires_at == due_at + timedelta(hours=3)
        assert first.is_question
        assert first.message_class is MessageClass.DOSE

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"reported": True}, id="what was answered is suppressed"),
            pytest.param({"stopped": True}, id="held, cancelled or behind a gate"),
            pytest.param({"observed": True}, id="observed: no reminder"),
            pytest.param({"opted_in": False}, id="not opted into"),
        ],
    )
    def test_no_reminder(self, changes):
        assert plan_dose(dose(**changes), person=person()) == []

    @pytest.mark.parametrize(
        ("dose_changes", "person_changes", "expected"),
        [
            pytest.param({}, {}, 2, id="plain"),
            pytest.param({}, {"meets_goal": True}, 1, id="meets the own goal: fewer"),
            pytest.param({}, {"unanswered_prompts": 2}, 1, id="two prompts without an answer"),
            pytest.param({}, {"unanswered_prompts": 1}, 2, id="one prompt without an answer"),
            pytest.param({}, {"unanswered_days": 3}, 1, id="back-off"),
            pytest.param({"doses_that_day": 3}, {}, 1, id="three doses a day leave no room"),
            pytest.param({}, {"channels": ()}, 0, id="no channel"),
            pytest.param({}, {"pauses": ((DAY, DAY),)}, 0, id="paused that day"),
            pytest.param({}, {"pauses": ((DAY - timedelta(days=9), DAY - timedelta(days=1)),)}, 2, id="pause is over"),
        ],
    )
    def test_how_many(self, dose_changes, person_changes, expected):
        assert len(plan_dose(dose(**dose_changes), person=person(**person_changes))) == expected

    @pytest.mark.parametrize(
        ("changes", "template"),
        [
            pytest.param({}, "dose.daily", id="daily"),
            pytest.param({"every_day": False}, "dose.day", id="some days"),
            pytest.param({"ordinal": 2}, "dose.next", id="second of the day"),
        ],
    )
    def test_template(self, changes, template):
        assert plan_dose(dose(**changes), person=person())[0].template == template

    @pytest.mark.parametrize(
        ("at", "changes", "expected"),
        [
            pytest.param("07:00", {}, [], id="early without a choice: nothing, and never moved"),
            pytest.param(
                "07:00", {"chosen_outside": True}, ["1.first", "1.again"], id="early by choice, re-prompt at 8"
            ),
            pytest.param("06:00", {"chosen_outside": True}, ["1.first"], id="no re-prompt at 07:00"),
            pytest.param("22:00", {"chosen_outside": True}, ["1.first"], id="late by choice, no re-prompt"),
            pytest.param("20:30", {}, ["1.first"], id="re-prompt would be at 21:30"),
            pytest.param("20:59", {}, ["1.first"], id="a minute before the window closes"),
            pytest.param("21:00", {}, [], id="as the window closes"),
        ],
    )
    def test_window(self, at, changes, expected):
        planned = plan_dose(dose(at, **changes), person=person())
        assert steps(planned) == expected
        for one in planned:
            assert in_window(one.send_after, zone=ZONE) or one.allowed_outside
            assert one.send_after < one.expires_at

    def test_the_jitter_never_passes_the_window(self):
        for patient_id in range(300):
            [first] = plan_dose(dose("20:58"), person=person(patient_id=patient_id))
            assert local(DAY, "20:58") <= first.send_after < local(DAY, "21:00")

    @pytest.mark.parametrize(
        ("zone", "day", "at", "utc"),
        [
            pytest.param("America/New_York", "2026-03-07", "09:00", "2026-03-07T14:00", id="before spring"),
            pytest.param("America/New_York", "2026-03-08", "09:00", "2026-03-08T13:00", id="spring day"),
            pytest.param("America/New_York", "2026-11-01", "09:00", "2026-11-01T14:00", id="autumn day"),
            pytest.param("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00", id="in the gap, by choice"),
            pytest.param("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30", id="twice, by choice"),
        ],
    )
    def test_wall_time_is_kept_when_clocks_change(self, zone, day, at, utc):
        zone = ZoneInfo(zone)
        due_at = local(date.fromisoformat(day), at, zone)
        assert due_at == datetime.fromisoformat(utc).replace(tzinfo=UTC)
        fact = dose(due_at=due_at, closes_at=due_at + timedelta(hours=3), chosen_outside=True)
        first = plan_dose(fact, person=person(zone=zone))[0]
        assert due_at <= first.send_after < due_at + TEN_MINUTES

    def test_a_dose_made_anew_by_an_edit_has_the_old_slot(self):
        before = plan_dose(dose("09:00", dose_id=5), person=person())
        after = plan_dose(dose("13:00", dose_id=99), person=person())
        assert [one.slot for one in before] == [one.slot for one in after]

    def test_ordinals(self):
        assert [ordinal_of(step) for step in ("1.first", "12.again", "2.later", "day-7", "ask", "0.44")] == [
            1, 12, 2, None, None, 0,
        ]  # fmt: skip


class TestLater:
    def asked(self):
        return plan_dose(dose(), person=person())[1]

    def test_two_hours_on_with_its_own_expiry(self):
        answered_at = local(DAY, "11:30")
        [later] = plan_later(self.asked(), answered_at=answered_at, person=person())
        assert later.slot.step == "1.later"
        assert later.send_after == answered_at + timedelta(hours=2)
        assert later.expires_at == later.send_after + timedelta(hours=1)  # past the dose's own window
        assert later.about_id == 5
        assert Channel.SMS is later.slot.channel

    def test_never_outside_the_window_and_never_twice(self):
        assert plan_later(self.asked(), answered_at=local(DAY, "19:30"), person=person()) == []
        one = plan_later(self.asked(), answered_at=local(DAY, "10:00"), person=person())
        two = plan_later(one[0], answered_at=local(DAY, "12:30"), person=person())
        assert one[0].slot == two[0].slot


class TestVisit:
    VISIT = VisitFact(SubjectKind.APPOINTMENT, 3, DAY, starts_at=local(DAY, "14:00"), number="555-0100")

    def test_seven_three_one_zero_and_after(self):
        planned = plan_visit(self.VISIT, person=person())
        assert [(one.slot.step, one.template, (one.slot.slot_date - DAY).days) for one in planned] == [
            ("day-7", "visit.week", -7),
            ("day-3", "visit.three_days", -3),
            ("day-1", "visit.tomorrow", -1),
            ("day0", "visit.today", 0),
            ("day+1", "visit.passed", 1),
            ("day+4", "visit.this_week", 4),
        ]

    def test_each_leaves_and_ends_on_its_own_day(self):
        """ "Tomorrow" must not be read the day after it was true."""
        for one in plan_visit(self.VISIT, person=person()):
            day = one.slot.slot_date
            assert one.send_after.astimezone(ZONE).date() == day
            assert one.expires_at <= local(day, "21:00")
            assert in_window(one.send_after, zone=ZONE)

    @pytest.mark.parametrize(
        ("starts", "latest"),
        [
            pytest.param("14:00", "10:10", id="afternoon visit: at the usual hour"),
            pytest.param("10:30", "08:40", id="two hours before"),
            pytest.param("09:00", "08:10", id="not before the window"),
        ],
    )
    def test_the_day_text_comes_before_the_visit(self, starts, latest):
        visit = replace(self.VISIT, starts_at=local(DAY, starts))
        [today] = [one for one in plan_visit(visit, person=person()) if one.slot.step == "day0"]
        assert today.send_after < local(DAY, latest)
        assert today.expires_at == local(DAY, starts)

    def test_a_visit_at_eight_has_no_text_that_day(self):
        visit = replace(self.VISIT, starts_at=local(DAY, "08:00"))
        assert "day0" not in steps(plan_visit(visit, person=person()))

    @pytest.mark.parametrize(
        ("changes", "missing"),
        [
            pytest.param({"settled": True}, {"day-3"}, id="answered a week ahead"),
            pytest.param({"over": True}, {"day-7", "day-3", "day-1", "day0", "day+1", "day+4"}, id="over"),
        ],
    )
    def test_fewer(self, changes, missing):
        everything = set(steps(plan_visit(self.VISIT, person=person())))
        assert everything - set(steps(plan_visit(replace(self.VISIT, **changes), person=person()))) == missing

    def test_without_a_number_no_text_names_one(self):
        last = plan_visit(replace(self.VISIT, number=None), person=person())[-1]
        assert (last.template, last.values) == ("visit.passed", ())

    def test_visits_go_on_during_a_pause(self):
        paused = person(pauses=((DAY - timedelta(days=30), DAY + timedelta(days=30)),))
        assert len(plan_visit(self.VISIT, person=paused)) == 6

    def test_the_days_are_local_dates_across_a_clock_change(self):
        visit = VisitFact(SubjectKind.INJECTION_DUE, 3, date(2026, 3, 10))
        planned = plan_visit(visit, person=person(patient_id=0))
        assert [one.send_after.astimezone(ZONE).strftime("%m-%d %H") for one in planned[:4]] == [
            "03-03 10", "03-07 10", "03-09 10", "03-10 10",
        ]  # fmt: skip


class TestOthers:
    @pytest.mark.parametrize(
        ("changes", "step", "template"),
        [
            pytest.param({}, "ask", "check_in.app", id="the daily minute"),
            pytest.param({"more": True}, "ask", "check_in.more", id="and other questionnaires"),
            pytest.param({"more": True, "daily": False}, "ask", "check_in.questions", id="others alone"),
            pytest.param({"by_text": True}, "ask", "check_in.number", id="one number by text"),
            pytest.param(
                {"more": True, "daily": False, "follow_up": True}, "follow", "check_in.questions", id="follow"
            ),
        ],
    )
    def test_one_text_announces_all_that_is_asked_on_a_day(self, changes, step, template):
        [asked] = plan_check_in(CheckInFact(DAY, time(18), **changes), person=person())
        assert (asked.slot.step, asked.template) == (step, template)
        assert asked.is_question == ("by_text" in changes)
        assert asked.expires_at == local(DAY, "22:00")
        assert plan_check_in(CheckInFact(DAY, time(18), answered=True, **changes), person=person()) == []

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            pytest.param({"pauses": ((DAY, DAY),)}, Why.PAUSED, id="a holiday"),
            pytest.param({"meets_goal": True}, Why.GOAL_MET, id="row 54"),
            pytest.param({"unanswered_days": 4}, Why.BACK_OFF, id="the dose is the one text of the day"),
        ],
    )
    def test_an_invitation_that_is_left_out_has_its_outcome(self, changes, why):
        facts = PatientFacts(person=person(**changes), doses=[dose()], check_ins=[CheckInFact(DAY, time(18))])
        plan = plan_patient(facts, now=local(DAY, "06:00"))
        assert [(one.message_class, reason) for one, reason in plan.left_out] == [(MessageClass.CHECK_IN, why)]
        assert MessageClass.CHECK_IN not in {one.message_class for one in plan.messages}

    def test_row_54_keeps_every_third_day(self):
        sent = []
        for day in [DAY + timedelta(days=n) for n in range(9)]:
            facts = PatientFacts(person=person(meets_goal=True), check_ins=[CheckInFact(day, time(18))])
            plan = plan_patient(facts, now=local(day, "06:00"))
            assert len(plan.messages) + len(plan.left_out) == 1
            sent.append(len(plan.messages))
        assert sum(sent) == 3
        assert sent[:3] * 3 == sent

    @pytest.mark.parametrize(
        ("acute", "opened", "leaves"),
        [
            pytest.param(True, "02:00", "02:00", id="acute red never waits"),
            pytest.param(False, "02:00", "08:00", id="calendar or amber waits for the window"),
            pytest.param(False, "12:00", "12:00", id="in the window"),
        ],
    )
    def test_hold(self, acute, opened, leaves):
        fact = HoldFact(6, local(DAY, opened), "555-0100", acute=acute)
        [told] = plan_hold(fact, person=person())
        assert told.send_after == local(DAY, leaves)
        assert told.priority == (0 if acute else 60)
        assert plan_hold(replace(fact, acknowledged=True), person=person()) == []

    def test_a_hold_without_a_staffed_line_names_the_hour(self):
        fact = HoldFact(6, local(DAY, "22:00"), "555-0100", acute=True, call_by="09:00")
        [told] = plan_hold(fact, person=person())
        assert told.template == "hold.call_at"
        assert dict(told.values) == {"hour": "09:00", "number": "555-0100"}

    @pytest.mark.parametrize(
        ("why", "name", "template"),
        [
            pytest.param(HelloWhy.FIRST_MONTH, "North", "hello.plain", id="first month"),
            pytest.param(HelloWhy.AFTER_CARE, "North", "hello.plain", id="after-care"),
            pytest.param(HelloWhy.AFTER_CARE, "", "hello.plan", id="a program without a neutral name"),
            pytest.param(HelloWhy.SILENCE, "North", "hello.silence", id="silence"),
        ],
    )
    def test_hello(self, why, name, template):
        [told] = plan_hello(HelloFact(DAY, why), person=person(), name=name)
        assert (told.template, told.slot.step, told.slot.slot_date) == (template, "hello", DAY)
        assert timedelta(0) <= told.send_after - local(DAY, "11:00") < TEN_MINUTES

    def test_one_friendly_text_a_day_whatever_it_follows_from(self):
        hellos = [HelloFact(DAY, why) for why in HelloWhy]
        plan = plan_patient(PatientFacts(person=person(), hellos=hellos, name="North"), now=local(DAY, "06:00"))
        assert [one.template for one in plan.messages] == ["hello.silence"]

    def test_who_is_inside_gets_no_text_about_a_visit(self):
        assert plan_visit(VisitFact(SubjectKind.APPOINTMENT, 3, DAY), person=person(inside=True)) == []

    def test_flag_notice(self):
        notice = FlagNotice(flag_id=9, recipient_id=2, level=0, notify_at=local(DAY, "03:00"), day=DAY, acute=True)
        [told] = plan_flag_notice(notice)
        assert (told.template, told.send_after, told.priority) == ("staff.review_now", local(DAY, "03:00"), 0)
        assert told.recipient_id == 2
        assert told.patient_id is None
        [moved] = plan_flag_notice(replace(notice, level=1, number=1))
        assert moved.template == "staff.still_open"
        assert moved.slot != told.slot
        [asked] = plan_flag_notice(replace(notice, taken=True, number=2))
        assert (asked.template, asked.is_question) == ("staff.still_waiting", False)
        assert plan_flag_notice(replace(notice, recipient_id=3))[0].slot != told.slot

    def test_supporter(self):
        days = [DAY, DAY + timedelta(days=7)]
        planned = plan_supporter(supporter_id=4, days=days, person=person())
        assert [one.slot.slot_date for one in planned] == days
        assert {one.slot.subject_id for one in planned} == {4}
        assert all(one.recipient_id is None and one.template == "supporter.hello" for one in planned)


class TestJitter:
    def test_fixed_spread_and_within_its_range(self):
        delays = [jitter(patient_id) for patient_id in range(20_000)]
        assert delays == [jitter(patient_id) for patient_id in range(20_000)]
        assert min(delays) >= timedelta(0)
        assert max(delays) < TEN_MINUTES
        per_minute = [sum(minute <= one.total_seconds() / 60 < minute + 1 for one in delays) for minute in range(10)]
        assert min(per_minute) > 1_800

    def test_the_same_on_every_machine(self):
        assert [int(jitter(patient_id).total_seconds()) for patient_id in (1, 2, 3)] == [174, 349, 52]

    @pytest.mark.parametrize("room_s", [0, 1, 59, 600, 4000])
    def test_never_at_or_past_the_end(self, room_s):
        wanted_at = local(DAY, "12:00")
        before = wanted_at + timedelta(seconds=room_s)
        for patient_id in range(200):
            at = jittered(wanted_at, patient_id=patient_id, before=before)
            assert wanted_at <= at < wanted_at + TEN_MINUTES
            assert at < before or room_s == 0


def week_of(**changes) -> PatientFacts:
    """A week of doses at 9, check-ins at 18:00, and a visit on the third day."""
    days = [DAY + timedelta(days=ahead) for ahead in range(7)]
    return PatientFacts(
        person=person(**changes),
        doses=[dose(day=day, dose_id=100 + n) for n, day in enumerate(days)],
        check_ins=[CheckInFact(day, time(18)) for day in days],
        visits=[VisitFact(SubjectKind.APPOINTMENT, 3, DAY + timedelta(days=2))],
    )


LONG = replace(POLICY, plan_ahead=timedelta(days=7))


class TestBackOff:
    MORNING = local(DAY, "06:00")

    @staticmethod
    def once_a_day() -> PatientFacts:
        """A week of doses without re-prompts."""
        facts = week_of()
        return replace(facts, doses=[replace(one, doses_that_day=3) for one in facts.doses])

    def by_day(self, plan) -> list[list[MessageClass]]:
        days = [DAY + timedelta(days=ahead) for ahead in range(7)]
        return [
            [one.message_class for one in plan.messages if one.send_after.astimezone(ZONE).date() == day]
            for day in days
        ]

    def test_none_while_answers_come(self):
        plan = plan_patient(self.once_a_day(), now=self.MORNING)
        dose_, check_in, visit = MessageClass.DOSE, MessageClass.CHECK_IN, MessageClass.VISIT
        assert self.by_day(plan)[:3] == [[dose_, check_in], [dose_, visit, check_in], [dose_, visit, check_in]]
        assert not plan.call_task

    def test_the_days_ahead_count_as_silent_until_an_answer_comes(self):
        plan = plan_patient(self.once_a_day(), now=self.MORNING, policy=LONG)
        assert [len(day) for day in self.by_day(plan)] == [2, 3, 3, 1, 1, 1, 1]

    def test_one_text_a_day_after_three_days_the_most_important_one(self):
        plan = plan_patient(week_of(unanswered_days=3), now=self.MORNING, policy=LONG)
        days = self.by_day(plan)
        assert days[0] == [MessageClass.DOSE]
        assert days[1] == [MessageClass.VISIT]  # "tomorrow"
        assert days[2] == [MessageClass.VISIT]  # "today"
        assert not plan.call_task

    def test_one_a_week_after_seven_and_a_person_calls(self):
        facts = week_of(unanswered_days=7)
        assert len(plan_patient(facts, now=self.MORNING, policy=LONG).messages) == 4  # visits, the last on day 6
        plan = plan_patient(replace(facts, visits=[]), now=self.MORNING, policy=LONG)
        prompts = [one for one in plan.messages if one.message_class in PROMPTS]
        # The last daily one was on day 6 of silence: the next prompt is on day 13.
        assert [one.slot.slot_date for one in prompts] == [DAY + timedelta(days=6)]
        assert plan.call_task

    def test_the_weekly_day_does_not_wander(self):
        sent = []
        for ahead in range(40):
            day = DAY + timedelta(days=ahead)
            facts = PatientFacts(person=person(unanswered_days=ahead), doses=[dose(day=day)])
            if plan_patient(facts, now=local(day, "06:00")).messages:
                sent.append(ahead)
        assert sent == [0, 1, 2, 3, 4, 5, 6, 13, 20, 27, 34]

    def test_an_answer_brings_everything_back(self):
        silent = plan_patient(week_of(unanswered_days=9), now=self.MORNING)
        answered = plan_patient(week_of(unanswered_days=0), now=self.MORNING)
        assert {one.slot for one in silent.messages} < {one.slot for one in answered.messages}

    def test_holds_are_never_thinned(self):
        hold = HoldFact(6, self.MORNING, "555-0100", acute=True)
        facts = replace(week_of(unanswered_days=8), holds=[hold])
        plan = plan_patient(facts, now=self.MORNING, policy=LONG)
        assert MessageClass.HOLD in {one.message_class for one in plan.messages}

    def test_thin_keeps_the_earlier_of_equals(self):
        two = [*plan_dose(dose("18:00", ordinal=2), person=person()), *plan_dose(dose("09:00"), person=person())]
        plan = thin(two, person=person(unanswered_days=4), today=DAY)
        assert steps(plan.messages) == ["1.first"]


class TestPlanPatient:
    def test_a_second_run_gives_the_same(self):
        facts = week_of()
        now = local(DAY, "06:00")
        assert plan_patient(facts, now=now) == plan_patient(facts, now=now + timedelta(seconds=59))

    def test_slots_are_unique(self):
        facts = replace(week_of(), hellos=[HelloFact(DAY, HelloWhy.SILENCE)], name="Holdfast")
        slots = [one.slot for one in plan_patient(facts, now=local(DAY, "06:00"), policy=LONG).messages]
        assert len(slots) == len(set(slots)) > 15

    def test_what_left_planned_is_never_planned_again(self):
        facts, now = week_of(), local(DAY, "06:00")
        first = plan_patient(facts, now=now)
        taken = frozenset(one.slot for one in first.messages[:3])
        second = plan_patient(replace(facts, taken_slots=taken), now=now)
        assert {one.slot for one in second.messages} == {one.slot for one in first.messages} - taken

    def test_what_has_expired_is_not_made_up_for(self):
        late = plan_patient(PatientFacts(person=person(), doses=[dose()]), now=local(DAY, "12:00"))
        assert late.messages == ()
        in_time = plan_patient(PatientFacts(person=person(), doses=[dose()]), now=local(DAY, "11:59"))
        assert steps(in_time.messages) == ["1.first", "1.again"]

    def test_the_horizon(self):
        plan = plan_patient(week_of(), now=local(DAY, "06:00"))
        assert max(one.send_after for one in plan.messages) < local(DAY, "06:00") + timedelta(hours=72)

    def test_exit_stops_everything(self):
        assert plan_patient(replace(week_of(), exited=True), now=local(DAY, "06:00")).messages == ()


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(available_timezones())),
    st.dates(date(2025, 1, 1), date(2035, 12, 31)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.integers(1, 10**9),
    st.booleans(),
)
def test_no_zone_and_no_day_puts_a_text_outside_the_window(zone_name, day, at, patient_id, chosen):
    zone = ZoneInfo(zone_name)
    due_at = to_utc(day, at, zone)
    fact = dose(due_at=due_at, closes_at=due_at + timedelta(hours=3), dosing_day=day, chosen_outside=chosen)
    facts = PatientFacts(
        person=person(zone=zone, patient_id=patient_id),
        doses=[fact],
        visits=[VisitFact(SubjectKind.APPOINTMENT, 3, day, starts_at=due_at)],
        check_ins=[CheckInFact(day, at)],
    )
    now = to_utc(day - timedelta(days=1), time(0), zone)
    for one in plan_patient(facts, now=now).messages:
        assert in_window(one.send_after, zone=zone) or (one.allowed_outside and one.send_after < due_at + TEN_MINUTES)
        assert one.send_after < one.expires_at
