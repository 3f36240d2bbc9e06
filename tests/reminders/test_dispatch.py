"""From due to accepted: who may be texted, when, and what is written about it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.access import NOBODY
from backend.models import AuditEvent, Program
from backend.rules.consent import ConsentKind
from backend.services.consents import revoke_consent
from recovery.models import Dose, Patient
from reminders.models import Attempt, Message, OptOut, OutboxText, StatusToken
from reminders.providers.outbox import Outbox
from reminders.rules.retry import Action, FailureClass, Outcome, Result
from reminders.services import dispatch, optouts

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DUE = timedelta(minutes=10)  # after the latest jitter


def first(**values):
    return Message.objects.get(slot_on=date(2026, 3, 3), step="1.first", **values)


def test_a_due_text_is_accepted_with_its_proof(texted, plan, send, company, now):
    plan()
    counts = send(now + DUE)
    assert (counts.claimed, counts.sent, counts.accepted) == (1, 1, 1)
    row = first()
    assert (row.state, row.attempts, row.provider, row.question_open) == ("accepted", 1, "fake", True)
    assert (row.lease_until, row.claimed_by, row.provider_sid) == (None, "", "SM" + "1".zfill(32))
    [attempt] = Attempt.objects.all()
    assert (attempt.number, attempt.result, attempt.sid) == (1, "accepted", row.provider_sid)
    token = StatusToken.objects.get()
    assert (token.message_id, bytes(token.digest)) == (row.pk, bytes(attempt.token_digest))
    [text] = company.sent
    assert text.to.startswith("+1212555")
    assert text.body == "Hello. It is time for your daily item. Reply 1 when done, 2 if not today."
    assert 3 * 3600 - 600 - 30 < text.valid_for_s <= 3 * 3600 - 600
    assert AuditEvent.objects.filter(action="message.sent", patient_id=texted.pk).count() == 1
    assert send(now + DUE).claimed == 0


def test_nothing_leaves_before_its_time(texted, plan, send, now):
    plan()
    assert send(now - MINUTE).claimed == 0


def test_without_consent_nothing_is_ever_sent(patient, on_tablets, plan, send, company, now):
    on_tablets(patient)
    plan()
    send(now + DUE)
    assert company.sent == []
    assert (first().state, first().why) == ("suppressed", "no_consent")


def test_consent_that_ends_between_claim_and_wire_stops_the_text(texted, program, plan, company, now):
    plan()
    at = now + DUE
    claimed = dispatch.claim(program_ids=[program], now=at, limit=10, owner="a")
    counts = dispatch.Counts()
    ready = dispatch.settle(program_ids=[program], claimed=claimed, now=at, owner="a", counts=counts)
    assert len(ready) == 1
    revoke_consent(actor=NOBODY, program_id=program, patient_id=texted.pk, kind=ConsentKind.SMS, now=at)
    dispatch.send(
        program_ids=[program], ready=ready, clock=dispatch.Elapsing(at), owner="a", provider=company, counts=counts
    )
    assert company.sent == []
    assert first().state == "planned"


def test_an_opt_out_between_claim_and_wire_stops_the_text(texted, program, plan, company, now):
    plan()
    at = now + DUE
    claimed = dispatch.claim(program_ids=[program], now=at, limit=10, owner="a")
    counts = dispatch.Counts()
    ready = dispatch.settle(program_ids=[program], claimed=claimed, now=at, owner="a", counts=counts)
    # Only the row of the opt-out: even if nobody had ended the claimed message, the last statement looks.
    OptOut.objects.create(
        program_id=program, phone_index=bytes(texted.phone_index), scope="sms", source="staff", since=at
    )
    dispatch.send(
        program_ids=[program], ready=ready, clock=dispatch.Elapsing(at), owner="a", provider=company, counts=counts
    )
    assert company.sent == []
    dispatch.dispatch_due(program_ids=[program], now=at, provider=company)
    assert (first().state, first().why) == ("suppressed", "opted_out")


def test_opting_out_ends_what_is_planned_and_what_is_claimed(texted, program, plan, now):
    plan()
    dispatch.claim(program_ids=[program], now=now + DUE, limit=10, owner="a")
    optouts.opt_out(program_id=program, phone_index=bytes(texted.phone_index), source="staff", now=now + DUE)
    assert set(Message.objects.values_list("state", "why")) == {("suppressed", "opted_out")}


def test_a_lease_that_ended_is_not_sent_by_its_old_owner(texted, program, plan, company, now, settings):
    plan()
    at = now + DUE
    claimed = dispatch.claim(program_ids=[program], now=at, limit=10, owner="a")
    counts = dispatch.Counts()
    ready = dispatch.settle(program_ids=[program], claimed=claimed, now=at, owner="a", counts=counts)
    late = at + timedelta(seconds=settings.LEASE_SECONDS + 1)
    dispatch.send(
        program_ids=[program], ready=ready, clock=dispatch.Elapsing(late), owner="a", provider=company, counts=counts
    )
    assert company.sent == []


def test_the_expiry_is_looked_at_last(texted, program, plan, company, now):
    plan()
    at = now + 3 * HOUR - MINUTE
    claimed = dispatch.claim(program_ids=[program], now=at, limit=10, owner="a")
    counts = dispatch.Counts()
    ready = dispatch.settle(program_ids=[program], claimed=claimed, now=at, owner="a", counts=counts)
    dispatch.send(
        program_ids=[program],
        ready=ready,
        clock=dispatch.Elapsing(at + 2 * MINUTE),
        owner="a",
        provider=company,
        counts=counts,
    )
    assert company.sent == []


def test_what_is_too_late_expires_and_the_core_hears_of_it(texted, plan, send, company, now):
    plan()
    send(now + 4 * HOUR)
    assert company.sent == []
    assert (first().state, first().why) == ("expired", "")
    assert Dose.objects.get(dosing_day=date(2026, 3, 3)).not_reached  # nobody is called silent for it


def test_what_was_answered_during_an_outage_is_answered_not_expired(texted, plan, send, now):
    plan()
    Dose.objects.filter(dosing_day=date(2026, 3, 3)).update(state="taken")
    send(now + 4 * HOUR)
    assert (first().state, first().why) == ("suppressed", "answered")


@pytest.mark.parametrize(
    ("at", "state"),
    [
        pytest.param(datetime(2026, 3, 4, 1, 59, tzinfo=UTC), ("accepted", ""), id="a-minute-before-nine"),
        pytest.param(
            datetime(2026, 3, 4, 2, 1, tzinfo=UTC), ("suppressed", "window"), id="a-run-that-comes-after-nine"
        ),
    ],
)
def test_a_late_run_does_not_text_at_night(patient, agree, on_tablets, plan, send, at, state):
    agree(patient)
    on_tablets(patient, "20:45")
    plan()
    Message.objects.filter(slot_on=date(2026, 3, 3), step="1.first").update(send_after=at - MINUTE)
    send(at)
    assert (first().state, first().why) == state


def test_a_time_outside_the_window_that_the_patient_chose(patient, agree, on_tablets, plan, send, company):
    agree(patient)
    on_tablets(patient, "06:30", outside_window_ok=True)
    plan()
    send(datetime(2026, 3, 4, 11, 41, tzinfo=UTC))
    assert len(company.sent) == 1


def test_one_open_question_per_patient(patient, agree, on_tablets, plan, send, company, now):
    agree(patient)
    on_tablets(patient, "10:00", "11:00", "12:00", kind="acamprosate")
    plan()
    send(now + DUE)
    # The next dose is a question too: it waits while the first one is open.
    send(now + HOUR + 2 * DUE)
    asked = {one.step for one in Message.objects.filter(slot_on=date(2026, 3, 3), accepted_at__isnull=False)}
    assert asked <= {"1.first", "1.again"}
    assert Message.objects.filter(question_open=True).count() == 1


def test_two_patients_on_one_number_are_not_asked_at_once(
    program, make_patient, agree, on_tablets, plan, send, company, now
):
    for _ in range(2):
        person = make_patient(program, phone="+12125557777")
        agree(person)
        on_tablets(person)
    # Nothing is asked on a phone that is known to be shared; this is the wall behind that one.
    Patient.objects.update(phone_shared=False)
    plan()
    send(now + DUE)
    assert len(company.sent) == 1
    assert sorted(Message.objects.filter(slot_on=date(2026, 3, 3), step="1.first").values_list("state", flat=True)) == [
        "accepted",
        "planned",
    ]


def test_a_patient_has_one_row_in_hand(texted, program, plan, now):
    plan()
    late = now + 2 * HOUR
    assert len(dispatch.claim(program_ids=[program], now=late, limit=10, owner="a")) == 1
    assert dispatch.claim(program_ids=[program], now=late, limit=10, owner="b") == []


def test_the_caps_count_what_went_out(patient, agree, send, now):
    agree(patient)
    for number in range(5):
        Message.objects.create(
            program_id=patient.program_id,
            patient_id=patient.pk,
            subject_kind="hello",
            subject_id=number,
            slot_on=date(2026, 3, 3),
            step="hello",
            channel="sms",
            message_class="hello",
            priority=90,
            template="hello.well_done",
            template_version=1,
            language="en",
            due_at=now + number * MINUTE,
            send_after=now + number * MINUTE,
            expires_at=now + 4 * HOUR,
            created_at=now,
        )
    send(now + HOUR)
    assert list(Message.objects.order_by("pk").values_list("state", "why")) == [
        ("accepted", ""),
        ("accepted", ""),
        ("accepted", ""),
        ("suppressed", "cap_day"),
        ("suppressed", "cap_day"),
    ]


@pytest.mark.parametrize(
    ("answer", "state", "why"),
    [
        pytest.param(Result(Outcome.NOT_PROCESSED, FailureClass.NOT_SENT), "planned", "not_sent", id="refused"),
        pytest.param(
            Result(Outcome.NOT_PROCESSED, FailureClass.THROTTLED, code=20429, retry_after=timedelta(seconds=7)),
            "planned",
            "20429",
            id="too-many",
        ),
        pytest.param(Result(Outcome.REJECTED, FailureClass.BAD_NUMBER, code=21211), "failed", "21211", id="bad-number"),
        pytest.param(Result(Outcome.UNKNOWN, FailureClass.UNKNOWN), "unknown", "", id="no-clear-answer"),
    ],
)
def test_what_the_provider_says_is_written(texted, plan, send, company, now, answer, state, why):
    company.answers = [answer]
    plan()
    send(now + DUE)
    row = first()
    assert (row.state, row.why) == (state, why)
    assert Attempt.objects.get().result == answer.outcome.value
    assert row.question_open == (state == "unknown")
    if answer.retry_after:
        assert row.send_after >= now + DUE + answer.retry_after


def test_a_number_that_unsubscribed_at_the_provider_is_opted_out(texted, plan, send, company, now):
    company.answers = [Result(Outcome.REJECTED, FailureClass.OPTED_OUT, code=21610, actions=(Action.WRITE_OPT_OUT,))]
    plan()
    send(now + DUE)
    assert OptOut.objects.get(ended_at__isnull=True).source == "provider"
    assert not Message.objects.filter(state="planned").exists()


def test_a_text_that_cannot_be_written_fails_after_three_tries_and_stops_nobody(
    texted, program, make_patient, agree, on_tablets, plan, send, company, now
):
    other = make_patient(program)
    agree(other)
    on_tablets(other)
    plan()
    Message.objects.filter(patient_id=texted.pk, step="1.first").update(values=json.loads('{"nobody": "asked"}'))
    for minute in (0, 2, 4, 6):
        send(now + DUE + minute * MINUTE)
    assert len(company.sent) == 1
    row = Message.objects.get(patient_id=texted.pk, slot_on=date(2026, 3, 3), step="1.first")
    assert (row.state, row.why) == ("failed", "poison")


def test_an_unreachable_person_has_an_outcome(texted, plan, send, company, now):
    Patient.objects.filter(pk=texted.pk).update(phone=None, phone_index=None)
    plan()
    send(now + DUE)
    assert (first().state, first().why) == ("suppressed", "no_address")


def test_when_nobody_gets_through_the_rest_is_not_tried(
    program, make_patient, agree, on_tablets, plan, send, company, now, settings
):
    settings.SEND_CONNECTIONS = 2
    for _ in range(6):
        person = make_patient(program)
        agree(person)
        on_tablets(person)
    company.answers = [Result(Outcome.NOT_PROCESSED, FailureClass.NOT_SENT)] * 6
    plan()
    counts = send(now + DUE)
    assert (counts.sent, counts.not_processed, counts.released) == (2, 2, 4)
    assert Message.objects.filter(step="1.first", slot_on=date(2026, 3, 3), state="planned").count() == 6


def test_the_outbox_shows_what_a_phone_would(texted, program, plan, now):
    plan()
    dispatch.dispatch_due(program_ids=[program], now=now + DUE, provider=Outbox())
    [text] = OutboxText.objects.all()
    assert text.patient_id == texted.pk
    assert b"daily item" not in bytes(text.body)
    assert first().state == "delivered"


def test_a_closed_program_is_caught_at_the_wire(texted, program, plan, send, company, now):
    plan()
    Program.objects.filter(pk=program).update(closed_at=now)
    send(now + DUE)
    assert company.sent == []
    assert (first().state, first().why) == ("suppressed", "program_closed")


def test_the_one_re_prompt_takes_its_slots_question_over(texted, plan, send, states, now):
    """It asks about the same dose, so the first question must not hold it back until both expire."""
    plan()
    send(now + timedelta(minutes=11))
    for minutes in range(60, 180, 5):
        send(now + timedelta(minutes=minutes))
    assert ("1.again", "accepted", "") in states()
    assert list(Message.objects.filter(question_open=True).values_list("step", flat=True)) == ["1.again"]


def test_a_first_text_that_left_late_does_not_bring_its_re_prompt_along(texted, plan, send, company, now):
    plan()
    late = now + timedelta(minutes=90)  # both are due by now
    send(late)
    send(late + timedelta(minutes=1))
    assert len(company.sent) == 1
    send(late + timedelta(minutes=61))
    assert len(company.sent) == 2


class TestTheAgreedWord:
    """What the patient agreed to have it called stands in place of "item" (S 21); the word is stored sealed."""

    def agree_on(self, person, staff, word, now):
        from recovery.services.reach import Reach, set_reach

        set_reach(actor=staff, patient=person, reach=Reach(agreed_word=word), now=now)

    def test_it_stands_in_the_text_and_in_the_conversation_and_in_no_row(self, texted, staff, plan, send, company, now):
        from reminders.selectors.history import message_history

        self.agree_on(texted, staff, "vitamin", now)
        plan()
        send(now + timedelta(minutes=10))
        said = "Hello. It is time for your daily vitamin. Reply 1 when done, 2 if not today."
        assert company.bodies == [said]
        assert said in [one.text for one in message_history(patient_id=texted.pk)]
        assert not [row for row in Message.objects.values() if "vitamin" in str(row)]

    def test_a_word_that_tells_something_is_not_sent(self, texted, staff, plan, send, company, now):
        self.agree_on(texted, staff, "my medicine", now)
        plan()
        send(now + timedelta(minutes=10))
        assert company.bodies == ["Hello. It is time for your daily item. Reply 1 when done, 2 if not today."]


def test_words_that_are_not_registered_are_not_even_planned(patient, now):
    from reminders.rules.planning import HelloFact, HelloWhy, Person, plan_hello
    from reminders.rules.wording import UnknownTemplate
    from reminders.services import slots

    person = Person(patient_id=patient.pk, zone=ZoneInfo("America/New_York"))
    [one] = plan_hello(HelloFact(now.date(), HelloWhy.SILENCE), person=person, name="")
    for wrong in (replace(one, template="hello.free_text"), replace(one, template_version=99)):
        with pytest.raises(UnknownTemplate):
            slots.store([slots.NewMessage(patient.program_id, "en", wrong)], now=now)
    assert not Message.objects.exists()
