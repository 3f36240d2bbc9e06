"""What nobody can mean is refused as a problem document, repeats nothing and stores nothing."""

import json
from datetime import timedelta

import pytest

from tests.recovery.api.bodies import OPERATIONS, changed, changes, fields_of
from tests.recovery.api.clinic import refused, send, signed_in, stamp

pytestmark = pytest.mark.django_db

SECRET = "Zyzzogeton"
WITHOUT_TIMES = (
    "startQuestions",
    "answerQuestion",
    "recordCondition",
    "recordStay",
    "orderHold",
    "enrolPatient",
    "recordOpioidHistory",
    "readScreen",
    "setPrompts",
    "pausePrompts",
    "setCarePrompts",
    "recordPause",
)
WITH_FIELDS = [name for name in OPERATIONS if name != "ownFlag"]
WITH_TIMES = [name for name in WITH_FIELDS if name not in WITHOUT_TIMES]


def with_pair(pair: bytes):
    """The body with one more pair, as raw text."""
    return lambda body: json.dumps(body).encode()[:-1] + (b", " if body else b"") + pair + b"}"


RAW = [
    pytest.param(with_pair(b'"Zyzzogeton": 1'), 400, "invalid-input", id="unknown field"),
    pytest.param(with_pair(b'"note": NaN'), 400, "malformed-body", id="NaN"),
    pytest.param(with_pair(b'"note": -Infinity'), 400, "malformed-body", id="Infinity"),
    pytest.param(with_pair(b'"x": 1e400'), 400, "malformed-body", id="float that overflows"),
    pytest.param(with_pair(b'"x": ' + b"9" * 400), 400, "malformed-body", id="number of 400 digits"),
    pytest.param(with_pair(b'"x": "Zyzzogeton\\u0000"'), 400, "malformed-body", id="NUL"),
    pytest.param(with_pair(b'"x": "Zyzzogeton\\ud800"'), 400, "malformed-body", id="lone surrogate"),
    pytest.param(with_pair(b'"x": "Zyzzogeton\xff"'), 400, "malformed-body", id="not UTF-8"),
    pytest.param(with_pair(b'"x": 1, "x": 1'), 400, "malformed-body", id="duplicate key"),
    pytest.param(with_pair(b'"x": ' + b"[" * 5000 + b"]" * 5000), 400, "malformed-body", id="deep nesting"),
    pytest.param(lambda body: json.dumps([body]).encode(), 400, "malformed-body", id="list"),
    pytest.param(lambda body: b'"Zyzzogeton"', 400, "malformed-body", id="text"),
    pytest.param(lambda body: json.dumps(body).encode()[:-1], 400, "malformed-body", id="cut off"),
    pytest.param(with_pair(b'"x": "' + b"Z" * (256 * 1024) + b'"'), 400, "body-too-large", id="257 kB"),
]


@pytest.mark.parametrize(("broken", "status", "code"), RAW)
def test_broken_bodies(clinic, broken, status, code):
    every = changes(clinic)
    before = clinic.rows()
    for operation in OPERATIONS:
        change = every[operation]
        client = signed_in(getattr(clinic, change.who))
        response = send(client, change.method, change.path, broken(change.body))
        refused(response, status, code)
        assert SECRET not in response.content.decode(), operation
    assert clinic.rows() == before


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("application/x-www-form-urlencoded", id="form"),
        pytest.param("multipart/form-data; boundary=x", id="multipart"),
        pytest.param("text/plain", id="text"),
        pytest.param("", id="none"),
    ],
)
def test_other_media_types(clinic, content_type):
    every = changes(clinic)
    before = clinic.rows()
    for operation in OPERATIONS:
        change = every[operation]
        client = signed_in(getattr(clinic, change.who))
        raw = json.dumps(change.body or {"a": 1}).encode()
        response = send(client, change.method, change.path, raw, content_type=content_type)
        refused(response, 415, "unsupported-media-type")
    assert clinic.rows() == before


@pytest.mark.parametrize("operation", WITH_FIELDS)
def test_every_field_refuses_what_is_of_another_type(clinic, operation):
    change = changes(clinic)[operation]
    client = signed_in(getattr(clinic, change.who))
    before = clinic.rows()
    for path in fields_of(change.body):
        value = change.body
        for part in path.split("."):
            value = value[part]
        wrong = [[], [SECRET], {SECRET: 1}]
        if isinstance(value, bool):
            wrong += ["true", 1, SECRET]
        elif isinstance(value, int | float):
            wrong += [str(value), True, SECRET, -1, 10**17]
        elif isinstance(value, str):
            wrong += [5, 1.5, True]
        else:
            wrong += [5, SECRET, True]
        for bad in wrong:
            response = send(client, change.method, change.path, changed(change.body, path, bad))
            # An id of the right type that is nobody's is not there.
            status = (404, "not-found") if path == "dose_id" and bad == 10**17 else (400, "invalid-input")
            document = refused(response, *status)
            assert SECRET not in response.content.decode()
            if status[0] == 400:
                assert {error["field"].split(".")[0] for error in document["errors"]} <= {path.split(".")[0], ""}
    assert clinic.rows() == before


