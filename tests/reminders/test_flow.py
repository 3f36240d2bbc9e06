"""How much may leave: one circuit for each account, one bucket for each sender, whoever runs."""

from collections import Counter
from datetime import timedelta

import pytest

from backend.db import programs
from reminders.models import Circuit, Message, Sender
from reminders.rules.retry import Action, FailureClass, Outcome, Result
from reminders.services import dispatch, senders
from tests.reminders.conftest import PhoneCompany
from tests.reminders.test_runners import NOW, due, own_database, together  # noqa: F401 - fixtures

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
REFUSED = Result(Outcome.NOT_PROCESSED, FailureClass.NOT_SENT)
FULL = Result(Outcome.NOT_PROCESSED, FailureClass.BACKLOG, code=21611, actions=(Action.STOP_SENDER,))


def states(program_id):
    with programs([program_id]):
        return Counter(Message.objects.values_list("state", flat=True))


def run(program_id, company, at, **changes):
    return dispatch.dispatch_due(program_ids=[program_id], now=at, provider=company, **changes)


@pytest.fixture
def limited(due):  # noqa: F811 - the fixture
    """People with a text each that is due, and a sender that its carrier allows so many a second."""

    def make(patients, per_second):
        program_id = due(patients=patients, texts_each=1)
        senders.register_sender(program_id=program_id, address="MG1", provider="fake", segments_per_second=per_second)
        return program_id

    return make


def test_eight_runners_never_exceed_the_bucket(limited, settings):
    settings.DISPATCH_SECONDS, settings.SEND_CONNECTIONS = 1, 3
    program_id = limited(patients=60, per_second=10)  # 8 a second: our share is four fifths
    companies = [PhoneCompany() for _ in range(8)]
    for second in range(4):
        at = NOW + second * SECOND
        together(8, lambda n, at=at: run(program_id, companies[n], at))
    with programs([program_id]):
        left_at = sorted(Message.objects.filter(state="accepted").values_list("sending_at", flat=True))
    # A full bucket at first, then the rate; a text may be written down some milliseconds before its token was made.
    early = [n for n, at in enumerate(left_at, 1) if n > 8 + 8 * ((at - NOW).total_seconds() + 0.1)]
    assert early == []
    assert len(left_at) >= 8 * 3
    assert states(program_id)["planned"] == 60 - len(left_at)


def test_a_slow_sender_sends_one_now_and_then(limited, settings):
    settings.DISPATCH_SECONDS = 5
    program_id, company = limited(patients=5, per_second=0.1), PhoneCompany()
    counts = [run(program_id, company, NOW + n * 5 * SECOND).accepted for n in range(7)]
    assert counts == [1, 0, 0, 1, 0, 0, 1]  # one in 12.5 s
    assert states(program_id)["claimed"] == 0


def test_a_sender_without_a_limit_or_that_nobody_registered_has_none(limited, due):  # noqa: F811
    program_id, company = limited(patients=40, per_second=0), PhoneCompany()
    assert run(program_id, company, NOW).accepted == 40


def test_a_full_queue_stops_the_sender_for_a_while(limited):
    program_id, company = limited(patients=6, per_second=100), PhoneCompany(answers=[FULL])
    settings_run = run(program_id, company, NOW, limit=1)
    assert (settings_run.sent, settings_run.not_processed) == (1, 1)
    assert run(program_id, company, NOW + MINUTE).claimed == 0
    assert Sender.objects.get().stopped_why == "21611"
    # The one that met it waits for its own turn, which chance makes a little earlier or later.
    assert sum(run(program_id, company, NOW + minutes * MINUTE).accepted for minutes in (16, 60)) == 6


