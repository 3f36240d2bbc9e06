"""Input that is refused rather than guessed: unknown fields, wrong types, naive times.

DRF's own fields turn "5" into 5, true into a text and 1 into true. A phone that sends the
wrong type has a defect that should show on the day it is written, not in a record.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rest_framework import serializers
from rest_framework.settings import api_settings

FIRST_YEAR, LAST_YEAR = 1900, 2199
# RFC 3339; the zone is the caller's own matter to say.
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class StrictSerializer(serializers.Serializer):
    """Refuses fields that it does not know. It lists those it knows and repeats none that was sent."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = [name for name, field in self.fields.items() if not field.read_only]
            if set(data) - set(known):
                words = f"There is an unknown field. Known here: {', '.join(known) or 'none'}."
                raise serializers.ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [words]}, "unknown-field")
        return super().to_internal_value(data)


class WholeField(serializers.IntegerField):
    """A whole number written as a number: no text, no true, no 5.0."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class QueryWholeField(serializers.IntegerField):
    """A whole number in a query string, in digits alone."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not re.fullmatch(r"\d{1,9}", data, re.ASCII):
            self.fail("invalid")
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """A text; numbers are not taken for texts. Needs ``max_length``."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNoField(serializers.BooleanField):
    """true or false; not 1, not "yes"."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class AmountField(serializers.DecimalField):
    """A decimal number written as a number (mg, inches). Bounded by ``max_digits`` and ``decimal_places``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce_to_string=False, **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if type(data) not in (int, float):
            self.fail("invalid")
        return super().to_internal_value(data)


class DayField(serializers.DateField):
    """A calendar day as YYYY-MM-DD, in this or the last or next century."""

    default_error_messages = {
        "invalid": "Write a day as YYYY-MM-DD.",
        "out-of-range": f"A day must lie in the years {FIRST_YEAR} to {LAST_YEAR}.",
    }

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.fail("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")
        # Later code adds days and zones; the ends of the calendar overflow.
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail("out-of-range")
        return day


class AwareDateTimeField(serializers.DateTimeField):
    """An instant with its zone, as RFC 3339 writes it; comes out in UTC. A time without a zone is refused."""

    default_error_messages = {
        "invalid": "Write a time as 2026-03-03T15:00:00Z or 2026-03-03T10:00:00-05:00.",
        "naive-time": "Say which zone: end the time in Z or in an offset such as -05:00.",
        "out-of-range": f"A time must lie in the years {FIRST_YEAR} to {LAST_YEAR}.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not (match := _INSTANT.fullmatch(value)):
            self.fail("invalid")
        if match.group(3) is None:
            self.fail("naive-time")
        try:
            instant = datetime.fromisoformat(value.upper())
        except ValueError:
            self.fail("invalid")
        if not FIRST_YEAR <= instant.year <= LAST_YEAR:
            self.fail("out-of-range")
        return instant.astimezone(UTC)

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class WordField(serializers.ChoiceField):
    """One of the words of an enumeration; comes out as its plain text.

    ``name`` is what the OpenAPI document calls the list; it is needed where ``words`` are a part
    of an enumeration.
    """

    def __init__(self, words: type[StrEnum] | Sequence[StrEnum], *, name: str = "", **kwargs: Any) -> None:
        self.component = name or getattr(words, "__name__", "")
        super().__init__(choices=[word.value for word in words], **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input="")
        return str(super().to_internal_value(data))
