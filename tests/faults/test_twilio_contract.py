"""Our requests and the fake's answers, held against Twilio's own description of its API.

TWILIO_OPENAPI names the description (OpenAPI 3.0, ``twilio_api_v2010.json`` of Twilio's public
repository); without it these tests are skipped. It knows no codes, no state and no callbacks:
those are the fake's, from M 1.
"""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator

from reminders.providers.base import Outgoing, Query
from reminders.providers.twilio_sms import TwilioSms
from reminders.rules.retry import Outcome
from tests.faults.fake_twilio import sign
from tests.faults.rig import ACCOUNT, ROOT, SERVICE, TOKEN, Fake
from tests.journeys.harness import free_port, until

MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
MESSAGE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    path = os.environ.get("TWILIO_OPENAPI", "")
    if not path:
        pytest.skip("TWILIO_OPENAPI names no description of Twilio's API")
    return json.loads(Path(path).read_text())


@pytest.fixture
def fake_urls(tmp_path: Path) -> Iterator[tuple[str, Fake]]:
    api, control = free_port(), free_port()
    config = {"api_port": api, "control_port": control, "account": ACCOUNT, "token": TOKEN, "service": SERVICE}
    process = subprocess.Popen([sys.executable, "-m", "tests.faults.fake_twilio", json.dumps(config)], cwd=ROOT)
    fake = Fake(f"http://127.0.0.1:{control}")
    try:
        until(fake.is_ready, what="the fake provider listening")
        fake.receipts(how="never", step_s=0.01)
        yield f"http://127.0.0.1:{api}", fake
    finally:
        process.kill()
        process.wait(timeout=10)


@pytest.fixture
def provider(fake_urls: tuple[str, Fake]) -> Iterator[TwilioSms]:
    made = TwilioSms(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        service=SERVICE,
        callback_base="https://care.example.org",
        base_url=fake_urls[0],
        timeout_s=10,
        connections=4,
    )
    yield made
    made.close()


def outgoing(number: int, body: str = "A short nudge about today's item.") -> Outgoing:
    return Outgoing(
        message_id=number,
        program_id=1,
        patient_id=number,
        to=f"+1202555{number:04d}",
        body=body,
        token=f"token{number}",
        valid_for_s=3600,
    )


