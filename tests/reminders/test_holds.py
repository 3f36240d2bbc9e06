"""What a hold and a time away do to texts (S 4-7, W2)."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from backend.rules.roles import Role
from backend.services.people import create_team
from recovery.models import Stay
from recovery.rules.gates import GateEvent
from recovery.services.gates import acknowledge_hold, lift_hold, note_event
from recovery.services.hold_clock import page_holds
from recovery.services.regimens import extend_doses
from reminders.models import Message

HOUR = timedelta(hours=1)
EVENING = datetime(2026, 3, 4, 4, tzinfo=UTC)  # 23:00 on 3 March in New York


@pytest.fixture
def clinician(program, make_staff):
    return make_staff(program, Role.CLINICIAN)


@pytest.fixture
def uses(clinician):
    def noted(person, at, event=GateEvent.OPIOID_TAKEN, **evidence):
        [hold] = note_event(actor=clinician, patient=person, event=event, evidence=evidence, now=at).opened
        return hold

    return noted


def todays_prompts():
    rows = Message.objects.filter(message_class="dose", slot_on=date(2026, 3, 3)).order_by("due_at")
    return list(rows.values_list("step", "state", "why"))


def test_a_prompt_that_was_planned_does_not_leave_under_a_hold(texted, plan, send, company, uses, now):
    plan(now - HOUR)
    uses(texted, now - HOUR)
    send(now + 1.5 * HOUR)
    assert todays_prompts() == [("1.first", "suppressed", "hold"), ("1.again", "suppressed", "hold")]
    assert not any("tap" in body for body in company.bodies)


def test_nothing_is_planned_under_a_hold_and_prompts_go_on_once_it_is_lifted(
    program, texted, plan, send, company, uses, clinician, now
):
    hold = uses(texted, now + 5 * HOUR)
    extend_doses(program_ids=[program], now=now)
    plan(now + 6 * HOUR)
    assert not Message.objects.filter(message_class="dose", state="planned").exists()
    lift_hold(actor=clinician, hold_id=hold.pk, reason="checked_clear", now=now + 8 * HOUR)
    plan(now + 9 * HOUR)
    send(now + 25 * HOUR)
    first = Message.objects.get(step="1.first", slot_on=date(2026, 3, 4))
    assert first.state == "accepted"


def test_w2_a_gap_lets_the_open_window_go_and_stops_the_next(program, texted, plan, send, uses, now):
    extend_doses(program_ids=[program], now=now)
    plan(now - HOUR)
    gap = {"days": 3, "first_day": "2026-02-28", "last_day": "2026-03-02"}
    uses(texted, now - HOUR, GateEvent.STATED_GAP, **gap)
    plan(now)
    send(now + timedelta(minutes=15))
    plan(now + 20 * HOUR)
    send(now + 25 * HOUR)
    texts = dict(Message.objects.filter(step="1.first").values_list("slot_on", "state"))
    assert texts[date(2026, 3, 3)] == "accepted"
    assert texts.get(date(2026, 3, 4)) in (None, "suppressed")


def test_the_text_of_a_hold_goes_once_and_says_the_number(
    make_program, open_scope, make_patient, agree, clinician, now
):
    from reminders.services import planning

    north = make_program(phone="+12125550100", night_on_call=True)
    with open_scope(north):
        person = make_patient(north)
        agree(person)
        note_event(actor=clinician, patient=person, event=GateEvent.OPIOID_TAKEN, evidence={}, now=now)
        note_event(actor=clinician, patient=person, event=GateEvent.LIVER_SYMPTOMS, evidence={}, now=now)
        for at in (now, now + HOUR):
            planning.plan_messages(program_ids=[north], now=at)
        [text] = Message.objects.filter(message_class="hold")
        assert (text.template, text.values, text.acute) == ("hold.call_us", {"number": "+12125550100"}, True)


def test_without_a_staffed_line_the_text_names_the_hour_of_the_call(
    make_program, open_scope, make_patient, agree, clinician
):
    from reminders.services import planning

    weekdays = {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    north = make_program(phone="+12125550100", clinic_hours=weekdays)
    with open_scope(north):
        person = make_patient(north)
        agree(person)
        note_event(actor=clinician, patient=person, event=GateEvent.OPIOID_TAKEN, evidence={}, now=EVENING)
        planning.plan_messages(program_ids=[north], now=EVENING)
        [text] = Message.objects.filter(message_class="hold")
        assert (text.template, text.values) == ("hold.call_at", {"hour": "10:00", "number": "+12125550100"})
        assert text.send_after == EVENING, "acute red never waits for the window"


def test_once_understood_or_lifted_its_text_is_not_sent(
    make_program, open_scope, make_patient, agree, make_staff, company
):
    from reminders.services import dispatch, planning

    north = make_program(phone="+12125550100")
    with open_scope(north):
        prescriber = make_staff(north, Role.CLINICIAN)
        for end in ("understood", "lifted"):
            person = make_patient(north)
            agree(person)
            [hold] = note_event(
                actor=prescriber, patient=person, event=GateEvent.OPIOID_PRESCRIBED, evidence={}, now=EVENING
            ).opened
            planning.plan_messages(program_ids=[north], now=EVENING)
            if end == "understood":
                acknowledge_hold(actor=prescriber, hold_id=hold.pk, now=EVENING + HOUR)
            else:
                lift_hold(actor=prescriber, hold_id=hold.pk, reason="in_error", now=EVENING + HOUR)
        dispatch.dispatch_due(program_ids=[north], now=EVENING + 12 * HOUR, provider=company)
        assert sorted(Message.objects.filter(message_class="hold").values_list("state", "why")) == [
            ("suppressed", "answered"),
            ("suppressed", "cancelled"),
        ]


def test_s5_the_pages_of_a_hold_reach_who_can_lift_it(program, patient, plan, send, company, uses, make_staff, now):
    people = {role: make_staff(program, role) for role in (Role.COORDINATOR, Role.CLINICIAN, Role.MEDICAL_DIRECTOR)}
    members = {person.user_id: (role.value, f"+121255509{n:02}") for n, (role, person) in enumerate(people.items())}
    create_team(program_id=program, name="Blue", members=members, now=now)
    uses(patient, now)
    page_holds(program_ids=[program], now=now + 2 * HOUR)
    plan(now + 2 * HOUR)
    plan(now + 2 * HOUR)
    told = Message.objects.filter(template="staff.still_waiting")
    assert {row.recipient_id for row in told} == {
        people[Role.CLINICIAN].user_id,
        people[Role.MEDICAL_DIRECTOR].user_id,
    }
    page_holds(program_ids=[program], now=now + 72 * HOUR)
    plan(now + 72 * HOUR)
    assert told.filter(recipient_id=people[Role.MEDICAL_DIRECTOR].user_id).count() == 3
    send(now + 72 * HOUR)
    assert "A patient is still waiting for you. Please sign in and look at the worklist." in company.bodies


def test_s7_prompts_rest_while_somebody_is_away(program, texted, plan, send, now):
    plan(now - HOUR)
    Stay.objects.create(
        program_id=program, patient=texted, client_id=uuid.uuid4(), place="hospital", began_on=date(2026, 3, 3),
        recorded_at=now,
    )  # fmt: skip
    send(now + 1.5 * HOUR)
    assert todays_prompts() == [("1.first", "suppressed", "paused"), ("1.again", "suppressed", "paused")]
    extend_doses(program_ids=[program], now=now)
    plan(now + 20 * HOUR)
    plan(now + 44 * HOUR)
    send(now + 25.5 * HOUR)
    assert set(Message.objects.filter(slot_on=date(2026, 3, 4)).values_list("why", flat=True)) == {"paused"}
    assert not Message.objects.filter(slot_on=date(2026, 3, 5)).exists()


def test_the_pages_of_a_hold_go_by_rota_to_who_is_on_call(program, patient, plan, uses, make_staff, now):
    from recovery.rules.escalation import OverrideReason
    from recovery.services.rota import add_override

    nurse, clinician, director, other = (
        make_staff(program, role) for role in (Role.NURSE, Role.CLINICIAN, Role.MEDICAL_DIRECTOR, Role.CLINICIAN)
    )
    members = {one.user_id: (f"n{n}", f"+121255509{n:02}") for n, one in enumerate((nurse, clinician, director, other))}
    create_team(program_id=program, name="Blue", members=members, now=now)
    uses(patient, now)

    def told(at, people):
        add_override(
            actor=director,
            program_id=program,
            starts_at=at - HOUR / 2,
            ends_at=at + HOUR,
            people=[one.user_id for one in people],
            reason=OverrideReason.SWAP,
            now=at - HOUR / 2,
        )
        before = set(Message.objects.values_list("pk", flat=True))
        page_holds(program_ids=[program], now=at)
        plan(at)
        rows = Message.objects.filter(template="staff.still_waiting").exclude(pk__in=before)
        return set(rows.values_list("recipient_id", flat=True))

    assert told(now + 2 * HOUR, [clinician, nurse]) == {clinician.user_id, nurse.user_id}
    assert told(now + 24 * HOUR, [nurse]) >= {nurse.user_id, clinician.user_id, other.user_id}, "a nurse lifts no hold"
