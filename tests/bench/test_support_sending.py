"""The three ways of sending put the same requests on the wire; ours and Celery's leave the same rows."""

import pytest

from bench.support import one_text, people, senders
from bench.support.fake_provider import ACCOUNT, SERVICE, fake_provider

pytestmark = pytest.mark.django_db
COUNT = 12


@pytest.fixture
def twilio(settings):
    settings.SMS_PROVIDER = "twilio"
    settings.TWILIO_ACCOUNT_SID = ACCOUNT
    settings.TWILIO_AUTH_TOKEN = senders.AUTH_TOKEN
    settings.TWILIO_MESSAGING_SERVICE_SID = SERVICE
    settings.TWILIO_BASE_URL = ""


def due_program(slug: str, first_number: int) -> int:
    program_id = people.make_program(slug)
    people.make_reachable(program_id, COUNT, now=people.NOW, first_number=first_number)
    assert people.plan_texts(program_id, now=people.NOW) == COUNT
    return program_id


def test_the_same_requests_and_the_same_rows(twilio):
    ours, theirs = due_program("ours", 0), due_program("theirs", COUNT)
    now = people.NOW.isoformat()
    with fake_provider([0.0, 0.0, 0.0]) as provider:
        counts = senders.ours(program_id=ours, now=now, base_url=provider.urls[0])
        for message_id in one_text.due(program_id=theirs, now=now):
            one_text.send(theirs, message_id, now, provider.urls[1])
        assert senders.bare(base_url=provider.urls[2], count=COUNT, connections=5) == {"accepted": COUNT}
        arrived = provider.counts()
    assert counts["accepted"] == COUNT
    assert [(each["posts"], each["distinct"]) for each in arrived] == [(COUNT, COUNT)] * 3
    # Not letter by letter, for the texts have tokens and numbers of their own; but nobody's work is smaller.
    sizes = [each["body_bytes"] / COUNT for each in arrived]
    assert max(sizes) - min(sizes) < 0.05 * max(sizes)
    mine, others = people.written_texts(ours), people.written_texts(theirs)
    assert mine == others
    assert [len(mine[name]) for name in ("attempt", "token", "audit")] == [COUNT] * 3
    assert sum(row[1] == "accepted" for row in mine["message"]) == COUNT


def test_nothing_is_sent_without_consent_or_twice(twilio):
    program_id = due_program("again", 0)
    now = people.NOW.isoformat()
    with fake_provider([0.0]) as provider:
        waiting = one_text.due(program_id=program_id, now=now)
        for message_id in [waiting[0], waiting[0]]:
            one_text.send(program_id, message_id, now, provider.urls[0])
        assert senders.ours(program_id=program_id, now=now, base_url=provider.urls[0])["accepted"] == COUNT - 1
        assert senders.ours(program_id=program_id, now=now, base_url=provider.urls[0])["accepted"] == 0
        assert provider.counts()[0]["posts"] == COUNT
