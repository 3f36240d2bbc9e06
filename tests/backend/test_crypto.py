"""What is sealed opens only with its key, in its place."""

import pytest

from backend import crypto
from backend.crypto import CannotOpen, Key

KEY = Key("a", bytes(range(32)))


def test_what_is_sealed_opens_in_its_place():
    sealed = crypto.seal(KEY, b"Maren Solberg", place="recovery.patient.name:1")
    assert crypto.unseal(KEY, sealed, place="recovery.patient.name:1") == b"Maren Solberg"
    assert b"Maren" not in sealed


def test_the_same_text_never_looks_the_same():
    assert crypto.seal(KEY, b"x", place="p") != crypto.seal(KEY, b"x", place="p")


@pytest.mark.parametrize(
    ("key", "place", "change"),
    [
        pytest.param(KEY, "other:1", lambda b: b, id="moved to another row"),
        pytest.param(Key("a", bytes(32)), "place:1", lambda b: b, id="another secret under the same id"),
        pytest.param(Key("b", bytes(range(32))), "place:1", lambda b: b, id="another key id"),
        pytest.param(KEY, "place:1", lambda b: b[:-1] + bytes([b[-1] ^ 1]), id="one bit changed"),
        pytest.param(KEY, "place:1", lambda b: b[:10], id="cut short"),
        pytest.param(KEY, "place:1", lambda b: b"", id="empty"),
    ],
)
def test_anything_else_does_not_open(key, place, change):
    sealed = crypto.seal(KEY, b"secret", place="place:1")
    with pytest.raises(CannotOpen):
        crypto.unseal(key, change(sealed), place=place)


def test_a_key_does_not_show_itself():
    assert "\\x" not in repr(KEY)
    assert str(KEY.secret) not in repr(KEY)


def test_an_index_depends_on_secret_purpose_and_value():
    found = {
        crypto.blind_index(secret, purpose, value)
        for secret in (b"1" * 32, b"2" * 32)
        for purpose in ("phone:1", "phone:2")
        for value in ("+12025550100", "+12025550101")
    }
    assert len(found) == 8
    assert {len(digest) for digest in found} == {16}


@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        pytest.param("Ana", {"ana"}, id="three letters"),
        pytest.param("Jo", set(), id="too short to search"),
        pytest.param("Tomás", {"tom", "toma", "tomas"}, id="without its accent"),
        pytest.param("O'Neil-Li", {"nei", "neil"}, id="words at marks"),
        pytest.param("Montenegro", {"mon", "mont", "monte", "monten", "montene", "monteneg"}, id="up to eight"),
    ],
)
def test_name_prefixes(name, prefixes):
    assert crypto.name_prefixes(name) == prefixes
