"""Each safeguard can be left out in the benchmark's process; the provider that remembers tells lost and doubled."""

import json
from urllib.request import Request, urlopen

import pytest

from bench.support import NOW, people, safeguards
from bench.support.fake_provider import ACCOUNT, SERVICE, fake_provider
from bench.support.losses import Cell
from bench.support.senders import AUTH_TOKEN


@pytest.mark.django_db
def test_texts_leave_without_each_step_and_with_all_of_them(settings):
    settings.SMS_PROVIDER = "twilio"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, AUTH_TOKEN
    settings.TWILIO_MESSAGING_SERVICE_SID, settings.TWILIO_BASE_URL = SERVICE, ""
    steps = [safeguards.FULL, *safeguards.STEPS]
    wrote = {}
    with fake_provider([0.0]) as provider:
        for number, step in enumerate(steps):
            program_id = people.make_program(f"without-{step}".replace("_", "-"))
            people.make_reachable(program_id, 2, now=NOW, first_number=2 * number)
            assert people.plan_texts(program_id, now=NOW) == 2
            done = safeguards.run(step=step, program_id=program_id, now=NOW.isoformat(), base_url=provider.urls[0])
            assert done["accepted"] == 2
            wrote[step] = {name: len(rows) for name, rows in people.written_texts(program_id).items()}
        assert provider.counts()[0]["distinct"] == 2 * len(steps)
    # What was left out was left out, and only there.
    for step, rows in wrote.items():
        assert (rows["audit"] == 0) == (step == "audit")
        assert (rows["attempt"] == rows["token"] == 0) == (step == "token")


def test_what_was_lost_and_doubled_is_counted_by_number(tmp_path):
    with fake_provider([], keeper=(0.0, 0.0)) as provider:
        cell = Cell(provider, 0, 3, NOW.isoformat(), 0.0, tmp_path / "log")
        url = f"{provider.urls[0]}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        for to in ("%2B19995550001", "%2B19995550001", "%2B19995550002"):
            urlopen(Request(url, data=f"To={to}&Body=hello".encode()), timeout=10).read()
        loss = cell.loss()
        assert (loss.lost, loss.doubled) == (1, 1)
        with urlopen(f"{url}?To=%2B19995550001", timeout=10) as answer:
            listed = json.load(answer)["messages"]
        assert [one["to"] for one in listed] == ["+19995550001"] * 2
        assert len({one["sid"] for one in listed}) == 2
