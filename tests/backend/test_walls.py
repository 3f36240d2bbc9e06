"""The two walls: what a session without a scope, in another program, or of another patient can see."""

import pytest
from django.db import ProgrammingError, connection, transaction

from backend.db import programs
from backend.models import CareTeam, Program
from backend.services import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_programs(now):
    return [
        people.create_program(slug=slug, name=slug, neutral_name=slug, zone="America/New_York", now=now).pk
        for slug in ("north", "south")
    ]


def test_without_a_scope_nothing_is_there(two_programs, now):
    with programs([two_programs[0]]):
        CareTeam.objects.create(program_id=two_programs[0], name="A")
    assert list(CareTeam.objects.all()) == []


def test_another_programs_rows_are_not_there_and_cannot_be_made(two_programs):
    north, south = two_programs
    with programs([north]):
        CareTeam.objects.create(program_id=north, name="A")
    with programs([south]):
        assert list(CareTeam.objects.all()) == []
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            CareTeam.objects.create(program_id=north, name="B")


def test_scopes_nest_and_restore(two_programs):
    north, south = two_programs

    def seen():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.programs', true), current_setting('app.patient', true)")
            return cursor.fetchone()

    with programs([north]):
        with programs([south], patient=7):
            assert seen() == (str(south), "7")
        assert seen() == (str(north), "*")
        with pytest.raises(ZeroDivisionError), programs([south]):
            _ = 1 / 0
        assert seen() == (str(north), "*")
    assert seen() == ("", "")


def test_the_serving_role_is_plain():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
    assert Program.objects.count() == 0