@pytest.mark.parametrize("operation", WITH_TIMES)
def test_times_without_a_zone(clinic, operation):
    change = changes(clinic)[operation]
    client = signed_in(getattr(clinic, change.who))
    before = clinic.rows()
    for path in change.times or ("until",):
        response = send(client, change.method, change.path, changed(change.body, path, "2026-03-03T09:00:00"))
        document = refused(response, 400, "invalid-input")
        assert document["errors"] == [
            {
                "field": path,
                "code": "naive-time",
                "detail": "Say which zone: end the time in Z or in an offset such as -05:00.",
            }
        ]
    assert clinic.rows() == before


@pytest.mark.parametrize("operation", [name for name in WITH_TIMES if name != "snoozeFlag"])
def test_times_that_are_still_to_come(clinic, operation):
    change = changes(clinic)[operation]
    client = signed_in(getattr(clinic, change.who))
    before = clinic.rows()
    for path in change.times:
        later = stamp(clinic.now + timedelta(hours=1))
        document = refused(
            send(client, change.method, change.path, changed(change.body, path, later)), 400, "in-the-future"
        )
        assert [error["field"] for error in document["errors"]] == [path.split(".")[-1]]
    assert clinic.rows() == before


def test_an_injection_of_tomorrow(clinic):
    change = changes(clinic)["recordInjection"]
    before = clinic.rows()
    body = {**change.body, "given_on": "2026-03-04", "given_at": None}
    refused(send(signed_in(clinic.coordinator), change.method, change.path, body), 400, "in-the-future")
    assert clinic.rows() == before


def test_a_clock_that_is_a_little_ahead_is_let_pass(clinic):
    change = changes(clinic)["logCraving"]
    body = {**change.body, "felt_at": stamp(clinic.now + timedelta(seconds=60))}
    assert send(signed_in(clinic.phone), change.method, change.path, body).status_code == 201


@pytest.mark.parametrize(
    ("operation", "field", "value"),
    [
        pytest.param("logCraving", "intensity", 11, id="a craving of eleven"),
        pytest.param("logCraving", "confidence", -1, id="confidence below zero"),
        pytest.param("logCraving", "substance", SECRET, id="no such substance"),
        pytest.param("logCraving", "note", "x" * 2001, id="a long note"),
        pytest.param("addTrigger", "tag", "my boss " + SECRET, id="free text for a code"),
        pytest.param("addTrigger", "kind", SECRET, id="no such kind"),
        pytest.param("reportDose", "statement", SECRET, id="no such statement"),
        pytest.param("reportDose", "dose_mg", 0, id="no mg"),
        pytest.param("reportDose", "dosing_day", "0001-01-01", id="the first day of the calendar"),
        pytest.param("recordDose", "source", "sms", id="a source that is no person"),
        pytest.param("recordInjection", "dose_mg", 0, id="an injection of nothing"),
        pytest.param("recordInjection", "dose_mg", 5000, id="an injection of 5,000 mg"),
        pytest.param("recordInjection", "medicine", "naltrexone_tablet", id="a tablet injected"),
        pytest.param("recordInjection", "given_on", "2026-02-30", id="no such day"),
        pytest.param("recordInjection", "needle_inches", 1.55, id="a needle too fine"),
        pytest.param("snoozeFlag", "until", "2026-03-03T14:00:00Z", id="until a time that is past"),
        pytest.param("snoozeFlag", "reason", "", id="no reason"),
        pytest.param("closeFlag", "outcome", "reason_ended", id="an outcome that only the system writes"),
    ],
)
def test_values_that_cannot_be(clinic, operation, field, value):
    change = changes(clinic)[operation]
    before = clinic.rows()
    response = send(
        signed_in(getattr(clinic, change.who)), change.method, change.path, changed(change.body, field, value)
    )
    assert response.status_code == 400, response.content
    document = json.loads(response.content)
    assert response["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in document["errors"]] == [field]
    assert SECRET not in response.content.decode()
    assert clinic.rows() == before


def test_a_dose_not_taken_has_no_time(clinic):
    change = changes(clinic)["reportDose"]
    before = clinic.rows()
    body = {**change.body, "statement": "skipped"}
    document = refused(send(signed_in(clinic.phone), change.method, change.path, body), 400, "invalid-input")
    assert document["errors"][0]["field"] == "taken_at"
    assert clinic.rows() == before


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        pytest.param("Zyzzogeton=1", 400, "invalid-input", id="unknown parameter"),
        pytest.param("after=Zyzzogeton", 400, "invalid-input", id="a place never given"),
        pytest.param("limit=1&limit=2", 400, "invalid-input", id="twice"),
        pytest.param("limit=0", 400, "invalid-input", id="no rows"),
        pytest.param("limit=101", 400, "invalid-input", id="too many rows"),
        pytest.param("limit=٣", 400, "invalid-input", id="digits of another script"),
        pytest.param("limit=%00", 404, "not-found", id="NUL"),
    ],
)
def test_queries(clinic, query, status, code):
    client = signed_in(clinic.phone)
    for path in ("/api/v1/me/today/", "/api/v1/me/cravings/", "/api/v1/me/triggers/"):
        response = send(client, "GET", f"{path}?{query}")
        refused(response, status, code)
        assert SECRET not in response.content.decode()
