"""The check of I1 to I10 stays silent over a good day, and speaks about each kind of bad row."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from backend.services.seal import seal_audit
from config.management.commands.verify_messages import _is_plain
from reminders.services.invariants import verify_messages

Verify = Callable[..., set[str]]


@pytest.fixture
def sent_at(now: datetime) -> datetime:
    """The wave of ten o'clock is due, jitter and all."""
    return now + timedelta(minutes=11)


@pytest.fixture
def a_text_out(texted: Any, plan: Callable[..., int], send: Callable[..., Any], sent_at: datetime) -> int:
    """The id of a message that the provider took."""
    plan()
    assert send(sent_at).accepted == 1
    return _one("SELECT id FROM reminders_message WHERE state = 'accepted'")


@pytest.fixture
def verify(program: int, sent_at: datetime) -> Verify:
    """The invariants that are broken a minute after the text left."""

    def broken(at: datetime | None = None, **more: Any) -> set[str]:
        seal_audit(program_ids=[program])
        report = verify_messages(program_ids=[program], now=at or sent_at + timedelta(minutes=1), **more)
        return {one.invariant for one in report.violations}

    return broken


_ATTEMPT = (
    "INSERT INTO reminders_attempt (program_id, patient_id, message_id, number, token_digest, provider, started_at,"
    " result, error_code, sid) "
)
_RECEIPT = (
    "INSERT INTO reminders_providerevent (program_id, patient_id, message_id, sid, status, error_code, received_at) "
)
_COPIED = (
    "program_id, patient_id, audience, subject_kind, subject_id, slot_on, channel, message_class, acute, own_time,"
    " priority, template, template_version, language, values, is_question, send_after, expires_at, state, why,"
    " attempts, crashes, claimed_by, provider, provider_rank, looks, created_at, accepted_at"
)


