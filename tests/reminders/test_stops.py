"""Switching texts off, templates that stop themselves, and who must be told in person (N33)."""

from datetime import date, timedelta

import pytest

from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.models import AuditEvent
from backend.rules.roles import Role
from recovery.models import Flag, Task
from reminders.models import Attempt, BadNumber, Message, OptOut, Stop
from reminders.rules.retry import FailureClass, Outcome, Result, classify_provider_result
from reminders.rules.stops import StopKind
from reminders.selectors import stops as selectors
from reminders.services import dispatch, numbers, receipts, stops

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUE = timedelta(minutes=10)


@pytest.fixture
def director(program, make_staff):
    return make_staff(program, Role.MEDICAL_DIRECTOR)


@pytest.fixture
def off(program, director, now):
    def switch(name, kind=StopKind.CLASS, at=now):
        return stops.switch_off(actor=director, program_id=program, kind=kind, name=name, reason="Wrong words.", now=at)

    return switch


@pytest.fixture
def planned(program, now):
    """Stores texts that are due: (patient, class, template, what else) each."""
    made = []

    def store(person, message_class="visit", template="visit.tomorrow", **changes):
        values = {
            "program_id": program,
            "patient_id": person.pk,
            "subject_kind": "hello",
            "subject_id": len(made) + 1,
            "slot_on": date(2026, 3, 3),
            "step": "only",
            "channel": "sms",
            "message_class": message_class,
            "priority": 50,
            "template": template,
            "template_version": 1,
            "language": "en",
            "due_at": now,
            "send_after": now,
            "expires_at": now + 4 * HOUR,
            "created_at": now,
        }
        made.append(Message.objects.create(**{**values, **changes}))
        return made[-1]

    return store


@pytest.mark.parametrize("role", [Role.MEDICAL_DIRECTOR, Role.OPERATOR])
def test_who_answers_for_the_program_switches_a_class_off_and_on(program, make_staff, now, role):
    actor = make_staff(program, role)
    pk = stops.switch_off(
        actor=actor, program_id=program, kind=StopKind.CLASS, name="hello", reason=" Too  many. ", now=now
    )
    row = Stop.objects.get()
    assert (row.pk, row.kind, row.name, row.reason, row.by_id) == (pk, "class", "hello", "Too many.", actor.user_id)
    assert selectors.in_force([program]).classes == {(program, "hello")}
    stops.switch_on(actor=actor, stop_id=pk, now=now + HOUR)
    assert selectors.in_force([program]) == selectors.NOTHING
    told = list(AuditEvent.objects.filter(object_kind="stop").order_by("pk").values_list("action", "actor_id"))
    assert told == [("texts.switched_off", actor.user_id), ("texts.switched_on", actor.user_id)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"name": "greetings"}, "unknown-kind-of-text", id="no-such-class"),
        pytest.param({"kind": StopKind.TEMPLATE, "name": "hello"}, "unknown-kind-of-text", id="no-such-template"),
        pytest.param({"reason": "  "}, "reason-needed", id="no-reason"),
        pytest.param({"reason": "x" * 201}, "reason-needed", id="too-long"),
    ],
)
def test_what_is_refused_stores_nothing(program, director, now, changes, code):
    values = {"kind": StopKind.CLASS, "name": "hello", "reason": "Why.", **changes}
    with pytest.raises(DomainError) as refused:
        stops.switch_off(actor=director, program_id=program, now=now, **values)
    assert refused.value.code == code
    assert not Stop.objects.exists()


def test_others_do_not_switch_and_nobody_switches_twice(program, make_program, make_staff, off, director, now):
    for role in (Role.COORDINATOR, Role.NURSE, Role.CLINICIAN):
        with pytest.raises(NotAllowed):
            stops.switch_off(
                actor=make_staff(program, role),
                program_id=program,
                kind=StopKind.CLASS,
                name="hello",
                reason="Why.",
                now=now,
            )
    stranger = make_staff(make_program(), Role.MEDICAL_DIRECTOR)
    with pytest.raises(NotFound):
        stops.switch_off(actor=stranger, program_id=program, kind=StopKind.CLASS, name="hello", reason="Why.", now=now)
    pk = off("hello")
    with pytest.raises(NotFound):
        stops.switch_on(actor=stranger, stop_id=pk, now=now)
    with pytest.raises(Conflict):
        off("hello")
    stops.switch_on(actor=director, stop_id=pk, now=now)
    with pytest.raises(Conflict):
        stops.switch_on(actor=director, stop_id=pk, now=now)


