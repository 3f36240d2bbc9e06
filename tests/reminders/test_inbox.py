"""The inbox of texts that fitted nothing: who sees what, what is recorded, and two people at once."""

from datetime import timedelta

import pytest

from backend.db import programs
from backend.models import AuditEvent
from backend.rules.roles import Role
from backend.services import people
from recovery.models import Outreach
from reminders.models import InboundMessage
from reminders.services.replies import receive_text
from reminders.services.senders import register_sender

pytestmark = pytest.mark.django_db
OURS = "+18005550100"
STRANGER = "+15715550199"
HOUR = timedelta(hours=1)


@pytest.fixture
def coordinator(program, make_staff):
    return make_staff(program, Role.COORDINATOR)


@pytest.fixture
def browser(client, time_machine, now):
    """Signs this member of staff in, three hours later."""

    def sign_in(actor, at=now + 3 * HOUR):
        time_machine.move_to(at, tick=False)
        client.post(people.make_sign_in_link(user_id=actor.user_id, now=at))
        return client

    return sign_in


@pytest.fixture
def write(program, now):
    from recovery.selectors import reminding

    register_sender(program_id=program, address=OURS, provider="fake")
    sids = iter(f"IN{number}" for number in range(1000))

    def send(who, body, at=now):
        sender = who if isinstance(who, str) else reminding.contacts([who.pk])[who.pk].phone
        values = {"sid": next(sids), "sender": sender, "addressed_to": (OURS,), "body": body, "now": at}
        return receive_text(**values, program_id=program).inbound_id

    return send


def text_of(client, status=200):
    page = client.get("/care/inbox/")
    assert page.status_code == status
    return page.content.decode()


def test_nothing_waits(browser, coordinator):
    page = text_of(browser(coordinator))
    assert "No text waits for you" in page
    assert page.count('href="/care/inbox/"') == 1  # once, in the navigation


def test_a_text_waits_with_its_name_its_words_its_age_and_what_was_answered(browser, coordinator, write, texted):
    inbound = write(texted, "My sister <b>moved</b> & I need papers")
    page = text_of(browser(coordinator))
    assert "1 text to read" in page
    assert f'href="/care/patients/{texted.pk}/"' in page
    assert "My sister &lt;b&gt;moved&lt;/b&gt; &amp; I need papers" in page
    assert "Waits: 3 hours" in page
    assert "Fits no question" in page
    assert "Answered by itself: “Thank you. A person reads this by " in page
    assert "tel:" not in page
    read = AuditEvent.objects.get(action="inbox.read")
    assert (read.patient_id, read.object_id, read.actor_id) == (texted.pk, inbound, coordinator.user_id)


def test_a_second_text_shows_the_line_that_answered_the_first(browser, coordinator, write, texted, now):
    write(texted, "My sister moved")
    write(texted, "and the cat too", now + HOUR)
    page = text_of(browser(coordinator))
    assert page.count("Answered by itself: “") == 1
    assert page.count("Answered by itself, to the text before: “") == 1
    assert page.index("My sister moved") < page.index("and the cat too")


def test_an_unknown_number_is_called_that_and_was_told_nothing(browser, coordinator, write, texted):
    write(STRANGER, "who is this about")
    page = text_of(browser(coordinator))
    assert "<strong>Unknown number</strong>" in page
    assert f'href="tel:{STRANGER}"' in page
    assert "Nothing was answered" in page
    assert "What came of the contact" not in page


def test_many_come_oldest_first_and_the_rest_is_counted(browser, coordinator, write, texted, now, monkeypatch):
    from reminders.services import inbox

    monkeypatch.setattr(inbox, "MOST", 3)
    for number in range(5):
        write(STRANGER, f"mystery {number}", now - number * HOUR)
    page = text_of(browser(coordinator))
    assert "5 texts to read" in page
    assert "the first 3 are shown" in page
    found = [page.find(f"mystery {number}") for number in (4, 3, 2, 1, 0)]
    assert found[3:] == [-1, -1]
    assert 0 < found[0] < found[1] < found[2]


