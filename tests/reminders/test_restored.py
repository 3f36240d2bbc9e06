"""After a restore nothing goes out twice (F36)."""

import contextlib
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from reminders.models import Attempt, Message
from reminders.services import dispatch, reconcile, restored

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


class BackupPutBack(Exception):
    """Undoes what the database knows; what left has left."""


@pytest.fixture
def due(texted, plan, now):
    """A planned text and an instant at which it is due."""
    plan()
    row = Message.objects.get(patient_id=texted.pk, step="1.first", slot_on="2026-03-03")
    return row, row.send_after + timedelta(seconds=5)


def settle(program, company, at, *, rounds=4):
    for number in range(rounds):
        later = at + number * timedelta(seconds=61)
        reconcile.reconcile(program_ids=[program], now=later, provider=company)
        dispatch.dispatch_due(program_ids=[program], now=later, provider=company)


def test_a_text_that_left_before_the_restore_is_found_and_not_sent_again(program, due, company):
    row, at = due
    with contextlib.suppress(BackupPutBack), transaction.atomic():
        dispatch.dispatch_due(program_ids=[program], now=at, provider=company)
        raise BackupPutBack
    row.refresh_from_db()
    assert (row.state, len(company.sent)) == ("planned", 1)
    assert restored.hold_since(program_ids=[program], since=at - HOUR, now=at + timedelta(minutes=1)) == 1
    settle(program, company, at + timedelta(minutes=2))
    row.refresh_from_db()
    assert (row.state, row.provider_sid) == ("accepted", "SM" + "1".zfill(32))
    assert len(company.sent) == 1


def test_one_that_never_left_stays_unknown_and_ends_so(program, due, company):
    row, at = due
    restored.hold_since(program_ids=[program], since=at - HOUR, now=at)
    settle(program, company, at)
    row.refresh_from_db()
    assert row.state == "unknown" and company.sent == []
    settle(program, company, row.expires_at + timedelta(seconds=1))
    row.refresh_from_db()
    assert row.ended_at is not None and row.state == "unknown" and company.sent == []


def test_what_falls_due_later_goes_out_as_ever(program, due, company):
    _, at = due
    assert restored.hold_since(program_ids=[program], since=at - HOUR, now=at - timedelta(minutes=20)) == 0
    dispatch.dispatch_due(program_ids=[program], now=at, provider=company)
    assert len(company.sent) == 1


def test_a_second_call_holds_nothing_more(program, due):
    _, at = due
    assert restored.hold_since(program_ids=[program], since=at - HOUR, now=at) == 1
    assert restored.hold_since(program_ids=[program], since=at - HOUR, now=at) == 0
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("since", ["yesterday", "2026-03-03T09:00:00", "2999-01-01T00:00:00+00:00"])
def test_an_instant_that_cannot_be_is_refused(since):
    with pytest.raises(CommandError, match="--since"):
        call_command("restored", "--since", since)
