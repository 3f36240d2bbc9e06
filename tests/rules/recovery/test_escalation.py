"""The rota and the escalation: nobody is forgotten, nothing ends silently (C 7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from recovery.rules.escalation import (
    ESCALATION,
    EscalationPolicy,
    Gap,
    Override,
    Phase,
    Rota,
    Stretch,
    acknowledge,
    begin,
    close,
    gaps,
    gaps_to_warn_of,
    hand_overs,
    is_due,
    on_call,
    raise_severity,
    release,
    snooze,
    step,
    stretches,
)

ZONE = ZoneInfo("America/New_York")
MONDAY = date(2026, 3, 2)
ROTA = Rota(zone=ZONE, anchor=MONDAY, turns=((1, 2), (3, 4)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "people"),
    [
        pytest.param("2026-03-02 13:00", (1, 2), id="hand-over, 08:00 local"),
        pytest.param("2026-03-02 12:59", (3, 4), id="a minute before: last week's"),
        pytest.param("2026-03-09 11:59", (1, 2), id="clocks changed on the 8th: 07:59"),
        pytest.param("2026-03-09 12:00", (3, 4), id="08:00 in summer time"),
        pytest.param("2026-03-16 12:00", (1, 2), id="round again"),
        pytest.param("2026-02-23 13:00", (3, 4), id="before the anchor"),
    ],
)
def test_turns(instant, people):
    assert on_call(ROTA, now=utc(instant)) == people


def test_an_override_holds_for_its_time_and_the_later_one_wins():
    swap = Override(utc("2026-03-03 00:00"), utc("2026-03-05 00:00"), (7, 8))
    sick = Override(utc("2026-03-04 00:00"), utc("2026-03-04 12:00"), (9,))
    rota = replace(ROTA, overrides=(swap, sick))
    assert on_call(rota, now=utc("2026-03-03 00:00")) == (7, 8)
    assert on_call(rota, now=utc("2026-03-04 06:00")) == (9,)
    assert on_call(rota, now=utc("2026-03-05 00:00")) == (1, 2)


def test_gaps_are_found_with_what_is_missing():
    away = Override(utc("2026-03-03 00:00"), utc("2026-03-04 00:00"), ())
    alone = Override(utc("2026-03-04 00:00"), utc("2026-03-05 00:00"), (2,))
    twice = Override(utc("2026-03-06 00:00"), utc("2026-03-07 00:00"), (5, 5))
    rota = replace(ROTA, overrides=(away, alone, twice))
    assert gaps(rota, since=utc("2026-03-02 13:00"), until=utc("2026-03-20 00:00")) == [
        Gap(away.starts_at, away.ends_at, 2),
        Gap(alone.starts_at, alone.ends_at, 1),
        Gap(twice.starts_at, twice.ends_at, 1),
    ]
    assert gaps_to_warn_of(rota, now=utc("2026-03-01 23:00")) == []
    assert gaps_to_warn_of(rota, now=utc("2026-03-02 00:01")) == [Gap(away.starts_at, utc("2026-03-03 00:01"), 2)]


def test_an_empty_rota_is_one_long_gap_and_a_turn_of_one_is_half_a_gap():
    since, until = utc("2026-03-02 13:00"), utc("2026-03-30 00:00")
    assert gaps(replace(ROTA, turns=()), since=since, until=until) == [Gap(since, until, 2)]
    one_week_alone = replace(ROTA, turns=((1, 2), (3,)))
    assert [gap.missing for gap in gaps(one_week_alone, since=since, until=until)] == [1, 1]


def test_a_rota_begins_on_a_monday():
    with pytest.raises(ValueError, match="Monday"):
        replace(ROTA, anchor=date(2026, 3, 3))


NOW = utc("2026-03-03 15:00")
EVERYBODY = (1, 2, 3, 4, 5)


def told(escalation, *, minutes: list[int], rota=ROTA) -> list[tuple[int, tuple[int, ...]]]:
    """Run the ticks at these minutes and return (minute, recipients) of each step."""
    result = []
    for minute in minutes:
        now = NOW + timedelta(minutes=minute)
        if is_due(escalation, now=now):
            taken = step(escalation, rota=rota, everybody=EVERYBODY, now=now)
            escalation = taken.escalation
            result.append((minute, taken.recipients))
    return result


@pytest.mark.parametrize(
    ("rota", "expected"),
    [
        pytest.param(
            ROTA, [(0, (1,)), (15, (2,)), (30, EVERYBODY), (45, EVERYBODY), (60, EVERYBODY)], id="two on call"
        ),
        pytest.param(
            replace(ROTA, turns=((1,),)),
            [(0, (1,)), (15, (1,)), (30, EVERYBODY), (45, EVERYBODY), (60, EVERYBODY)],
            id="one on call is told twice",
        ),
        pytest.param(replace(ROTA, turns=()), [(at, EVERYBODY) for at in range(0, 61, 15)], id="a gap: everybody"),
    ],
)
def test_unanswered_it_moves_on_at_half_its_response_time(rota, expected):
    escalation = begin(response=timedelta(minutes=30), now=NOW)
    assert told(escalation, minutes=list(range(61)), rota=rota) == expected


def test_now_means_every_two_minutes():
    escalation = begin(response=timedelta(0), now=NOW)
    assert [minute for minute, _ in told(escalation, minutes=list(range(7)))] == [0, 2, 4, 6]


def test_calendar_red_waits_for_the_clinic_day():
    escalation = begin(response=timedelta(hours=2), now=NOW, works_from=NOW + timedelta(minutes=90))
    assert [minute for minute, _ in told(escalation, minutes=list(range(0, 200, 30)))] == [90, 150]


def test_a_late_tick_skips_no_step():
    escalation = begin(response=timedelta(minutes=30), now=NOW)
    assert told(escalation, minutes=[500, 515, 530]) == [(500, (1,)), (515, (2,)), (530, EVERYBODY)]


def test_nobody_to_tell_is_said_and_the_timer_runs_on():
    escalation = begin(response=timedelta(minutes=30), now=NOW)
    taken = step(escalation, rota=replace(ROTA, turns=()), everybody=(), now=NOW)
    assert (taken.recipients, taken.nobody) == ((), True)
    assert taken.escalation.next_at == NOW + timedelta(minutes=15)


def test_who_takes_it_is_left_in_peace_for_the_response_time_and_then_asked():
    owned = acknowledge(begin(response=timedelta(minutes=30), now=NOW), user_id=2, now=NOW)
    assert told(owned, minutes=list(range(61))) == [(30, (2, 1)), (60, (2, 1))]
    other = acknowledge(owned, user_id=4, now=NOW)
    assert other.owner_id == 4


def test_a_late_reply_reopens_nothing():
    closed = close(begin(response=timedelta(minutes=30), now=NOW))
    assert acknowledge(closed, user_id=1, now=NOW) == closed
    assert release(closed, now=NOW) == snooze(closed, until=NOW, now=NOW) == closed
    assert raise_severity(closed, response=timedelta(0), now=NOW) == closed


def test_given_back_it_starts_again_at_once():
    owned = acknowledge(begin(response=timedelta(hours=2), now=NOW), user_id=2, now=NOW)
    assert told(release(owned, now=NOW), minutes=[0]) == [(0, (1,))]


def test_a_snooze_ends_in_a_new_round_and_within_a_week():
    snoozed = snooze(begin(response=timedelta(hours=2), now=NOW), until=NOW + timedelta(days=365), now=NOW)
    assert snoozed.next_at == NOW + ESCALATION.longest_snooze
    assert told(snoozed, minutes=[7 * 24 * 60 - 1, 7 * 24 * 60]) == [(7 * 24 * 60, (3,))]  # next week's first


def test_a_more_severe_flag_starts_again_and_an_owner_gets_less_time():
    waiting = step(begin(response=timedelta(hours=24), now=NOW), rota=ROTA, everybody=EVERYBODY, now=NOW).escalation
    assert raise_severity(waiting, response=timedelta(minutes=15), now=NOW).next_at == NOW
    owned = acknowledge(waiting, user_id=2, now=NOW)
    raised = raise_severity(owned, response=timedelta(minutes=15), now=NOW)
    assert (raised.owner_id, raised.next_at) == (2, NOW + timedelta(minutes=15))


def test_no_step_before_its_time():
    with pytest.raises(ValueError, match="due"):
        step(begin(response=timedelta(0), now=NOW), rota=ROTA, everybody=(), now=NOW - timedelta(seconds=1))


class RedFlag(RuleBasedStateMachine):
    """A red flag under everything that people and clocks can do."""

    @initialize(response_s=st.integers(0, 48 * 3600), late_s=st.none() | st.integers(0, 3 * 86_400))
    def raised(self, response_s, late_s):
        self.now = NOW
        self.rota = ROTA
        self.everybody: tuple[int, ...] = EVERYBODY
        works_from = None if late_s is None else NOW + timedelta(seconds=late_s)
        self.flag = begin(response=timedelta(seconds=response_s), now=NOW, works_from=works_from)
        self.unowned_steps = 0

    @rule(seconds=st.integers(1, 10 * 86_400))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule()
    def jump_to_the_timer(self):
        if self.flag.next_at is not None:
            self.now = max(self.now, self.flag.next_at)

    @precondition(lambda self: is_due(self.flag, now=self.now))
    @rule()
    def tick(self):
        taken = step(self.flag, rota=self.rota, everybody=self.everybody, now=self.now)
        owned = self.flag.phase is Phase.OWNED
        self.flag = taken.escalation
        assert taken.recipients or taken.nobody
        assert not taken.nobody or not (self.everybody or on_call(self.rota, now=self.now))
        assert len(set(taken.recipients)) == len(taken.recipients)
        self.unowned_steps = 0 if owned else self.unowned_steps + 1
        if self.unowned_steps >= 3:
            assert set(taken.recipients) >= set(self.everybody)

    @rule(user_id=st.integers(1, 9))
    def taken(self, user_id):
        self.flag = acknowledge(self.flag, user_id=user_id, now=self.now)
        self.unowned_steps = 0

    @rule()
    def given_back(self):
        self.flag = release(self.flag, now=self.now)
        self.unowned_steps = 0

    @rule(seconds=st.integers(-86_400, 10**8))
    def snoozed(self, seconds):
        self.flag = snooze(self.flag, until=self.now + timedelta(seconds=seconds), now=self.now)
        self.unowned_steps = 0

    @rule(response_s=st.integers(0, 86_400))
    def more_severe(self, response_s):
        self.flag = raise_severity(self.flag, response=timedelta(seconds=response_s), now=self.now)
        self.unowned_steps = 0

    @rule(turns=st.lists(st.lists(st.integers(1, 9), max_size=3).map(tuple), max_size=3).map(tuple))
    def another_rota(self, turns):
        self.rota = replace(self.rota, turns=turns)

    @rule(people=st.lists(st.integers(1, 9), max_size=4, unique=True).map(tuple))
    def another_team(self, people):
        self.everybody = people

    @precondition(lambda self: self.flag.phase is not Phase.CLOSED)
    @rule(really=st.integers(0, 9))
    def closed_by_a_person(self, really):
        if really == 0:
            self.flag = close(self.flag)

    @invariant()
    def never_without_owner_and_timer(self):
        if not hasattr(self, "flag") or self.flag.phase is Phase.CLOSED:
            return
        assert self.flag.next_at is not None
        assert self.flag.owner_id is not None or self.flag.phase in (Phase.WAITING, Phase.SNOOZED)
        assert (self.flag.phase is Phase.OWNED) <= (self.flag.owner_id is not None)
        bound = max(ESCALATION.longest_snooze, timedelta(days=3))
        assert self.flag.next_at <= self.now + bound


RedFlag.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestRedFlag = RedFlag.TestCase


def test_stretches_have_no_holes_keep_weeks_apart_and_name_overrides():
    both = Override(utc("2026-03-08 06:00"), utc("2026-03-09 14:00"), (1, 2))
    rota = replace(ROTA, turns=((1, 2),), overrides=(both,))
    since, until = utc("2026-03-05 12:00"), utc("2026-03-16 12:00")
    # The clock goes forward on 8 March: 8 in the morning is 13:00 UTC before it and 12:00 after.
    assert stretches(rota, since=since, until=until) == [
        Stretch(since, both.starts_at, (1, 2), overridden=False),
        Stretch(both.starts_at, utc("2026-03-09 12:00"), (1, 2), overridden=True),
        Stretch(utc("2026-03-09 12:00"), both.ends_at, (1, 2), overridden=True),
        Stretch(both.ends_at, until, (1, 2), overridden=False),
    ]
    assert hand_overs(rota, now=since, count=2) == [utc("2026-03-09 12:00"), until]
    assert hand_overs(rota, now=until, count=1) == [utc("2026-03-23 12:00")]


def test_an_override_that_changes_nothing_in_the_middle_is_one_stretch():
    twice = (
        Override(utc("2026-03-03 06:00"), utc("2026-03-03 09:00"), (3,)),
        Override(utc("2026-03-03 09:00"), utc("2026-03-03 11:00"), (3,)),
    )
    found = stretches(replace(ROTA, overrides=twice), since=utc("2026-03-03 06:00"), until=utc("2026-03-03 11:00"))
    assert found == [Stretch(utc("2026-03-03 06:00"), utc("2026-03-03 11:00"), (3,), overridden=True)]


def test_each_step_is_given_the_programs_share_of_the_response_time():
    now = utc("2026-03-03 15:00")
    begun = begin(response=timedelta(hours=4), now=now)
    waits = [
        step(begun, rota=ROTA, everybody=[1, 2], now=now, policy=EscalationPolicy(share=share)).escalation.next_at - now
        for share in (0.5, 0.25)
    ]
    assert waits == [timedelta(hours=2), timedelta(hours=1)]
