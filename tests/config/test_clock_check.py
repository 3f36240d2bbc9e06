"""A runner whose clock is wrong does nothing, and says so (F51)."""

import json

import pytest
from django.test import Client

from backend.services.people import create_program
from backend.ticks import Tick
from config.clock_check import ClockWrong, refuse_a_wrong_clock
from config.management.commands.sweep import Command
from reminders.models import TickRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def wrong(settings):
    def by(seconds: float) -> None:
        settings.CLOCK_ERROR_SECONDS = seconds

    return by


@pytest.mark.parametrize("seconds", [600, -600, 2.5, -2.5])
def test_more_than_two_seconds_are_refused(wrong, seconds):
    wrong(seconds)
    with pytest.raises(ClockWrong, match="NTP"):
        refuse_a_wrong_clock()


@pytest.mark.parametrize("seconds", [0, 1, -1])
def test_a_second_is_not(wrong, seconds):
    wrong(seconds)
    refuse_a_wrong_clock()


def test_the_sweep_runs_nothing_and_notes_nothing(wrong, now):
    create_program(slug="skew", name="S", neutral_name="S", zone="America/New_York", phone="+12125550100", now=now)
    ran = []
    tick = Tick("extend_doses", "recovery.tasks.extend_doses", "EXTEND_SECONDS", lambda ids, now: ran.append(ids))
    wrong(600)
    assert Command._run(tick) is False
    assert ran == []
    assert not TickRun.objects.exists()


def test_a_workers_task_refuses_too(wrong):
    from config.celery import Tick as Checked
    from config.celery import app

    ran = []

    def work() -> None:
        ran.append(1)

    task = app.task(name="test.tick", base=Checked)(work)
    wrong(-600)
    with pytest.raises(ClockWrong):
        task()
    wrong(0)
    task()
    assert ran == [1]
    from recovery.tasks import close_doses

    assert isinstance(close_doses, Checked)


def test_readyz_says_which_part_is_wrong(wrong):
    wrong(600)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert json.loads(answer.content)["clock"] is False
