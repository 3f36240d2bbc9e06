"""Data keys: made once, rewrapped without touching rows, destroyed for good."""

import pytest
from django.db import connection

from backend.crypto import CannotOpen, Key, new_secret
from backend.db import programs
from backend.models import CareTeamMember, DataKey, ShredLedger
from backend.rules.roles import Role
from backend.selectors.keys import data_key, data_keys
from backend.services import keys, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(now):
    row = people.create_program(slug="p", name="P", neutral_name="P", zone="America/New_York", now=now)
    with programs([row.pk]):
        yield row


def test_a_key_is_made_once(program, now):
    first = keys.make_data_keys(program_id=program.pk, patient_ids=[1, 2], now=now)
    again = keys.make_data_keys(program_id=program.pk, patient_ids=[2, 3], now=now)
    assert first[2].secret == again[2].secret
    assert len({k.secret for k in (first | again).values()}) == 3


def test_the_table_holds_no_key_in_clear(program, now):
    [key] = keys.make_data_keys(program_id=program.pk, patient_ids=[1], now=now).values()
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped FROM keys.data_key")
        [(wrapped,)] = cursor.fetchall()
    assert key.secret not in bytes(wrapped)


def test_rotation_rewraps_keys_and_what_they_sealed_still_opens(program, now, monkeypatch):
    user = people.create_staff(email="a@b.invalid", roles={program.pk: [Role.NURSE]}, now=now)
    people.create_team(program_id=program.pk, name="T", members={user.pk: ("Ana", "+12025550100")}, now=now)
    old = dict(keys.current_master_key.__globals__["master_keys"]())
    both = {"new": Key("new", new_secret())} | old
    monkeypatch.setattr("backend.keys.master_keys", lambda: both)
    monkeypatch.setattr("backend.selectors.keys.master_keys", lambda: both)
    assert keys.rewrap_keys() == 1
    assert keys.rewrap_keys() == 0
    assert DataKey.objects.get().kid == "new"
    member = CareTeamMember.objects.get()
    assert member.opened(data_key(program_id=program.pk, patient_id=0), "phone") == "+12025550100"


def test_a_shredded_key_opens_nothing_and_is_in_the_ledger(program, now):
    keys.make_data_keys(program_id=program.pk, patient_ids=[7], now=now)
    keys.shred_key(program_id=program.pk, patient_id=7, reason="request", now=now)
    assert data_keys(patient_ids=[7]) == {}
    with pytest.raises(CannotOpen):
        data_key(program_id=program.pk, patient_id=7)
    assert ShredLedger.objects.get().patient_id == 7


def test_a_patients_session_opens_its_own_key_only(program, now):
    keys.make_data_keys(program_id=program.pk, patient_ids=[0, 1, 2], now=now)
    with programs([program.pk], patient=2):
        assert set(data_keys(patient_ids=[0, 1, 2])) == {2}


def test_for_nobody_the_database_is_not_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert data_keys(patient_ids=[]) == {}
