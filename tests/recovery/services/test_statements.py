"""What a person states, and what follows at once (S 2-4, 8, 11, 17, 19, 20)."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.errors import IdReused, InFuture
from backend.rules.roles import Role
from recovery.models import Hold, StatedFact, Task
from recovery.rules.facts import FactKind
from recovery.rules.tasks import TaskKind
from recovery.selectors.records import live_flags, open_treatment
from recovery.selectors.worklist import flag_sentence
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.due_work import make_due_work
from recovery.services.plans import set_goal
from recovery.services.regimens import extend_doses, start_regimen
from recovery.services.second_day import ask_on_the_second_day
from recovery.services.statements import BadStatement, FactStatement, state_fact


def local(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture
def takes(staff, now):
    def start(person, *kinds, **changes):
        for kind in kinds:
            values = {"starts_on": date(2026, 3, 3), "now": now} | changes
            start_regimen(actor=staff, treatment=open_treatment(person), kind=kind, **values)

    return start


@pytest.fixture
def states(staff, now):
    def said(person, kind, at=now, **changes):
        details = {name: changes.pop(name) for name in ("taken", "hard_to_breathe", "fever", "how") if name in changes}
        values = {"client_id": uuid.uuid4(), "kind": kind, "source": "app", "details": details} | changes
        return state_fact(actor=staff, patient=person, statement=FactStatement(**values), now=at)

    return said


@pytest.fixture
def drinker(program, make_patient):
    return make_patient(program, indication="alcohol", opioid_history="none")


def raised(person):
    return {flag.kind: flag.severity for flag in live_flags(person.pk)}


FOLLOWS = [
    ("opioid_used", {}, {"reported_use": "red"}, True, "hold"),
    ("sick_after_dose", {}, {"withdrawal_after_dose": "red"}, True, "very_sick"),
    ("liver_symptoms", {}, {"liver_symptoms": "red"}, True, "call_today"),
    ("allergic_reaction", {}, {"allergic_reaction": "red"}, True, "call_emergency"),
    ("cough", {}, {"cough": "info"}, False, "breathing"),
    ("cough", {"hard_to_breathe": "yes"}, {"cough": "amber_plus"}, False, "breathing"),
    ("cough", {"fever": "yes"}, {"cough": "amber_plus"}, False, "breathing"),
    ("pregnant", {}, {"pregnancy": "amber_plus"}, False, "pregnancy"),
    ("breastfeeding", {}, {"pregnancy": "amber_plus"}, False, "pregnancy"),
    ("ran_out", {"how": "stolen"}, {"ran_out": "amber_plus"}, False, "ran_out"),
    ("wants_to_stop", {}, {"wants_to_stop": "amber_plus"}, False, "wants_to_stop"),
    ("feels_cured", {}, {"wants_to_stop": "amber_plus"}, False, "wants_to_stop"),
    ("severe_pain", {}, {"severe_pain": "amber_plus"}, False, "get_care"),
    ("vomited_dose", {}, {"vomited_dose": "amber"}, False, "we_call"),
    ("tablets_within_reach", {}, {"tablets_within_reach": "amber"}, False, "safe_storage"),
    ("overdose_sign", {}, {"overdose_sign": "red"}, False, "overdose"),
    ("alcohol_withdrawal", {}, {"alcohol_withdrawal": "red"}, False, "alcohol_withdrawal"),
    ("disulfiram_reaction", {}, {"disulfiram_reaction": "red"}, False, "call_emergency"),
    ("well_after_dose", {}, {}, False, "thanks"),
    ("drink", {}, {}, False, "thanks"),
]


@pytest.mark.parametrize(
    ("kind", "details", "flags", "holds", "text"), FOLLOWS, ids=[f"{f[0]}{''.join(f[1])}" for f in FOLLOWS]
)
def test_what_follows_for_somebody_on_tablets(patient, takes, states, kind, details, flags, holds, text):
    takes(patient, "oral_daily")
    result = states(patient, kind, **details)
    assert (raised(patient), Hold.objects.exists(), result.fact.answer) == (flags, holds, text)
    assert bool(result.holds) is holds


def test_every_kind_is_tried_here():
    assert {row[0] for row in FOLLOWS} | {"new_medicine"} == {kind.value for kind in FactKind}


@pytest.mark.parametrize(
    ("name", "taken", "flags", "holds"),
    [
        pytest.param("Tramadol 50 mg", "yes", {"reported_use": "red"}, True, id="S3 an opioid already taken"),
        pytest.param("jarabe con codeína", "no", {"new_opioid_medicine": "amber_plus"}, True, id="S3 not yet taken"),
        pytest.param("Antabuse", "no", {"interacting_medicine": "amber"}, False, id="S3 disulfiram"),
        pytest.param("Zzyzx forte", "yes", {"interacting_medicine": "amber"}, False, id="nobody knows it"),
        pytest.param("Imodium loperamide", "yes", {}, False, id="S3 loperamide is not one"),
    ],
)
def test_s3_a_new_medicine_is_read_by_its_name(patient, takes, states, name, taken, flags, holds):
    takes(patient, "oral_daily")
    states(patient, "new_medicine", medicine=name, taken=taken)
    assert (raised(patient), Hold.objects.exists()) == (flags, holds)
    assert name.encode() not in bytes(StatedFact.objects.get().medicine)


def test_s2_a_stated_opioid_holds_naltrexone_for_alcohol_alone(drinker, takes, states):
    takes(drinker, "oral_daily")
    assert states(drinker, "opioid_used").holds


def test_s1_nobody_is_asked_to_wait_with_buprenorphine(patient, takes, states):
    takes(patient, "buprenorphine_daily")
    result = states(patient, "opioid_used")
    assert (result.fact.answer, result.holds) == ("we_call", ())
    assert raised(patient) == {"reported_use": "amber_plus"}


def test_s4_between_injections_the_text_keeps_the_next_visit(patient, takes, states):
    takes(patient, "xr_im_28d")
    assert states(patient, "opioid_used").fact.answer == "hold_injection"


def test_s4_what_stopping_means_is_said_to_opioids_alone(drinker, states):
    assert states(drinker, "wants_to_stop").fact.answer == "wants_to_stop_alcohol"


def test_s11_a_drink_on_disulfiram_stops_it_and_calls(drinker, takes, states):
    takes(drinker, "disulfiram", "oral_daily")
    states(drinker, "drink")
    assert list(Hold.objects.values_list("stops", flat=True)) == ["disulfiram"]
    assert raised(drinker) == {"disulfiram_drink": "amber_plus"}


@pytest.mark.parametrize(("aim", "flags"), [("abstinence", {"reported_drink": "amber"}), ("reduction", {})])
def test_a_drink_is_read_by_the_persons_own_goal(drinker, takes, states, staff, now, aim, flags):
    from recovery.rules.plans import GoalAbout
    from recovery.rules.states import Goal

    takes(drinker, "oral_daily")
    set_goal(actor=staff, patient=drinker, client_id=uuid.uuid4(), about=GoalAbout.ALCOHOL, aim=Goal(aim), now=now)
    states(drinker, "drink")
    assert raised(drinker) == flags


@pytest.mark.parametrize(
    ("kind", "details", "sentence"),
    [
        ("ran_out", {"how": "stolen"}, "Tablets were stolen, Tuesday 3 March"),
        ("breastfeeding", {}, "Breastfeeding was reported, Tuesday 3 March"),
        ("feels_cured", {}, "Feeling well enough to stop was reported, Tuesday 3 March"),
        ("cough", {"hard_to_breathe": "yes", "fever": "no"}, "A cough was reported, hard to breathe, Tuesday 3 March"),
    ],
)
def test_the_sentence_says_what_was_said(patient, states, kind, details, sentence):
    states(patient, kind, **details)
    [flag] = live_flags(patient.pk)
    assert flag_sentence(flag.kind, flag.evidence, flag_id=flag.pk) == sentence


def test_a_repeat_gets_the_first_answer_and_nothing_follows_twice(patient, takes, states, staff, now):
    takes(patient, "oral_daily")
    pk = uuid.uuid4()
    first = states(patient, "opioid_used", client_id=pk, note="On Sunday.")
    again = states(patient, "opioid_used", client_id=pk, note="On Sunday.", at=now + timedelta(hours=5))
    assert (again.fact.pk, again.is_new) == (first.fact.pk, False)
    assert (again.fact.answer, again.fact.call_by) == (first.fact.answer, first.fact.call_by)
    calls = Task.objects.filter(kind="hold_call")
    assert (StatedFact.objects.count(), Hold.objects.count(), calls.count()) == (1, 1, 1)
    for changes in ({"note": "On Monday."}, {"source": "staff", "note": "On Sunday."}):
        with pytest.raises(IdReused):
            states(patient, "opioid_used", client_id=pk, **changes)
    with pytest.raises(IdReused):
        states(patient, "drink", client_id=pk, note="On Sunday.")
    assert b"Sunday" not in bytes(StatedFact.objects.get().note)


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        pytest.param({"kind": "won"}, BadStatement, "kind", id="unknown kind"),
        pytest.param({"kind": "new_medicine", "taken": "yes"}, BadStatement, "medicine", id="which medicine"),
        pytest.param({"kind": "new_medicine", "medicine": "x"}, BadStatement, "taken", id="taken or not"),
        pytest.param({"kind": "cough", "fever": "maybe"}, BadStatement, "fever", id="not an answer"),
        pytest.param({"kind": "drink", "fever": "yes"}, BadStatement, "fever", id="not its answer"),
        pytest.param({"kind": "drink", "medicine": "x"}, BadStatement, "medicine", id="not its medicine"),
        pytest.param({"kind": "drink", "source": "rumour"}, BadStatement, "source", id="unknown source"),
        pytest.param({"kind": "drink", "happened_at": local(3, 10, 10)}, InFuture, "happened_at", id="to come"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(patient, states, changes, error, field):
    with pytest.raises(error) as refusal:
        states(patient, changes.pop("kind"), **changes)
    assert refusal.value.field == field
    assert (StatedFact.objects.count(), raised(patient)) == (0, {})


# --- day 2 of a tablet start (S 8) ---


@pytest.fixture
def start(program, patient, takes, now):
    """A start in steps: 25 mg on 3 March, the full dose from the 4th, both at 08:00."""
    takes(patient, "oral_start", now=local(2, 12))
    extend_doses(program_ids=[program], now=now)


def test_s8_nobody_answered_by_dose_time_so_somebody_calls_that_morning(program, patient, start):
    assert ask_on_the_second_day(program_ids=[program], now=local(3, 9)) == 0, "day 1"
    assert ask_on_the_second_day(program_ids=[program], now=local(4, 7, 59)) == 0, "before dose time"
    assert ask_on_the_second_day(program_ids=[program], now=local(4, 8)) == 1
    assert ask_on_the_second_day(program_ids=[program], now=local(4, 8, 1)) == 0
    task = Task.objects.get()
    assert (task.kind, task.role, task.due_at) == ("second_day_call", "nurse", local(4, 10))
    assert not Hold.objects.exists(), "the prompt goes"
    assert ask_on_the_second_day(program_ids=[program], now=local(5, 8)) == 0, "day 3"


def test_s8_an_answer_ends_the_call_and_keeps_it_away(program, patient, start, states):
    states(patient, "well_after_dose", at=local(3, 20))
    assert ask_on_the_second_day(program_ids=[program], now=local(4, 8)) == 0


def test_s8_an_answer_after_the_call_was_asked_for_ends_it(program, patient, start, states):
    ask_on_the_second_day(program_ids=[program], now=local(4, 8))
    states(patient, "well_after_dose", at=local(4, 9))
    assert Task.objects.get(kind=TaskKind.SECOND_DAY_CALL.value).status == "done"


@pytest.mark.parametrize("kind", ["sick_after_dose", "opioid_used"])
def test_s8_a_symptom_or_an_opioid_stops_the_step(program, patient, start, states, kind):
    assert states(patient, kind, at=local(3, 20)).holds
    assert ask_on_the_second_day(program_ids=[program], now=local(4, 8)) == 0, "the call about the hold is the call"
    kinds = set(Task.objects.values_list("kind", flat=True))
    assert "hold_call" in kinds and "second_day_call" not in kinds


def test_s8_alcohol_alone_is_asked_nothing(program, drinker, takes, now):
    takes(drinker, "oral_start", now=local(2, 12))
    extend_doses(program_ids=[program], now=now)
    assert ask_on_the_second_day(program_ids=[program], now=local(4, 8)) == 0


def test_s8_who_reported_the_second_dose_needs_no_call(program, patient, start, staff):
    said = DoseStatement(
        client_id=uuid.uuid4(), patient_id=patient.pk, statement="taken", source="app", dosing_day=date(2026, 3, 4)
    )
    report_doses(actor=staff, statements=[said], now=local(4, 7, 30))
    assert ask_on_the_second_day(program_ids=[program], now=local(4, 8)) == 0


def test_staff_state_it_on_behalf(patient, takes, program, make_staff, now):
    nurse = make_staff(program, Role.NURSE)
    takes(patient, "oral_daily")
    result = state_fact(
        actor=nurse,
        patient=patient,
        statement=FactStatement(client_id=uuid.uuid4(), kind="opioid_used", source="staff", details={}),
        now=now,
    )
    assert (result.fact.source, result.fact.reporter_id) == ("staff", nurse.user_id)


@pytest.mark.parametrize("kind", ["wants_to_stop", "feels_cured"])
def test_n9_a_wish_to_stop_asks_for_the_talk_in_the_same_transaction(program, patient, states, now, kind):
    said = uuid.uuid4()
    states(patient, kind, client_id=said)
    states(patient, kind, client_id=said)  # sent again
    [task] = Task.objects.filter(patient_id=patient.pk, kind=TaskKind.SHARED_DECISION.value)
    [flag] = live_flags(patient.pk)
    assert (task.role, task.status, task.facts["reason"], task.flag_id) == ("prescriber", "open", kind, flag.pk)
    make_due_work(program_ids=[program], now=now)
    assert Task.objects.filter(patient_id=patient.pk, kind=TaskKind.SHARED_DECISION.value).count() == 1


def test_n9_nothing_is_decided_where_no_treatment_runs(program, make_patient, states):
    person = make_patient(program, treatment_from=None)
    states(person, "wants_to_stop")
    assert raised(person) == {"wants_to_stop": "amber_plus"}
    assert not Task.objects.filter(patient_id=person.pk).exists()
