"""Fields take the type that they name and nothing near it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from rest_framework.exceptions import ValidationError

from backend.api import serializers as fields
from backend.api.pagination import Key, KeyField, key_page
from backend.api.problems import handle


class Colour(StrEnum):
    RED = "red"


class Everything(fields.StrictSerializer):
    whole = fields.WholeField(min_value=0, max_value=10, required=False)
    text = fields.TextField(max_length=5, required=False)
    yes = fields.YesNoField(required=False)
    mg = fields.AmountField(max_digits=7, decimal_places=2, min_value=Decimal("0.01"), required=False)
    day = fields.DayField(required=False)
    at = fields.AwareDateTimeField(required=False)
    colour = fields.WordField(Colour, required=False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"whole": 10}, 10, id="whole"),
        pytest.param({"text": "ñandú"}, "ñandú", id="text"),
        pytest.param({"yes": False}, False, id="no"),
        pytest.param({"mg": 380}, Decimal(380), id="mg whole"),
        pytest.param({"mg": 12.25}, Decimal("12.25"), id="mg"),
        pytest.param({"day": "2026-03-03"}, date(2026, 3, 3), id="day"),
        pytest.param({"at": "2026-03-03T15:00:00Z"}, datetime(2026, 3, 3, 15, tzinfo=UTC), id="UTC"),
        pytest.param({"at": "2026-03-03t10:00:00.5-05:00"}, datetime(2026, 3, 3, 15, 0, 0, 500000, UTC), id="offset"),
        pytest.param({"at": "2026-03-03T15:00Z"}, datetime(2026, 3, 3, 15, tzinfo=UTC), id="to the minute"),
        pytest.param({"colour": "red"}, "red", id="word"),
    ],
)
def test_takes(given, expected):
    serializer = Everything(data=given)
    serializer.is_valid(raise_exception=True)
    assert list(serializer.validated_data.values()) == [expected]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"whole": "5"}, "invalid", id="whole as text"),
        pytest.param({"whole": True}, "invalid", id="whole as bool"),
        pytest.param({"whole": 5.0}, "invalid", id="whole as float"),
        pytest.param({"whole": 11}, "max-value", id="craving of eleven"),
        pytest.param({"whole": -1}, "min-value", id="negative"),
        pytest.param({"whole": None}, "null", id="null"),
        pytest.param({"whole": [5]}, "invalid", id="whole in a list"),
        pytest.param({"text": 5}, "invalid", id="text as number"),
        pytest.param({"text": {}}, "invalid", id="text as object"),
        pytest.param({"text": "sixsix"}, "max-length", id="text too long"),
        pytest.param({"yes": 1}, "invalid", id="yes as number"),
        pytest.param({"yes": "true"}, "invalid", id="yes as text"),
        pytest.param({"mg": "380"}, "invalid", id="mg as text"),
        pytest.param({"mg": True}, "invalid", id="mg as bool"),
        pytest.param({"mg": 0}, "min-value", id="no mg"),
        pytest.param({"mg": 0.001}, "max-decimal-places", id="mg too fine"),
        pytest.param({"mg": 10**9}, "max-digits", id="mg too large"),
        pytest.param({"day": 20260303}, "invalid", id="day as number"),
        pytest.param({"day": "20260303"}, "invalid", id="day run together"),
        pytest.param({"day": "2026-02-30"}, "invalid", id="no such day"),
        pytest.param({"day": "2026-W10-2"}, "invalid", id="week day"),
        pytest.param({"day": "2026-03-03T00:00:00Z"}, "invalid", id="instant for a day"),
        pytest.param({"day": "0001-01-01"}, "out-of-range", id="first day of the calendar"),
        pytest.param({"at": "2026-03-03T15:00:00"}, "naive-time", id="naive"),
        pytest.param({"at": "2026-03-03"}, "invalid", id="day for an instant"),
        pytest.param({"at": 1772550000}, "invalid", id="unix time"),
        pytest.param({"at": "2026-03-03T25:00:00Z"}, "invalid", id="hour 25"),
        pytest.param({"at": "2026-03-03T15:00:00+99:00"}, "invalid", id="offset 99"),
        pytest.param({"at": "9999-12-31T23:59:59-12:00"}, "out-of-range", id="end of the calendar"),
        pytest.param({"at": "٢٠٢٦-03-03T15:00:00Z"}, "invalid", id="digits of another script"),
        pytest.param({"colour": "Zyzzogeton"}, "invalid-choice", id="no such word"),
        pytest.param({"colour": True}, "invalid-choice", id="word as bool"),
        pytest.param({"Zyzzogeton": 1}, "unknown-field", id="unknown field"),
    ],
)
def test_refuses_with_the_field_named_and_nothing_repeated(given, code):
    with pytest.raises(ValidationError) as refused:
        Everything(data=given).is_valid(raise_exception=True)
    response = handle(refused.value, {})
    assert response is not None
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    body = response.content.decode()
    assert "Zyzzogeton" not in body
    assert f'"code": "{code}"' in body
    assert f'"field": "{"" if code == "unknown-field" else next(iter(given))}"' in body


def test_a_place_in_a_list_comes_back_as_it_went():
    key = Key(at=datetime(2026, 3, 3, 15, 0, 0, 123456, UTC), id=77)
    assert KeyField().run_validation(key.text()) == key


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("!!!!", id="not base64"),
        pytest.param("MQ", id="one part"),
        pytest.param("MS4yLjM", id="three parts"),
        pytest.param(Key(at=datetime(2026, 3, 3, tzinfo=UTC), id=1).text() + "=", id="padded"),
        pytest.param("OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ", id="beyond the calendar"),
        pytest.param("LTkyMjMzNzIwMzY4NTQ3NzU4MDguMQ", id="before the calendar"),
        pytest.param("x" * 61, id="long"),
    ],
)
def test_a_place_that_was_never_given_is_refused(text):
    with pytest.raises(ValidationError):
        KeyField().run_validation(text)


def test_a_page_says_where_the_next_begins_only_when_there_is_one():
    rows = [Key(at=datetime(2026, 3, day, tzinfo=UTC), id=day) for day in (5, 4, 3)]
    assert key_page(rows, limit=3, at="at") == {"items": rows, "next": None}
    assert key_page(rows, limit=2, at="at") == {"items": rows[:2], "next": rows[1].text()}
    assert key_page([], limit=2, at="at") == {"items": [], "next": None}
