"""What push services, FCM and mail servers mean by their answers (F59, F60), and what is unclear without a list."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reminders.rules.reconcile import (
    RECONCILE_BY_CHANNEL,
    Accept,
    Resend,
    StayUnknown,
    UnknownFacts,
    Wait,
    next_step,
)
from reminders.rules.retry import Action, FailureClass, Outcome, Transport, retry_at
from reminders.rules.states import Channel
from reminders.rules.wake_codes import FCM, SMTP, WEB_PUSH, classify_wake, fcm_code

ALARM = Action.ALERT_DEVELOPERS


@pytest.mark.parametrize(
    ("table", "code", "outcome", "failure", "action"),
    [
        pytest.param(WEB_PUSH, 404, "not_processed", "gone", Action.PRUNE_DEVICE, id="push-404"),
        pytest.param(WEB_PUSH, 410, "not_processed", "gone", Action.PRUNE_DEVICE, id="push-410"),
        pytest.param(WEB_PUSH, 413, "rejected", "bug", ALARM, id="push-413"),
        pytest.param(WEB_PUSH, 400, "rejected", "bug", ALARM, id="push-400"),
        pytest.param(WEB_PUSH, 302, "rejected", "refused_here", ALARM, id="push-redirect"),
        pytest.param(WEB_PUSH, 403, "not_processed", "config", Action.OPEN_CIRCUIT, id="push-403"),
        pytest.param(WEB_PUSH, 429, "not_processed", "throttled", None, id="push-429"),
        pytest.param(WEB_PUSH, 503, "unknown", "unknown", None, id="push-503"),
        pytest.param(WEB_PUSH, 418, "rejected", "permanent_unknown", ALARM, id="push-nobody-knows"),
        pytest.param(FCM, "UNREGISTERED", "not_processed", "gone", Action.PRUNE_DEVICE, id="fcm-unregistered"),
        pytest.param(FCM, "INVALID_TOKEN", "not_processed", "gone", Action.PRUNE_DEVICE, id="fcm-token"),
        pytest.param(FCM, "INVALID_ARGUMENT", "rejected", "bug", ALARM, id="fcm-payload"),
        pytest.param(FCM, "QUOTA_EXCEEDED", "not_processed", "throttled", None, id="fcm-quota"),
        pytest.param(FCM, "SENDER_ID_MISMATCH", "not_processed", "config", Action.OPEN_CIRCUIT, id="fcm-sender"),
        pytest.param(SMTP, 550, "not_processed", "gone", Action.PRUNE_DEVICE, id="mail-550"),
        pytest.param(SMTP, 535, "not_processed", "config", Action.OPEN_CIRCUIT, id="mail-535"),
        pytest.param(SMTP, 452, "not_processed", "soft", Action.COUNT_SOFT, id="mail-452"),
        pytest.param(SMTP, 554, "rejected", "permanent_unknown", ALARM, id="mail-554"),
    ],
)
def test_each_code_has_its_meaning(table, code, outcome, failure, action):
    status = code if isinstance(code, int) else 400
    found = classify_wake(table, code=code, http_status=status)
    assert (found.outcome, found.failure, found.code) == (outcome, failure, code)
    assert action in found.actions if action else not found.actions


@pytest.mark.parametrize(
    ("transport", "outcome", "failure"),
    [
        (Transport.REFUSED, Outcome.NOT_PROCESSED, FailureClass.NOT_SENT),
        (Transport.TIMEOUT, Outcome.UNKNOWN, FailureClass.UNKNOWN),
        (Transport.RESET, Outcome.UNKNOWN, FailureClass.UNKNOWN),
    ],
)
def test_a_line_that_fails(transport, outcome, failure):
    found = classify_wake(WEB_PUSH, code=None, transport=transport)
    assert (found.outcome, found.failure) == (outcome, failure)


def test_the_providers_patience_is_kept_and_bounded():
    assert classify_wake(WEB_PUSH, code=429, retry_after_s=7).retry_after == timedelta(seconds=7)
    assert classify_wake(WEB_PUSH, code=429, retry_after_s=1e9).retry_after == timedelta(days=1)
    assert classify_wake(WEB_PUSH, code=429, retry_after_s=-1).retry_after is None


def test_a_place_that_is_gone_is_followed_by_the_next_at_once():
    now = datetime(2026, 3, 3, 15, tzinfo=UTC)
    at = retry_at(failure=FailureClass.GONE, attempts=1, now=now, fraction=0.99, expires_at=now + timedelta(hours=3))
    assert at is not None and at - now <= timedelta(seconds=10)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"status": "NOT_FOUND", "details": [{"errorCode": "UNREGISTERED"}]}, "UNREGISTERED"),
        ({"status": "UNAVAILABLE"}, "UNAVAILABLE"),
        ({"status": "INVALID_ARGUMENT", "details": [{"errorCode": "INVALID_ARGUMENT"}]}, "INVALID_ARGUMENT"),
        (
            {
                "status": "INVALID_ARGUMENT",
                "details": [
                    {"errorCode": "INVALID_ARGUMENT"},
                    {"fieldViolations": [{"field": "message.token", "description": "+12125550123"}]},
                ],
            },
            "INVALID_TOKEN",
        ),
        (
            {"status": "INVALID_ARGUMENT", "details": [{"fieldViolations": [{"field": "message.android.ttl"}]}]},
            "INVALID_ARGUMENT",
        ),
        ({"status": 7}, None),
        ({"details": "x"}, None),
        ({"status": "INVALID_ARGUMENT", "details": [{"fieldViolations": "x"}, 5]}, "INVALID_ARGUMENT"),
        ("INTERNAL", None),
        (None, None),
    ],
)
def test_fcms_own_word_is_found(error, code):
    assert fcm_code(error) == code


# --- unclear, and nobody to ask ---------------------------------------------------------------------

STARTED = datetime(2026, 3, 3, 15, tzinfo=UTC)
UNCLEAR = UnknownFacts(started_at=STARTED, expires_at=STARTED + timedelta(hours=3))
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("channel", "facts", "after", "step"),
    [
        pytest.param("push", UNCLEAR, MINUTE / 2, Wait(STARTED + MINUTE), id="it-may-be-seen-meanwhile"),
        pytest.param("push", UNCLEAR, MINUTE, Resend(), id="once-more"),
        pytest.param("app", UNCLEAR, MINUTE, Resend(), id="an-app-too"),
        pytest.param("push", replace(UNCLEAR, resends=1), 2 * MINUTE, StayUnknown(), id="never-a-third"),
        pytest.param("push", replace(UNCLEAR, may_resend=False), MINUTE, StayUnknown(), id="its-text-has-left"),
        pytest.param("push", UNCLEAR, timedelta(hours=3), StayUnknown(), id="too-late"),
        pytest.param("email", UNCLEAR, MINUTE, StayUnknown(), id="a-second-mail-is-a-second-mail"),
        pytest.param("email", replace(UNCLEAR, sid_from_callback="x"), MINUTE, Accept("x"), id="proof-wins"),
    ],
)
def test_without_a_list(channel, facts, after, step):
    assert next_step(facts, now=STARTED + after, policy=RECONCILE_BY_CHANNEL[Channel(channel)]) == step
