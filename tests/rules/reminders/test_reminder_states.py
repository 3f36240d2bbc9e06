"""States, ranks and receipts (contract 4, M 1.2)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from reminders.rules.states import (
    MAYBE_OUT,
    PROVIDER_RANK,
    RECEIPT_WAIT,
    TERMINAL,
    TRANSITIONS,
    CapGroup,
    MessageClass,
    MessageState,
    apply_status,
    has_ended,
    is_unconfirmed,
    may_move,
    priority_of,
    rank,
)

S = MessageState
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_every_state_has_a_row_and_terminal_ones_lead_nowhere():
    assert set(TRANSITIONS) == set(S)
    for state in TERMINAL:
        assert not TRANSITIONS[state]


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        pytest.param(S.PLANNED, S.CLAIMED, True, id="claim"),
        pytest.param(S.PLANNED, S.SENDING, False, id="nothing is sent unclaimed"),
        pytest.param(S.CLAIMED, S.PLANNED, True, id="lease over, nothing was sent"),
        pytest.param(S.CLAIMED, S.SENDING, True, id="committed before the wire"),
        pytest.param(S.SENDING, S.UNKNOWN, True, id="no clear answer"),
        pytest.param(S.SENDING, S.PLANNED, True, id="surely not processed"),
        pytest.param(S.SENDING, S.EXPIRED, False, id="what is on the wire cannot expire"),
        pytest.param(S.SENDING, S.SUPPRESSED, False, id="nor be suppressed"),
        pytest.param(S.UNKNOWN, S.ACCEPTED, True, id="the callback proved it"),
        pytest.param(S.UNKNOWN, S.PLANNED, True, id="one resend"),
        pytest.param(S.UNKNOWN, S.EXPIRED, False, id="unknown ends as unknown"),
        pytest.param(S.ACCEPTED, S.SUPPRESSED, True, id="cancelled at the provider"),
        pytest.param(S.ACCEPTED, S.PLANNED, False, id="accepted is never sent again"),
        pytest.param(S.SENT, S.ACCEPTED, False, id="down"),
        pytest.param(S.DELIVERED, S.SENT, False, id="out of an end"),
        pytest.param(S.PLANNED, S.UNKNOWN, True, id="restored backup"),
    ],
)
def test_moves(old, new, allowed):
    assert may_move(old, new) is allowed


def test_nothing_that_may_be_out_goes_back_except_through_unknown_or_a_refused_connection():
    back = {state for state in MAYBE_OUT if may_move(state, S.PLANNED)}
    assert back == {S.SENDING, S.UNKNOWN}


@pytest.mark.parametrize(
    ("state", "accepted_ago", "expires_in", "ended"),
    [
        pytest.param(S.DELIVERED, 1, 1, True, id="delivered"),
        pytest.param(S.SUPPRESSED, None, 1, True, id="suppressed"),
        pytest.param(S.SENT, 23.9, -20, False, id="sent, receipt may come"),
        pytest.param(S.SENT, 24, -20, True, id="sent for 24 h"),
        pytest.param(S.ACCEPTED, 48, -20, False, id="accepted becomes sent first"),
        pytest.param(S.UNKNOWN, None, 0.1, False, id="unknown, resend still possible"),
        pytest.param(S.UNKNOWN, None, 0, True, id="unknown at its expiry"),
        pytest.param(S.PLANNED, None, -1, False, id="an expired planned row still owes its outcome"),
    ],
)
def test_has_ended(state, accepted_ago, expires_in, ended):
    accepted_at = None if accepted_ago is None else NOW - timedelta(hours=accepted_ago)
    assert has_ended(state, accepted_at=accepted_at, expires_at=NOW + timedelta(hours=expires_in), now=NOW) is ended


@pytest.mark.parametrize(
    ("state", "hours", "expected"),
    [
        pytest.param(S.ACCEPTED, 23, False, id="still waiting"),
        pytest.param(S.ACCEPTED, 24, True, id="a day without a receipt"),
        pytest.param(S.SENT, 30, False, id="already sent"),
        pytest.param(S.UNKNOWN, 30, False, id="unknown is not accepted"),
    ],
)
def test_unconfirmed(state, hours, expected):
    assert is_unconfirmed(state, accepted_at=NOW - timedelta(hours=hours), now=NOW) is expected
    assert timedelta(hours=24) == RECEIPT_WAIT


def test_any_order_and_any_repetition_of_receipts_ends_the_same():
    statuses = ("queued", "sending", "sent", "delivered")
    for order in permutations(statuses):
        state, seen = S.SENDING, 0
        for status in order * 2:
            receipt = apply_status(state=state, seen_rank=seen, status=status)
            assert receipt.rank >= seen
            state, seen = receipt.state, receipt.rank
        assert (state, seen) == (S.DELIVERED, 4)


@pytest.mark.parametrize(
    ("state", "seen", "status", "after", "moved", "contradicts"),
    [
        pytest.param(S.UNKNOWN, 0, "queued", S.ACCEPTED, True, False, id="any callback proves acceptance"),
        pytest.param(S.PLANNED, 0, "delivered", S.DELIVERED, True, False, id="refused connection that was none"),
        pytest.param(S.DELIVERED, 4, "undelivered", S.DELIVERED, False, False, id="equal rank"),
        pytest.param(S.SENT, 3, "sending", S.SENT, False, False, id="late"),
        pytest.param(S.ACCEPTED, 1, "canceled", S.SUPPRESSED, True, False, id="our cancel worked"),
        pytest.param(S.SUPPRESSED, 0, "canceled", S.SUPPRESSED, False, False, id="cancel after suppression"),
        pytest.param(S.EXPIRED, 0, "delivered", S.EXPIRED, False, True, id="written off, yet delivered: alarm"),
        pytest.param(S.SUPPRESSED, 0, "sent", S.SUPPRESSED, False, True, id="suppressed, yet sent: alarm"),
        pytest.param(S.ACCEPTED, 1, "received", S.ACCEPTED, False, False, id="an inbound status"),
        pytest.param(S.ACCEPTED, 1, "gibberish", S.ACCEPTED, False, False, id="a status nobody knows"),
        pytest.param(S.DELIVERED, 4, "read", S.DELIVERED, False, False, id="read after delivered"),
    ],
)
def test_apply_status(state, seen, status, after, moved, contradicts):
    receipt = apply_status(state=state, seen_rank=seen, status=status)
    assert (receipt.state, receipt.moved, receipt.contradicts) == (after, moved, contradicts)


def test_every_ranked_status_has_a_state():
    for status in PROVIDER_RANK:
        assert apply_status(state=S.SENDING, seen_rank=0, status=status).rank == rank(status) > 0


def test_priority_is_red_then_visit_hold_dose_check_in_hello():
    order = [
        priority_of(MessageClass.HELLO, acute=True),
        *(
            priority_of(one)
            for one in (
                MessageClass.VISIT,
                MessageClass.HOLD,
                MessageClass.DOSE,
                MessageClass.CHECK_IN,
                MessageClass.HELLO,
            )
        ),
    ]
    assert order == sorted(order)
    assert len(set(order)) == len(order)


def test_every_class_has_a_cap_group_and_a_priority():
    for one in MessageClass:
        assert isinstance(one.cap_group, CapGroup)
        assert one.priority > 0
