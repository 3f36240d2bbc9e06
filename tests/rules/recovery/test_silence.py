from datetime import date, timedelta

import pytest

from recovery.rules.policy import default_policy, with_overrides
from recovery.rules.silence import Ask, AskKind, CallReason, assess_silence
from recovery.rules.states import Severity

POLICY = default_policy()
TODAY = date(2026, 6, 30)
LONG_AGO = date(2025, 1, 1)


def asks(letters, kind=AskKind.DOSE, every=1, until=TODAY):
    """One ask per letter, the last on ``until``: y answered, n not, f we failed to send."""
    first = until - timedelta((len(letters) - 1) * every)
    return [
        Ask(first + timedelta(i * every), kind, letter == "y", reached=letter != "f")
        for i, letter in enumerate(letters)
    ]


def assess(questions, **facts):
    given = {"today": TODAY, "started_on": LONG_AGO, "counts_as_opioid": True, "policy": POLICY}
    return assess_silence(questions, **given | facts)


def history(answered, run, of=28):
    """A window with ``answered`` of ``of`` days answered, the last of them yes, then a run of silence."""
    return "n" * (of - answered) + "y" * answered + "n" * run


@pytest.mark.parametrize(
    ("answered", "run", "severity", "call_run"),
    [
        pytest.param(28, 1, None, None, id="one-is-nothing"),
        pytest.param(28, 2, Severity.INFO, 3, id="two-is-info"),
        pytest.param(28, 3, Severity.AMBER_PLUS, 3, id="steady-3"),
        pytest.param(23, 3, Severity.AMBER_PLUS, 3, id="82-percent-3"),
        pytest.param(22, 3, Severity.INFO, 5, id="79-percent-not-yet"),
        pytest.param(22, 5, Severity.AMBER_PLUS, 5, id="79-percent-5"),
        pytest.param(14, 4, Severity.INFO, 5, id="50-percent-not-yet"),
        pytest.param(14, 5, Severity.AMBER_PLUS, 5, id="50-percent-5"),
        pytest.param(13, 6, Severity.INFO, 7, id="46-percent-not-yet"),
        pytest.param(13, 7, Severity.AMBER_PLUS, 7, id="46-percent-7"),
    ],
)
def test_s14_the_run_that_makes_a_call(answered, run, severity, call_run):
    found = assess(asks(history(answered, run)))
    assert (found and found.severity, found and found.call_run) == (severity, call_run)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param({"started_on": TODAY - timedelta(20)}, CallReason.NEW_START, id="new-start"),
        pytest.param({"back_on": TODAY - timedelta(6)}, CallReason.AFTER_BACK, id="after-back"),
        pytest.param({"dsl": 25}, CallReason.INTERVAL_END, id="dsl-25"),
        pytest.param({"live_craving_flag": True}, CallReason.CRAVING_FLAG, id="craving-flag"),
    ],
)
def test_s14_always_three_when_it_matters(facts, reason):
    rare = asks(history(10, 3))
    assert assess(rare).severity is Severity.INFO
    found = assess(rare, **facts)
    assert (found.severity, found.call_run, found.reason) == (Severity.AMBER_PLUS, 3, reason)


def test_a_live_craving_flag_shortens_the_run_only_where_opioids_count():
    found = assess(asks(history(10, 3)), live_craving_flag=True, counts_as_opioid=False)
    assert found.severity is Severity.INFO


def test_dsl_24_is_not_yet_the_end_of_the_interval():
    assert assess(asks(history(10, 3)), dsl=24).severity is Severity.INFO


def test_three_silent_doses_of_twelve_still_make_a_call():
    found = assess(asks("y" * 12 + "nnn", every=2))
    assert (found.severity, found.answered_share) == (Severity.AMBER_PLUS, 1.0)


def test_dose_and_check_in_are_one_silence():
    mixed = asks("yyynnn") + asks("nnnnyn", kind=AskKind.CHECK_IN)
    assert assess(mixed) is None
    silent = asks("yyynnn") + asks("nnnnnn", kind=AskKind.CHECK_IN)
    assert (assess(silent).run, assess(silent).unit) == (3, "days")
    assert assess(asks("yyynnn")).unit == "doses"


def test_three_doses_a_day_are_one_silent_day():
    found = assess(asks("ynn") * 3)
    assert (found.run, found.unit) == (2, "days")


def test_a_reminder_that_we_failed_to_send_is_no_silence():
    assert assess(asks("yyyyfff")) is None
    assert assess(asks("yyynfnf")).run == 2


def test_an_answer_ends_it_whatever_it_said():
    assert assess(asks("yyynnny")) is None
    assert assess(asks("nny" + "nn")).run == 2


def test_nobody_asked_is_no_silence():
    assert assess([]) is None
    assert assess(asks("nnnn", until=TODAY + timedelta(10))) is None


def test_nothing_asked_before_the_run_counts_as_a_new_start():
    found = assess(asks("nnn"))
    assert (found.severity, found.reason, found.answered_share, found.last_answer) == (
        Severity.AMBER_PLUS, CallReason.NEW_START, None, None,
    )  # fmt: skip


def test_the_evidence_holds_the_run():
    evidence = assess(asks("y" * 20 + "nnn")).evidence()
    assert evidence["since"] == "2026-06-28"
    assert evidence["last_answer"] == "2026-06-27"
    assert evidence["run"] == 3


def test_a_program_can_wait_longer():
    policy = with_overrides(POLICY, {"silence_run_steady": 4})
    assert assess(asks(history(28, 3)), policy=policy).severity is Severity.INFO
