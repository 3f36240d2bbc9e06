"""The screen of tasks, the patient's page, and the API behind them."""

import json
from datetime import timedelta

import pytest

from backend.db import programs
from backend.models import AuditEvent
from recovery.models import Outreach, Task
from recovery.rules.tasks import TaskKind
from recovery.services.tasks import NewTask, make_tasks
from tests.recovery.api.clinic import refused, send, signed_in

API = "/api/v1/care/tasks/"


@pytest.fixture
def task(clinic):
    with programs([clinic.north.pk]):
        [pk] = make_tasks(
            tasks=[
                NewTask(
                    program_id=clinic.north.pk,
                    patient_id=clinic.patient.pk,
                    kind=TaskKind.CLOSE_OR_CONTINUE,
                    due_at=clinic.now - timedelta(hours=3),
                    facts={"last_given_on": "2026-01-05"},
                )
            ],
            now=clinic.now,
        )
    return pk


@pytest.fixture
def clinician(clinic):
    return signed_in(clinic.clinician)


def stored(clinic):
    with programs([clinic.north.pk]):
        return Task.objects.get()


def test_nothing_to_do(clinician):
    assert "Nothing to do" in clinician.get("/care/tasks/").content.decode()
    assert "Nothing was done" in clinician.get("/care/tasks/?whose=done").content.decode()


def test_one_task_says_what_about_whom_and_by_when(clinic, clinician, task):
    page = clinician.get("/care/tasks/").content.decode()
    assert "Ada Longname" in page and "Decide whether the treatment is closed or continues" in page
    assert "The last injection was Monday 5 January" in page
    assert "Was due today 7:00 AM" in page and "1 past its time" in page
    with programs([clinic.north.pk]):
        read = AuditEvent.objects.get(action="tasks.read")
    assert (read.patient_id, read.actor_id) == (clinic.patient.pk, clinic.clinician.pk)


def test_other_roles_see_it_under_all(coordinator, task):
    mine = coordinator.get("/care/tasks/").content.decode()
    assert "Ada Longname" not in mine and "1 of other roles not shown" in mine
    assert "Ada Longname" in coordinator.get("/care/tasks/?whose=all").content.decode()


def test_a_task_ends_with_what_came_of_it(clinic, clinician, task):
    path = f"/care/tasks/{task}/done/"
    assert "What came of it?" in clinician.get(path).content.decode()
    wrong = clinician.post(path, {"outcome": ""})
    assert wrong.status_code == 422 and "Choose what came of it." in wrong.content.decode()
    done = clinician.post(path, {"outcome": "continues", "note": "Agreed on the phone"})
    assert (done.status_code, done["Location"]) == (302, "/care/tasks/?done=task")
    assert stored(clinic).outcome == "continues"
    ended = clinician.get("/care/tasks/?whose=done").content.decode()
    assert "The treatment continues, today 10:00 AM" in ended and "Agreed on the phone" in ended
    assert clinician.post(path, {"outcome": "continues"}).status_code == 404


def test_the_patients_page_shows_it_and_one_comes_back_there(clinic, clinician, task):
    page = clinician.get(f"/care/patients/{clinic.patient.pk}/").content.decode()
    assert "Decide whether the treatment is closed or continues" in page
    assert f"/care/tasks/{task}/done/?patient={clinic.patient.pk}" in page
    done = clinician.post(f"/care/tasks/{task}/done/", {"outcome": "continues", "patient": clinic.patient.pk})
    assert done["Location"] == f"/care/patients/{clinic.patient.pk}/?done=task"


def test_the_api_lists_and_ends_it(clinic, task):
    clinician = signed_in(clinic.clinician)
    found = json.loads(send(clinician, "GET", API).content)
    assert found["count"] == 1
    [row] = found["items"]
    assert (row["task_id"], row["kind"], row["role"], row["when_due"]) == (
        task,
        "close_or_continue",
        "prescriber",
        "late",
    )
    path = f"{API}{task}/done/"
    refused(send(clinician, "POST", path, {"outcome": "nothing"}), 400, "unknown-outcome")
    assert stored(clinic).status == "open"
    contact = {"channel": "call", "outcome": "reached"}
    answer = json.loads(send(clinician, "POST", path, {"outcome": row["outcomes"][0], "outreach": contact}).content)
    assert (answer["status"], answer["outcome"]) == ("done", "continues")
    with programs([clinic.north.pk]):
        assert Outreach.objects.get().channel == "call"
    refused(send(clinician, "POST", path, {"outcome": "continues"}), 409, "conflict")
    assert json.loads(send(clinician, "GET", API).content)["count"] == 0


def test_mine_is_what_the_api_gives_unless_asked_for_all(clinic, task):
    coordinator = signed_in(clinic.coordinator)
    assert json.loads(send(coordinator, "GET", API).content)["count"] == 0
    assert json.loads(send(coordinator, "GET", f"{API}?whose=all").content)["count"] == 1


def test_somebody_elses_task_is_not_there(clinic, task):
    southern = signed_in(clinic.southern)
    assert southern.get(f"/care/tasks/{task}/done/").status_code == 404
    refused(send(southern, "POST", f"{API}{task}/done/", {"outcome": "continues"}), 404, "not-found")
    assert signed_in(clinic.phone).get("/care/tasks/").status_code == 403
    refused(send(signed_in(clinic.phone), "GET", API), 403, "not-allowed")