def test_a_class_that_is_off_is_not_sent_and_not_sent_late(texted, plan, send, company, off, director, now):
    plan()
    pk = off("dose")
    send(now + DUE)
    assert company.sent == []
    row = Message.objects.get(slot_on=date(2026, 3, 3), step="1.first")
    assert (row.state, row.why) == ("suppressed", "kill_switch")
    stops.switch_on(actor=director, stop_id=pk, now=now + DUE + MINUTE)
    send(now + DUE + 2 * MINUTE)
    assert company.sent == []


def test_a_switch_is_effective_in_the_statement_that_commits_to_the_wire(texted, program, plan, company, off, now):
    plan()
    at = now + DUE
    claimed = dispatch.claim(program_ids=[program], now=at, limit=10, owner="a")
    counts = dispatch.Counts()
    ready = dispatch.settle(program_ids=[program], claimed=claimed, now=at, owner="a", counts=counts)
    assert len(ready) == 1
    off("dose", at=at)
    dispatch.send(
        program_ids=[program], ready=ready, clock=dispatch.Elapsing(at), owner="a", provider=company, counts=counts
    )
    assert company.sent == []
    assert (counts.sent, counts.released) == (0, 1)


def test_other_classes_and_other_programs_go_on(texted, program, make_program, plan, send, company, off, now):
    plan()
    off("hello")
    off("visit.tomorrow", StopKind.TEMPLATE)
    send(now + DUE)
    assert len(company.sent) == 1


def test_who_missed_a_text_of_safety_is_listed_and_a_task(
    program, patient, make_patient, agree, planned, send, off, director, company, now
):
    agree(patient)
    greeted = make_patient(program)
    agree(greeted)
    planned(patient, "visit")
    planned(greeted, "hello", "hello.well_done")
    off("visit")
    off("hello")
    send(now + DUE)
    assert company.sent == []
    missed = selectors.missed(program, since=now)
    assert [(one.patient_id, one.message_class, one.safety) for one in missed] == [
        (patient.pk, "visit", True),
        (greeted.pk, "hello", False),
    ]
    task = Task.objects.get()
    assert (task.patient_id, task.kind, task.role, task.status) == (patient.pk, "missed_text", "nurse", "open")
    assert task.facts == {"text": "visit", "on": "2026-03-03"}
    send(now + DUE + MINUTE)
    assert Task.objects.count() == 1


def test_one_that_expired_while_it_was_off_is_on_the_list_too(program, patient, agree, planned, send, off, now):
    agree(patient)
    planned(patient, "hold", "visit.tomorrow", expires_at=now + MINUTE)
    off("hold")
    send(now + HOUR)
    assert [one.safety for one in selectors.missed(program, since=now)] == [True]
    assert Task.objects.get().kind == "missed_text"


# --- codes that act ------------------------------------------------------------------------------------


def refusal(code):
    """As the provider's own answer is read."""
    return classify_provider_result(http_status=400, code=code)


@pytest.mark.parametrize("code", [21211, 21614, 21635, 21612])
def test_a_dead_number_is_marked_and_a_coordinator_asked_for_another(texted, program, plan, send, company, now, code):
    company.answers = [refusal(code)]
    plan()
    send(now + DUE)
    number = BadNumber.objects.get()
    assert (bytes(number.phone_index), number.code) == (bytes(texted.phone_index), str(code))
    assert [(one.kind, one.role) for one in Task.objects.all()] == [("fix_number", "coordinator")]
    # The re-prompt does not try it again.
    send(now + 2 * HOUR)
    assert company.sent == []
    again = Message.objects.get(slot_on=date(2026, 3, 3), step="1.again")
    assert (again.state, again.why) in [("suppressed", "bad_address"), ("planned", "")]