def test_the_circuit_opens_for_everybody_probes_once_and_closes(due, settings):  # noqa: F811
    settings.SEND_CONNECTIONS = 2
    program_id = due(patients=20, texts_each=1)
    broken = PhoneCompany(answers=[REFUSED] * 100)
    for second in range(3):  # two refusals end a run; the fifth in a row opens
        run(program_id, broken, NOW + second * SECOND)
    circuit = Circuit.objects.get()
    assert (circuit.provider, circuit.state, circuit.failures) == ("fake", "open", 6)
    assert len(broken.answers) == 94

    other = PhoneCompany()  # another runner, the same account
    opened = NOW + 2 * SECOND
    assert run(program_id, other, opened + 29 * SECOND).claimed == 0
    # The probe: one text, and one only, while its answer is not there.
    asked = []
    other.before_sending = lambda batch: asked.append(
        (len(batch), run(program_id, PhoneCompany(), opened + 32 * SECOND).claimed)
    )
    run(program_id, other, opened + 31 * SECOND, rounds=1)
    assert asked == [(1, 0)]
    circuit = Circuit.objects.get()
    assert (circuit.state, circuit.failures, circuit.recovered_at is not None) == ("closed", 0, True)

    other.before_sending = lambda _: None
    run(program_id, other, opened + 20 * MINUTE)
    assert states(program_id) == {"accepted": 20}


def test_a_failed_probe_opens_the_circuit_again_and_a_lost_one_is_given_up(due):  # noqa: F811
    program_id = due(patients=3, texts_each=1)
    Circuit.objects.create(provider="fake", state="open", failures=5, since=NOW)
    run(program_id, PhoneCompany(answers=[REFUSED]), NOW + 31 * SECOND)
    assert (Circuit.objects.get().state, Circuit.objects.get().since) > ("open", NOW)
    # A worker that died with the probe in hand.
    Circuit.objects.update(state="half_open", since=NOW + MINUTE)
    assert run(program_id, PhoneCompany(), NOW + 2 * MINUTE).claimed == 0
    assert run(program_id, PhoneCompany(), NOW + 4 * MINUTE).accepted >= 1
    assert Circuit.objects.get().state == "closed"


def test_a_bad_number_or_an_unclear_answer_opens_nothing(due):  # noqa: F811
    program_id = due(patients=12, texts_each=1)
    bad = Result(Outcome.REJECTED, FailureClass.PERMANENT_UNKNOWN, code=21999)
    run(program_id, PhoneCompany(answers=[bad] * 6 + [Result(Outcome.UNKNOWN, FailureClass.UNKNOWN)] * 6), NOW)
    assert not Circuit.objects.exclude(state="closed").exists()


def test_after_an_outage_what_is_due_now_goes_before_the_backlog_at_half_speed(limited, settings):
    """Expire first, then live ones, at half of the rate (M REL-13)."""
    settings.DISPATCH_SECONDS = 1
    program_id, company = limited(patients=60, per_second=10), PhoneCompany()
    with programs([program_id]):
        ids = list(Message.objects.order_by("pk").values_list("pk", flat=True))
        late, backlog, live = set(ids[:10]), set(ids[10:50]), set(ids[50:])
        Message.objects.filter(pk__in=late).update(expires_at=NOW + MINUTE)
        Message.objects.filter(pk__in=live).update(send_after=NOW + 30 * MINUTE)
    Circuit.objects.create(provider="fake", state="closed", failures=0, recovered_at=NOW + 30 * MINUTE)
    Sender.objects.update(tokens=0, tokens_at=NOW + 30 * MINUTE)
    for second in range(1, 4):
        counts = run(program_id, company, NOW + 30 * MINUTE + second * SECOND)
        assert counts.accepted == 4  # half of eight
    sent = [one.message_id for one in company.sent]
    assert set(sent[:10]) == live
    assert set(sent[10:]) <= backlog
    assert states(program_id)["expired"] == 10
    # Half an hour later it is over: full speed, the oldest first.
    Sender.objects.update(tokens=0, tokens_at=NOW + 61 * MINUTE)
    assert run(program_id, company, NOW + 61 * MINUTE + SECOND).accepted == 8
