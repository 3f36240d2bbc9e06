"""Bodies: what is read, what is refused, and that a refusal repeats nothing."""

import io

import pytest

from backend.api.parsing import MalformedBody, StrictJSONParser, parse_object

SECRET = "Zyzzogeton"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"{}", {}, id="empty object"),
        pytest.param('{"a": "ñ"}'.encode(), {"a": "ñ"}, id="letters beyond ascii"),
        pytest.param(b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}, id="a whole surrogate pair is one character"),
        pytest.param(b'{"a": 999999999999999999}', {"a": 10**18 - 1}, id="largest number"),
        pytest.param(b'{"a": [[1.5e3]]}', {"a": [[1500.0]]}, id="float"),
        pytest.param(b' {"a": null, "b": true} ', {"a": None, "b": True}, id="words and spaces"),
    ],
)
def test_reads(raw, expected):
    assert parse_object(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"{'a': 1}", id="python"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"a"', id="text"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": Infinity}', id="Infinity"),
        pytest.param(b'{"a": -Infinity}', id="-Infinity"),
        pytest.param(b'{"a": 1e999}', id="float that overflows"),
        pytest.param(b'{"a": 1.' + b"0" * 100 + b"}", id="float of a hundred digits"),
        pytest.param(b'{"a": 1000000000000000000}', id="number of 19 digits"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="number of 5000 digits"),
        pytest.param(b'{"a": 1, "a": 1}', id="twins"),
        pytest.param(b'{"a": {"b": 1, "\\u0062": 2}}', id="twins inside, one escaped"),
        pytest.param(b'{"a": "\\u0000"}', id="NUL"),
        pytest.param(b'{"a\\u0000": 1}', id="NUL in a key"),
        pytest.param(b'{"a": ["\\ud800"]}', id="lone high surrogate"),
        pytest.param(b'{"a": "\\udfff\\ud800"}', id="surrogates the wrong way round"),
        pytest.param(b'{"\\udc00": 1}', id="lone surrogate in a key"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', id="byte order mark"),
        pytest.param(b'{"a":' * 9 + b"1" + b"}" * 9, id="nine levels"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="a hundred thousand levels"),
        pytest.param(b'{"a": 1} {"b": 2}', id="two documents"),
        pytest.param(f'{{"{SECRET}": "{SECRET}", "{SECRET}": NaN}}'.encode(), id="personal text"),
    ],
)
def test_refuses_and_repeats_nothing(raw):
    with pytest.raises(MalformedBody) as refused:
        StrictJSONParser().parse(io.BytesIO(raw))
    assert refused.value.status_code == 400
    assert refused.value.get_codes() == "malformed-body"
    assert SECRET not in str(refused.value)


def test_eight_levels_are_read():
    assert parse_object(b'{"a":' * 8 + b"1" + b"}" * 8)


def test_a_body_that_ends_early_is_refused():
    class Broken(io.BytesIO):
        def read(self, *_args):
            raise OSError("gone")

    with pytest.raises(MalformedBody):
        StrictJSONParser().parse(Broken())
