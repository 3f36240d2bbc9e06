"""Measures in the API and on screens: every number with its denominator, and who may see them."""

import uuid
from datetime import date, timedelta

import pytest

from backend.access import NOBODY
from backend.db import programs
from backend.models import AuditEvent
from recovery.models import Stay
from recovery.services.doses import DoseStatement, close_doses, report_doses
from tests.recovery.api.clinic import refused, send, signed_in

WINDOW = "from=2026-02-28&to=2026-03-02"


@pytest.fixture
def told(clinic):
    """Tablets since 28 February: taken, missed, and nothing said; it is 3 March."""
    with programs([clinic.north.pk]):
        said = {0: "taken", 1: "missed"}
        report_doses(
            actor=NOBODY,
            statements=[
                DoseStatement(
                    client_id=uuid.uuid4(),
                    patient_id=clinic.patient.pk,
                    statement=what,
                    source="app",
                    dose_id=clinic.doses[number].pk,
                )
                for number, what in said.items()
            ],
            now=clinic.now,
        )
        close_doses(program_ids=[clinic.north.pk], now=clinic.now)
    return clinic


def api(clinic):
    return f"/api/v1/care/patients/{clinic.patient.pk}/measures/"


def test_the_api_gives_every_denominator(told):
    answer = send(signed_in(told.coordinator), "GET", f"{api(told)}?{WINDOW}")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["first_day"], body["last_day"]) == ("2026-02-28", "2026-03-02")
    [one] = body["items"]
    assert one["substance"] == "naltrexone"
    assert one["pdc"] == {
        "rule": "union",
        "days": 3,
        "excluded": 0,
        "not_reported": 1,
        "share": {"part": 1.0, "whole": 3, "value": 0.3333},
        "known_only": {"part": 1.0, "whole": 2, "value": 0.5},
        "nothing_excluded": {"part": 1.0, "whole": 3, "value": 0.3333},
    }
    assert one["not_reported"] == ["2026-03-02"]
    assert one["longest_gap"] == {"first_day": "2026-03-01", "last_day": "2026-03-02", "days": 2}
    assert one["doses"]["known_only"] == {"part": 1.0, "whole": 2, "value": 0.5}
    with programs([told.north.pk]):
        assert AuditEvent.objects.filter(action="measures.read", patient_id=told.patient.pk).count() == 1


def test_without_days_from_the_first_confirmed_dose_to_yesterday(told):
    body = send(signed_in(told.coordinator), "GET", api(told)).json()
    assert (body["first_day"], body["last_day"]) == ("2026-02-28", "2026-03-02")
    path = f"/api/v1/care/patients/{told.neighbour.pk}/measures/"  # nothing confirmed: from the start of treatment
    body = send(signed_in(told.coordinator), "GET", path).json()
    assert body["first_day"] == str(told.now.date() - timedelta(days=60))


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        pytest.param("from=2026-03-02&to=2026-02-28", "bad-window", "to", id="ends-before-it-begins"),
        pytest.param("from=2020-01-01&to=2026-02-28", "bad-window", "from", id="too-long"),
        pytest.param("from=2026-02-30", "invalid-input", "from", id="no-such-day"),
        pytest.param("from=1&to=2", "invalid-input", "from", id="no-days"),
        pytest.param("first=2026-02-28", "invalid-input", "", id="unknown-parameter"),
    ],
)
def test_windows_that_cannot_be(told, query, code, field):
    answer = refused(send(signed_in(told.coordinator), "GET", f"{api(told)}?{query}"), 400, code)
    assert field in {error["field"] for error in answer["errors"]}


def test_who_may_not_read_them(told):
    refused(send(signed_in(told.southern), "GET", api(told)), 404, "not-found")
    refused(send(signed_in(told.phone), "GET", api(told)), 403, "not-allowed")
    path = f"/care/patients/{told.patient.pk}/measures/"
    assert signed_in(told.southern).get(path).status_code == 404
    assert signed_in(told.phone).get(path).status_code == 403
    assert signed_in(told.phone).get("/care/measures/").status_code == 403


def test_the_page_says_each_number_with_its_rule(told, coordinator):
    page = coordinator.get(f"/care/patients/{told.patient.pk}/measures/?first=2026-02-28&last=2026-03-02")
    text = page.content.decode()
    for words in (
        "Days covered: 33.3%",
        "1 of 3 days",
        "Days covered, of those known: 50.0%",
        "Not reported is not missed",
        "Longest: 2 days, 1 March to 2 March",
        "1 day that nobody reported: counted as uncovered, never called missed.",
        "a convention from other fields",
    ):
        assert words in text, words


def test_the_page_says_what_was_left_out_and_why(told, coordinator):
    with programs([told.north.pk]):
        Stay.objects.create(
            program_id=told.north.pk,
            patient_id=told.patient.pk,
            client_id=uuid.uuid4(),
            place="jail",
            began_on=date(2026, 3, 1),
            ended_on=date(2026, 3, 2),
            recorded_at=told.now,
        )
    text = coordinator.get(f"/care/patients/{told.patient.pk}/measures/?first=2026-02-28&last=2026-03-02").content
    assert "1 March to 2 March: 2 days in custody, nothing known" in text.decode()
    assert "Days covered: 100.0%" in text.decode()
    assert "Days covered, nothing left out: 33.3%" in text.decode()


def test_a_window_that_cannot_be_is_said_and_the_usual_one_is_shown(told, coordinator):
    answer = coordinator.get(f"/care/patients/{told.patient.pk}/measures/?first=2026-03-02&last=2026-02-28")
    assert answer.status_code == 422
    assert "The window ends before it begins." in answer.content.decode()


def test_a_program_shows_numbers_and_nobody(told, coordinator):
    text = coordinator.get("/care/measures/").content.decode()
    assert "February 2026" in text
    assert "People without a confirmed dose so far" in text
    assert "Longname" not in text
    southern = signed_in(told.southern).get("/care/measures/").content.decode()
    assert "Nothing to count" in southern
    with programs([told.north.pk]):
        assert AuditEvent.objects.filter(action="measures.read", patient_id=None).count() == 1
