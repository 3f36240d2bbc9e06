"""Accounts, roles, and links that sign in once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from backend.db import programs
from backend.models import Membership, SignInLink
from backend.rules.consent import ConsentKind
from backend.rules.roles import Access, Role
from backend.selectors.consents import patients_with_consent
from backend.selectors.people import actor_of, open_program_ids, staff_phones
from backend.services import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(now):
    return people.create_program(slug="p", name="P", neutral_name="P", zone="America/New_York", now=now)


@pytest.fixture
def nurse(program, now):
    return people.create_staff(email="Nurse@P.invalid", roles={program.pk: [Role.NURSE]}, now=now)


def test_a_link_signs_in_once(nurse, now):
    path = people.make_sign_in_link(user_id=nurse.pk, now=now)
    token = path.split("/")[2]
    assert people.use_sign_in_link(token=token, now=now) == nurse  # no scope: that is how the page calls it
    with pytest.raises(people.LinkNotValid):
        people.use_sign_in_link(token=token, now=now)


@pytest.mark.parametrize("late", [timedelta(days=1), timedelta(days=400)])
def test_a_link_expires(nurse, now, late):
    token = people.make_sign_in_link(user_id=nurse.pk, now=now).split("/")[2]
    with pytest.raises(people.LinkNotValid):
        people.use_sign_in_link(token=token, now=now + late)


def test_a_link_of_a_closed_account_does_not_open(nurse, now):
    token = people.make_sign_in_link(user_id=nurse.pk, now=now).split("/")[2]
    nurse.is_active = False
    nurse.save()
    with pytest.raises(people.LinkNotValid):
        people.use_sign_in_link(token=token, now=now)


def test_no_token_is_stored(nurse, now):
    token = people.make_sign_in_link(user_id=nurse.pk, now=now).split("/")[2]
    assert token.encode() not in bytes(SignInLink.objects.get().digest)


def test_roles_count_per_program_and_while_they_last(program, nurse, now):
    other = people.create_program(slug="q", name="Q", neutral_name="Q", zone="America/New_York", now=now)
    actor = actor_of(user_id=nurse.pk)
    assert actor.programs_for(Access.CLINICAL) == [program.pk]
    assert actor.programs_for(Access.PRESCRIBER) == []
    assert other.pk not in actor.programs_for(Access.CARE_TEAM)
    Membership.objects.update(ended_at=now)
    assert actor_of(user_id=nurse.pk).programs_for(Access.CARE_TEAM) == []


def test_a_closed_program_is_not_worked_for(program, nurse, now):
    program.closed_at = now
    program.save()
    assert program.pk not in open_program_ids()
    assert actor_of(user_id=nurse.pk).programs_for(Access.CARE_TEAM) == []


def test_only_a_patients_membership_names_a_row(program, nurse):
    with pytest.raises(IntegrityError, match="membership_patient_is_own"), transaction.atomic():
        Membership.objects.create(program=program, user=nurse, role=Role.CLINICIAN.value, patient_id=1)


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "../etc/passwd", "EST5EDT4", "UTC", "Etc/GMT+5", "US/Eastern", "EST5EDT", "America"]
)
def test_a_zone_that_does_not_exist_is_refused(zone, now):
    with pytest.raises(people.BadZone) as refused:
        people.create_program(slug="z", name="Z", neutral_name="Z", zone=zone, now=now)
    assert refused.value.field == "zone"


def test_a_colleagues_number_is_sealed_under_the_programs_key(program, nurse, now):
    with programs([program.pk]):
        team = people.create_team(program_id=program.pk, name="T", members={nurse.pk: ("Ana", "+12025550100")}, now=now)
        assert staff_phones(program_ids=[program.pk]) == {(program.pk, nurse.pk): ("+12025550100", team.pk)}


def test_nobody_agreed_to_anything_yet(program):
    with programs([program.pk]):
        assert patients_with_consent(kind=ConsentKind.SMS, patient_ids=[1, 2]) == set()


def test_the_sign_in_page_spends_a_link_and_a_second_try_is_told_so(client, nurse, now):
    from django.utils import timezone

    path = people.make_sign_in_link(user_id=nurse.pk, now=timezone.now())
    assert client.get(path).status_code == 200  # a preview does not spend it
    assert client.post(path).status_code == 302
    assert client.session["_auth_user_id"] == str(nurse.pk)
    assert client.post(path).status_code == 404
