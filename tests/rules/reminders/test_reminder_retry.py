"""What a provider's answer means, when to try again, the breaker and the bucket (M 1.3, REL-13, MSG-15)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.rules.retry import (
    ACTIONS,
    BREAKER,
    PROVIDER_RULES,
    Action,
    Breaker,
    BreakerState,
    Bucket,
    FailureClass,
    Outcome,
    Result,
    Transport,
    actions_for_receipt,
    classify_provider_result,
    is_poison,
    may_send,
    record,
    retry_at,
    seconds_to_drain,
    speed,
    take,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
F = FailureClass


@pytest.mark.parametrize(
    ("answer", "outcome", "failure"),
    [
        pytest.param({"http_status": 201, "sid": "SM1"}, Outcome.ACCEPTED, None, id="created"),
        pytest.param({"http_status": 200, "sid": "SM1"}, Outcome.ACCEPTED, None, id="ok"),
        pytest.param({"http_status": 201}, Outcome.UNKNOWN, F.UNKNOWN, id="taken, but no id (F19)"),
        pytest.param({"http_status": 201, "sid": ""}, Outcome.UNKNOWN, F.UNKNOWN, id="taken, empty id"),
        pytest.param({"http_status": 500}, Outcome.UNKNOWN, F.UNKNOWN, id="500"),
        pytest.param({"http_status": 503, "code": 20003}, Outcome.UNKNOWN, F.UNKNOWN, id="5xx whatever it names"),
        pytest.param({"http_status": 503, "sid": "SM1"}, Outcome.UNKNOWN, F.UNKNOWN, id="5xx with an id"),
        pytest.param({"transport": Transport.TIMEOUT}, Outcome.UNKNOWN, F.UNKNOWN, id="timeout"),
        pytest.param({"transport": Transport.RESET}, Outcome.UNKNOWN, F.UNKNOWN, id="reset"),
        pytest.param({"transport": Transport.UNREADABLE, "http_status": 200}, Outcome.UNKNOWN, F.UNKNOWN, id="HTML"),
        pytest.param({"transport": Transport.REFUSED}, Outcome.NOT_PROCESSED, F.NOT_SENT, id="refused (F73)"),
        pytest.param({}, Outcome.UNKNOWN, F.UNKNOWN, id="nothing known"),
        pytest.param({"http_status": 302}, Outcome.UNKNOWN, F.UNKNOWN, id="redirect"),
        pytest.param({"http_status": 408}, Outcome.UNKNOWN, F.UNKNOWN, id="408"),
        pytest.param({"http_status": 429}, Outcome.NOT_PROCESSED, F.THROTTLED, id="429 without a code"),
        pytest.param({"http_status": 429, "code": 20429}, Outcome.NOT_PROCESSED, F.THROTTLED, id="429 (F14)"),
        pytest.param({"http_status": 401, "code": 20003}, Outcome.NOT_PROCESSED, F.CONFIG, id="20003 (F15)"),
        pytest.param({"http_status": 403}, Outcome.NOT_PROCESSED, F.CONFIG, id="403 without a code"),
        pytest.param({"http_status": 400, "code": 21610}, Outcome.REJECTED, F.OPTED_OUT, id="21610 (F16)"),
        pytest.param({"http_status": 400, "code": 21211}, Outcome.REJECTED, F.BAD_NUMBER, id="21211 (F17)"),
        pytest.param({"http_status": 400, "code": 30006}, Outcome.REJECTED, F.NOT_REACHED, id="30006"),
        pytest.param({"http_status": 400, "code": 30007}, Outcome.REJECTED, F.CONTENT, id="30007 (F18)"),
        pytest.param({"http_status": 400, "code": 21408}, Outcome.REJECTED, F.CONFIG, id="region not enabled"),
        pytest.param({"http_status": 400, "code": 21611}, Outcome.NOT_PROCESSED, F.BACKLOG, id="queue full"),
        pytest.param({"http_status": 400, "code": 30003}, Outcome.NOT_PROCESSED, F.SOFT, id="handset off"),
        pytest.param({"http_status": 400, "code": 21617}, Outcome.REJECTED, F.BUG, id="too long"),
        pytest.param({"http_status": 400, "code": 99999}, Outcome.REJECTED, F.PERMANENT_UNKNOWN, id="new code"),
        pytest.param({"http_status": 404}, Outcome.REJECTED, F.PERMANENT_UNKNOWN, id="404"),
    ],
)
def test_classify(answer, outcome, failure):
    result = classify_provider_result(**answer)
    assert (result.outcome, result.failure) == (outcome, failure)


def test_nothing_that_may_have_been_taken_is_called_not_processed():
    for status in range(200, 600):
        if status // 100 != 4:
            assert classify_provider_result(http_status=status).outcome is not Outcome.NOT_PROCESSED


@pytest.mark.parametrize(
    ("code", "actions"),
    [
        pytest.param(20003, (Action.OPEN_CIRCUIT, Action.PAGE_OPERATIONS), id="account: page, nobody's number is bad"),
        pytest.param(21408, (Action.ALERT_DAILY,), id="region: once a day, circuit stays closed"),
        pytest.param(21610, (Action.WRITE_OPT_OUT,), id="opt-out"),
        pytest.param(21614, (Action.MARK_NUMBER_BAD,), id="bad number"),
        pytest.param(30005, (Action.COUNT_UNREACHED,), id="bad only when it repeats"),
        pytest.param(30004, (Action.COUNT_BLOCKED,), id="blocked"),
        pytest.param(30007, (Action.STOP_TEMPLATE,), id="filtered"),
        pytest.param(30023, (Action.STOP_SENDER,), id="cap"),
        pytest.param(35115, (Action.ALERT_DEVELOPERS,), id="our bug"),
    ],
)
def test_actions(code, actions):
    assert classify_provider_result(http_status=400, code=code).actions == actions
    assert actions_for_receipt(code) == actions


def test_a_receipt_with_a_code_nobody_knows_only_counts():
    assert actions_for_receipt(None) == actions_for_receipt(424242) == ()


def test_every_class_has_its_actions_and_every_rule_a_sentence():
    assert set(ACTIONS) == set(FailureClass)
    assert all(rule.about for rule in PROVIDER_RULES.values())


def test_retry_after_is_read_and_bounded():
    assert classify_provider_result(http_status=429, retry_after_s=7).retry_after == timedelta(seconds=7)
    assert classify_provider_result(http_status=429, retry_after_s=-7).retry_after is None
    assert classify_provider_result(http_status=429, retry_after_s=9e99).retry_after == timedelta(days=1)


LATE = NOW + timedelta(hours=3)


@pytest.mark.parametrize(
    ("failure", "attempts", "fraction", "retry_after", "seconds"),
    [
        pytest.param(F.NOT_SENT, 1, 0.5, None, 5, id="half of 10 s"),
        pytest.param(F.NOT_SENT, 3, 0.5, None, 20, id="doubles"),
        pytest.param(F.NOT_SENT, 50, 0.5, None, 300, id="never more than ten minutes"),
        pytest.param(F.NOT_SENT, 1, 0.0, None, 1, id="never at once"),
        pytest.param(F.THROTTLED, 1, 0.0, 7, 7, id="Retry-After alone"),
        pytest.param(F.THROTTLED, 1, 0.5, 7, 12, id="Retry-After and jitter on top"),
        pytest.param(F.SOFT, 1, 0.0, None, 1800, id="soft, after half an hour"),
        pytest.param(F.SOFT, 1, 0.5, None, 2700, id="soft, jitter"),
        pytest.param(F.CONFIG, 1, 0.0, None, 60, id="account, after a minute"),
        pytest.param(F.CAP, 1, 0.0, None, 900, id="cap, after a quarter"),
    ],
)
def test_retry_at(failure, attempts, fraction, retry_after, seconds):
    at = retry_at(
        failure=failure,
        attempts=attempts,
        now=NOW,
        fraction=fraction,
        expires_at=LATE,
        retry_after=None if retry_after is None else timedelta(seconds=retry_after),
    )
    assert at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("failure", "attempts", "minutes_left"),
    [
        pytest.param(F.SOFT, 2, 180, id="soft is tried twice in all"),
        pytest.param(F.SOFT, 1, 20, id="no time left for a soft one"),
        pytest.param(F.CAP, 1, 10, id="no time left for a cap"),
    ],
)
def test_no_retry(failure, attempts, minutes_left):
    expires_at = NOW + timedelta(minutes=minutes_left)
    assert retry_at(failure=failure, attempts=attempts, now=NOW, fraction=0.1, expires_at=expires_at) is None


def test_a_fraction_out_of_range_is_refused():
    with pytest.raises(ValueError, match="fraction"):
        retry_at(failure=F.NOT_SENT, attempts=1, now=NOW, fraction=1.0, expires_at=LATE)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(FailureClass),
    st.integers(0, 10_000),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.integers(0, 100_000),
)
def test_a_retry_is_later_than_now_and_before_the_expiry(failure, attempts, fraction, wait_s):
    wait = None if wait_s is None else timedelta(seconds=wait_s)
    at = retry_at(failure=failure, attempts=attempts, now=NOW, fraction=fraction, expires_at=LATE, retry_after=wait)
    assert at is None or (NOW + (wait or timedelta(0)) <= at < LATE and at > NOW)


@pytest.mark.parametrize(("crashes", "poison"), [(0, False), (2, False), (3, True), (4, True)])
def test_poison(crashes, poison):
    assert is_poison(crashes) is poison


CONFIG = classify_provider_result(http_status=401, code=20003)
REFUSED = classify_provider_result(transport=Transport.REFUSED)
GOOD = classify_provider_result(http_status=201, sid="SM1")
BAD_NUMBER = classify_provider_result(http_status=400, code=21211)
THROTTLED = classify_provider_result(http_status=429)
TIMED_OUT = classify_provider_result(transport=Transport.TIMEOUT)
REGION = classify_provider_result(http_status=400, code=21408)


def after(*results: Result, breaker: Breaker | None = None) -> Breaker:
    breaker = breaker or Breaker()
    for result in results:
        breaker = record(breaker, result, now=NOW)
    return breaker


@pytest.mark.parametrize(
    ("results", "state"),
    [
        pytest.param([CONFIG] * 4, BreakerState.CLOSED, id="four"),
        pytest.param([CONFIG] * 5, BreakerState.OPEN, id="five in a row"),
        pytest.param([REFUSED] * 5, BreakerState.OPEN, id="five refused connections"),
        pytest.param([CONFIG] * 4 + [GOOD] + [CONFIG] * 4, BreakerState.CLOSED, id="a success between"),
        pytest.param([CONFIG] * 4 + [BAD_NUMBER] + [CONFIG] * 4, BreakerState.CLOSED, id="an answer about a number"),
        pytest.param([CONFIG, TIMED_OUT] * 5, BreakerState.OPEN, id="unknown neither counts nor clears"),
        pytest.param([TIMED_OUT] * 50, BreakerState.CLOSED, id="timeouts alone do not open it"),
        pytest.param([REGION] * 50, BreakerState.CLOSED, id="a region that is off does not stop the account"),
        pytest.param([BAD_NUMBER] * 50, BreakerState.CLOSED, id="bad numbers do not"),
    ],
)
def test_breaker_opens(results, state):
    assert after(*results).state is state


def test_an_open_breaker_probes_and_recovers_at_half_speed():
    breaker = after(*[CONFIG] * 5)
    assert may_send(breaker, now=NOW + timedelta(seconds=29)) == (breaker, 0)
    probing, allowed = may_send(breaker, now=NOW + timedelta(seconds=30))
    assert (probing.state, allowed) == (BreakerState.HALF_OPEN, 1)
    assert may_send(probing, now=NOW + timedelta(seconds=31))[1] == 0

    closed = record(probing, GOOD, now=NOW + timedelta(seconds=31))
    assert closed.state is BreakerState.CLOSED
    assert may_send(closed, now=NOW + timedelta(seconds=31))[1] is None
    assert speed(closed, now=NOW + timedelta(minutes=29)) == 0.5
    assert speed(closed, now=NOW + timedelta(minutes=31)) == 1.0
    assert speed(Breaker(), now=NOW) == 1.0


@pytest.mark.parametrize("result", [pytest.param(CONFIG, id="still refused"), pytest.param(TIMED_OUT, id="unclear")])
def test_a_probe_that_fails_opens_it_again(result):
    probing, _ = may_send(after(*[CONFIG] * 5), now=NOW + timedelta(seconds=30))
    again = record(probing, result, now=NOW + timedelta(seconds=40))
    assert again.state is BreakerState.OPEN
    assert may_send(again, now=NOW + timedelta(seconds=69))[1] == 0
    assert may_send(again, now=NOW + timedelta(seconds=70))[1] == 1


def test_a_probe_that_died_does_not_keep_it_open_for_ever():
    probing, _ = may_send(after(*[CONFIG] * 5), now=NOW + timedelta(seconds=30))
    assert may_send(probing, now=probing.since + BREAKER.probe_lost_after)[1] == 1


def test_throttling_closes_a_probe_because_the_account_answers():
    probing, _ = may_send(after(*[CONFIG] * 5), now=NOW + timedelta(seconds=30))
    assert record(probing, THROTTLED, now=NOW).state is BreakerState.CLOSED


def test_bucket_gives_eight_tenths_of_the_limit():
    bucket = Bucket.for_limit(10, now=NOW)
    bucket, taken = take(bucket, 100, now=NOW)
    assert taken == 8
    sent = 0
    for tenth in range(1, 101):
        bucket, taken = take(bucket, 100, now=NOW + timedelta(seconds=tenth / 10))
        sent += taken
    assert sent == 80


def test_a_slow_sender_still_sends():
    bucket = Bucket.for_limit(0.5, now=NOW)
    bucket, first = take(bucket, 5, now=NOW)
    bucket, second = take(bucket, 5, now=NOW + timedelta(seconds=2))
    bucket, third = take(bucket, 5, now=NOW + timedelta(seconds=2.5))
    assert (first, second, third) == (1, 0, 1)


def test_half_speed_fills_half_as_fast_and_a_clock_going_back_changes_nothing():
    empty = replace(Bucket.for_limit(10, now=NOW), tokens=0.0)
    assert take(empty, 100, now=NOW + timedelta(seconds=1), speed=0.5)[1] == 4
    back, taken = take(empty, 100, now=NOW - timedelta(hours=1))
    assert (back, taken) == (empty, 0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 50)), max_size=60), st.floats(0.1, 200))
def test_the_bucket_never_gives_more_than_its_rate(steps, limit):
    bucket = Bucket.for_limit(limit, now=NOW)
    at, sent = NOW, 0
    for milliseconds, wanted in steps:
        at += timedelta(milliseconds=milliseconds)
        bucket, taken = take(bucket, wanted, now=at)
        assert 0 <= taken <= wanted
        sent += taken
    assert sent <= bucket.burst + bucket.rate * (at - NOW).total_seconds() + 1e-3


def test_a_panel_that_does_not_fit_its_sender_is_said_beforehand():
    assert seconds_to_drain(Bucket.for_limit(1, now=NOW), 801) == pytest.approx(1000)
    assert seconds_to_drain(Bucket.for_limit(100, now=NOW), 10) == 0
