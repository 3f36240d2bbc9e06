"""What each of the ordinary ways does for one text: look, send with twilio-python, write down what came of it.

It looks at consent and opt-out, opens the number, and leaves the same rows as ours. It knows nothing of caps,
windows, leases, or of what to do when the answer is lost. Needs Django to be set up.
"""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

_clients: dict[str, object] = {}


def _client(base_url: str):
    """twilio-python, pointed at the fake: nothing else is changed (MSG-7)."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    from bench.support.fake_provider import ACCOUNT
    from bench.support.senders import AUTH_TOKEN

    class Rebased(TwilioHttpClient):
        def request(self, method, url, *args, **keywords):
            return super().request(method, base_url + urlsplit(url).path, *args, **keywords)

    if base_url not in _clients:
        _clients[base_url] = Client(ACCOUNT, AUTH_TOKEN, http_client=Rebased(timeout=10))
    return _clients[base_url]


def send(program_id: int, message_id: int, now: str, base_url: str) -> None:
    """One text to one patient, unless it is no longer planned."""
    from backend.access import NOBODY
    from backend.crypto import token_digest
    from backend.db import programs
    from backend.models import Consent
    from backend.selectors.keys import data_key
    from backend.services import audit
    from bench.support.fake_provider import SERVICE
    from reminders.models import Attempt, Message, OptOut, StatusToken
    from reminders.rules import wording
    from reminders.services.dispatch import body_hash

    at = datetime.fromisoformat(now)
    with programs([program_id]):
        message = Message.objects.select_related("patient").get(pk=message_id)
        patient = message.patient
        if message.state != "planned":
            return
        if not Consent.objects.filter(patient_id=patient.pk, kind="sms", revoked_at__isnull=True).exists():
            return
        if OptOut.objects.filter(phone_index=patient.phone_index, ended_at__isnull=True).exists():
            return
        phone = patient.opened(data_key(program_id=program_id, patient_id=patient.pk), "phone")
    body = wording.render(message.template, message.language, message.values)
    token = secrets.token_urlsafe(24)
    sent = _client(base_url).messages.create(
        to=phone,
        messaging_service_sid=SERVICE,
        body=body,
        status_callback=f"http://localhost:8000/hooks/twilio/status/{token}",
        validity_period=int((message.expires_at - at).total_seconds()),
        smart_encoded=True,
    )
    with programs([program_id]):
        Attempt.objects.create(
            program_id=program_id,
            patient=patient,
            message=message,
            number=1,
            token_digest=token_digest(token),
            body_hash=body_hash(phone, body),
            provider="twilio",
            started_at=at,
            finished_at=at,
            result="accepted",
            sid=sent.sid,
        )
        StatusToken.objects.create(
            digest=token_digest(token), program_id=program_id, message_id=message.pk, created_at=at
        )
        message.state = "accepted"
        message.attempts = 1
        message.provider = "twilio"
        message.provider_sid = sent.sid
        message.provider_rank = 1
        message.question_open = message.is_question
        message.sending_at = message.accepted_at = at
        message.save(
            update_fields=[
                "state",
                "attempts",
                "provider",
                "provider_sid",
                "provider_rank",
                "question_open",
                "sending_at",
                "accepted_at",
            ]
        )
        audit.record(
            actor=NOBODY,
            action="message.sent",
            program_id=program_id,
            patient_id=patient.pk,
            object_kind="message",
            object_id=message.pk,
        )


def due(*, program_id: int, now: str) -> list[int]:
    """The ids of the texts that are due, in the order of their making."""
    from backend.db import programs
    from reminders.models import Message

    at = datetime.fromisoformat(now)
    with programs([program_id]):
        rows = Message.objects.filter(program_id=program_id, state="planned", send_after__lte=at, expires_at__gt=at)
        return list(rows.order_by("pk").values_list("pk", flat=True))
