"""Request bodies: JSON as the standard means it, and nothing that a database cannot hold.

Python's parser takes the last of two equal keys, NaN and Infinity, numbers of any length
and lone surrogates. Each of these has let two readers of one body disagree, or ended in a
500 further in; here each is a 400.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MOST_LEVELS = 8
MOST_DIGITS = 18  # fits a 64-bit integer
MOST_FLOAT_CHARACTERS = 40
NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


class MalformedBody(ParseError):
    default_code = "malformed-body"
    default_detail = "The body must be one JSON object in UTF-8."


class StrictJSONParser(BaseParser):
    """Parses one JSON object. Raises MalformedBody, which never repeats what was sent."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            raw = stream.read()
        except OSError:  # the connection broke, or fewer bytes came than were announced
            raise MalformedBody("The body ended early.") from None
        return parse_object(raw)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that ``raw`` holds. Raises MalformedBody."""
    try:
        data = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_without_twins,
            parse_constant=_not_a_number,
            parse_int=_bounded_int,
            parse_float=_bounded_float,
        )
    except UnicodeDecodeError:
        raise MalformedBody("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise MalformedBody(f"The body is not JSON: look at character {error.pos}.") from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None
    if not isinstance(data, dict):
        raise MalformedBody("The body must be one JSON object.")
    _check(data)
    return data


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("The same key comes twice.")
    return found


def _not_a_number(_text: str) -> NoReturn:
    raise MalformedBody("NaN and Infinity are not JSON.")


def _bounded_int(text: str) -> int:
    if len(text.lstrip("-")) > MOST_DIGITS:
        raise MalformedBody("A number is too large.")
    return int(text)


def _bounded_float(text: str) -> float:
    value = float(text) if len(text) <= MOST_FLOAT_CHARACTERS else math.inf
    if not math.isfinite(value):
        raise MalformedBody("A number is too large.")
    return value


def _check(data: dict[str, Any]) -> None:
    """Refuse texts that are no Unicode text and nesting that no request of ours has."""
    waiting: list[tuple[Any, int]] = [(data, 1)]
    while waiting:
        value, level = waiting.pop()
        if isinstance(value, str) and NOT_TEXT.search(value):
            raise MalformedBody("A text holds a character that cannot be stored.")
        if isinstance(value, dict | list):
            if level > MOST_LEVELS:
                raise MalformedBody("The body is nested too deeply.")
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            waiting.extend((each, level + 1) for each in inner)
