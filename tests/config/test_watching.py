"""What the watch says in words, whom it calls, and who may read the figures."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from config.management.commands.watch import Command
from config.ticks import all_ticks
from config.watching import may_ping, problems
from recovery.rules.states import FlagKind, Severity
from recovery.services.flags import raise_flag
from reminders.models import Message
from reminders.services import escalations
from reminders.services.beats import note_tick
from tests.reminders.conftest import (  # noqa: F401 - fixtures
    agree,
    company,
    make_patient,
    make_program,
    make_staff,
    on_tablets,
    patient,
    plan,
    program,
    send,
    staff,
    texted,
)


@pytest.fixture
def all_run(program, now):  # noqa: F811
    """Every tick ran just now, by both runners."""

    def run(at=now, runners=("sweep", "worker")):
        for tick in all_ticks():
            for runner in runners:
                note_tick(tick=tick.name, runner=runner, started_at=at, finished_at=at)

    run()
    return run


def parts_of(found):
    return {one.part for one in found}


def test_while_everything_runs_nothing_is_said(all_run, now):
    assert problems(now=now, parts=("worker", "sweep")) == []


def test_a_runner_that_stopped_is_named_though_the_other_goes_on(all_run, now):
    later = now + timedelta(minutes=10)
    all_run(later, runners=("sweep",))
    assert parts_of(problems(now=later, parts=("worker", "sweep"))) == {"worker"}
    assert parts_of(problems(now=later, parts=("sweep",))) == set()


def test_a_tick_that_nobody_ran_is_named(all_run, now):
    later = now + timedelta(minutes=10)
    assert "dispatch_due" in parts_of(problems(now=later))


def test_a_text_without_an_outcome_is_said(all_run, texted, plan, now):  # noqa: F811
    plan()
    Message.objects.update(send_after=now - timedelta(minutes=6))
    assert "messages" in parts_of(problems(now=now))
    assert any("I2" in one.what for one in problems(now=now))


def test_concerns_that_nobody_takes_are_said(all_run, program, patient, staff, now):  # noqa: F811
    raise_flag(
        program_id=program,
        patient_id=patient.pk,
        treatment_id=None,
        kind=FlagKind.OVERDOSE_SIGN,
        severity=Severity.RED,
        evidence={"source": "staff"},
        policy_version="default-1",
        now=now,
    )
    at = now
    for _ in range(4):
        escalations.escalate(program_ids=[program], now=at)
        at += timedelta(minutes=30)
    assert "on call" in parts_of(problems(now=now, invariants=False))


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://watch.example.org/abc", True),
        ("http://127.0.0.1:9/x", True),
        ("http://watch.example.org/abc", False),
        ("https://watch.example.org/abc?who=me", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_whom_it_may_call(url, may):
    assert may_ping(url) is may


def test_in_production_not_even_this_machine(settings):
    settings.PRODUCTION = True
    assert not may_ping("http://127.0.0.1:9/x")


def test_the_command_sees_what_stopped(program):  # noqa: F811
    found = Command._look(("sweep",))
    assert "The sweep has stopped." in [problem.what for problem in found]


def test_a_wrong_address_stops_the_start(program, settings):  # noqa: F811
    settings.WATCH_PING_URL = "http://watch.example.org/"
    with pytest.raises(CommandError, match="https"):
        call_command("watch", "--once")


class TestMetrics:
    def test_figures_without_anybody(self, all_run, texted, plan, now, time_machine):  # noqa: F811
        time_machine.move_to(now + timedelta(minutes=20), tick=False)  # due, with the most of its jitter
        plan()
        Message.objects.filter(send_after__lt=now + timedelta(minutes=15)).update(send_after=now)
        answer = Client().get("/metrics")
        text = answer.content.decode()
        assert answer.status_code == 200
        assert 'holdfast_messages_waiting{message_class="dose"}' in text
        assert 'holdfast_tick_late{tick="dispatch_due"} 1.0' in text
        assert "holdfast_messages_without_outcome 1.0" in text

    def test_a_proxy_and_a_stranger_find_nothing(self, program, settings):  # noqa: F811
        assert Client().get("/metrics", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 404
        assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404
        settings.METRICS_TOKEN = "right"
        assert Client().get("/metrics").status_code == 404
        assert Client().get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404
        stranger = Client(REMOTE_ADDR="203.0.113.9")
        assert stranger.get("/metrics", headers={"authorization": "Bearer right"}).status_code == 200