def test_three_texts_that_reach_nobody_are_a_concern(patient, agree, planned, send, company, now):
    """Of any kind: somebody on injections has no dose of the day."""
    agree(patient)
    company.answers = [refusal(21211)]
    for number in range(3):
        planned(patient, subject_kind="injection_due", message_class="visit", priority=50, step=f"{number}")
    for minute in range(3):
        send(now + DUE + minute * MINUTE)
    assert sorted(Message.objects.values_list("state", "why")) == [
        ("failed", "21211"),
        ("suppressed", "bad_address"),
        ("suppressed", "bad_address"),
    ]
    flag = Flag.objects.get()
    assert (flag.kind, flag.evidence["failures"]) == ("contact_lost", 3)
    assert flag.severity != "info"


def test_a_handset_that_cannot_be_reached_is_bad_the_second_time_in_a_week(patient, agree, planned, send, company, now):
    agree(patient)
    for number in range(3):
        planned(patient, "hello", "hello.well_done", step=f"{number}")
    company.answers = [refusal(30005)]
    send(now + DUE, rounds=1)
    assert not BadNumber.objects.exists()
    company.answers = [refusal(30006)]
    send(now + DUE + MINUTE, rounds=1)
    assert BadNumber.objects.get().code == "30006"


def test_blocked_twice_is_an_opt_out_until_somebody_has_asked(patient, agree, planned, send, company, now):
    agree(patient)
    for number in range(2):
        planned(patient, "hello", "hello.well_done", step=f"{number}")
    company.answers = [refusal(30004)]
    send(now + DUE, rounds=1)
    assert not OptOut.objects.exists()
    company.answers = [refusal(30004)]
    send(now + DUE + MINUTE, rounds=1)
    assert OptOut.objects.get().source == "provider"
    assert [one.kind for one in Task.objects.all()] == ["texts_blocked"]


def test_a_receipt_acts_like_an_answer(patient, agree, planned, send, company, now):
    agree(patient)
    row = planned(patient, "hello", "hello.well_done")
    send(now + DUE)
    sid = Message.objects.get().provider_sid
    for _ in range(2):
        receipts.apply(
            [
                receipts.Incoming(
                    message_id=row.pk, program_id=row.program_id, sid=sid, status="undelivered", error_code="21614"
                )
            ],
            now=now + HOUR,
        )
    assert BadNumber.objects.get().code == "21614"


def test_a_text_from_a_bad_number_says_that_it_works(program, texted, now):
    index = bytes(texted.phone_index)
    assert numbers.mark_bad(program_id=program, phone_index=index, code="30006", now=now)
    assert not numbers.mark_bad(program_id=program, phone_index=index, code="30006", now=now)
    assert selectors.bad_numbers([index]) == {(program, index): "30006"}
    assert numbers.works_again(program_id=program, phone_index=index, now=now + DAY)
    assert selectors.bad_numbers([index]) == {}
    assert [one.status for one in Task.objects.all()] == ["cancelled"]
    assert not numbers.works_again(program_id=program, phone_index=index, now=now + DAY)


def test_a_template_that_carriers_filter_stops_itself(program, make_patient, agree, planned, send, company, now):
    for _ in range(6):
        person = make_patient(program)
        agree(person)
        planned(person, "hello", "hello.well_done")
    company.answers = [refusal(30007)] * 2
    send(now + DUE, limit=2, rounds=1)
    assert not Stop.objects.exists()  # two are no pattern
    company.answers = [refusal(30007)]
    send(now + DUE + MINUTE, limit=1, rounds=1)
    row = Stop.objects.get()
    assert (row.kind, row.name, row.by_id) == ("template", "hello.well_done", None)
    assert row.reason == "Carriers filtered 3 of 3 within an hour (30007)."
    send(now + DUE + 2 * MINUTE)
    assert company.sent == []
    assert Message.objects.filter(why="template_stopped").count() == 3
    assert Attempt.objects.count() == 3


def test_the_table_of_codes_says_what_it_does():
    """An unknown code ends its text and touches nobody's number."""
    assert refusal(21610).failure is FailureClass.OPTED_OUT
    assert refusal(29999).outcome is Outcome.REJECTED
    assert classify_provider_result(http_status=400, code=29999).failure is FailureClass.PERMANENT_UNKNOWN
    assert isinstance(refusal(30003), Result)