def plain(description: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI 3.0 schema as a JSON Schema: references followed, ``nullable`` spelled out, nothing else allowed."""
    if "$ref" in schema:
        found: Any = description
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return plain(description, found)
    made = {key: value for key, value in copy.deepcopy(schema).items() if key not in ("nullable", "format")}
    if "properties" in made:
        made["properties"] = {key: plain(description, value) for key, value in made["properties"].items()}
        made["additionalProperties"] = False
    if isinstance(made.get("items"), dict):
        made["items"] = plain(description, made["items"])
    if schema.get("nullable") and "type" in made:
        made["type"] = [made["type"], "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made


def complaints(schema: dict[str, Any], content: Any) -> list[str]:
    return [
        f"{'/'.join(map(str, one.path))}: {one.message}" for one in Draft202012Validator(schema).iter_errors(content)
    ]


def form_schema(description: dict[str, Any], path: str) -> dict[str, Any]:
    body = description["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    return plain(description, body)


def typed(schema: dict[str, Any], form: dict[str, str]) -> dict[str, Any]:
    """A form's values with the types that its description gives them: on the wire all are text."""
    read = {"integer": int, "boolean": {"true": True, "false": False}.__getitem__}
    return {
        key: read.get(str(schema["properties"].get(key, {}).get("type")), str)(value)  # type: ignore[operator]
        for key, value in form.items()
    }


def answer_schema(description: dict[str, Any], path: str, method: str, status: str) -> dict[str, Any]:
    content = description["paths"][path][method]["responses"][status]["content"]
    return plain(description, content["application/json"]["schema"])


def test_what_we_send_is_what_twilio_describes(
    description: dict[str, Any], provider: TwilioSms, fake_urls: tuple[str, Fake]
) -> None:
    fake = fake_urls[1]
    results = provider.send_batch([outgoing(n) for n in range(1, 4)], now=datetime.now(UTC))
    assert [one.outcome for one in results] == [Outcome.ACCEPTED] * 3
    schema = form_schema(description, MESSAGES)
    sent = fake.requests("create")
    assert len(sent) == 3
    for one in sent:
        assert complaints(schema, typed(schema, one["form"])) == []
        assert 1 <= int(one["form"]["ValidityPeriod"]) <= 36_000


def test_what_we_ask_and_take_back_is_what_twilio_describes(
    description: dict[str, Any], provider: TwilioSms, fake_urls: tuple[str, Fake]
) -> None:
    fake = fake_urls[1]
    fake.set(hold=True)
    [result] = provider.send_batch([outgoing(1)], now=datetime.now(UTC))
    [found] = provider.find(
        [Query(message_id=1, program_id=1, patient_id=1, to="+12025550001", since=datetime.now(UTC))]
    )
    assert found is not None
    assert [one.sid for one in found] == [result.sid]
    assert provider.cancel([result.sid or ""]) == [True]
    [listing] = fake.requests("list")
    known = {one["name"] for one in description["paths"][MESSAGES]["get"]["parameters"]}
    assert set(listing["query"]) <= known
    [update] = fake.requests("update")
    assert complaints(form_schema(description, MESSAGE), update["form"]) == []


def test_the_fake_answers_as_twilio_describes(
    description: dict[str, Any], provider: TwilioSms, fake_urls: tuple[str, Fake]
) -> None:
    api, fake = fake_urls
    base = f"{api}/2010-04-01/Accounts/{ACCOUNT}/Messages"
    who = (ACCOUNT, TOKEN)
    form = {"To": "+12025550001", "MessagingServiceSid": SERVICE, "Body": "Hello"}
    made = requests.post(f"{base}.json", data=form, auth=who, timeout=10)
    assert made.status_code == 201
    message = answer_schema(description, MESSAGES, "post", "201")
    assert complaints(message, made.json()) == []
    assert set(made.json()) == set(message["properties"]), "a field is missing or unknown"
    assert parsedate_to_datetime(made.json()["date_created"]).tzinfo is not None

    until(lambda: fake.ledger()[0]["status"] == "delivered", what="the text delivered")
    one = requests.get(f"{base}/{made.json()['sid']}.json", auth=who, timeout=10)
    assert complaints(answer_schema(description, MESSAGE, "get", "200"), one.json()) == []
    listed = requests.get(f"{base}.json", params={"To": "+12025550001", "PageSize": 1}, auth=who, timeout=10)
    assert complaints(answer_schema(description, MESSAGES, "get", "200"), listed.json()) == []
    assert [row["status"] for row in listed.json()["messages"]] == ["delivered"]


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        pytest.param({"To": "12025550001"}, 400, 21211, id="no plus"),
        pytest.param({"To": ""}, 400, 21604, id="nobody"),
        pytest.param({"Body": ""}, 400, 21602, id="no words"),
        pytest.param({"Body": "x" * 1601}, 400, 21617, id="too long"),
        pytest.param({"MessagingServiceSid": "MG" + "0" * 32}, 400, 21703, id="another's service"),
    ],
)
def test_the_fake_refuses_what_twilio_refuses(
    fake_urls: tuple[str, Fake], form: dict[str, str], status: int, code: int
) -> None:
    given = {"To": "+12025550001", "MessagingServiceSid": SERVICE, "Body": "Hello"} | form
    url = f"{fake_urls[0]}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    answer = requests.post(url, data=given, auth=(ACCOUNT, TOKEN), timeout=10)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (status, code, status)
    assert requests.post(url, data=given, auth=(ACCOUNT, "guess"), timeout=10).status_code == 401
    assert fake_urls[1].ledger() == []


def test_the_fake_signs_as_twilio_does() -> None:
    """The product checks signatures with Twilio's own package; the fake makes them by the description in M 1.6."""
    from twilio.request_validator import RequestValidator

    url, form = "https://care.example.org/hooks/twilio/sms?a=1", {"Body": "Hello, ñ", "From": "+1", "Empty": ""}
    assert RequestValidator(TOKEN).validate(url, form, sign(TOKEN, url, form))
    assert not RequestValidator(TOKEN).validate(url + "x", form, sign(TOKEN, url, form))
