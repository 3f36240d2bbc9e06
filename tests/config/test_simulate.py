"""``manage.py simulate``: nothing is lost, doubled or late under faults; a planted mistake is found."""

import inspect
import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from config.simulation import world
from config.simulation.run import simulate
from config.simulation.world import VIOLATIONS, Fault, Patient
from reminders.rules import dispatch

KEYS = "patients days seed slots sends faults lost doubled outside_window after_stop stale without_outcome seconds"


def test_nothing_is_lost_doubled_or_late():
    answer = simulate(patients=10, days=90, seed=7, processes=1)
    assert answer.counts.first == []
    assert {name: getattr(answer.counts, name) for name in VIOLATIONS} == dict.fromkeys(VIOLATIONS, 0)
    assert answer.counts.sends > 1000
    # Everybody's first fault comes somewhere in their first hundred.
    assert abs(answer.counts.faults - answer.counts.sends / 100) <= 10


def test_the_same_seed_plays_the_same_whatever_the_cores():
    def played(**changes):
        found = simulate(**{"patients": 30, "days": 5, "seed": 3, "processes": 1, **changes}).as_json()
        return {name: value for name, value in found.items() if name != "seconds"}

    assert played() == played() == played(processes=2)
    assert played(seed=4) != played()


def mutant(old, new):
    """``decide`` with one piece of its rules replaced; the classes of its answers stay the same."""
    functions = (dispatch.decide, dispatch._forbidden, dispatch._outside_window, dispatch._over_cap)
    sources = [inspect.getsource(function) for function in functions]
    assert sum(source.count(old) for source in sources) == 1
    namespace = dict(vars(dispatch))
    for source in sources:
        exec(source.replace(old, new), namespace)
    return namespace["decide"]


MUTANTS = [
    pytest.param(
        "facts.opted_out and", "False and", "lost", id="an opt-out is not seen, so its texts run into their expiry"
    ),
    pytest.param("and not in_window(", "and None is in_window(", "outside_window", id="the window is not asked"),
    pytest.param(
        "    if facts.answered:\n        return Why.ANSWERED\n",
        "",
        "stale",
        id="an answered dose is asked about again",
    ),
    pytest.param(
        "    if facts.seen:\n        return Why.SEEN\n",
        "",
        "lost",
        id="a wake-up that was seen is texted about all the same, and waits for its expiry",
    ),
    pytest.param("now >= facts.expires_at", "now >= facts.send_after", "lost", id="everything is too late"),
]


@pytest.mark.parametrize(("old", "new", "found"), MUTANTS)
def test_a_planted_mistake_is_found(old, new, found):
    answer = simulate(patients=30, days=60, seed=1, processes=1, decide=mutant(old, new))
    assert getattr(answer.counts, found) > 0
    assert answer.counts.first


def test_every_fault_happens_and_is_survived_when_each_fifth_send_has_one(monkeypatch):
    met = set()

    class Watching(Patient):
        def _fault(self):
            fault = super()._fault()
            met.add(fault)
            return fault

    monkeypatch.setattr(world, "FAULT_EVERY", 5)
    for number in range(12):
        counts = Watching(number, days=60, seed="9", begin=date(2026, 1, 5)).run()
        assert counts.first == []
    assert met == {None, *Fault}


def test_the_command_answers_in_json_and_refuses_nonsense():
    out = StringIO()
    call_command("simulate", "--patients", "2", "--days", "5", "--seed", "5", "--processes", "1", "--json", stdout=out)
    assert list(json.loads(out.getvalue())) == KEYS.split()
    with pytest.raises(CommandError, match="at least 1"):
        call_command("simulate", "--patients", "0")
