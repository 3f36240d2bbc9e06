"""Medians, intervals and bars: a bar is missed when the interval excludes it (contract 8)."""

import json

import pytest

from bench.support import report
from bench.support.stats import Figure, figure, ratios


@pytest.mark.parametrize(
    ("values", "value", "lo", "hi"),
    [
        pytest.param([3], 3, 3, 3, id="one round is its own interval"),
        pytest.param([5, 1, 3], 3, 1, 5, id="few rounds: the whole range"),
        pytest.param(list(range(1, 10)), 5, 2, 8, id="nine rounds leave the ends out"),
        pytest.param([100, *range(1, 9)], 5, 2, 8, id="an outlier moves nothing"),
        pytest.param(list(range(1, 21)), 10.5, 6, 15, id="twenty rounds: the sixth to the fifteenth"),
    ],
)
def test_a_figure_is_a_median_with_an_interval(values, value, lo, hi):
    assert figure(values) == Figure(value, lo, hi)


def test_without_rounds_there_is_no_figure():
    with pytest.raises(ValueError, match="No round"):
        figure([])


def test_ratios_are_taken_round_by_round():
    # Both rivals were slow in the second round: the machine was busy, and the ratio does not care.
    assert ratios([10, 1, 10], [5, 0.5, 5]) == Figure(2, 2, 2)
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


@pytest.mark.parametrize(
    ("line", "missed"),
    [
        pytest.param(report.Line("k", "k", Figure(25, 19, 30), least=20), False, id="the interval holds the bar"),
        pytest.param(report.Line("k", "k", Figure(18, 16, 19.9), least=20), True, id="all below"),
        pytest.param(report.Line("k", "k", Figure(310, 301, 320), most=300), True, id="all above an upper bar"),
        pytest.param(report.Line("k", "k", Figure(310, 290, 320), most=300), False, id="an upper bar inside"),
        pytest.param(report.Line("k", "k", Figure(1, 1, 1)), False, id="no bar"),
    ],
)
def test_a_bar_is_missed_when_the_interval_excludes_it(line, missed, capsys):
    assert line.missed is missed
    code = report.publish(lines=[line], about={"cores": "2"}, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (code, found["missed"]) == ((1, ["k"]) if missed else (0, []))
    assert found["k_lo"] <= found["k"] <= found["k_hi"]
    assert found["cores"] == "2"
