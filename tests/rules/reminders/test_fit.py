"""Whether a day's texts fit their sender, and in which order they would leave."""

from datetime import UTC, datetime, timedelta

import pytest

from reminders.rules.fit import Waiting, fit, fit_words, span_words

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def peak(count, *, over=10 * MINUTE, priority=70, lasts=3 * HOUR, at=AT):
    return [Waiting(at + over * n / count, priority, at + over * n / count + lasts) for n in range(count)]


@pytest.mark.parametrize(
    ("texts", "per_second", "expired", "longest", "fits"),
    [
        pytest.param([], 1, 0, timedelta(0), True, id="nothing"),
        pytest.param(peak(100_000), 0, 0, timedelta(0), True, id="no-limit"),
        pytest.param(peak(400), 1, 0, timedelta(0), True, id="slower-than-the-rate"),
        pytest.param([Waiting(AT, 70, AT + HOUR)] * 9, 1, 0, 10 * SECOND, True, id="a-burst-waits-in-line"),
        pytest.param(peak(4_800), 10, 0, timedelta(0), True, id="exactly-four-fifths-of-ten"),
        pytest.param(peak(9_600), 10, 0, 10 * MINUTE - timedelta(seconds=0.0625), True, id="twice-the-rate"),
        pytest.param(peak(10_000), 1, 880, 3 * HOUR - SECOND, False, id="a-clinic-on-one-long-code"),
    ],
)
def test_what_a_sender_makes_of_a_morning(texts, per_second, expired, longest, fits):
    found = fit(texts, per_second=per_second)
    assert (found.texts, found.fits) == (len(texts), fits)
    assert found.expired == pytest.approx(expired, abs=1)
    assert abs(found.longest_wait - longest) <= 2 * SECOND


def test_what_is_urgent_does_not_wait_behind_the_rest():
    slow = peak(3_000, over=MINUTE)
    urgent = Waiting(AT + 2 * MINUTE, 0, AT + HOUR)
    alone, with_it = fit(slow, per_second=10), fit([*slow, urgent], per_second=10)
    assert with_it.texts == 3_001
    # It takes one place of the line, so the line is one place longer and no more.
    assert with_it.longest_wait - alone.longest_wait <= timedelta(seconds=1 / 8)


def test_every_text_leaves_or_expires():
    found = fit(peak(50_000, lasts=HOUR), per_second=1)
    assert 0 < found.expired < found.texts
    assert found.longest_wait < HOUR
    assert found.last_leaves_at < AT + HOUR + 10 * MINUTE


def test_a_rate_below_zero_is_refused():
    with pytest.raises(ValueError, match="rate"):
        fit([], per_second=-1)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        pytest.param(SECOND, "1 second", id="one"),
        pytest.param(119 * SECOND, "119 seconds", id="seconds"),
        pytest.param(2 * MINUTE, "2 minutes", id="minutes"),
        pytest.param(3 * HOUR, "3 hours", id="hours"),
        pytest.param(72 * HOUR, "3 days", id="days"),
    ],
)
def test_a_span_in_its_best_unit(span, words):
    assert span_words(span) == words


def test_the_sentence_says_what_to_do():
    assert fit_words(fit([], per_second=1), 1).startswith("Nothing is planned")
    assert "fit: nothing waits" in fit_words(fit(peak(10), per_second=0), 0)
    assert "fit: nobody waits longer than 10 seconds" in fit_words(
        fit([Waiting(AT, 70, AT + HOUR)] * 9, per_second=1), 1
    )
    bad = fit_words(fit(peak(10_000), per_second=1), 1)
    assert "do not fit" in bad
    assert "would be too late and never leave" in bad
    assert "ask the carrier for a higher rate" in bad
