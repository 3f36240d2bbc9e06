"""The alternatives that we are measured against write the same rows as our services (contract 8)."""

from datetime import timedelta

import pytest

from backend.db import programs
from bench import closing
from bench.planning import AHEAD_HOURS
from bench.planning import ours as plan
from bench.support import orm, people

pytestmark = pytest.mark.django_db

REACHED = (people.NOW + timedelta(hours=AHEAD_HOURS)).date()


@pytest.mark.parametrize("way", [orm.plan_with_get_or_create, orm.plan_with_bulk_create])
def test_planning(way):
    ours, theirs = people.make_program("ours"), people.make_program("theirs")
    for program_id in (ours, theirs):
        people.make_people(program_id, 60, planned_until=REACHED)
    for days in (1, 2, 3):
        now = (people.NOW + timedelta(days=days)).isoformat()
        made = plan(program_id=ours, now=now)
        assert way(program_id=theirs, now=now, zones=list(people.ZONES)) == made > 0
        assert plan(program_id=ours, now=now) == 0
    doses = people.written_doses(ours, 60)
    assert doses == people.written_doses(theirs, 60)
    assert {row[0] for row in doses} == set(range(1, 61))
    with programs([ours, theirs]):
        planned = [
            set(orm.Regimen.objects.filter(program_id=each).values_list("planned_until")) for each in (ours, theirs)
        ]
    assert planned[0] == planned[1] == {(REACHED + timedelta(days=3),)}


def test_closing():
    ours, theirs = people.make_program("ours"), people.make_program("theirs")
    first = people.NOW.date()
    for program_id in (ours, theirs):
        closing.prepare(program_id, 60, first)
    for days in range(4):
        day = first + timedelta(days=days)
        now = closing.end_of(day).isoformat()
        for program_id in (ours, theirs):
            closing.begin_day(program_id, day)
        assert closing.ours(program_id=ours, now=now) == 60
        assert orm.close_in_a_loop(program_id=theirs, now=now) == 60
        assert closing.ours(program_id=ours, now=now) == 0
        # What the benchmark claims to contain: in every round flags begin, rise and end.
        open_now = {row[2] for row in people.written_flags(ours, 60) if row[4] == "open"}
        assert open_now == {"info", "amber_plus"}
    assert people.written_doses(ours, 60) == people.written_doses(theirs, 60)
    assert people.written_flags(ours, 60) == people.written_flags(theirs, 60)
    assert people.written_audit(ours, 60) == people.written_audit(theirs, 60)
