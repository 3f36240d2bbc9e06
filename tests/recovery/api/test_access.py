"""Who may ask what: nobody, the wrong role, somebody else's rows, another site's form."""

import json
import uuid

import pytest
from django.db import connection, transaction
from django.test import Client
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from backend.api.views import ApiView
from backend.db import programs
from backend.rules.roles import Access
from recovery.models import Flag
from tests.recovery.api.bodies import changes
from tests.recovery.api.clinic import refused, send, signed_in

pytestmark = pytest.mark.django_db

READS = {
    "me": ["today/", "cravings/", "triggers/", "questions/", "meeting-places/"],
    "care": ["worklist/", "tasks/", "meeting-places/"],
}
EVERY_READ = [f"/api/v1/{who}/{path}" for who, paths in READS.items() for path in paths]


def test_nobody_reads_or_changes(clinic):
    before = clinic.rows()
    for path in EVERY_READ:
        refused(send(Client(), "GET", path), 401, "sign-in-needed")
    for change in changes(clinic).values():
        refused(send(Client(), change.method, change.path, change.body), 401, "sign-in-needed")
    assert clinic.rows() == before


@pytest.mark.parametrize(
    ("who", "part"),
    [
        pytest.param("phone", "/me/", id="patient"),
        pytest.param("coordinator", "/care/", id="coordinator"),
        pytest.param("operator", "none", id="operator"),
    ],
)
def test_a_role_has_its_own_part_only(clinic, who, part):
    client = signed_in(getattr(clinic, who))
    for path in EVERY_READ:
        response = send(client, "GET", path)
        if part in path:
            assert response.status_code == 200
        else:
            refused(response, 403, "not-allowed")
    before = clinic.rows()
    for change in changes(clinic).values():
        if part not in change.path:
            refused(send(client, change.method, change.path, change.body), 403, "not-allowed")
    assert clinic.rows() == before


def test_ids_of_somebody_else_in_the_path(clinic):
    before = clinic.rows()
    ours, southern = signed_in(clinic.coordinator), signed_in(clinic.southern)
    for change in changes(clinic).values():
        if change.who != "coordinator":
            continue
        refused(send(southern, change.method, change.path, change.body), 404, "not-found")
        nobodys = change.path.replace(f"/{clinic.patient.pk}/", "/999999999999/")
        nobodys = nobodys.replace(f"/flags/{clinic.flag.pk}/", "/flags/999999999999/")
        nobodys = nobodys.replace(f"/programs/{clinic.north.pk}/", "/programs/999999999999/")
        refused(send(ours, change.method, nobodys, change.body), 404, "not-found")
    assert clinic.rows() == before


@pytest.mark.parametrize("whose", ["neighbour", "nobody"])
def test_somebody_elses_dose(clinic, whose):
    change = changes(clinic)["reportDose"]
    dose_id = clinic.neighbour_dose.pk if whose == "neighbour" else 999_999_999_999
    before = clinic.rows()
    for operation, user in (("reportDose", clinic.phone), ("recordDose", clinic.coordinator)):
        change = changes(clinic)[operation]
        body = {**change.body, "dose_id": dose_id, "taken_at": None}
        body.pop("dosing_day", None)
        refused(send(signed_in(user), change.method, change.path, body), 404, "not-found")
    assert clinic.rows() == before


def test_two_phones_may_make_the_same_id(clinic):
    change = changes(clinic)["logCraving"]
    for user in (clinic.phone, clinic.neighbour_phone):
        assert send(signed_in(user), change.method, change.path, change.body).status_code == 201
    for user in (clinic.phone, clinic.neighbour_phone):
        items = json.loads(send(signed_in(user), "GET", "/api/v1/me/cravings/").content)["items"]
        assert len(items) == 1


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/api/v1/me/cravings/not-a-uuid/", id="no uuid"),
        pytest.param(f"/api/v1/me/cravings/{uuid.uuid4()}", id="no slash at the end"),
        pytest.param("/api/v1/care/flags/-1/own/", id="negative id"),
        pytest.param("/api/v1/care/flags/99999999999999999999999/own/", id="id beyond 64 bits"),
        pytest.param("/api/v1/care/flags/" + "9" * 5000 + "/own/", id="id of 5000 digits"),
        pytest.param("/api/v1/nothing/", id="no such address"),
        pytest.param("/api/v1/me/cravings/%00/", id="NUL"),
    ],
)
def test_addresses_that_lead_nowhere(clinic, path):
    for user in (clinic.phone, clinic.coordinator):
        response = send(signed_in(user), "POST" if "flags" in path else "PUT", path, {})
        if response.status_code != 403:  # the role is asked before the row
            refused(response, 404, "not-found")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "TRACE", "POST", "FROBNICATE"])
def test_methods_that_an_address_does_not_know(clinic, method):
    response = send(signed_in(clinic.phone), method, "/api/v1/me/today/")
    refused(response, 405, "method-not-allowed")
    assert response["Allow"] == "GET, HEAD"


def test_a_form_on_another_site_changes_nothing(clinic):
    before = clinic.rows()
    for change in changes(clinic).values():
        client = Client(enforce_csrf_checks=True)
        client.force_login(getattr(clinic, change.who))
        refused(send(client, change.method, change.path, change.body), 403, "csrf-failed")
        forged = send(client, change.method, change.path, change.body, HTTP_X_CSRFTOKEN="x" * 32)
        refused(forged, 403, "csrf-failed")
    assert clinic.rows() == before


def test_the_token_that_a_read_hands_out_is_enough(clinic):
    client = Client(enforce_csrf_checks=True)
    client.force_login(clinic.phone)
    send(client, "GET", "/api/v1/me/today/")
    token = client.cookies["csrftoken"].value
    change = changes(clinic)["logCraving"]
    response = send(client, change.method, change.path, change.body, HTTP_X_CSRFTOKEN=token)
    assert response.status_code == 201


def test_a_row_behind_the_wall_is_not_there(clinic):
    """What the database refuses (42501) is a 404, and nothing of the request stays."""

    def cross():
        Flag.objects.filter(pk=clinic.flag.pk).update(program_id=clinic.south.pk)

    refused(answer_of(clinic, cross), 404, "not-found")


def test_what_must_be_true_is_refused_by_the_database_too(clinic):
    def break_a_constraint():
        Flag.objects.filter(pk=clinic.flag.pk).update(status="closed")

    refused(answer_of(clinic, break_a_constraint), 400, "invalid-input")


def test_what_nobody_foresaw_is_a_problem_document_without_its_text(clinic, caplog):
    def fail():
        raise ValueError("Ada Longname")

    response = answer_of(clinic, fail)
    refused(response, 500, "server-error")
    assert "Longname" not in response.content.decode() + caplog.text
    assert "ValueError" in caplog.text


def answer_of(clinic, act):
    """The answer of a view that changes a flag and then fails at ``act``; nothing of it stays."""

    class Failing(ApiView):
        access = Access.CARE_TEAM
        authentication_classes = []

        def get(self, request):
            Flag.objects.filter(pk=clinic.flag.pk).update(severity="info")
            act()
            return Response({})

    before = clinic.rows()
    with programs([clinic.north.pk]), transaction.atomic():
        response = Failing.as_view()(APIRequestFactory().get("/"))
        assert connection.needs_rollback
    assert clinic.rows() == before
    return response
