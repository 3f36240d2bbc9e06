import math

import pytest

from bench import stats


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        pytest.param(0, 10, 0.0, 0.2775, id="none"),
        pytest.param(5, 10, 0.2366, 0.7634, id="half"),
        pytest.param(10, 10, 0.7225, 1.0, id="all"),
        pytest.param(0, 0, 0.0, 1.0, id="nobody"),
    ],
)
def test_wilson(hits, n, low, high):
    assert stats.share(hits, n)[1:] == pytest.approx((low, high), abs=1e-4)


def test_a_rate_is_wider_when_events_come_from_few_people():
    spread = stats.rate([1] * 50 + [0] * 50, [1.0] * 100)
    heaped = stats.rate([50] + [0] * 99, [1.0] * 100)
    assert spread[0] == heaped[0] == 0.5
    assert heaped[2] - heaped[1] > 3 * (spread[2] - spread[1])


def test_the_median_of_nine_rounds_leaves_out_one_on_each_side():
    assert stats.middle([9, 1, 8, 2, 7, 3, 6, 4, 5]) == (5, 2, 8)
    assert all(math.isnan(each) for each in stats.middle([]))


def test_bootstrap_holds_the_value():
    value, low, high = stats.bootstrap(list(range(100)), stats.mean, rounds=200, seed=1)
    assert low < value == 49.5 < high
    assert stats.bootstrap(list(range(100)), stats.mean, rounds=200, seed=1) == (value, low, high)


def test_flat_names_the_interval():
    assert stats.flat("x", (1.0, 0.5, 1.5)) == {"x": 1.0, "x_lo": 0.5, "x_hi": 1.5}
