"""Labs, screens, challenges, procedures and the reversal agent (S 3, S 4, S 10, S 18, N3, N17)."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backend.errors import Conflict, IdReused, InFuture, NotAllowed, NotFound
from backend.models import AuditEvent
from backend.rules.roles import Role
from recovery.models import Challenge, Checklist, Flag, Hold, LabResult, Procedure, ReversalAgent, Task, UrineScreen
from recovery.selectors.export import record_of
from recovery.selectors.records import open_treatment
from recovery.services.due_work import make_due_work
from recovery.services.gates import lift_hold
from recovery.services.labs import NewLab, record_labs, review_lab, void_lab
from recovery.services.procedures import NewProcedure, begin_holds, end_procedure, plan_procedure, set_hold_day
from recovery.services.recorded import BadRecord, void_entry
from recovery.services.regimens import start_regimen
from recovery.services.reversal import NewReversal, record_reversal
from recovery.services.screens import (
    NewChallenge,
    NewScreen,
    read_screen_as,
    record_challenge,
    record_screen,
    void_challenge,
    void_screen,
)

TODAY = date(2026, 3, 3)


@pytest.fixture
def clinician(program, make_staff):
    return make_staff(program, Role.CLINICIAN)


@pytest.fixture
def takes(staff, patient, now):
    def start(kind, who=None):
        start_regimen(
            actor=staff, treatment=open_treatment(who or patient), kind=kind, starts_on=date(2026, 2, 1), now=now
        )

    return start


def lab(analyte="alt", value=30, limit=40, on=TODAY, **more):
    limit = None if limit is None else Decimal(str(limit))
    values = {"client_id": uuid.uuid4(), "analyte": analyte, "value": Decimal(str(value)), "upper_limit": limit}
    return NewLab(**(values | {"taken_on": on} | more))


def screen(results, *, stage="presumptive", on=TODAY, **more):
    values = {"client_id": uuid.uuid4(), "taken_on": on, "panel": "extended", "method": "immunoassay"}
    return NewScreen(**(values | {"stage": stage, "results": results} | more))


def flag(kind):
    return Flag.objects.filter(kind=kind).order_by("-pk").first()


def task(kind):
    return Task.objects.filter(kind=kind, status="open").first()


# --- laboratory values ---


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        pytest.param([("alt", 119, 40)], None, id="below three times"),
        pytest.param([("alt", 121, 40)], "amber_plus", id="over 3"),
        pytest.param([("ast", 201, 40)], "red", id="over 5"),
        pytest.param([("alt", 130, 40), ("bilirubin", 2.5, 1.2)], "red", id="over 3 with bilirubin over 2"),
        pytest.param([("alt", 130, 60)], None, id="the laboratory's own limit counts"),
    ],
)
def test_s18_labs_against_their_own_limits(staff, patient, now, values, severity):
    record_labs(actor=staff, patient=patient, results=[lab(a, v, limit) for a, v, limit in values], now=now)
    found = flag("lab_abnormal")
    assert (None if found is None else found.severity) == severity


def test_s18_over_three_with_symptoms_is_red(staff, patient, now):
    from recovery.rules.gates import GateEvent
    from recovery.services.gates import note_event

    note_event(actor=staff, patient=patient, event=GateEvent.LIVER_SYMPTOMS, evidence={}, now=now)
    record_labs(actor=staff, patient=patient, results=[lab("alt", 130, 40)], now=now)
    assert flag("lab_abnormal").severity == "red"


def test_values_of_one_day_that_arrive_apart_are_read_together(staff, patient, now):
    record_labs(actor=staff, patient=patient, results=[lab("alt", 130, 40)], now=now)
    record_labs(actor=staff, patient=patient, results=[lab("bilirubin", 2.5, 1.2)], now=now)
    assert flag("lab_abnormal").severity == "red"


def test_a_lab_is_stored_once_and_read_by_a_prescriber(staff, clinician, patient, now):
    new = lab("alt", 44, 40, note="fasting", is_baseline=True)
    [(row, first)] = record_labs(actor=staff, patient=patient, results=[new], now=now)
    [(again, second)] = record_labs(actor=staff, patient=patient, results=[new], now=now)
    assert (row.pk, first, second) == (again.pk, True, False)
    with pytest.raises(IdReused):
        record_labs(actor=staff, patient=patient, results=[lab("alt", 45, 40, client_id=new.client_id)], now=now)
    with pytest.raises(NotAllowed):
        review_lab(actor=staff, patient=patient, entry_id=row.pk, now=now)
    review_lab(actor=clinician, patient=patient, entry_id=row.pk, now=now)
    stored = LabResult.objects.get()
    assert (stored.reviewed_by_id, stored.is_baseline) == (clinician.user_id, True)
    assert b"fasting" not in bytes(stored.note)
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"lab_result.recorded", "lab_result.reviewed"} <= actions


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"analyte": "sugar"}, BadRecord, "analyte"),
        ({"unit": "mg_per_dl"}, BadRecord, "unit"),
        ({"value": -1}, BadRecord, "value"),
        ({"value": 10_000_000}, BadRecord, "value"),
        ({"limit": 0}, BadRecord, "upper_limit"),
        ({"limit": None}, BadRecord, "upper_limit"),
        ({"on": TODAY + timedelta(days=1)}, InFuture, "taken_on"),
        ({"on": date(1920, 1, 1)}, BadRecord, "taken_on"),
    ],
)
def test_a_lab_that_cannot_be_stores_nothing(staff, patient, now, change, error, field):
    with pytest.raises(error) as refusal:
        record_labs(actor=staff, patient=patient, results=[lab(), lab(**change)], now=now)
    assert refusal.value.field == field
    assert LabResult.objects.count() == 0


def test_a_lab_entered_in_error_takes_its_concern_with_it(staff, patient, now):
    [(row, _)] = record_labs(actor=staff, patient=patient, results=[lab("alt", 130, 40)], now=now)
    void_lab(actor=staff, patient=patient, entry_id=row.pk, now=now)
    assert flag("lab_abnormal").status == "closed"
    with pytest.raises(Conflict):
        void_lab(actor=staff, patient=patient, entry_id=row.pk, now=now)
    assert LabResult.objects.count() == 1


def test_s18_labs_are_asked_for_and_overdue_is_info_until_taken(program, staff, patient, takes, now):
    """The treatment began on 1 February: the baseline is due then, the next a month later."""
    takes("oral_daily")
    make_due_work(program_ids=[program], now=now)
    asked = task("labs_due")
    assert asked.facts["due_on"] == "2026-03-01"
    overdue = flag("lab_overdue")
    assert (overdue.severity, overdue.evidence["on"]) == ("info", "2026-03-01")
    make_due_work(program_ids=[program], now=now)
    assert Task.objects.filter(kind="labs_due").count() == 1
    record_labs(actor=staff, patient=patient, results=[lab("alt", 30, 40)], now=now)
    assert task("labs_due") is None
    assert flag("lab_overdue").status == "closed"
    make_due_work(program_ids=[program], now=now + timedelta(days=30))
    assert task("labs_due") is None  # the next is due on 1 May
    make_due_work(program_ids=[program], now=now + timedelta(days=53))
    assert task("labs_due").facts["due_on"] == "2026-05-01"


def test_nobody_on_buprenorphine_alone_is_asked_for_liver_tests(program, takes, now):
    takes("buprenorphine_daily")
    make_due_work(program_ids=[program], now=now)
    assert task("labs_due") is None


# --- urine screens ---


def test_s10_a_presumptive_positive_holds_tells_and_asks_for_confirmation(staff, clinician, patient, takes, now):
    takes("oral_daily")
    row, is_new = record_screen(actor=staff, patient=patient, screen=screen({"opiates": "positive"}), now=now)
    assert is_new
    assert Hold.objects.get().cause == "positive_screen"
    told = flag("positive_screen")
    assert (told.severity, told.evidence["stage"]) == ("red", "presumptive")
    assert task("confirm_screen").role == "nurse"
    # A second method confirms nothing was there; the hold still waits for a prescriber.
    record_screen(
        actor=staff,
        patient=patient,
        screen=screen(
            {"opiates": "negative"},
            stage="confirmed",
            method="mass_spectrometry",
            panel="laboratory",
            confirms_id=row.pk,
        ),
        now=now,
    )
    assert task("confirm_screen") is None
    with pytest.raises(NotAllowed):
        read_screen_as(actor=staff, patient=patient, entry_id=row.pk, reading="false_positive", now=now)
    read_screen_as(actor=clinician, patient=patient, entry_id=row.pk, reading="false_positive", now=now)
    with pytest.raises(Conflict):
        read_screen_as(actor=clinician, patient=patient, entry_id=row.pk, reading="use", now=now)
    assert Hold.objects.get().lifted_at is None


def test_s10_the_person_never_sees_a_positive(staff, patient, takes, now):
    takes("oral_daily")
    record_screen(actor=staff, patient=patient, screen=screen({"opiates": "positive"}), now=now)
    own = repr(record_of(patient=patient, for_staff=False))
    assert "positive" not in own
    [row] = record_of(patient=patient, for_staff=False)["urine_screens"]
    assert (row["tested"], row["settled_results"]) == (["opiates"], None)
    [row] = record_of(patient=patient, for_staff=True)["urine_screens"]
    assert row["results"] == {"opiates": "positive"}


def test_s1_on_an_agonist_a_positive_is_told_and_holds_nothing(staff, patient, takes, now):
    takes("buprenorphine_daily")
    record_screen(actor=staff, patient=patient, screen=screen({"fentanyl": "positive"}), now=now)
    assert Hold.objects.count() == 0
    assert flag("positive_screen").severity == "amber_plus"


def test_what_the_agonist_itself_turns_positive_is_no_concern(staff, patient, takes, now):
    takes("buprenorphine_daily")
    record_screen(actor=staff, patient=patient, screen=screen({"buprenorphine": "positive"}), now=now)
    assert flag("positive_screen") is None and task("confirm_screen") is None


def test_a_negative_opens_nothing(staff, patient, takes, now):
    takes("oral_daily")
    record_screen(actor=staff, patient=patient, screen=screen({"opiates": "negative", "fentanyl": "negative"}), now=now)
    assert Hold.objects.count() == Flag.objects.count() == Task.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"results": {}}, "results"),
        ({"results": {"cola": "positive"}}, "results"),
        ({"results": {"opiates": "maybe"}}, "results"),
        ({"panel": "big"}, "panel"),
        ({"method": "taste"}, "method"),
        ({"stage": "sure"}, "stage"),
        ({"taken_on": TODAY + timedelta(days=1)}, "taken_on"),
    ],
)
def test_a_screen_that_cannot_be(staff, patient, now, change, field):
    with pytest.raises((BadRecord, InFuture)) as refusal:
        record_screen(
            actor=staff,
            patient=patient,
            screen=screen(change.pop("results", {"opiates": "negative"}), **change),
            now=now,
        )
    assert refusal.value.field == field
    assert UrineScreen.objects.count() == 0


def test_a_screen_confirms_only_one_of_the_same_person(staff, patient, make_patient, program, now):
    row, _ = record_screen(actor=staff, patient=patient, screen=screen({"opiates": "negative"}), now=now)
    other = make_patient(program)
    confirming = screen({"opiates": "negative"}, stage="confirmed", confirms_id=row.pk)
    with pytest.raises(NotFound):
        record_screen(actor=staff, patient=other, screen=confirming, now=now)


# --- challenges ---


def challenge(result="passed", **more):
    values = {"client_id": uuid.uuid4(), "done_on": TODAY, "route": "subcutaneous", "result": result}
    return NewChallenge(**(values | more))


def test_s4_a_failed_challenge_holds_and_is_repeated_on_its_day(staff, patient, takes, now):
    takes("oral_daily")
    failed = challenge("failed", repeat_on=date(2026, 3, 10))
    record_challenge(actor=staff, patient=patient, challenge=failed, now=now)
    assert Hold.objects.get().cause == "failed_challenge"
    assert flag("failed_challenge").severity == "red"
    again = task("repeat_challenge")
    assert (again.role, again.due_at.isoformat()) == ("prescriber", "2026-03-10T13:00:00+00:00")  # 09:00 New York
    assert task("restart_checklist") is not None
    passed = challenge("passed", done_on=date(2026, 3, 10))
    record_challenge(actor=staff, patient=patient, challenge=passed, now=now + timedelta(days=7))
    assert task("repeat_challenge") is None
    assert Hold.objects.get().lifted_at is None  # only a prescriber lifts it


def test_a_challenge_stores_no_dose_and_is_stored_once(staff, patient, now):
    assert not [f.name for f in Challenge._meta.get_fields() if "dose" in f.name or "mg" in f.name]
    new = challenge()
    record_challenge(actor=staff, patient=patient, challenge=new, now=now)
    _, is_new = record_challenge(actor=staff, patient=patient, challenge=new, now=now)
    assert not is_new and Challenge.objects.count() == 1
    with pytest.raises(BadRecord) as refusal:
        record_challenge(actor=staff, patient=patient, challenge=challenge(repeat_on=date(2026, 3, 1)), now=now)
    assert refusal.value.field == "repeat_on"


# --- procedures ---


def procedure(days=20, **more):
    values = {"client_id": uuid.uuid4(), "kind": "dental", "planned_on": TODAY + timedelta(days=days)}
    return NewProcedure(**(values | more))


def test_s4_a_planned_procedure_is_work_and_a_concern_and_no_hold(staff, patient, takes, now):
    takes("oral_daily")
    plan_procedure(actor=staff, patient=patient, procedure=procedure(), now=now)
    assert task("procedure_plan").role == "prescriber"
    assert flag("procedure_planned").severity == "amber_plus"
    assert Hold.objects.count() == 0


def test_one_far_away_is_told_when_it_is_near(program, staff, patient, takes, now):
    takes("oral_daily")
    plan_procedure(actor=staff, patient=patient, procedure=procedure(40), now=now)
    assert flag("procedure_planned") is None
    begin_holds(program_ids=[program], now=now + timedelta(days=5))
    assert flag("procedure_planned") is None
    begin_holds(program_ids=[program], now=now + timedelta(days=6))
    assert flag("procedure_planned").evidence["on"] == "2026-04-12"


def test_s4_the_hold_begins_on_the_day_that_the_prescriber_entered(program, staff, clinician, patient, takes, now):
    takes("oral_daily")
    row, _ = plan_procedure(actor=staff, patient=patient, procedure=procedure(), now=now)
    with pytest.raises(NotAllowed):
        set_hold_day(actor=staff, patient=patient, entry_id=row.pk, hold_from=date(2026, 3, 20), now=now)
    for wrong in (date(2026, 3, 2), date(2026, 3, 24)):
        with pytest.raises(BadRecord) as refusal:
            set_hold_day(actor=clinician, patient=patient, entry_id=row.pk, hold_from=wrong, now=now)
        assert refusal.value.field == "hold_from"
    set_hold_day(actor=clinician, patient=patient, entry_id=row.pk, hold_from=date(2026, 3, 20), now=now)
    assert task("procedure_plan") is None
    # 20 March 00:00 in New York is 04:00 UTC.
    midnight = now.replace(day=20, hour=4)
    assert begin_holds(program_ids=[program], now=midnight - timedelta(minutes=1)) == 0
    assert begin_holds(program_ids=[program], now=midnight) == 1
    assert begin_holds(program_ids=[program], now=midnight) == 0
    assert Hold.objects.get().cause == "opioid_analgesia_begins"
    end_procedure(actor=staff, patient=patient, entry_id=row.pk, status="done", now=midnight + timedelta(days=4))
    assert Hold.objects.get().lifted_at is None


def test_without_opioids_there_is_nothing_to_plan(program, staff, patient, takes, now):
    takes("oral_daily")
    plan_procedure(actor=staff, patient=patient, procedure=procedure(opioid_expected="no"), now=now)
    begin_holds(program_ids=[program], now=now)
    assert Task.objects.count() == Flag.objects.count() == 0


def test_a_cancelled_procedure_ends_its_work(staff, patient, now):
    row, _ = plan_procedure(actor=staff, patient=patient, procedure=procedure(), now=now)
    end_procedure(actor=staff, patient=patient, entry_id=row.pk, status="cancelled", now=now)
    assert Task.objects.get().status == "cancelled"
    with pytest.raises(Conflict):
        end_procedure(actor=staff, patient=patient, entry_id=row.pk, status="done", now=now)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "magic"}, "kind"),
        ({"days": -1}, "planned_on"),
        ({"days": 800}, "planned_on"),
        ({"opioid_expected": "x"}, "opioid_expected"),
    ],
)
def test_a_procedure_that_cannot_be(staff, patient, now, change, field):
    with pytest.raises(BadRecord) as refusal:
        plan_procedure(actor=staff, patient=patient, procedure=procedure(**change), now=now)
    assert refusal.value.field == field
    assert Procedure.objects.count() == 0


# --- reversal agent ---


def reversal(has_it="no", **more):
    return NewReversal(**({"client_id": uuid.uuid4(), "has_it": has_it} | more))


def test_n3_it_is_asked_until_yes_again_after_three_months_and_before_it_expires(program, staff, patient, takes, now):
    takes("oral_daily")

    def reason(days):
        make_due_work(program_ids=[program], now=now + timedelta(days=days))
        found = task("reversal_agent")
        return None if found is None else found.facts["reason"]

    assert reason(0) == "ask"
    yes = reversal("yes", expires_on=date(2026, 8, 1), trained=True, offered=True, who="Her sister Ada")
    record_reversal(actor=staff, patient=patient, answer=yes, now=now)
    assert reason(0) is None
    assert b"Ada" not in bytes(ReversalAgent.objects.get().note)
    assert reason(89) is None
    assert reason(90) == "ask"
    record_reversal(
        actor=staff, patient=patient, answer=reversal("yes", expires_on=date(2026, 8, 1)), now=now + timedelta(days=90)
    )
    assert reason(120) is None
    assert reason(121) == "expires"  # 2 July, 30 days before


def test_s18_cover_that_ended_offers_it_once_per_run(program, staff, patient, now):
    from recovery.services.injections import GivenInjection, record_injections

    given = GivenInjection(
        client_id=uuid.uuid4(),
        patient_id=patient.pk,
        given_on=date(2026, 2, 1),
        medicine="naltrexone_injection",
        dose_mg=380,
    )
    record_injections(actor=staff, injections=[given], now=now - timedelta(days=30))
    record_reversal(actor=staff, patient=patient, answer=reversal("no"), now=now - timedelta(days=20))
    make_due_work(program_ids=[program], now=now)  # cover ended on 1 March
    first = task("reversal_agent")
    assert first.facts["reason"] == "uncovered"
    record_reversal(actor=staff, patient=patient, answer=reversal("no", offered=True), now=now)
    make_due_work(program_ids=[program], now=now + timedelta(days=31))
    assert task("reversal_agent") is None


def test_s18_alcohol_only_is_never_asked(program, staff, make_patient, takes, now):
    person = make_patient(program, indication="alcohol", opioid_history="none")
    takes("oral_daily", person)
    make_due_work(program_ids=[program], now=now)
    assert Task.objects.filter(patient_id=person.pk, kind="reversal_agent").count() == 0
    assert Task.objects.filter(patient_id=person.pk, kind="labs_due").count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"has_it": "sure"}, "has_it"),
        ({"has_it": "no", "expires_on": TODAY}, "expires_on"),
        ({"has_it": "yes", "expires_on": date(2099, 1, 1)}, "expires_on"),
    ],
)
def test_an_answer_about_it_that_cannot_be(staff, patient, now, change, field):
    with pytest.raises(BadRecord) as refusal:
        record_reversal(actor=staff, patient=patient, answer=reversal(**change), now=now)
    assert refusal.value.field == field


def test_an_entry_of_somebody_else_is_not_there(staff, patient, make_patient, program, now):
    row, _ = record_screen(actor=staff, patient=patient, screen=screen({"opiates": "negative"}), now=now)
    with pytest.raises(NotFound):
        void_entry(actor=staff, patient=make_patient(program), model=UrineScreen, entry_id=row.pk, now=now)


# --- entered in error ---


def positive(staff, patient, now, **more):
    [row, _] = record_screen(actor=staff, patient=patient, screen=screen({"opiates": "positive"}, **more), now=now)
    return row


def test_a_screen_that_a_prescriber_voids_takes_its_hold_and_its_work_with_it(staff, clinician, patient, takes, now):
    takes("oral_daily")
    row = positive(staff, patient, now)
    later = now + timedelta(hours=1)
    void_screen(actor=clinician, patient=patient, entry_id=row.pk, now=later)
    hold = Hold.objects.get()
    assert (hold.lifted_at, hold.lifted_by_id, hold.lift_reason) == (later, clinician.user_id, "in_error")
    assert flag("positive_screen").status == "returned", "red waits for a person"
    assert flag("positive_screen").evidence["ended_by"] == "entered_in_error"
    assert not Task.objects.filter(status="open", kind__in=["hold_call", "confirm_screen"]).exists()
    assert UrineScreen.objects.get().voided_at == later
    assert list(Hold.pgh_event_model.objects.order_by("pgh_id").values_list("lift_reason", flat=True)) == [
        "",
        "in_error",
    ]
    assert {"urine_screen.voided", "hold.lifted"} <= set(AuditEvent.objects.values_list("action", flat=True))
    with pytest.raises(Conflict):
        void_screen(actor=clinician, patient=patient, entry_id=row.pk, now=later)


def test_a_void_by_anybody_else_lifts_nothing_and_asks_the_prescriber(staff, clinician, patient, takes, now):
    """Contract 3: only a clinician starts the prompts again."""
    takes("oral_daily")
    row = positive(staff, patient, now)
    void_screen(actor=staff, patient=patient, entry_id=row.pk, now=now)
    hold = Hold.objects.get()
    assert (hold.lifted_at, hold.evidence["entered_in_error"]) == (None, True)
    assert task("hold_in_error").role == "prescriber"
    assert flag("positive_screen").status == "returned"
    lift_hold(actor=clinician, hold_id=hold.pk, reason="in_error", now=now)
    assert task("hold_in_error") is None


def test_a_hold_stays_while_another_record_says_the_same(staff, clinician, patient, takes, now):
    takes("oral_daily")
    first = positive(staff, patient, now)
    second = positive(staff, patient, now + timedelta(hours=1), stage="confirmed", on=date(2026, 3, 2))
    void_screen(actor=clinician, patient=patient, entry_id=first.pk, now=now + timedelta(hours=2))
    hold = Hold.objects.get()
    assert (hold.lifted_at, hold.evidence) == (None, {"on": "2026-03-02", "stage": "confirmed"})
    assert flag("positive_screen").status == "open"
    void_screen(actor=clinician, patient=patient, entry_id=second.pk, now=now + timedelta(hours=3))
    assert Hold.objects.get().lift_reason == "in_error"


def test_a_hold_in_error_stands_again_when_the_next_record_says_the_same(staff, patient, takes, now):
    takes("oral_daily")
    row = positive(staff, patient, now)
    void_screen(actor=staff, patient=patient, entry_id=row.pk, now=now)
    positive(staff, patient, now + timedelta(hours=1))
    assert Hold.objects.get().evidence == {"on": "2026-03-03", "stage": "presumptive"}
    assert task("hold_in_error") is None


def test_a_negative_entered_in_error_leaves_the_hold(staff, clinician, patient, takes, now):
    takes("oral_daily")
    positive(staff, patient, now)
    [row, _] = record_screen(actor=staff, patient=patient, screen=screen({"opiates": "negative"}), now=now)
    void_screen(actor=clinician, patient=patient, entry_id=row.pk, now=now)
    assert Hold.objects.get().lifted_at is None


def test_a_challenge_that_a_prescriber_voids_takes_its_hold_its_repeat_and_its_checklist(
    staff, clinician, patient, takes, now
):
    takes("oral_daily")
    values = {"client_id": uuid.uuid4(), "done_on": TODAY, "route": "nasal", "result": "failed"}
    new = NewChallenge(**values, repeat_on=TODAY + timedelta(days=3))
    [row, _] = record_challenge(actor=staff, patient=patient, challenge=new, now=now)
    assert task("repeat_challenge") and task("restart_checklist")
    void_challenge(actor=clinician, patient=patient, entry_id=row.pk, now=now)
    assert Hold.objects.get().lift_reason == "in_error"
    assert flag("failed_challenge").status == "returned"
    assert Checklist.objects.get().status == "cancelled"
    assert task("repeat_challenge") is None and task("restart_checklist") is None
