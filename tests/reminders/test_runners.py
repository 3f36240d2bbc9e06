"""Several runners on one database, with real commits, and runners that are killed."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from backend.access import NOBODY
from backend.db import programs
from backend.rules.consent import ConsentKind
from backend.services import people
from backend.services.consents import give_consent
from recovery.models import Appointment, Patient, Task, Treatment
from recovery.rules.states import ReportSource
from recovery.rules.tasks import TaskKind
from recovery.services.patients import NewPatient, enrol
from recovery.services.prompts import wish_check_in
from recovery.services.tasks import NewTask, make_tasks
from reminders.models import Message, OutboxText
from reminders.providers.base import stopwatch
from reminders.providers.outbox import Outbox
from reminders.services import dispatch, planning
from reminders.services.reconcile import reconcile
from tests.reminders.conftest import PhoneCompany

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
LEASE, LOOK = timedelta(seconds=121), timedelta(seconds=61)
PLACES = ["after_claim_commit", "after_settle_commit", "after_sending_commit", "after_send", "after_result_commit"]


@pytest.fixture
def own_database(clone_database, servers, django_db_setup, django_db_blocker):
    """This test's own database: what it commits is there for other threads and processes."""
    import environ

    shared = dict(connection.settings_dict)
    found = environ.Env.db_url_config(servers.at(clone_database))
    connection.close()
    connection.settings_dict.update({key: found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
    with django_db_blocker.unblock():
        yield servers.at(clone_database)
        connection.close()
    connection.settings_dict.update(shared)


@pytest.fixture
def due(own_database):
    """Makes people who agreed to texts, each with a number of texts that are due; returns the program."""

    def make(patients, texts_each):
        program_id = people.create_program(
            slug="p", name="P", neutral_name="North", zone="America/New_York", now=NOW
        ).pk
        with programs([program_id]):
            enrolled = enrol(
                actor=NOBODY,
                program_id=program_id,
                people=[
                    NewPatient(
                        name="Ana",
                        phone=f"+1212555{n:04d}",
                        zone="America/New_York",
                        indication="opioid",
                        treatment_from=date(2026, 2, 1),
                    )
                    for n in range(patients)
                ],
                now=NOW,
            )
            for person in enrolled:
                give_consent(
                    actor=NOBODY,
                    program_id=program_id,
                    patient_id=person.pk,
                    kind=ConsentKind.SMS,
                    wording_version="sms-1",
                    now=NOW,
                )
            Message.objects.bulk_create(
                Message(
                    program_id=program_id,
                    patient_id=person.pk,
                    subject_kind="hello",
                    subject_id=person.pk,
                    slot_on=date(2026, 3, 3),
                    step=f"{step}",
                    channel="sms",
                    message_class="hello",
                    priority=90,
                    template="hello.well_done",
                    template_version=1,
                    language="en",
                    due_at=NOW,
                    send_after=NOW,
                    expires_at=NOW + timedelta(hours=4),
                    created_at=NOW,
                )
                for person in enrolled
                for step in range(texts_each)
            )
        return program_id

    return make


def together(count, work):
    """Run ``work(number)`` in as many threads, all let go at once; returns the results."""
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_eight_runners_claim_each_row_once_and_each_patient_once(due):
    program_id = due(patients=40, texts_each=3)
    taken = together(8, lambda n: dispatch.claim(program_ids=[program_id], now=NOW, limit=10, owner=f"runner{n}"))
    rows = [one for part in taken for one in part]
    assert len({one.id for one in rows}) == len(rows) > 0
    assert max(Counter(one.patient_id for one in rows).values()) == 1
    with programs([program_id]):
        assert Message.objects.filter(state="claimed").count() == len(rows)


def test_a_runner_passes_over_what_another_is_claiming(due, own_database):
    program_id = due(patients=6, texts_each=1)
    with programs([program_id]):
        first = list(Message.objects.order_by("send_after", "pk").values_list("pk", flat=True)[:3])
    with psycopg.connect(own_database) as other:
        other.execute(
            "SELECT set_config('app.programs', %s, true), set_config('app.patient', '*', true)", [str(program_id)]
        )
        other.execute("SELECT id FROM reminders_message WHERE id = ANY (%s) FOR UPDATE", [first])
        taken = dispatch.claim(program_ids=[program_id], now=NOW, limit=3, owner="second")
    assert len(taken) == 3
    assert not {one.id for one in taken} & set(first)


def test_runners_together_send_everything_once(due, settings):
    settings.SEND_CONNECTIONS = 7
    program_id = due(patients=30, texts_each=3)
    companies = [PhoneCompany() for _ in range(4)]
    for _ in range(5):
        together(4, lambda n: dispatch.dispatch_due(program_ids=[program_id], now=NOW, provider=companies[n], limit=20))
    sent = Counter(one.message_id for company in companies for one in company.sent)
    assert set(sent.values()) == {1}
    with programs([program_id]):
        # Three hellos a day are the cap, and three are owed: all of them leave.
        assert Counter(Message.objects.values_list("state", flat=True)) == {"accepted": 90}


def test_planners_together_make_each_slot_once_and_one_task_for_each_person(due):
    program_id = due(patients=12, texts_each=0)
    with programs([program_id]):
        ids = list(Patient.objects.values_list("pk", flat=True))
        for person in Patient.objects.all():
            wish_check_in(actor=NOBODY, patient=person, how="text", at=time(18), source=ReportSource.STAFF, now=NOW)
        Treatment.objects.update(started_on=date(2026, 2, 24))  # a week ago: the first month's friendly text
        calls = [NewTask(program_id=program_id, patient_id=pk, kind=TaskKind.CALL_BACK, due_at=NOW) for pk in ids[:6]]
        make_tasks(tasks=calls, now=NOW)
        visits = [
            Appointment(
                program_id=program_id,
                patient_id=pk,
                treatment=Treatment.objects.get(patient_id=pk),
                kind="clinic",
                due_on=date(2026, 2, 24),
                status="booked",
                created_at=NOW,
            )
            for pk in ids
        ]
        Appointment.objects.bulk_create(visits)
    made = together(3, lambda _: planning.plan_messages(program_ids=[program_id], now=NOW))
    assert sum(made) == 12 + 12 + 6, "a check-in and a friendly text for each, and a word about a promised call"
    assert planning.plan_messages(program_ids=[program_id], now=NOW) == 0
    with programs([program_id]):
        assert Counter(Message.objects.values_list("subject_kind", flat=True)) == {
            "check_in": 12,
            "hello": 12,
            "task": 6,
        }
        assert Counter(Task.objects.values_list("kind", flat=True)) == {"find_visit": 12, "call_back": 6}


KILLED = """
import sys
from datetime import datetime
import django
django.setup()
from reminders.services.dispatch import dispatch_due
dispatch_due(program_ids=[int(sys.argv[1])], now=datetime.fromisoformat(sys.argv[2]))
"""


@pytest.mark.parametrize("place", PLACES)
def test_a_runner_killed_anywhere_loses_and_doubles_nothing(due, own_database, place):
    program_id = due(patients=1, texts_each=1)
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(program_id), NOW.isoformat()],
        cwd=ROOT,
        env=os.environ
        | {"DATABASE_URL": own_database, "DJANGO_SETTINGS_MODULE": "config.settings", "HOLDFAST_CRASH_AT": place},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    at = NOW
    for _ in range(4):
        at += LEASE if at == NOW else LOOK
        reconcile(program_ids=[program_id], now=at, provider=Outbox())
        dispatch.dispatch_due(program_ids=[program_id], now=at, provider=Outbox())
    reconcile(program_ids=[program_id], now=at + timedelta(hours=25), provider=Outbox())
    with programs([program_id]):
        [row] = Message.objects.all()
        assert row.state in ("delivered", "sent")
        assert row.ended_at is not None
        assert OutboxText.objects.count() == 1


def stands_still(process):
    """Wait until the process has stopped itself."""
    pid, status = os.waitpid(process.pid, os.WUNTRACED)
    assert pid == process.pid
    assert os.WIFSTOPPED(status), f"it ended with {status}"


def test_a_runner_that_stood_still_does_not_post_what_another_sent(due, own_database):
    """It stops between its commit and the wire; another one waits for the lease, asks, and sends. Then it goes on."""
    program_id = due(patients=1, texts_each=1)
    frozen = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(program_id), NOW.isoformat()],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": own_database,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "HOLDFAST_CRASH_AT": "stop@after_sending_commit",
            "LEASE_SECONDS": "0.05",
        },
    )
    try:
        stands_still(frozen)
        begun, at = stopwatch(), NOW
        for _ in range(4):
            at += LEASE if at == NOW else LOOK
            reconcile(program_ids=[program_id], now=at, provider=Outbox())
            dispatch.dispatch_due(program_ids=[program_id], now=at, provider=Outbox())
        with programs([program_id]):
            assert OutboxText.objects.count() == 1, "nobody took over, so this shows nothing"
        while stopwatch() < begun + 0.05:  # half of its lease is over, as it would be
            pass
        os.kill(frozen.pid, signal.SIGCONT)
        assert frozen.wait(timeout=60) == 0
    finally:
        frozen.kill()
        frozen.wait()
    with programs([program_id]):
        assert OutboxText.objects.count() == 1
        [row] = Message.objects.all()
        assert (row.state, row.attempts) == ("delivered", 2)


class Overlap(PhoneCompany):
    """Answers a batch only when it is asked for it; notes how many rows it held at once."""

    held = most = 0

    def start_batch(self, batch, *, now):
        self.held += len(batch)
        self.most = max(self.most, self.held)

        def land():
            self.held -= len(batch)
            return self.send_batch(batch, now=now)

        return land


def test_both_halves_of_the_connections_are_used_and_never_more(due, settings):
    settings.SEND_CONNECTIONS = 6
    program_id = due(patients=20, texts_each=1)
    company = Overlap()
    counts = dispatch.dispatch_due(program_ids=[program_id], now=NOW, provider=company)
    assert (counts.accepted, company.most, company.held) == (20, 6, 0)
    assert len({one.message_id for one in company.sent}) == 20