def _one(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    assert row is not None
    return row[0]


def _do(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount == 1, "the row to spoil is not there"


def test_a_text_that_left_as_it_should_breaks_nothing(a_text_out: int, verify: Verify) -> None:
    assert verify() == set()


@pytest.mark.parametrize(
    ("invariant", "spoil"),
    [
        pytest.param(
            "I1",
            f"{_ATTEMPT} SELECT program_id, patient_id, message_id, number + 1, '\\x00', provider, started_at, result,"
            " '', 'SMother' FROM reminders_attempt WHERE message_id = %s",
            id="two texts of the provider's for one slot",
        ),
        pytest.param(
            "I1",
            f"{_RECEIPT} SELECT program_id, patient_id, id, 'SMother', 'delivered', '', accepted_at"
            " FROM reminders_message WHERE id = %s",
            id="a receipt proves a second text",
        ),
        pytest.param(
            "I2",
            "UPDATE reminders_message SET state = 'planned', send_after = send_after - interval '1 hour' WHERE id = %s",
            id="due for an hour",
        ),
        pytest.param(
            "I2",
            "UPDATE reminders_message SET state = 'sending', lease_until = accepted_at - interval '10 minutes'"
            " WHERE id = %s",
            id="its lease ended long ago",
        ),
        pytest.param(
            "I2",
            "UPDATE reminders_message SET state = 'unknown', next_look_at = NULL,"
            " sending_at = sending_at - interval '1 hour' WHERE id = %s",
            id="unknown and forgotten",
        ),
        pytest.param(
            "I2",
            "UPDATE reminders_message SET accepted_at = accepted_at - interval '25 hours' WHERE id = %s",
            id="a day without a receipt",
        ),
        pytest.param(
            "I3",
            "UPDATE reminders_message SET due_at = due_at - interval '4 hours',"
            " expires_at = due_at - interval '1 hour' WHERE id = %s",
            id="left after its expiry",
        ),
        pytest.param(
            "I3",
            "UPDATE reminders_attempt SET started_at = started_at - interval '8 hours' WHERE message_id = %s",
            id="left at two in the morning",
        ),
        pytest.param(
            "I3",
            "INSERT INTO reminders_optout (program_id, phone_index, scope, source, since)"
            " SELECT m.program_id, p.phone_index, 'sms', 'text', m.accepted_at - interval '1 minute'"
            " FROM reminders_message m JOIN recovery_patient p ON p.id = m.patient_id WHERE m.id = %s",
            id="left after STOP",
        ),
        pytest.param("I4", "UPDATE reminders_message SET provider_sid = '' WHERE id = %s", id="no id of theirs"),
        pytest.param(
            "I6",
            "UPDATE reminders_attempt SET message_id ="
            " (SELECT id FROM reminders_message WHERE state = 'planned' LIMIT 1) WHERE message_id = %s",
            id="left without an audit event",
        ),
        pytest.param(
            "I8",
            "UPDATE backend_consent c SET revoked_at = m.accepted_at - interval '1 minute',"
            " given_at = m.accepted_at - interval '1 hour' FROM reminders_message m"
            " WHERE m.patient_id = c.patient_id AND m.id = %s",
            id="sent after consent ended",
        ),
    ],
)
def test_each_bad_row_is_named(a_text_out: int, verify: Verify, invariant: str, spoil: str) -> None:
    _do(spoil, a_text_out)
    assert invariant in verify()


def test_a_second_try_after_a_proven_failure_is_no_double(a_text_out: int, verify: Verify) -> None:
    _do(
        f"{_RECEIPT} SELECT program_id, patient_id, id, provider_sid, 'undelivered', '30003', accepted_at"
        " FROM reminders_message WHERE id = %s",
        a_text_out,
    )
    _do(
        f"{_ATTEMPT} SELECT program_id, patient_id, message_id, 2, '\\x00', provider, started_at, result, '',"
        " 'SMsecond' FROM reminders_attempt WHERE message_id = %s",
        a_text_out,
    )
    assert "I1" not in verify()


def test_the_providers_list_is_held_against_ours_both_ways(a_text_out: int, verify: Verify, sent_at: datetime) -> None:
    ours = _one("SELECT provider_sid FROM reminders_message WHERE id = %s", a_text_out)
    later = sent_at + timedelta(minutes=10)
    assert verify(later, listed={ours}) == set()
    assert "I4" in verify(later, listed=set())
    assert "I4" in verify(later, listed={ours, "SMstranger"})


def _another(a_text_out: int, step: str, *, later_by: str, sent: str) -> None:
    """A copy of a text for another step of its dose, due and sent at other times."""
    sid = "SM" + step
    _do(
        f"INSERT INTO reminders_message ({_COPIED}, step, provider_sid, question_open, due_at)"
        f" SELECT {_COPIED}, %s, %s, false, due_at + %s::interval FROM reminders_message WHERE id = %s",
        step,
        sid,
        later_by,
        a_text_out,
    )
    _do(
        f"{_ATTEMPT} SELECT program_id, patient_id, id, 1, provider_sid::bytea, 'fake',"
        " accepted_at + %s::interval, 'accepted', '', provider_sid FROM reminders_message WHERE provider_sid = %s",
        sent,
        sid,
    )


@pytest.mark.parametrize(("sent", "broken"), [("30 seconds", False), ("-30 seconds", True)])
def test_an_older_text_must_not_leave_after_a_newer_one(
    a_text_out: int, verify: Verify, sent: str, broken: bool
) -> None:
    _another(a_text_out, "1.third", later_by="5 minutes", sent=sent)
    assert ("I5" in verify()) is broken


def test_five_texts_about_doses_in_a_day_break_the_cap(a_text_out: int, verify: Verify) -> None:
    for number in range(3):
        _another(a_text_out, f"{number + 2}.first", later_by="0", sent="0")
    assert "I7" not in verify()
    _another(a_text_out, "5.first", later_by="0", sent="0")
    assert "I7" in verify()


def test_a_seal_that_names_another_link_is_found(a_text_out: int, verify: Verify, program: int) -> None:
    assert verify() == set()
    _do(
        "INSERT INTO backend_auditevent (program_id, action, role, object_kind, fields, route, request_id)"
        " VALUES (%s, 'a.b', '', '', '[]', '', '')",
        program,
    )
    _do(
        "INSERT INTO backend_auditseal (event_id, program_id, chain, seq, prev_hash, hash)"
        " SELECT max(e.id), %s, %s, (SELECT max(seq) + 1 FROM backend_auditseal WHERE chain = %s), '\\x01', '\\x02'"
        " FROM backend_auditevent e WHERE e.program_id = %s",
        *[program] * 4,
    )
    found = verify_messages(program_ids=[program], now=_one("SELECT max(accepted_at) FROM reminders_message"))
    assert {one.about for one in found.violations if one.invariant == "I6"} == {
        "the link before is another",
        "an audit event was changed after it was sealed",
    }


def test_the_command_says_so_in_words_and_in_json(
    a_text_out: int, verify: Verify, time_machine: Any, sent_at: datetime
) -> None:
    verify()  # seals
    time_machine.move_to(sent_at + timedelta(minutes=1), tick=False)
    out = io.StringIO()
    call_command("verify_messages", json=True, stdout=out)
    assert json.loads(out.getvalue()) == {
        "holds": True,
        "checked": ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I10"],
        "violations": [],
    }
    _do("UPDATE reminders_message SET provider_sid = '' WHERE id = %s", a_text_out)
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_messages", stdout=out)
    assert f"I4 message {a_text_out}: accepted without the provider's id" in out.getvalue()


@pytest.mark.parametrize(
    ("entry", "plain"),
    [
        pytest.param({"body": '[[], {}, {"callbacks": null}]'}, True, id="a tick"),
        pytest.param({"body": "[[7], {}, {}]"}, True, id="an id"),
        pytest.param({"body": '[["+12025550123"], {}, {}]'}, False, id="a number in text"),
        pytest.param({"body": '[[], {"name": "Ana"}, {}]'}, False, id="a name"),
        pytest.param({"body": "W1tdLCB7fSwge31d", "properties": {"body_encoding": "base64"}}, True, id="base64"),
        pytest.param({"headers": {}}, False, id="no body that can be read"),
    ],
)
def test_what_a_queued_task_may_carry(entry: dict[str, Any], plain: bool) -> None:
    assert _is_plain(json.dumps(entry).encode()) is plain
