"""A page that refreshes itself does not keep a session alive."""

from datetime import timedelta

import pytest
from django.conf import settings

from backend.rules.roles import Role
from backend.services import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, now):
    program = people.create_program(slug="p", name="P", neutral_name="P", zone="America/New_York", now=now)
    user = people.create_staff(email="a@p.invalid", roles={program.pk: [Role.COORDINATOR]}, now=now)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def at(time_machine, moment):
    time_machine.move_to(moment, tick=False)


def test_polls_do_not_keep_a_session_and_pages_do(signed_in, now, time_machine):
    at(time_machine, now)
    assert signed_in.get("/care/").status_code == 200
    almost = timedelta(seconds=settings.STAFF_IDLE_SECONDS - 60)
    at(time_machine, now + almost)
    assert signed_in.get("/care/list/").status_code in (200, 304)
    at(time_machine, now + timedelta(seconds=settings.STAFF_IDLE_SECONDS + 1))
    assert signed_in.get("/care/").status_code == 302
    assert "_auth_user_id" not in signed_in.session


def test_a_page_keeps_it(signed_in, now, time_machine):
    for minutes in (0, 10, 20, 30):
        at(time_machine, now + timedelta(minutes=minutes))
        assert signed_in.get("/care/").status_code == 200


def test_twelve_hours_are_the_most(signed_in, now, time_machine):
    for minutes in range(0, 12 * 60, 10):
        at(time_machine, now + timedelta(minutes=minutes))
        assert signed_in.get("/care/").status_code == 200, minutes
    at(time_machine, now + timedelta(hours=12, minutes=5))
    assert signed_in.get("/care/").status_code == 302
