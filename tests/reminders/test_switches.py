"""The page with the switches, the list of who missed a text, and the two commands, through their edges."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from backend.models import AuditEvent
from backend.rules.roles import Role
from backend.services import people
from reminders.models import Circuit, Message, Stop
from reminders.services import senders

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def browser(client, time_machine, program, make_staff, now):
    """Signs a new member of staff with these roles in."""

    def sign_in(*roles):
        actor = make_staff(program, *roles)
        time_machine.move_to(now, tick=False)
        client.post(people.make_sign_in_link(user_id=actor.user_id, now=now))
        return client

    return sign_in


def switch_off(client, program, name="visit", reason="Wrong words."):
    return client.post("/care/texts/off/", {"program": program, "name": name, "reason": reason})


def test_a_director_switches_a_class_off_and_on_again(browser, program):
    client = browser(Role.MEDICAL_DIRECTOR)
    page = client.get("/care/texts/").content.decode()
    assert "Switch off<span" in page
    assert "The provider takes texts." in page
    assert "No sender is registered" in page
    answer = switch_off(client, program)
    assert (answer.status_code, answer["Location"]) == (302, f"/care/texts/?program={program}&done=off")
    page = client.get(answer["Location"]).content.decode()
    assert "Wrong words." in page
    assert "Switched off. It holds" in page
    stop = Stop.objects.get()
    assert client.post(f"/care/texts/{stop.pk}/on/").status_code == 302
    page = client.get("/care/texts/").content.decode()
    assert "What was off" in page
    assert Stop.objects.get().ended_at is not None


def test_an_operator_switches_and_sees_no_person(browser, program):
    client = browser(Role.OPERATOR)
    assert switch_off(client, program).status_code == 302
    page = client.get("/care/texts/").content.decode()
    assert "texts/missed" not in page
    assert client.get("/care/texts/missed/").status_code == 403


@pytest.mark.parametrize(
    ("values", "status"),
    [
        pytest.param({"name": "visits"}, 400, id="no-such-kind"),
        pytest.param({"reason": " "}, 400, id="no-reason"),
        pytest.param({"program": "x"}, 404, id="no-program"),
        pytest.param({"program": "999999"}, 404, id="foreign-program"),
    ],
)
def test_a_bad_order_switches_nothing(browser, program, values, status):
    client = browser(Role.MEDICAL_DIRECTOR)
    answer = client.post("/care/texts/off/", {"program": program, "name": "visit", "reason": "Why.", **values})
    assert answer.status_code == status
    assert not Stop.objects.exists()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.NURSE, Role.CLINICIAN])
def test_others_neither_see_nor_switch(browser, program, role):
    client = browser(role)
    assert client.get("/care/texts/").status_code == 403
    assert switch_off(client, program).status_code == 403
    assert not Stop.objects.exists()


def test_the_list_of_who_missed_a_text_names_them_and_is_audited(browser, program, patient, now):
    Message.objects.create(
        program_id=program,
        patient_id=patient.pk,
        subject_kind="appointment",
        subject_id=1,
        slot_on=date(2026, 3, 3),
        step="day-1",
        channel="sms",
        message_class="visit",
        priority=50,
        template="visit.tomorrow",
        template_version=1,
        language="en",
        due_at=now - HOUR,
        send_after=now - HOUR,
        expires_at=now + HOUR,
        created_at=now,
        state="suppressed",
        why="kill_switch",
        ended_at=now,
    )
    client = browser(Role.COORDINATOR)
    page = client.get("/care/texts/missed/").content.decode()
    assert "Tell in person" in page
    assert "Ana Patient" in page
    assert "Visits, due Tue 3 Mar, 09:00" in page
    assert AuditEvent.objects.filter(action="missed_texts.read", patient_id=patient.pk).count() == 1


def test_nobody_missed_a_text(browser):
    assert "Nobody missed a text" in browser(Role.NURSE).get("/care/texts/missed/").content.decode()


def test_the_page_says_that_the_provider_refuses_and_that_the_day_does_not_fit(browser, program, texted, plan, now):
    Circuit.objects.create(provider="twilio", state="open", failures=5, since=now)
    senders.register_sender(program_id=program, address="MG1", provider="twilio", segments_per_second=0.00001)
    plan()
    page = browser(Role.OPERATOR).get("/care/texts/").content.decode()
    assert "Since Tue 3 Mar, 10:00 the provider lets nobody through." in page
    assert "do not fit" in page


def run(*args, **options):
    out = StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()


def test_the_command_switches_as_somebody_who_may(program, make_staff, now, time_machine):
    from backend.models import Program, User

    time_machine.move_to(now, tick=False)
    slug = Program.objects.get(pk=program).slug
    director = User.objects.get(pk=make_staff(program, Role.MEDICAL_DIRECTOR).user_id).email
    nurse = User.objects.get(pk=make_staff(program, Role.NURSE).user_id).email
    assert "off since 2026-03-03 15:00 UTC: class visit (Wrong words.); 0 held back" in run(
        "texts_off", slug, email=director, message_class="visit", reason="Wrong words."
    )
    for wrong in (
        {"email": nurse, "message_class": "dose", "reason": "Why."},
        {"email": "", "message_class": "dose", "reason": "Why."},
        {"email": director, "message_class": "dose", "reason": ""},
        {"email": director, "message_class": "dose", "on": True},
    ):
        with pytest.raises(CommandError):
            run("texts_off", slug, **wrong)
    assert Stop.objects.count() == 1
    assert run("texts_off", slug, email=director, message_class="visit", on=True) == ""
    with pytest.raises(CommandError, match="no such program"):
        run("texts_off", "nowhere")


def test_the_command_says_beforehand_that_a_day_does_not_fit(program, texted, plan, now, time_machine):
    time_machine.move_to(now, tick=False)
    assert "no sender is registered" in run("sender_fit")
    senders.register_sender(program_id=program, address="MG1", provider="twilio", segments_per_second=1)
    plan()
    assert "fit: nobody waits longer" in run("sender_fit")
    with pytest.raises(CommandError, match="1 senders are too slow"):
        run("sender_fit", per_second=0.00001)
    with pytest.raises(CommandError, match="0 or more"):
        run("sender_fit", per_second=-1.0)
