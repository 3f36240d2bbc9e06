"""The audit: written with the act, chained afterwards, in order, and a broken link shows."""

import pytest
from django.db import connection

from backend.access import Actor
from backend.db import programs
from backend.models import AuditEvent, AuditSeal
from backend.services import audit, people
from backend.services.seal import GENESIS, event_digest, seal_audit

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(now):
    return [
        people.create_program(slug=slug, name=slug, neutral_name=slug, zone="America/New_York", now=now).pk
        for slug in ("north", "south")
    ]


def write(program_id, count, patient_id=None):
    with programs([program_id]):
        for number in range(count):
            audit.record(
                actor=Actor(user_id=5), action="patient.read", program_id=program_id, patient_id=patient_id,
                object_kind="patient", object_id=number, fields=["name"],
            )  # fmt: skip


def test_each_program_has_a_chain_of_its_own_without_gaps(two):
    write(two[0], 3)
    write(two[1], 2)
    assert seal_audit(program_ids=two) == 5
    write(two[0], 2)
    assert seal_audit(program_ids=two) == 2
    assert seal_audit(program_ids=two) == 0
    with programs(two):
        assert list(AuditSeal.objects.filter(chain=two[0]).order_by("seq").values_list("seq", flat=True)) == [
            1,
            2,
            3,
            4,
            5,
        ]
        assert AuditSeal.objects.filter(chain=two[1]).count() == 2


def test_every_link_covers_its_event_and_the_link_before(two):
    write(two[0], 4, patient_id=None)
    seal_audit(program_ids=two)
    with programs(two):
        previous = GENESIS
        for seal in AuditSeal.objects.filter(chain=two[0]).select_related("event").order_by("seq"):
            assert bytes(seal.prev_hash) == previous
            assert bytes(seal.hash) == event_digest(seal.event, previous, seal.seq)
            changed = seal.event
            changed.action = "patient.changed"
            assert bytes(seal.hash) != event_digest(changed, previous, seal.seq)
            previous = bytes(seal.hash)


def test_events_outside_any_program_have_a_chain_too(two):
    with programs([]):
        audit.record(actor=Actor(user_id=None), action="sign_in.refused", program_id=None)
    assert seal_audit(program_ids=two) == 1
    with programs(two):
        assert AuditSeal.objects.get().chain == 0


def test_an_act_that_is_undone_leaves_no_event(two):
    with pytest.raises(ZeroDivisionError), programs([two[0]]):
        audit.record(actor=Actor(user_id=5), action="x.y", program_id=two[0])
        _ = 1 / 0
    with programs(two):
        assert not AuditEvent.objects.exists()


def test_another_programs_audit_is_not_there(two):
    write(two[0], 1)
    with programs([two[1]]):
        assert not AuditEvent.objects.exists()


def test_the_time_is_the_databases(two):
    write(two[0], 1)
    with programs(two), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM backend_auditevent WHERE at BETWEEN transaction_timestamp() AND clock_timestamp()"
        )
        assert cursor.fetchone() == (1,)