def test_closing_with_a_contact_records_both(browser, coordinator, write, texted, now):
    inbound = write(texted, "My sister moved")
    client = browser(coordinator)
    sent = {"outcome": "next_step", "channel": "call", "result": "reached", "note": "Papers by Friday."}
    answer = client.post(f"/care/inbox/{inbound}/", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/care/inbox/?done=closed")
    row = InboundMessage.objects.get(pk=inbound)
    assert (row.result, row.handled_at, row.handled_by_id) == (
        "closed:next_step",
        now + 3 * HOUR,
        coordinator.user_id,
    )
    contact = Outreach.objects.get()
    assert (contact.patient_id, contact.channel, contact.outcome) == (texted.pk, "call", "reached")
    assert b"Papers" not in bytes(contact.note)
    assert AuditEvent.objects.filter(action="inbox.closed", patient_id=texted.pk, object_id=inbound).count() == 1
    assert "No text waits for you" in text_of(client)


def test_a_contact_alone_leaves_it_open(browser, coordinator, write, texted):
    inbound = write(texted, "My sister moved")
    client = browser(coordinator)
    answer = client.post(f"/care/inbox/{inbound}/", {"channel": "call", "result": "no_answer"})
    assert answer["Location"] == "/care/inbox/?done=contact"
    assert InboundMessage.objects.get().handled_at is None
    assert Outreach.objects.get().outcome == "no_answer"
    assert "The text goes on waiting." in client.get(answer["Location"]).content.decode()


def test_who_comes_second_is_told_and_records_nothing(browser, coordinator, make_staff, program, write, texted):
    inbound = write(texted, "My sister moved")
    client = browser(coordinator)
    sent = {"outcome": "settled", "channel": "call", "result": "reached"}
    assert client.post(f"/care/inbox/{inbound}/", sent).status_code == 302
    colleague = make_staff(program, Role.NURSE)
    client = browser(colleague)
    answer = client.post(f"/care/inbox/{inbound}/", {**sent, "outcome": "not_for_us"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "A colleague has closed this text meanwhile" in page
    assert "No text waits for you" in page
    row = InboundMessage.objects.get()
    assert (row.result, row.handled_by_id) == ("closed:settled", coordinator.user_id)
    assert Outreach.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        pytest.param({}, "Choose what came of it", id="nothing"),
        pytest.param({"outcome": "gone"}, "gone is not one of the available choices", id="no-such-outcome"),
        pytest.param({"channel": "call"}, "Say what came of the contact.", id="half-a-contact"),
        pytest.param(
            {"outcome": "settled", "note": "Hm."}, "Choose the contact that this belongs to.", id="loose-note"
        ),
    ],
)
def test_what_is_not_whole_is_said_and_changes_nothing(browser, coordinator, write, texted, sent, words):
    inbound = write(texted, "My sister moved")
    answer = browser(coordinator).post(f"/care/inbox/{inbound}/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "<details open>" in answer.content.decode()
    assert InboundMessage.objects.get().handled_at is None
    assert not Outreach.objects.exists()


def test_a_contact_needs_somebody_known(browser, coordinator, write, texted):
    inbound = write(STRANGER, "who is this about")
    client = browser(coordinator)
    answer = client.post(f"/care/inbox/{inbound}/", {"outcome": "settled", "channel": "call", "result": "reached"})
    assert answer.status_code == 422
    assert "No patient is known for this text" in answer.content.decode()
    assert InboundMessage.objects.get().handled_at is None
    assert client.post(f"/care/inbox/{inbound}/", {"outcome": "not_for_us"}).status_code == 302
    assert InboundMessage.objects.get().result == "closed:not_for_us"


def test_what_never_waited_or_is_not_there_is_not_found(browser, coordinator, write, texted):
    stopped = write(texted, "STOP")
    client = browser(coordinator)
    InboundMessage.objects.filter(pk=stopped).update(handled_at=None, result="")
    for pk in (stopped, 999_999, 10**30):
        assert client.post(f"/care/inbox/{pk}/", {"outcome": "settled"}).status_code == 404


def test_another_programs_text_is_not_there(browser, make_program, make_staff, write, texted):
    inbound = write(texted, "My sister moved")
    other = make_program()
    other = getattr(other, "pk", other)
    with programs([other]):
        stranger = make_staff(other, Role.COORDINATOR)
    client = browser(stranger)
    assert "My sister" not in text_of(client)
    assert client.post(f"/care/inbox/{inbound}/", {"outcome": "settled"}).status_code == 404


def test_an_operator_reads_nobodys_texts(browser, make_staff, program, write, texted):
    inbound = write(texted, "My sister moved")
    client = browser(make_staff(program, Role.OPERATOR))
    assert client.get("/care/inbox/").status_code == 403
    assert client.post(f"/care/inbox/{inbound}/", {"outcome": "settled"}).status_code == 403
    assert InboundMessage.objects.get().handled_at is None
