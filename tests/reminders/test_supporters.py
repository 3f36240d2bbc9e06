"""A supporter's texts: a fixed weekday, both consents, never a concern (N27, SMS 20)."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from recovery.models import Flag, Patient, Supporter
from recovery.rules.states import FlagKind, Severity
from recovery.services.flags import raise_flag
from recovery.services.supporters import NewSupporter, add_supporter, end_supporter, record_agreement
from reminders.models import InboundMessage, Message
from reminders.services.replies import receive_text
from reminders.services.senders import register_sender

pytestmark = pytest.mark.django_db
HELLO = "You agreed to be a support person. A friendly hello is always welcome. Reply STOP to get none."
# The supporter agreed on Tuesday 3 March; their weekday is Wednesday, 17:00 New York.
WEDNESDAY = datetime(2026, 3, 4, 22, 15, tzinfo=UTC)
SISTER = "+12125559001"
OURS = "+12125550000"


@pytest.fixture
def beside(patient, staff, now):
    """Lets somebody in and records that they agreed."""

    def let_in(phone=SISTER, *, agreed=True, **changes):
        values = {"name": "Bea", "phone": phone, "relation": "sibling", "tier": "hello", **changes}
        row, _ = add_supporter(
            actor=staff, patient=patient, new=NewSupporter(client_id=uuid.uuid4(), **values), now=now
        )
        if agreed:
            record_agreement(actor=staff, patient=patient, supporter_id=row.pk, how="call", now=now)
        return row

    return let_in


def texts():
    return list(Message.objects.filter(audience="supporter").order_by("slot_on").values_list("slot_on", "state", "why"))


def test_a_text_on_the_fixed_weekday_and_again_a_week_later(beside, plan, send, company):
    beside()
    plan(WEDNESDAY - timedelta(hours=20))
    plan(WEDNESDAY - timedelta(hours=1))
    send(WEDNESDAY)
    assert [(one.to, one.body) for one in company.sent] == [(SISTER, HELLO)]
    later = WEDNESDAY + timedelta(days=7)
    plan(later - timedelta(hours=1))  # the clocks have changed meanwhile: 17:00 is an hour earlier in UTC
    send(later)
    assert texts() == [(date(2026, 3, 4), "accepted", ""), (date(2026, 3, 11), "accepted", "")]


def test_in_their_own_language(beside, plan, send, company):
    beside(language="es")
    plan(WEDNESDAY - timedelta(hours=1))
    send(WEDNESDAY)
    assert company.bodies == ["Usted quiso ser una persona de apoyo. Un saludo amable siempre ayuda. ALTO: ninguno."]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"agreed": False}, id="the-supporter-has-not-agreed"),
        pytest.param({"tier": "reach"}, id="a-tier-without-texts"),
        pytest.param({"expires_on": date(2026, 3, 3)}, id="the-permission-ran-out"),
    ],
)
def test_who_gets_none(beside, plan, changes):
    beside(**changes)
    plan(WEDNESDAY - timedelta(hours=1))
    assert texts() == []


def test_a_concern_changes_nothing(beside, patient, plan, now):
    beside()
    raise_flag(
        program_id=patient.program_id,
        patient_id=patient.pk,
        treatment_id=None,
        kind=FlagKind.RAN_OUT,
        severity=Severity.RED,
        evidence={},
        policy_version="test",
        now=now,
    )
    plan(now)
    assert [row[0] for row in texts()] == [date(2026, 3, 4)]


@pytest.mark.parametrize("by", ["patient", "supporter"])
def test_what_was_ended_after_planning_is_not_sent(beside, patient, staff, plan, send, company, by):
    row = beside()
    plan(WEDNESDAY - timedelta(hours=1))
    end_supporter(actor=staff, patient=patient, supporter_id=row.pk, by=by, now=WEDNESDAY - timedelta(minutes=30))
    send(WEDNESDAY)
    assert company.sent == []
    assert texts() == [(date(2026, 3, 4), "suppressed", "no_consent")]


def test_a_patient_who_left_ends_it(beside, patient, plan, send, company):
    beside()
    plan(WEDNESDAY - timedelta(hours=1))
    Patient.objects.filter(pk=patient.pk).update(status="exited")
    send(WEDNESDAY)
    assert texts() == [(date(2026, 3, 4), "suppressed", "exited")]


def test_their_texts_take_nothing_from_the_patients_caps(texted, beside, plan, send, company, now):
    for number in range(4):
        beside(f"+1212555910{number}")
    plan(WEDNESDAY - timedelta(hours=1))
    send(WEDNESDAY)
    assert len(company.sent) == 4
    assert {state for _, state, _ in texts()} == {"accepted"}


def test_stop_by_text_ends_their_consent_with_everybody(beside, program, staff, make_patient, plan, send, company, now):
    register_sender(program_id=program, address=OURS, provider="fake")
    first = beside()
    other = make_patient(program)
    second, _ = add_supporter(
        actor=staff,
        patient=other,
        new=NewSupporter(client_id=uuid.uuid4(), name="Bea", phone=SISTER, relation="friend", tier="hello"),
        now=now,
    )
    record_agreement(actor=staff, patient=other, supporter_id=second.pk, how="form", now=now)
    receive_text(sid="IN1", sender=SISTER, addressed_to=(OURS,), body="STOP", now=now)
    rows = Supporter.objects.filter(pk__in=[first.pk, second.pk])
    assert {(row.ended_by, row.ended_at) for row in rows} == {("supporter", now)}
    plan(WEDNESDAY - timedelta(hours=1))
    assert texts() == []


def test_words_of_crisis_from_a_supporter_are_their_concern(beside, program, patient, send, company, now):
    register_sender(program_id=program, address=OURS, provider="fake")
    beside()
    receive_text(sid="IN2", sender=SISTER, addressed_to=(OURS,), body="he overdosed help", now=now)
    flag = Flag.objects.get(patient=patient)
    assert (flag.kind, flag.severity) == ("supporter_concern", "amber_plus")
    assert InboundMessage.objects.get().result == "inbox"
    send(now)
    [line] = company.sent
    assert line.to == SISTER
    assert "988" in line.body


def test_planning_again_makes_nothing_twice(beside, plan):
    beside()
    plan(WEDNESDAY - timedelta(hours=20))
    before = texts()
    assert plan(WEDNESDAY - timedelta(hours=19)) == 0
    assert texts() == before
