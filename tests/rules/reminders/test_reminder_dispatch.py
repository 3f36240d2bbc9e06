"""Send, suppress, defer or expire: each reason, their order, and that every row ends (contract 4)."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.rules.dispatch import (
    EXPIRE,
    LIMITS,
    SEND,
    Defer,
    SendFacts,
    Suppress,
    Why,
    decide,
)
from reminders.rules.states import Audience, MessageClass
from reminders.rules.window import Outside, in_window

ZONE = ZoneInfo("America/New_York")
NOON = datetime(2026, 6, 1, 16, tzinfo=UTC)  # 12:00 in New York
NIGHT = datetime(2026, 6, 2, 4, tzinfo=UTC)  # 00:00
MORNING = datetime(2026, 6, 2, 12, tzinfo=UTC)  # 08:00


def facts(**changes) -> SendFacts:
    base = {
        "message_class": MessageClass.DOSE,
        "send_after": NOON - timedelta(minutes=1),
        "expires_at": NOON + timedelta(hours=3),
        "zone": ZONE,
        "consented": True,
        "doses_opted_in": 1,
    }
    return SendFacts(**(base | changes))


def test_the_plain_case_is_sent():
    assert decide(facts(), now=NOON) is SEND


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"killed": True}, Why.KILL_SWITCH, id="kill switch"),
        pytest.param({"program_closed": True}, Why.PROGRAM_CLOSED, id="program closed"),
        pytest.param({"opted_out": True}, Why.OPTED_OUT, id="opted out"),
        pytest.param({"has_address": False}, Why.NO_ADDRESS, id="no address"),
        pytest.param({"deceased": True}, Why.DECEASED, id="deceased"),
        pytest.param({"exited": True}, Why.EXITED, id="exited"),
        pytest.param({"consented": False}, Why.NO_CONSENT, id="no consent"),
        pytest.param({"bad_address": True}, Why.BAD_ADDRESS, id="number is bad"),
        pytest.param({"wrong_person": True}, Why.WRONG_PERSON, id="number is somebody else's"),
        pytest.param({"answered": True}, Why.ANSWERED, id="already reported"),
        pytest.param({"cancelled": True}, Why.CANCELLED, id="its dose is gone"),
        pytest.param({"hold_open": True}, Why.HOLD, id="hold"),
        pytest.param({"paused": True}, Why.PAUSED, id="holiday"),
        pytest.param({"doses_today": 1}, Why.CAP_DOSE, id="more than opted into"),
        pytest.param({"doses_opted_in": 9, "doses_today": 4}, Why.CAP_DOSE, id="never more than four doses"),
        pytest.param({"doses_opted_in": 2, "dose_texts_today": 4}, Why.CAP_DOSE, id="never more than four texts"),
        pytest.param({"unanswered_days": 3, "prompts_today": 1}, Why.BACK_OFF, id="one a day after 3"),
        pytest.param({"unanswered_days": 7, "prompts_week": 1}, Why.BACK_OFF, id="one a week after 7"),
        pytest.param(
            {"message_class": MessageClass.VISIT, "unsolicited_today": 3},
            Why.CAP_DAY,
            id="3 unsolicited a day",
        ),
        pytest.param({"message_class": MessageClass.CHECK_IN, "unsolicited_week": 10}, Why.CAP_WEEK, id="10 a week"),
        pytest.param(
            {
                "is_question": True,
                "open_question_until": NOON + timedelta(hours=9),
                "expires_at": NOON + timedelta(minutes=9),
            },
            Why.OPEN_QUESTION,
            id="a question that cannot wait",
        ),
        pytest.param({"send_after": NOON + timedelta(hours=4)}, Why.NOT_DUE, id="due after its own end"),
    ],
)
def test_suppressed(changes, why):
    assert decide(facts(**changes), now=NOON) == Suppress(why)


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        pytest.param({"dose_texts_today": 1, "doses_opted_in": 1}, NOON, id="a re-prompt adds no dose"),
        pytest.param({"asked_for": True, "doses_today": 1, "unanswered_days": 9, "prompts_week": 2}, NOON, id="later"),
        pytest.param({"unanswered_days": 3, "prompts_week": 9}, NOON, id="first of the day during back-off"),
        pytest.param({"unanswered_days": 2, "prompts_today": 1}, NOON, id="no back-off yet"),
        pytest.param(
            {"message_class": MessageClass.VISIT, "unanswered_days": 9, "prompts_week": 1},
            NOON,
            id="visit during back-off",
        ),
        pytest.param(
            {"message_class": MessageClass.VISIT, "hold_open": True, "paused": True},
            NOON,
            id="visit during a hold",
        ),
        pytest.param({"message_class": MessageClass.HOLD, "hold_open": True}, NOON, id="the hold's own text"),
        pytest.param(
            {
                "message_class": MessageClass.HOLD,
                "acute": True,
                "unsolicited_today": 9,
                "send_after": NIGHT,
                "expires_at": NIGHT + timedelta(hours=1),
            },
            NIGHT,
            id="acute red, at night, over the cap",
        ),
        pytest.param(
            {"allowed_outside": True, "send_after": NIGHT, "expires_at": NIGHT + timedelta(hours=3)},
            NIGHT,
            id="a dose at night by choice",
        ),
        pytest.param(
            {
                "message_class": MessageClass.CRISIS,
                "consented": False,
                "exited": True,
                "send_after": NIGHT,
                "expires_at": NIGHT + timedelta(hours=1),
            },
            NIGHT,
            id="crisis line to whoever wrote, at night",
        ),
        pytest.param(
            {"message_class": MessageClass.OPT_OUT_CONFIRM, "opted_out": True, "consented": False},
            NOON,
            id="the one confirmation",
        ),
        pytest.param(
            {
                "message_class": MessageClass.STAFF_NOTICE,
                "audience": Audience.STAFF,
                "consented": False,
                "send_after": NIGHT,
                "expires_at": NIGHT + timedelta(hours=1),
            },
            NIGHT,
            id="staff at night",
        ),
        pytest.param(
            {"is_question": False, "open_question_until": NOON + timedelta(hours=1)},
            NOON,
            id="not a question",
        ),
        pytest.param({"is_question": True, "open_question_until": NOON}, NOON, id="the other question just ended"),
        pytest.param({"send_after": NOON}, NOON, id="due this instant"),
    ],
)
def test_sent(changes, now):
    assert decide(facts(**changes), now=now) is SEND


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        pytest.param(
            {"send_after": NOON + timedelta(minutes=5)},
            NOON,
            Defer(NOON + timedelta(minutes=5), Why.NOT_DUE),
            id="not due",
        ),
        pytest.param(
            {"message_class": MessageClass.VISIT, "expires_at": NIGHT + timedelta(hours=24)},
            NIGHT,
            Defer(MORNING, Why.WINDOW),
            id="waits for the morning",
        ),
        pytest.param(
            {"is_question": True, "open_question_until": NOON + timedelta(minutes=5)},
            NOON,
            Defer(NOON + timedelta(minutes=5), Why.OPEN_QUESTION),
            id="until the question ends",
        ),
        pytest.param(
            {"is_question": True, "open_question_until": NOON + timedelta(hours=2)},
            NOON,
            Defer(NOON + LIMITS.look_again, Why.OPEN_QUESTION),
            id="look again: it may be answered",
        ),
    ],
)
def test_deferred(changes, now, expected):
    assert decide(facts(**changes), now=now) == expected


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        pytest.param(
            {"send_after": NIGHT, "expires_at": NIGHT + timedelta(hours=3)},
            NIGHT,
            Suppress(Why.WINDOW),
            id="a dose cannot wait for the morning",
        ),
        pytest.param(
            {"outside": Outside.SUPPRESS, "expires_at": NIGHT + timedelta(hours=24)},
            NIGHT,
            Suppress(Why.WINDOW),
            id="its rule never moves",
        ),
        pytest.param({}, NOON + timedelta(hours=3), EXPIRE, id="expired at its expiry"),
        pytest.param({"acute": True}, NOON + timedelta(hours=3), EXPIRE, id="acute expires too"),
        pytest.param(
            {"answered": True},
            NOON + timedelta(hours=9),
            Suppress(Why.ANSWERED),
            id="answered during an outage is not expired",
        ),
        pytest.param(
            {"message_class": MessageClass.CRISIS, "opted_out": True},
            NOON,
            Suppress(Why.OPTED_OUT),
            id="nothing but the confirmation passes STOP",
        ),
        pytest.param(
            {"message_class": MessageClass.CRISIS, "killed": True},
            NOON,
            Suppress(Why.KILL_SWITCH),
            id="the kill switch is above all",
        ),
        pytest.param(
            {"message_class": MessageClass.REPLY, "consented": False},
            NOON,
            Suppress(Why.NO_CONSENT),
            id="a reply needs consent",
        ),
        pytest.param(
            {"audience": Audience.STAFF, "answered": True},
            NOON,
            Suppress(Why.ANSWERED),
            id="a flag that somebody took",
        ),
        pytest.param(
            {"allowed_outside": True, "opted_out": True},
            NIGHT,
            Suppress(Why.OPTED_OUT),
            id="a choice of hour is no consent",
        ),
    ],
)
def test_ends(changes, now, expected):
    assert decide(facts(**changes), now=now) == expected


IN_ORDER = [
    ({"killed": True}, Why.KILL_SWITCH),
    ({"program_closed": True}, Why.PROGRAM_CLOSED),
    ({"wrong_person": True}, Why.WRONG_PERSON),
    ({"opted_out": True}, Why.OPTED_OUT),
    ({"has_address": False}, Why.NO_ADDRESS),
    ({"deceased": True}, Why.DECEASED),
    ({"exited": True}, Why.EXITED),
    ({"consented": False}, Why.NO_CONSENT),
    ({"bad_address": True}, Why.BAD_ADDRESS),
    ({"shared_number": True, "is_question": True}, Why.SHARED_NUMBER),
    ({"answered": True}, Why.ANSWERED),
    ({"cancelled": True}, Why.CANCELLED),
    ({"hold_open": True}, Why.HOLD),
    ({"paused": True}, Why.PAUSED),
]


@pytest.mark.parametrize(
    ("first", "second"), [pytest.param(a, b, id=f"{a[1]} > {b[1]}") for a, b in pairwise(IN_ORDER)]
)
def test_the_order_of_reasons_is_fixed(first, second):
    both = facts(**first[0], **second[0])
    assert decide(both, now=NOON) == Suppress(first[1])
    assert decide(both, now=NOON + timedelta(days=1)) == Suppress(first[1])


def test_all_reasons_at_once_give_the_first():
    everything = {key: value for changes, _ in IN_ORDER for key, value in changes.items()}
    assert decide(facts(**everything), now=NOON) == Suppress(Why.KILL_SWITCH)


INSTANTS = st.integers(0, 3 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))


@st.composite
def any_facts(draw) -> SendFacts:
    boolean = {one.name: draw(st.booleans()) for one in fields(SendFacts) if one.type in (bool, "bool")}
    likely = {  # so that most examples get past the first question
        name: value and draw(st.integers(0, 4)) == 0 for name, value in boolean.items()
    }
    counts = {one.name: draw(st.integers(0, 11)) for one in fields(SendFacts) if one.type in (int, "int")}
    return SendFacts(
        message_class=draw(st.sampled_from(MessageClass)),
        audience=draw(st.sampled_from(Audience)),
        send_after=draw(INSTANTS),
        expires_at=draw(INSTANTS),
        zone=ZoneInfo(draw(st.sampled_from(["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]))),
        outside=draw(st.sampled_from(Outside)),
        open_question_until=draw(st.none() | INSTANTS),
        **(likely | {"consented": draw(st.booleans()), "has_address": draw(st.booleans())}),
        **counts,
    )


@settings(max_examples=500, deadline=None)
@given(any_facts(), INSTANTS)
def test_every_row_ends_in_exactly_one_outcome(one, now):
    """Followed through its deferrals, a row is sent, suppressed or expired, and time only moves on."""
    for _ in range(1000):
        outcome = decide(one, now=now)
        if not isinstance(outcome, Defer):
            break
        assert now < outcome.until < one.expires_at
        now, one = outcome.until, replace(one, send_after=outcome.until)
    assert outcome is SEND or outcome is EXPIRE or isinstance(outcome, Suppress)


@settings(max_examples=500, deadline=None)
@given(any_facts(), INSTANTS)
def test_nothing_leaves_that_may_not(one, now):
    if decide(one, now=now) is not SEND:
        return
    assert one.send_after <= now < one.expires_at
    assert not (one.killed or one.program_closed)
    assert not one.opted_out or one.message_class is MessageClass.OPT_OUT_CONFIRM
    if one.audience is Audience.STAFF or one.message_class in (
        MessageClass.CRISIS,
        MessageClass.OPT_OUT_CONFIRM,
    ):
        return
    assert one.consented
    assert not (one.deceased or one.exited or one.answered or one.wrong_person)
    if not (
        one.acute
        or one.allowed_outside
        or one.message_class in (MessageClass.REPLY, MessageClass.SIGN_IN_CODE, MessageClass.STAFF_NOTICE)
    ):
        assert in_window(now, zone=one.zone)
