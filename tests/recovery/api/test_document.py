"""The OpenAPI document: committed, complete, served, and its page needs no other server."""

import json
import re
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ComponentRegistry

from backend.api.serializers import WordField

ROOT = Path(__file__).resolve().parents[3]
COMMITTED = ROOT / "openapi.yaml"
WITH_BODY = {"put", "post"}
CHANGES = {*WITH_BODY, "delete"}


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load(COMMITTED.read_text())


def operations(document):
    return [(path, verb, found) for path, item in document["paths"].items() for verb, found in item.items()]


def test_the_committed_document_is_the_one_that_the_code_makes(tmp_path):
    """After a change: manage.py spectacular --validate --fail-on-warn --file openapi.yaml."""
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert made.read_text() == COMMITTED.read_text()


def test_it_is_served_to_everybody_as_yaml_and_json(document):
    as_yaml = Client().get("/api/schema/")
    assert as_yaml.status_code == 200
    assert yaml.safe_load(as_yaml.content) == document
    as_json = Client().get("/api/schema/", headers={"Accept": "application/json"})
    assert as_json["Content-Type"].startswith("application/json")
    assert json.loads(as_json.content) == document


def test_the_page_comes_from_this_server_alone():
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    html = page.content.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert loaded
    assert all(address.startswith("/") for address in loaded)
    assert "/api/schema/" in html
    for address in loaded:
        if address.startswith("/static/"):
            assert Client().get(address).status_code == 200


def routes(patterns, before=""):
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


def test_every_address_of_the_api_is_in_it(document):
    served = {path for path in routes(get_resolver().url_patterns) if path.startswith("/api/v1/")}
    assert served == set(document["paths"])


def test_every_operation_says_what_it_does_and_how_it_refuses(document):
    for path, verb, operation in operations(document):
        where = f"{verb} {path}"
        assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"]), where
        assert operation["summary"], where
        answers = set(operation["responses"])
        assert answers >= {"400", "401", "403", "404", "405"} and answers & {"200", "204"}, where
        assert (answers >= {"409", "415"}) == (verb in WITH_BODY), where
        assert ("201" in answers) == (verb == "put"), where
        assert operation["security"] == [{"session": []} | ({"csrfToken": []} if verb in CHANGES else {})], where


def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_every_refusal_is_a_problem_document(document):
    for name, answer in document["components"]["responses"].items():
        assert list(answer["content"]) == ["application/problem+json"], name
    for path, verb, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith("4"):
                assert answer == {"$ref": f"#/components/responses/Refused{status}"}, f"{verb} {path}"


def test_every_body_is_closed(document):
    asked = {name: schema for name, schema in document["components"]["schemas"].items() if name.endswith("Request")}
    assert asked
    assert [name for name, schema in asked.items() if schema.get("additionalProperties") is not False] == []


def test_two_lists_of_words_never_share_a_name():
    class First(StrEnum):
        ONE = "one"
        TWO = "two"

    def described(field):
        return OpenApiSerializerFieldExtension.get_match(field).map_serializer_field(scheme, "response")

    scheme = SimpleNamespace(registry=ComponentRegistry())
    assert described(WordField(First)) == described(WordField(First)) == {"$ref": "#/components/schemas/First"}
    with pytest.raises(ValueError, match="two lists of words are called First"):
        described(WordField([First.ONE], name="First"))


def test_signing_an_incomplete_checklist_is_a_described_refusal(document):
    sign = document["paths"]["/api/v1/care/patients/{patient_id}/checklists/{checklist_id}/sign/"]["post"]
    assert sign["responses"]["422"] == {"$ref": "#/components/responses/Refused422"}


def test_no_list_of_words_hides_that_it_may_be_empty(document):
    """A blank choice is dropped from the enumeration: an answer with it would not be what the document says."""
    blank = [name for name, found in document["components"]["schemas"].items() if "* `` -" in str(found)]
    assert blank == []
