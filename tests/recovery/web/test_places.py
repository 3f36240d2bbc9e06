"""A program's own list of meetings: kept by staff, read by patients with its source and the day it was checked."""

import json
import uuid

import pytest

from backend.db import programs
from backend.models import AuditEvent
from recovery.models import MeetingPlace, Patient
from tests.recovery.api.clinic import refused, send, signed_in
from tests.recovery.own.test_pages import ident, text

pytestmark = pytest.mark.django_db

MEETING = {
    "kind": "smart",
    "name": "Tuesday group",
    "times": "Tuesdays, 7 pm",
    "place": "Library, 2nd floor",
    "language": "en",
    "phone": "+12125550177",
    "source": "the library's notice board",
}


def add(clinic, coordinator, **changes):
    return coordinator.post(f"/care/meetings/{clinic.north.pk}/add/", ident(**{**MEETING, **changes}))


def places(clinic):
    with programs([clinic.north.pk]):
        return list(MeetingPlace.objects.order_by("pk"))


def test_row_96_from_the_list_of_staff_to_the_phone_until_it_is_taken_off(clinic, coordinator, phone):
    form = ident(**MEETING)
    for _ in range(2):
        assert coordinator.post(f"/care/meetings/{clinic.north.pk}/add/", form).status_code == 302
    [row] = places(clinic)
    page = text(phone.get("/me/help/"))
    for word in ("Tuesday group", "SMART Recovery", "Library, 2nd floor", "(212) 555-0177"):
        assert word in page
    assert "From: the library's notice board. Checked 3 March 2026" in " ".join(page.split())
    [item] = json.loads(phone.get("/api/v1/me/meeting-places/").content)["items"]
    assert (item["name"], item["reviewed_on"], "id" in item) == ("Tuesday group", "2026-03-03", False)
    stranger = signed_in(clinic.southern)
    assert "Tuesday group" not in text(stranger.get("/care/meetings/"))
    assert stranger.post(f"/care/meetings/{row.pk}/withdraw/").status_code == 404
    assert coordinator.post(f"/care/meetings/{row.pk}/withdraw/").status_code == 302
    assert "Tuesday group" not in text(phone.get("/me/help/"))
    assert "Tuesday group" not in text(coordinator.get("/care/meetings/"))
    with programs([clinic.north.pk]):
        acts = list(AuditEvent.objects.filter(action__startswith="meeting_place.").values_list("action", flat=True))
    assert sorted(acts) == ["meeting_place.listed", "meeting_place.withdrawn"]


def test_what_nobody_checked_for_a_year_is_not_shown_until_somebody_does(clinic, coordinator, phone, time_machine):
    add(clinic, coordinator)
    [row] = places(clinic)
    for day, chip, shown in (
        ("2026-08-29", "", True),
        ("2026-08-30", "check again", True),
        ("2027-03-03", "not shown", False),
    ):
        time_machine.move_to(f"{day}T15:00:00Z", tick=False)
        staff, own = signed_in(clinic.coordinator), signed_in(clinic.phone)
        assert ("Tuesday group" in text(own.get("/me/help/"))) is shown
        page = text(staff.get("/care/meetings/"))
        assert chip in page and ("check again" in page) is (chip == "check again")
    assert staff.post(f"/care/meetings/{row.pk}/checked/").status_code == 302
    assert "Checked 3 March 2027" in text(own.get("/me/help/"))


def test_spanish_says_which_language_a_meeting_has(clinic, coordinator, phone):
    add(clinic, coordinator, online="on", place="", language="en")
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language="es")
    page = text(phone.get("/me/help/"))
    assert "Reuniones a las que puede ir" in page and "En inglés" in page and "En línea" in page


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"name": ""}, "Give it its name.", id="no_name"),
        pytest.param({"times": " "}, "Say when it meets.", id="no_time"),
        pytest.param({"source": ""}, "Say where this is known from.", id="no_source"),
        pytest.param({"place": ""}, "Say where it is, or that it meets online.", id="nowhere"),
        pytest.param({"kind": "church"}, "not one of the available choices", id="no_kind"),
        pytest.param({"phone": "ask Bob"}, "This is no number.", id="no_number"),
        pytest.param({"name": "x" * 121}, "at most 120", id="long"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(clinic, coordinator, changes, says):
    answer = add(clinic, coordinator, **changes)
    assert answer.status_code == 422
    assert says in text(answer)
    assert "Library, 2nd floor" in answer.content.decode() or "place" in changes
    assert places(clinic) == []


def test_the_api_keeps_the_list(clinic, coordinator):
    path = f"/api/v1/care/meeting-places/{uuid.uuid4()}/"
    body = {**MEETING, "program_id": clinic.north.pk}
    first = send(coordinator, "PUT", path, body)
    assert [first.status_code, send(coordinator, "PUT", path, body).status_code] == [201, 200]
    refused(send(coordinator, "PUT", path, {**body, "name": "Other"}), 409, "id-reused")
    new = f"/api/v1/care/meeting-places/{uuid.uuid4()}/"
    refused(send(coordinator, "PUT", new, {**body, "program_id": clinic.south.pk}), 404, "not-found")
    refused(send(coordinator, "PUT", new, {**body, "place": ""}), 400, "bad-meeting")
    refused(send(signed_in(clinic.phone), "PUT", new, body), 403, "not-allowed")
    pk = json.loads(first.content)["id"]
    one = f"/api/v1/care/meeting-places/{pk}"
    assert send(coordinator, "POST", f"{one}/checked/", {}).status_code == 200
    refused(send(signed_in(clinic.southern), "POST", f"{one}/withdraw/", {}), 404, "not-found")
    assert json.loads(send(coordinator, "POST", f"{one}/withdraw/", {}).content)["shown"] is False
    refused(send(coordinator, "POST", f"{one}/checked/", {}), 409, "conflict")
    assert json.loads(send(coordinator, "GET", "/api/v1/care/meeting-places/").content)["items"] == []
