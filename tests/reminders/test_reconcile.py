"""What a crash or a silent provider leaves behind: planned again, proved, or sent once more."""

from datetime import date, timedelta

import pytest

from recovery.models import Patient
from reminders.models import Attempt, Message
from reminders.services import dispatch, optouts
from reminders.services.reconcile import reconcile

pytestmark = pytest.mark.django_db
DUE = timedelta(minutes=10)
LEASE = timedelta(seconds=121)
LOOK = timedelta(seconds=61)


def row():
    return Message.objects.get(slot_on=date(2026, 3, 3), step="1.first")


@pytest.fixture
def tidy(program, company):
    return lambda at: reconcile(program_ids=[program], now=at, provider=company)


@pytest.fixture
def die_in_sending(program, company, texted, plan, now):
    """A worker that dies between the commit of ``sending`` and the provider's answer."""

    class Died(BaseException):
        pass

    def die(arrives):
        def stop(batch):
            if arrives:
                company.loses, company.before_sending = True, lambda _: None
                company.send_batch(batch, now=now + DUE)
                company.loses = False
            raise Died

        company.before_sending = stop
        plan()
        with pytest.raises(Died):
            dispatch.dispatch_due(program_ids=[program], now=now + DUE, provider=company)
        company.before_sending = lambda _: None
        return now + DUE

    return die


def test_a_dead_claim_is_planned_again_and_sent_once(texted, program, plan, send, company, tidy, now):
    plan()
    dispatch.claim(program_ids=[program], now=now + DUE, limit=10, owner="dead")
    tidy(now + DUE)
    assert row().state == "claimed"
    tidy(now + DUE + LEASE)
    assert (row().state, row().crashes) == ("planned", 1)
    send(now + DUE + LEASE)
    send(now + DUE + LEASE)
    assert len(company.sent) == 1


def test_the_third_death_fails_the_row(texted, program, plan, tidy, now):
    plan()
    at = now + DUE
    for _ in range(3):
        dispatch.claim(program_ids=[program], now=at, limit=10, owner="dead")
        at += LEASE
        tidy(at)
    assert (row().state, row().why) == ("failed", "poison")


def test_a_text_that_arrived_is_found_in_the_list_and_not_sent_again(die_in_sending, tidy, send, company):
    at = die_in_sending(arrives=True)
    assert row().state == "sending"
    tidy(at + LEASE)
    assert row().state == "accepted"
    assert row().provider_sid == company.listed[0][1].sid
    send(at + 2 * LEASE)
    assert len(company.sent) == 1


def test_a_text_that_never_left_is_sent_exactly_once_more(die_in_sending, tidy, send, company):
    at = die_in_sending(arrives=False)
    tidy(at + LEASE)
    assert (row().state, row().looks) == ("unknown", 1)
    send(at + LEASE)
    assert company.sent == []
    tidy(at + LEASE + LOOK)
    assert row().state == "planned"
    company.deaf = True
    send(at + LEASE + LOOK)
    assert (row().state, row().attempts) == ("unknown", 2)
    company.deaf = False
    for minute in range(3, 120):
        tidy(at + timedelta(minutes=minute))
        send(at + timedelta(minutes=minute))
    assert row().pk not in {one.message_id for one in company.sent}  # only the re-prompt left, an hour later
    assert (row().state, row().attempts) == ("unknown", 2)
    tidy(at + timedelta(hours=3))
    assert row().state == "unknown"
    assert row().ended_at is not None


def test_the_resend_that_arrives_is_the_only_one(die_in_sending, tidy, send, company):
    at = die_in_sending(arrives=False)
    tidy(at + LEASE)
    tidy(at + LEASE + LOOK)
    send(at + LEASE + LOOK)
    assert row().state == "accepted"
    assert len(company.sent) == 1
    assert list(Attempt.objects.filter(message=row()).order_by("number").values_list("result", flat=True)) == [
        "unknown",
        "accepted",
    ]


def test_a_list_that_fails_is_no_look(die_in_sending, tidy, send, company):
    at = die_in_sending(arrives=False)
    company.silent_list = True
    for minute in range(3, 30):
        tidy(at + timedelta(minutes=minute))
    assert (row().state, row().looks) == ("unknown", 0)
    tidy(at + timedelta(hours=3))
    assert (row().state, row().ended_at is not None) == ("unknown", True)
    assert company.sent == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda p, at: optouts.opt_out(
                program_id=p.program_id, phone_index=bytes(p.phone_index), source="staff", now=at
            ),
            id="opted-out",
        ),
        pytest.param(lambda p, at: Patient.objects.filter(pk=p.pk).update(phone=None), id="number-changed"),
    ],
)
def test_no_resend_to_somebody_else_or_after_stop(die_in_sending, texted, tidy, send, company, change):
    at = die_in_sending(arrives=False)
    change(texted, at)
    for minute in range(3, 10):
        tidy(at + timedelta(minutes=minute))
        send(at + timedelta(minutes=minute))
    assert row().state == "unknown"
    assert company.sent == []


def test_two_texts_alike_to_one_number_are_not_taken_for_each_other(
    program, make_patient, agree, on_tablets, plan, send, company, tidy, now
):
    pair = [make_patient(program, phone="+12125557777") for _ in range(2)]
    for person in pair:
        agree(person)
        on_tablets(person)
    Patient.objects.update(phone_shared=False)
    plan()
    send(now + DUE)  # the first one's, accepted
    Message.objects.filter(question_open=True).update(question_open=False)
    company.deaf = True
    send(now + 3 * DUE)
    company.deaf = False
    tidy(now + 4 * DUE)
    states = Message.objects.filter(slot_on=date(2026, 3, 3), step="1.first").values_list("state", flat=True)
    assert sorted(states) == ["accepted", "unknown"]


def test_after_a_day_without_a_receipt_accepted_is_sent(texted, plan, send, tidy, now):
    plan()
    send(now + DUE)
    tidy(now + timedelta(hours=24))
    assert row().state == "accepted"
    tidy(now + timedelta(hours=24, minutes=11))
    assert row().state == "sent"
    assert row().ended_at is not None
