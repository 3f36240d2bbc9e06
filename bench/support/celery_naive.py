"""What most Django projects do: beat starts a task, it queues a task for each patient, and that one sends.

Real workers on a real broker, Celery's defaults (a process for each core), twilio-python as its documentation
shows it, one client for each process. It looks at consent and opt-out, opens the number, and leaves the same
rows as ours. It knows nothing of caps, windows, leases, or of what to do when the answer is lost.
"""

import contextlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from celery import Celery

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("bench_naive", broker=os.environ.get("REDIS_URL", "memory://"))
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True, task_default_queue="bench_naive")

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


@app.task
def send_reminder(program_id: int, message_id: int, now: str, base_url: str) -> None:
    """One text to one patient."""
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
    """The ids of the texts that are due."""
    from backend.db import programs
    from reminders.models import Message

    at = datetime.fromisoformat(now)
    with programs([program_id]):
        rows = Message.objects.filter(program_id=program_id, state="planned", send_after__lte=at, expires_at__gt=at)
        return list(rows.values_list("pk", flat=True))


@app.task
def send_due(program_id: int, now: str, base_url: str) -> None:
    """What beat calls: a task for each text that is due."""
    for message_id in due(program_id=program_id, now=now):
        send_reminder.delay(program_id, message_id, now, base_url)


class Workers:
    """A Celery worker with its children, and how to wait for what it was given."""

    def __init__(self, *, concurrency: int | None, log: Path) -> None:
        command = [sys.executable, "-m", "celery", "-A", "bench.support.celery_naive", "worker", "--loglevel=ERROR"]
        if concurrency is not None:
            command.append(f"--concurrency={concurrency}")
        self._log = log.open("ab")
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=self._log, stderr=self._log)

    def send(self, *, program_id: int, now: str, base_url: str, count: int, timeout_s: float = 300) -> float:
        """Let beat's task begin; returns the seconds until ``count`` texts are written down as accepted."""
        from django.db import connection

        from backend.db import programs

        started = time.perf_counter()
        send_due.delay(program_id, now, base_url)
        while True:
            with programs([program_id]), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM reminders_message WHERE program_id = %s AND state = 'accepted'", [program_id]
                )
                [done] = cursor.fetchone()
            elapsed = time.perf_counter() - started
            if done >= count:
                return elapsed
            if elapsed > timeout_s or self._process.poll() is not None:
                raise RuntimeError(f"Celery's workers sent {done} of {count}; see {self._log.name}")
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@contextlib.contextmanager
def workers(*, concurrency: int | None = None, log: Path) -> Iterator[Workers]:
    started = Workers(concurrency=concurrency, log=log)
    try:
        yield started
    finally:
        started.stop()
