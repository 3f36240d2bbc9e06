"""The worklist and what is done there, with and without scripts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.access import NOBODY
from backend.db import programs
from backend.models import AuditEvent
from backend.selectors.keys import data_key
from backend.selectors.people import actor_of
from recovery.models import Flag, Outreach
from recovery.rules.states import FlagKind, Severity
from recovery.selectors.worklist import Section, worklist_mark, worklist_rows
from recovery.services.flags import raise_flag
from recovery.services.patients import NewPatient, enrol

SILENT = {
    "run": 3,
    "unit": "doses",
    "since": "2026-02-28",
    "last_answer": "2026-02-27",
    "call_run": 3,
    "reason": "steady",
    "answered_share": 0.9,
    "policy_version": "default-1",
}


def raise_(clinic, patient, *, kind=FlagKind.SILENCE, severity=Severity.AMBER_PLUS, evidence=SILENT, ago=timedelta(0)):
    with programs([patient.program_id]):
        return raise_flag(
            program_id=patient.program_id,
            patient_id=patient.pk,
            treatment_id=None,
            kind=kind,
            severity=severity,
            evidence=evidence,
            policy_version="test",
            now=clinic.now - ago,
        )


def rows_of(clinic, **more):
    with programs([clinic.north.pk]):
        return worklist_rows(
            program_ids=[clinic.north.pk], now=clinic.now, viewer=actor_of(user_id=clinic.coordinator.pk), **more
        )


def flag_now(clinic, flag):
    with programs([clinic.north.pk]):
        return Flag.objects.get(pk=flag.pk)


def test_the_row_says_why_in_its_one_sentence(clinic, coordinator):
    raise_(clinic, clinic.patient)
    page = coordinator.get("/care/").content.decode()
    assert "No report for 3 doses in a row since Saturday 28 February; last report was Friday 27 February." in page
    assert 'href="tel:+12125550101"' in page
    assert "Local time" in page
    assert "missed" not in page


def test_rows_are_sorted_by_severity_then_age(clinic):
    raise_(
        clinic,
        clinic.neighbour,
        kind=FlagKind.CRAVING_RISE,
        severity=Severity.AMBER,
        evidence={},
        ago=timedelta(days=9),
    )
    raise_(clinic, clinic.neighbour, ago=timedelta(days=2))
    raise_(clinic, clinic.patient, kind=FlagKind.INJECTION_LATE, severity=Severity.RED, evidence={})
    kinds = [row.kind for row in rows_of(clinic)]
    assert kinds == ["injection_late", "silence", "ran_out", "craving_rise"]


def test_info_is_for_the_weekly_list(clinic):
    raise_(clinic, clinic.neighbour, severity=Severity.INFO)
    sections = {row.kind: row.section for row in rows_of(clinic)}
    assert sections == {"ran_out": Section.MAIN, "silence": Section.WEEKLY}


def test_a_row_without_its_numbers_still_shows_and_says_its_kind(clinic, coordinator):
    raise_(clinic, clinic.neighbour, evidence={})
    assert "Silence." in coordinator.get("/care/").content.decode()


def test_an_empty_list_says_so(clinic, coordinator):
    coordinator.post(f"/care/flags/{clinic.flag.pk}/close/", {"outcome": "reached"})
    assert b"Nobody is waiting" in coordinator.get("/care/").content


def test_two_hundred_rows_cost_as_many_queries_as_two(clinic, coordinator):
    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert coordinator.get("/care/").status_code == 200
        return len(queries)

    raise_(clinic, clinic.neighbour)
    cost()  # the first request of a session also writes the session
    few = cost()
    with programs([clinic.north.pk]):
        people = enrol(
            actor=NOBODY,
            program_id=clinic.north.pk,
            people=[
                NewPatient(name=f"Person {n}", phone=f"+1212556{n:04d}", zone="America/New_York", indication="opioid")
                for n in range(200)
            ],
            now=clinic.now,
        )
    for person in people:
        raise_(clinic, person)
    many = cost()
    assert many == few
    assert many < 25
    assert len(rows_of(clinic)) == 202


def test_opening_the_list_is_written_down_for_each_patient_on_it(clinic, coordinator):
    raise_(clinic, clinic.neighbour)
    coordinator.get("/care/")
    with programs([clinic.north.pk]):
        read = AuditEvent.objects.filter(action="worklist.read").values_list("patient_id", "actor_id")
        assert set(read) == {
            (clinic.patient.pk, clinic.coordinator.pk),
            (clinic.neighbour.pk, clinic.coordinator.pk),
        }


def test_an_unchanged_list_is_not_sent_again_and_opens_no_name(clinic, coordinator, htmx):
    page = coordinator.get("/care/")
    mark = page.context["mark"]
    before = clinic.rows()["AuditEvent"]
    answer = coordinator.get("/care/list/", HTTP_IF_NONE_MATCH=mark, **htmx)
    assert answer.status_code == 304
    assert clinic.rows()["AuditEvent"] == before

    raise_(clinic, clinic.neighbour)
    answer = coordinator.get("/care/list/", HTTP_IF_NONE_MATCH=mark, **htmx)
    assert answer.status_code == 200
    assert b"Ben Other" in answer.content


@pytest.mark.parametrize("change", ["owned", "evidence", "late", "outreach"])
def test_the_mark_turns_with_whatever_the_list_shows(clinic, coordinator, change):
    actor = actor_of(user_id=clinic.coordinator.pk)

    def mark(now=clinic.now):
        with programs([clinic.north.pk]):
            return worklist_mark(program_ids=[clinic.north.pk], now=now, viewer=actor)

    raise_(clinic, clinic.neighbour)
    before, now = mark(), clinic.now
    if change == "owned":
        coordinator.post(f"/care/flags/{clinic.flag.pk}/own/")
    elif change == "evidence":
        raise_(clinic, clinic.neighbour, evidence=SILENT | {"run": 4})
    elif change == "late":
        now = clinic.now + timedelta(days=5)
    else:
        contact = {"channel": "call", "result": "no_answer", "note": ""}
        coordinator.post(f"/care/patients/{clinic.patient.pk}/contact/", contact)
    assert mark(now) != before


def test_taking_on_and_giving_back(clinic, coordinator):
    own = coordinator.post(f"/care/flags/{clinic.flag.pk}/own/")
    assert own["Location"] == "/care/?done=owned"
    assert flag_now(clinic, clinic.flag).owner_id == clinic.coordinator.pk
    assert b"You have this" in coordinator.get(own["Location"]).content
    coordinator.post(f"/care/flags/{clinic.flag.pk}/release/")
    assert flag_now(clinic, clinic.flag).owner_id is None


def test_closing_keeps_outcome_note_and_contact(clinic, coordinator, htmx):
    form = {"outcome": "plan_made", "channel": "call", "result": "reached", "note": "Will come on Friday."}
    answer = coordinator.post(f"/care/flags/{clinic.flag.pk}/close/", form, **htmx)
    assert answer["HX-Trigger"] == "worklist-changed"
    assert b"Closed." in answer.content
    with programs([clinic.north.pk]):
        flag = Flag.objects.get(pk=clinic.flag.pk)
        assert (flag.status, flag.outcome, flag.closed_by_id) == ("closed", "plan_made", clinic.coordinator.pk)
        key = data_key(program_id=clinic.north.pk, patient_id=clinic.patient.pk)
        assert flag.opened(key, "note") == "Will come on Friday."
        contact = Outreach.objects.get(flag_id=flag.pk)
        assert (contact.channel, contact.outcome) == ("call", "reached")
    assert rows_of(clinic) == []


@pytest.mark.parametrize("with_htmx", [True, False])
@pytest.mark.parametrize(
    ("form", "said"),
    [
        pytest.param({}, "Choose how this ended.", id="nothing-chosen"),
        pytest.param({"outcome": "reached", "channel": "call"}, "Say what came of the contact.", id="half-a-contact"),
    ],
)
def test_closing_without_an_answer_says_what_is_missing(clinic, coordinator, htmx, with_htmx, form, said):
    answer = coordinator.post(f"/care/flags/{clinic.flag.pk}/close/", form, **(htmx if with_htmx else {}))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert (b"<title>" in answer.content) is not with_htmx
    assert flag_now(clinic, clinic.flag).status == "open"


def test_snoozed_until_its_morning_and_awake_without_any_tick(clinic, coordinator, time_machine):
    day = (clinic.now + timedelta(days=2)).date()
    coordinator.post(f"/care/flags/{clinic.flag.pk}/snooze/", {"until": day.isoformat(), "reason": "call_agreed"})
    [row] = rows_of(clinic)
    assert row.section is Section.SNOOZED
    assert row.snoozed_until.isoformat() == f"{day}T13:00:00+00:00"  # 8 in the morning in New York
    page = coordinator.get("/care/").content.decode()
    assert "Nobody is waiting" in page
    assert "A call is agreed for then" in page

    clinic.now = row.snoozed_until
    [row] = rows_of(clinic)
    assert row.section is Section.MAIN


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"until": "2026-03-03", "reason": "away"}, id="today"),
        pytest.param({"until": "2027-03-03", "reason": "away"}, id="a-year-ahead"),
        pytest.param({"until": "2026-03-05"}, id="no-reason"),
        pytest.param({"until": "2026-03-05", "reason": "because of somebody's name"}, id="free-text"),
    ],
)
def test_snoozing_needs_a_near_day_and_a_reason_of_the_list(clinic, coordinator, form):
    assert coordinator.post(f"/care/flags/{clinic.flag.pk}/snooze/", form).status_code == 422
    assert flag_now(clinic, clinic.flag).status == "open"


def test_who_comes_second_is_told_and_changes_nothing(clinic, coordinator, htmx):
    coordinator.post(f"/care/flags/{clinic.flag.pk}/close/", {"outcome": "reached"})
    before = clinic.rows()
    answer = coordinator.post(f"/care/flags/{clinic.flag.pk}/own/", **htmx)
    assert b"A colleague has changed this meanwhile" in answer.content
    assert answer["HX-Trigger"] == "worklist-changed"
    assert coordinator.post(f"/care/flags/{clinic.flag.pk}/own/").status_code == 409
    assert clinic.rows() == before


def test_choices_of_the_list(clinic, coordinator):
    raise_(clinic, clinic.neighbour)
    coordinator.post(f"/care/flags/{clinic.flag.pk}/own/")
    mine = coordinator.get("/care/?whose=mine").content.decode()
    assert "Ada Longname" in mine
    assert "Ben Other" not in mine
    nobodys = coordinator.get("/care/?whose=nobody").content.decode()
    assert "Ben Other" in nobodys
    assert "Ada Longname" not in nobodys
    assert "1 not shown by this choice" in nobodys
