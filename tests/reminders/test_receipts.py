"""Receipts: late, doubled, out of order, and for texts whose answer we never read."""

from datetime import date, timedelta

import pytest

from reminders.models import Message, OptOut, ProviderEvent
from reminders.services.receipts import receive_status

pytestmark = pytest.mark.django_db
DUE = timedelta(minutes=10)


@pytest.fixture
def sent(texted, plan, send, company, now):
    plan()
    send(now + DUE)
    return company.sent[0]


def row():
    return Message.objects.get(slot_on=date(2026, 3, 3), step="1.first")


@pytest.mark.parametrize(
    ("statuses", "state", "rank"),
    [
        pytest.param(["sent", "delivered"], "delivered", 4, id="in-order"),
        pytest.param(["delivered", "sent", "queued"], "delivered", 4, id="backwards"),
        pytest.param(["sent", "sent", "sent"], "sent", 3, id="doubled"),
        pytest.param(["delivered", "failed"], "delivered", 4, id="same-rank-keeps-the-first"),
        pytest.param(["undelivered"], "undelivered", 4, id="undelivered"),
        pytest.param(["nonsense"], "accepted", 1, id="unknown-word"),
    ],
)
def test_the_rank_only_moves_up(sent, now, statuses, state, rank):
    for status in statuses:
        assert receive_status(token=sent.token, sid="SM1", status=status, error_code="", now=now + DUE)
    assert (row().state, row().provider_rank) == (state, rank)
    assert ProviderEvent.objects.count() == len(set(statuses))


def test_a_callback_proves_a_text_whose_answer_never_came(texted, plan, send, company, now):
    company.loses = True
    plan()
    send(now + DUE)
    assert row().state == "unknown"
    receive_status(token=company.sent[0].token, sid="SM9", status="sent", error_code="", now=now + DUE)
    assert (row().state, row().provider_sid, row().next_look_at) == ("sent", "SM9", None)


def test_a_callback_that_is_faster_than_our_answer_wins(texted, plan, send, company, now):
    def call_back(batch):
        receive_status(token=batch[0].token, sid="SM9", status="delivered", error_code="", now=now + DUE)

    company.before_sending = call_back
    plan()
    send(now + DUE)
    assert (row().state, row().provider_sid) == ("delivered", "SM9")


def test_an_unknown_token_is_nobodys(sent, now):
    assert not receive_status(token="guess", sid="SM1", status="delivered", error_code="", now=now)
    assert ProviderEvent.objects.count() == 0


def test_a_replay_after_days_changes_nothing(sent, now):
    receive_status(token=sent.token, sid="SM1", status="delivered", error_code="", now=now + timedelta(hours=73))
    assert row().state == "accepted"


def test_a_failed_text_frees_the_question_and_says_why(sent, now):
    receive_status(token=sent.token, sid="SM1", status="undelivered", error_code="30006", now=now + DUE)
    assert (row().state, row().why, row().question_open) == ("undelivered", "30006", False)


def test_a_receipt_that_says_unsubscribed_is_an_opt_out(sent, now):
    receive_status(token=sent.token, sid="SM1", status="failed", error_code="21610", now=now + DUE)
    assert OptOut.objects.get().source == "provider"
