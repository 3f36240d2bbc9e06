"""A wake-up before a text: who is woken where, what was seen, and the one text that follows (F59 to F61)."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from backend.rules.consent import ConsentKind
from backend.rules.roles import Role
from backend.services.consents import revoke_consent
from recovery.models import Dose
from reminders.models import Attempt, Circuit, Device, Message, OutboxText
from reminders.providers.outbox import Outbox
from reminders.rules.retry import Action, FailureClass, Outcome, Result
from reminders.rules.states import Channel
from reminders.rules.stops import StopKind
from reminders.selectors.history import message_history
from reminders.selectors.stops import missed
from reminders.services import devices, dispatch, optouts, reconcile, seen, stops
from reminders.services.invariants import verify_messages
from tests.reminders.conftest import PhoneCompany
from tests.rules.reminders.test_devices import KEY, SECRET

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DUE = timedelta(minutes=10)  # after the latest jitter
TEXT_DUE = DUE + 15 * MINUTE
GONE = Result(Outcome.NOT_PROCESSED, FailureClass.GONE, code=410, actions=(Action.PRUNE_DEVICE,))
TODAY = date(2026, 3, 3)


@pytest.fixture
def pushes() -> PhoneCompany:
    return PhoneCompany(name="pushes", service=None, sids="WP")


@pytest.fixture
def send(program, company, pushes):
    """The dispatch tick with a phone company and a push service."""

    def run(at, **changes):
        wakes = {Channel.PUSH: pushes, Channel.APP: pushes}
        return dispatch.dispatch_due(program_ids=[program], now=at, provider=company, **{"wakes": wakes, **changes})

    return run


@pytest.fixture
def browser(staff, now):
    def add(person, number=1, at=now):
        endpoint = f"https://updates.push.services.mozilla.com/wpush/v2/{number}"
        row, _ = devices.register(
            actor=staff, patient=person, client_id=uuid4(), channel="push", address=endpoint, p256dh=KEY, auth=SECRET,
            now=at,
        )  # fmt: skip
        return row

    return add


@pytest.fixture
def woken(texted, browser, plan):
    """A patient with a browser, and a tablet due at 10:00 local on 3 March."""
    browser(texted)
    plan()
    return texted


@pytest.fixture
def look(staff):
    return lambda person, at: seen.note_seen(actor=staff, program_id=person.program_id, patient_id=person.pk, now=at)


def first(channel: str) -> Message:
    return Message.objects.get(slot_on=TODAY, step="1.first", channel=channel)


def ends() -> dict[str, tuple[str, str]]:
    return {one: (row.state, row.why) for one in ("push", "sms") for row in [first(one)]}


def broken(program, now) -> list[tuple[str, str]]:
    found = verify_messages(program_ids=[program], now=now, hashes=False).violations
    return [(one.invariant, one.about) for one in found]


# --- push, then text ------------------------------------------------------------------------------------


def test_a_push_says_nothing_and_its_text_waits(woken, program, send, company, pushes, now):
    send(now + DUE)
    assert (pushes.bodies, company.sent) == (["You have an update."], [])
    [push] = pushes.sent
    assert '"endpoint"' in push.to and len(push.topic) == 32
    assert (first("push").state, first("push").question_open, first("sms").state) == ("accepted", False, "planned")
    assert broken(program, now + DUE) == []


def test_a_push_that_nobody_saw_is_followed_by_one_text(woken, program, send, company, pushes, now):
    send(now + DUE)
    for minute in range(40):
        send(now + DUE + minute * MINUTE)
    assert len(pushes.sent) == 1
    assert company.bodies == ["Hello. It is time for your daily item. Reply 1 when done, 2 if not today."]
    assert ends() == {"push": ("accepted", ""), "sms": ("accepted", "")}
    assert first("sms").question_open
    assert broken(program, now + HOUR) == []


def test_a_push_that_was_seen_is_followed_by_none(woken, program, send, company, pushes, look, now):
    send(now + DUE)
    assert look(woken, now + DUE + MINUTE) == 1
    send(now + TEXT_DUE)
    assert company.sent == []
    assert ends() == {"push": ("delivered", ""), "sms": ("suppressed", "seen")}
    assert not Dose.objects.get(dosing_day=TODAY).not_reached
    assert broken(program, now + HOUR) == []


def test_seen_between_claim_and_wire_is_seen(woken, program, send, company, look, now):
    send(now + DUE)
    at = now + TEXT_DUE
    claimed = dispatch.claim(program_ids=[program], now=at, limit=10, owner="a")
    counts = dispatch.Counts()
    ready = dispatch.settle(program_ids=[program], claimed=claimed, now=at, owner="a", counts=counts)
    assert len(ready) == 1
    look(woken, at)
    dispatch.send(
        program_ids=[program], ready=ready, clock=dispatch.Elapsing(at), owner="a", provider=company, counts=counts
    )
    assert company.sent == []


def test_three_runners_and_a_dead_one_send_one_push_and_one_text(woken, program, send, company, pushes, now, settings):
    at = now + DUE
    dispatch.claim(program_ids=[program], now=at, limit=10, owner="dead", channel=Channel.PUSH)
    for _ in range(3):
        send(at)
    assert pushes.sent == []  # the dead one holds it until its lease is over
    later = at + timedelta(seconds=settings.LEASE_SECONDS + 1)
    reconcile.reconcile(program_ids=[program], now=later, provider=company)
    for _ in range(3):
        send(later)
    for _ in range(3):
        send(now + TEXT_DUE)
    assert (len(pushes.sent), len(company.sent)) == (1, 1)


def test_an_answer_in_the_app_ends_both(woken, send, company, pushes, now):
    send(now + DUE)
    Dose.objects.filter(dosing_day=TODAY).update(state="taken")
    send(now + TEXT_DUE)
    assert company.sent == []
    assert ends()["sms"] == ("suppressed", "answered")


def test_push_and_text_of_a_slot_count_once_for_the_caps(
    patient, agree, on_tablets, browser, plan, send, company, pushes, now
):
    agree(patient)
    on_tablets(patient, "10:00", "11:30", "13:00", kind="acamprosate")
    browser(patient)
    plan()
    for minute in range(0, 360, 10):
        send(now + minute * MINUTE)
    assert (len(pushes.sent), len(company.sent)) == (3, 3)  # six, where four texts a day are the most


# --- devices that are gone --------------------------------------------------------------------------------


def test_a_place_that_is_gone_is_forgotten_and_the_next_one_is_tried(texted, browser, plan, send, company, pushes, now):
    older, newer = browser(texted, 1), browser(texted, 2, now + MINUTE)
    plan()
    pushes.answers = [GONE]
    send(now + DUE)
    assert Device.objects.get(pk=newer.pk).ended_why == "refused"
    send(now + DUE + MINUTE)
    assert '/1"' in pushes.sent[0].to
    assert (first("push").state, first("push").attempts) == ("accepted", 2)
    assert Device.objects.get(pk=older.pk).ended_at is None
    assert company.sent == []


def test_without_a_place_left_the_text_leaves_at_once(woken, send, company, pushes, now):
    pushes.answers = [GONE]
    send(now + DUE)
    send(now + DUE + MINUTE)
    send(now + DUE + 2 * MINUTE)
    assert ends()["push"] == ("suppressed", "no_address")
    assert len(company.sent) == 1


def test_a_payload_that_is_wrong_keeps_the_device_and_sends_the_text(woken, send, company, pushes, now):
    pushes.answers = [Result(Outcome.REJECTED, FailureClass.BUG, code=413, actions=(Action.ALERT_DEVELOPERS,))]
    send(now + DUE)
    send(now + DUE + MINUTE)
    assert ends() == {"push": ("failed", "413"), "sms": ("accepted", "")}
    assert Device.objects.get().ended_at is None


def test_too_many_requests_waits_as_long_as_it_is_told(woken, send, pushes, now):
    pushes.answers = [Result(Outcome.NOT_PROCESSED, FailureClass.THROTTLED, retry_after=timedelta(minutes=3))]
    send(now + DUE)
    send(now + DUE + 2 * MINUTE)
    assert pushes.sent == []
    send(now + DUE + 4 * MINUTE)
    assert len(pushes.sent) == 1
    assert Device.objects.get().ended_at is None


# --- providers that fail ------------------------------------------------------------------------------------


def test_a_push_service_that_is_down_keeps_no_text_waiting(woken, program, send, company, pushes, now):
    pushes.answers = [Result(Outcome.NOT_PROCESSED, FailureClass.NOT_SENT)] * 100
    for minute in range(30):
        send(now + DUE + minute * MINUTE)
    assert len(company.sent) == 1
    pushes.answers = []
    send(now + HOUR)
    assert pushes.sent == []  # its text has left: nobody is woken up for it now
    assert ends() == {"push": ("suppressed", "told"), "sms": ("accepted", "")}
    assert broken(program, now + HOUR) == []


def test_each_provider_has_a_circuit_of_its_own(
    program, make_patient, agree, on_tablets, browser, plan, send, company, pushes, now
):
    people = [make_patient(program) for _ in range(6)]
    for number, person in enumerate(people):
        on_tablets(person)
        agree(person)
        if number:
            browser(person, number)
    plan()
    pushes.answers = [Result(Outcome.NOT_PROCESSED, FailureClass.CONFIG, actions=(Action.OPEN_CIRCUIT,))] * 6
    send(now + DUE)
    assert Circuit.objects.get(provider="pushes").state == "open"
    assert not Circuit.objects.filter(provider="fake").exists()
    assert len(company.sent) == 1


def test_a_push_of_which_nobody_knows_is_repeated_once(woken, program, send, company, pushes, now):
    pushes.loses = True
    at = now + DUE
    send(at)
    assert first("push").state == "unknown"
    for _ in range(5):
        at += MINUTE
        reconcile.reconcile(program_ids=[program], now=at, provider=company)
        send(at)
    assert len(pushes.sent) == 2
    assert len({one.topic for one in pushes.sent}) == 1  # the second takes the place of the first
    send(now + TEXT_DUE)
    assert len(company.sent) == 1
    send(now + 3 * HOUR)
    reconcile.reconcile(program_ids=[program], now=now + 3 * HOUR, provider=company)
    assert (first("push").state, first("push").ended_at is not None) == ("unknown", True)
    assert broken(program, now + 3 * HOUR) == []


def test_what_was_unclear_and_seen_has_arrived(woken, program, send, company, pushes, look, now):
    pushes.loses = True
    send(now + DUE)
    look(woken, now + DUE + MINUTE)
    reconcile.reconcile(program_ids=[program], now=now + DUE + 2 * MINUTE, provider=company)
    send(now + TEXT_DUE)
    assert (len(pushes.sent), company.sent) == (1, [])
    assert ends() == {"push": ("delivered", ""), "sms": ("suppressed", "seen")}
    assert broken(program, now + HOUR) == []


# --- consent, opt-out, switches -------------------------------------------------------------------------


def test_each_channel_has_its_own_agreement(woken, program, send, company, pushes, staff, now):
    revoke_consent(actor=staff, program_id=program, patient_id=woken.pk, kind=ConsentKind.PUSH, now=now)
    send(now + DUE)
    send(now + DUE + MINUTE)
    assert (pushes.sent, len(company.sent)) == ([], 1)
    assert ends()["push"] == ("suppressed", "no_consent")


def test_push_without_an_agreement_to_texts(patient, on_tablets, browser, plan, send, company, pushes, now):
    on_tablets(patient)
    browser(patient)
    plan()
    send(now + DUE)
    send(now + TEXT_DUE)
    assert (len(pushes.sent), company.sent) == (1, [])
    assert ends() == {"push": ("accepted", ""), "sms": ("suppressed", "no_consent")}


def test_a_push_that_failed_is_nobodys_silence(patient, on_tablets, browser, plan, send, pushes, now):
    on_tablets(patient)
    browser(patient)
    plan()
    pushes.answers = [Result(Outcome.REJECTED, FailureClass.BUG, code=400)]
    send(now + DUE)
    send(now + TEXT_DUE)
    assert ends() == {"push": ("failed", "400"), "sms": ("suppressed", "no_consent")}
    assert Dose.objects.get(dosing_day=TODAY).not_reached


def test_stop_ends_texts_and_leaves_pushes(woken, program, send, company, pushes, now):
    optouts.opt_out(program_id=program, phone_index=bytes(woken.phone_index), source="text", now=now)
    send(now + DUE)
    send(now + TEXT_DUE)
    assert (len(pushes.sent), company.sent) == (1, [])
    assert ends()["sms"] == ("suppressed", "opted_out")
    assert broken(program, now + HOUR) == []


def test_the_kill_switch_holds_both_and_names_the_person_once(woken, program, send, company, pushes, make_staff, now):

    director = make_staff(program, Role.MEDICAL_DIRECTOR)
    stops.switch_off(actor=director, program_id=program, kind=StopKind.CLASS, name="dose", reason="wrong", now=now)
    send(now + DUE)
    send(now + TEXT_DUE)
    assert (pushes.sent, company.sent) == ([], [])
    assert ends() == {"push": ("suppressed", "kill_switch"), "sms": ("suppressed", "kill_switch")}
    listed = [one for one in missed(program, since=now) if one.due_at < now + HOUR]
    assert len({one.patient_id for one in listed}) == 1


def test_a_device_removed_after_planning_is_not_woken(texted, staff, browser, plan, send, company, pushes, now):
    row = browser(texted)
    plan()
    devices.remove(actor=staff, patient=texted, client_id=row.client_id, now=now)
    send(now + DUE)
    assert (pushes.sent, len(company.sent)) == ([], 1)
    assert ends()["push"] == ("suppressed", "no_address")


# --- the demonstration, history ----------------------------------------------------------------------------


def test_the_outbox_holds_a_push_as_the_phone_would_show_it(woken, program, now):
    dispatch.dispatch_due(
        program_ids=[program], now=now + DUE, provider=Outbox(), wakes={Channel.PUSH: Outbox(Channel.PUSH)}
    )
    [row] = OutboxText.objects.all()
    assert (row.channel, row.last_two, row.patient_id) == ("push", "", woken.pk)
    assert first("push").state == "accepted"  # nobody knows whether it was seen
    assert Attempt.objects.get().provider == "outbox"


def test_the_history_shows_what_the_phone_showed(woken, send, now):
    send(now + DUE)
    said = message_history(patient_id=woken.pk)
    assert [one.text for one in said if one.state == "accepted"] == ["You have an update."]


def test_ids_in_a_topic_cannot_be_read(woken, send, pushes, now):
    send(now + DUE)
    [push] = pushes.sent
    assert UUID(push.topic)  # 128 bits and nothing else
