from datetime import UTC, date, datetime, timedelta

import pytest

from recovery.rules import gates
from recovery.rules.gates import Analyte, GapDose, GateEvent, MedicineKind, OpenHold, PromptStop, SymptomAnswer
from recovery.rules.medicines import Medicine
from recovery.rules.policy import default_policy, with_overrides
from recovery.rules.schedule import dose_slots, regimen_from_catalogue
from recovery.rules.states import (
    DoseState,
    FlagKind,
    Indication,
    OpioidHistory,
    Response,
    Role,
    Severity,
)

POLICY = default_policy()
TABLET, BUPRENORPHINE = Medicine.NALTREXONE_TABLET, Medicine.BUPRENORPHINE_SUBLINGUAL
OPIOID = (Indication.OPIOID, OpioidHistory.KNOWN)
ALCOHOL_ONLY = (Indication.ALCOHOL, OpioidHistory.NONE)
ALCOHOL_UNKNOWN = (Indication.ALCOHOL, OpioidHistory.UNKNOWN)
ALCOHOL_KNOWN = (Indication.ALCOHOL, OpioidHistory.KNOWN)


def decide(event, medicine=TABLET, who=OPIOID, policy=POLICY):
    return gates.decide_gate(event, medicine=medicine, indication=who[0], opioid_history=who[1], policy=policy)


STOPS_NALTREXONE = [
    GateEvent.OPIOID_TAKEN, GateEvent.OPIOID_PRESCRIBED, GateEvent.OPIOID_GIVEN_AWAY, GateEvent.POSITIVE_SCREEN,
    GateEvent.FAILED_CHALLENGE, GateEvent.WITHDRAWAL_SYMPTOMS, GateEvent.LIVER_SYMPTOMS,
    GateEvent.ALLERGIC_REACTION, GateEvent.OPIOID_ANALGESIA_BEGINS,
]  # fmt: skip
STOPS_NOTHING = [
    GateEvent.PREGNANCY, GateEvent.BREASTFEEDING, GateEvent.PROCEDURE_PLANNED, GateEvent.SILENCE,
    GateEvent.AWAY, GateEvent.DRINK, GateEvent.LATE_BAND,
]  # fmt: skip


@pytest.mark.parametrize("who", [OPIOID, ALCOHOL_ONLY, ALCOHOL_UNKNOWN], ids=["opioid", "alcohol", "unknown"])
@pytest.mark.parametrize("event", STOPS_NALTREXONE)
@pytest.mark.parametrize("medicine", [TABLET, Medicine.NALTREXONE_INJECTION, Medicine.NALTREXONE_IMPLANT])
def test_s2_s4_what_stops_naltrexone_stops_it_for_everyone(event, who, medicine):
    assert decide(event, medicine, who).stops_prompts


@pytest.mark.parametrize("event", [e for e in GateEvent if e is not GateEvent.CLINICIAN_ORDER])
@pytest.mark.parametrize("medicine", [BUPRENORPHINE, Medicine.METHADONE, Medicine.SUBLOCADE, Medicine.ACAMPROSATE])
def test_s1_nothing_but_an_order_stops_an_agonist_or_acamprosate(event, medicine):
    assert not decide(event, medicine).stops_prompts


@pytest.mark.parametrize("event", STOPS_NOTHING)
@pytest.mark.parametrize("who", [OPIOID, ALCOHOL_ONLY])
def test_s4_what_stops_nothing(event, who):
    assert not decide(event, TABLET, who).stops_prompts


@pytest.mark.parametrize("medicine", list(Medicine))
def test_a_clinicians_order_stops_any_medicine(medicine):
    assert decide(GateEvent.CLINICIAN_ORDER, medicine).stops_prompts


@pytest.mark.parametrize("event", [GateEvent.OPIOID_TAKEN, GateEvent.POSITIVE_SCREEN])
def test_s1_use_on_an_agonist_is_amber_plus_to_the_prescriber(event):
    decision = decide(event, BUPRENORPHINE)
    assert (decision.severity, decision.owner, decision.response) == (
        Severity.AMBER_PLUS, Role.PRESCRIBER, Response.SAME_DAY,
    )  # fmt: skip


def test_s3_a_new_opioid_medicine_not_yet_taken_reaches_the_prescriber_within_two_hours():
    taken, not_yet = decide(GateEvent.OPIOID_TAKEN), decide(GateEvent.OPIOID_PRESCRIBED)
    assert (taken.flag, taken.severity) == (FlagKind.REPORTED_USE, Severity.RED)
    assert (not_yet.flag, not_yet.response) == (FlagKind.NEW_OPIOID_MEDICINE, Response.HOURS_2)


@pytest.mark.parametrize(
    ("who", "stops"),
    [
        pytest.param(OPIOID, True, id="opioid"),
        pytest.param((Indication.BOTH, OpioidHistory.KNOWN), True, id="both"),
        pytest.param(ALCOHOL_UNKNOWN, True, id="unknown-history-counts-as-opioid"),
        pytest.param(ALCOHOL_KNOWN, True, id="alcohol-with-history"),
        pytest.param(ALCOHOL_ONLY, False, id="alcohol-only"),
    ],
)
def test_s2_time_opens_no_gate_for_alcohol_only(who, stops):
    assert decide(GateEvent.STATED_GAP, TABLET, who).stops_prompts is stops


def test_silence_holds_only_when_the_director_switched_it_on():
    on = with_overrides(POLICY, {"hold_on_silence": True}, signed_by="Dr A")
    assert not decide(GateEvent.SILENCE).stops_prompts
    assert decide(GateEvent.SILENCE, policy=on).stops_prompts
    assert not decide(GateEvent.SILENCE, BUPRENORPHINE, policy=on).stops_prompts
    assert not decide(GateEvent.SILENCE, TABLET, ALCOHOL_ONLY, policy=on).stops_prompts


def test_s11_a_drink_stops_disulfiram_and_nothing_else():
    decision = decide(GateEvent.DRINK_ON_DISULFIRAM, Medicine.DISULFIRAM, ALCOHOL_ONLY)
    assert (decision.stops_prompts, decision.response) == (True, Response.SAME_DAY)
    assert not decide(GateEvent.DRINK_ON_DISULFIRAM, TABLET).stops_prompts


LETTERS = {
    "t": DoseState.TAKEN, "m": DoseState.MISSED, "s": DoseState.SKIPPED, "n": DoseState.NOT_REPORTED,
    "h": DoseState.HELD, "c": DoseState.CANCELLED, "o": DoseState.OVERDUE, ".": DoseState.SCHEDULED,
}  # fmt: skip


def doses(key, letters, first_day=date(2026, 6, 1), away=()):
    regimen = regimen_from_catalogue(key, zone="America/New_York", first_day=first_day, times=["08:00"], policy=POLICY)
    slots = dose_slots(regimen, first_day=first_day, last_day=first_day + timedelta(40))
    return [
        GapDose(slot.due_at, slot.dosing_day, LETTERS[letter], slot.coverage_hours, slot.dosing_day in away)
        for slot, letter in zip(slots, letters, strict=False)
    ]


def gap(key, letters, **more):
    result = gates.stated_gap(doses(key, letters, **more), policy=POLICY)
    return result.days, result.opens_gate


def test_w2_every_third_day():
    assert gap("oral_q3d", "tm.") == (3, True)
    assert gap("oral_q3d", "tt.") == (0, False)
    opened = datetime(2026, 6, 5, 14, tzinfo=UTC)
    [prompt] = [dose for dose in doses("oral_q3d", "tm.") if dose.dosing_day == date(2026, 6, 7)]
    opens_at = prompt.due_at - timedelta(hours=3)
    stop = gates.prompt_stop(opens_at=opens_at, holds=[OpenHold(opened, from_next_window=True)], away=False)
    assert stop is PromptStop.HOLD


@pytest.mark.parametrize(
    ("key", "letters", "expected"),
    [
        pytest.param("oral_daily", "tmmm", (3, True), id="daily-tue-wed-thu"),
        pytest.param("oral_q2d", "tm", (2, False), id="second-day-one"),
        pytest.param("oral_q2d", "tmm", (4, True), id="second-day-two"),
        pytest.param("oral_mwf", "m", (2, False), id="mwf-monday"),
        pytest.param("oral_mwf", "ttm", (3, True), id="mwf-friday"),
        pytest.param("oral_mwf", "mm", (4, True), id="mwf-monday-wednesday"),
        pytest.param("oral_wk_sat", "tttttm", (2, False), id="saturday"),
        pytest.param("oral_wk_sat", "ttttmm", (3, True), id="friday-saturday"),
        pytest.param("oral_daily", "tmnm", (2, False), id="not-reported-adds-nothing"),
        pytest.param("oral_daily", "tmnmm", (3, True), id="and-does-not-break-the-run"),
        pytest.param("oral_daily", "tmmtm", (1, False), id="taken-ends-the-run"),
        pytest.param("oral_daily", "tmhhhm", (2, False), id="held-never-counts"),
        pytest.param("oral_daily", "tmccm", (2, False), id="cancelled-never-counts"),
        pytest.param("oral_daily", "tssm", (3, True), id="skipped-counts"),
        pytest.param("oral_daily", "nnnnnnnn", (0, False), id="silence-opens-nothing"),
        pytest.param("oral_daily", "", (0, False), id="no-doses"),
    ],
)
def test_w3_other_regimens(key, letters, expected):
    assert gap(key, letters) == expected


def test_away_doses_never_count():
    away = {date(2026, 6, 2), date(2026, 6, 3)}
    assert gap("oral_daily", "mmmm", away=away) == (2, False)


def test_w4_a_late_batch_with_a_taken_dose_after_it_calls_and_holds_nothing():
    week = doses("oral_daily", "tmmmt.")  # Monday to Saturday; missed Tuesday to Thursday, taken Friday
    said = {date(2026, 6, day) for day in (2, 3, 4, 5)}
    result = gates.stated_gap(week, stated_now=said, policy=POLICY)
    assert (result.opens_gate, result.call_today, result.closed_days) == (False, True, 3)
    assert (result.closed_first_day, result.closed_last_day) == (date(2026, 6, 2), date(2026, 6, 4))
    assert gates.prompt_stop(opens_at=week[-1].due_at, holds=[], away=False) is None


def test_w4_the_same_run_does_not_call_again_with_the_next_report():
    week = doses("oral_daily", "tmmmtt")
    result = gates.stated_gap(week, stated_now={date(2026, 6, 6)}, policy=POLICY)
    assert (result.opens_gate, result.call_today) == (False, False)


def test_an_open_run_opens_the_gate_even_after_an_earlier_one_ended():
    result = gates.stated_gap(doses("oral_daily", "mmmtmmm"), policy=POLICY)
    assert (result.opens_gate, result.call_today) == (True, False)


@pytest.mark.parametrize(
    ("hold", "away", "expected"),
    [
        pytest.param(None, False, None, id="nothing"),
        pytest.param(None, True, PromptStop.AWAY, id="away"),
        pytest.param(OpenHold(datetime(2026, 6, 1, 10, tzinfo=UTC)), False, PromptStop.HOLD, id="at-once"),
        pytest.param(
            OpenHold(datetime(2026, 6, 1, 10, tzinfo=UTC), from_next_window=True), False, None, id="from-next-window"
        ),
        pytest.param(
            OpenHold(datetime(2026, 6, 1, 9, tzinfo=UTC), from_next_window=True), False, PromptStop.HOLD, id="next"
        ),
    ],
)
def test_prompts_under_a_hold(hold, away, expected):
    window = datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert gates.prompt_stop(opens_at=window, holds=[hold] if hold else [], away=away) is expected


@pytest.mark.parametrize(
    ("who", "symptoms", "opioid", "expected"),
    [
        pytest.param(OPIOID, SymptomAnswer.NONE, False, (True, False, True), id="well"),
        pytest.param(OPIOID, SymptomAnswer.UNANSWERED, False, (True, True, True), id="unanswered-prompt-and-call"),
        pytest.param(OPIOID, SymptomAnswer.WITHDRAWAL, False, (False, True, True), id="withdrawal"),
        pytest.param(OPIOID, SymptomAnswer.NONE, True, (False, True, True), id="opioid-stated"),
        pytest.param(ALCOHOL_ONLY, SymptomAnswer.UNANSWERED, False, (True, False, False), id="alcohol-only"),
        pytest.param(ALCOHOL_ONLY, SymptomAnswer.UNANSWERED, True, (False, True, False), id="alcohol-opioid-stated"),
    ],
)
def test_s8_day_two(who, symptoms, opioid, expected):
    result = gates.second_day(indication=who[0], opioid_history=who[1], symptoms=symptoms, opioid_stated=opioid)
    assert (result.prompt_goes, result.call_task, result.ask_symptoms_first) == expected


def test_s5_the_alarm_clock_of_a_hold():
    opened = datetime(2026, 6, 5, 20, tzinfo=UTC)  # a Friday evening
    monday = datetime(2026, 6, 8, 13, tzinfo=UTC)
    alarms = gates.hold_alarms(
        opened_at=opened, next_working_morning=monday, until=opened + timedelta(hours=80), policy=POLICY
    )
    assert [((alarm.at - opened) / timedelta(hours=1), alarm.to) for alarm in alarms] == [
        (2, Role.PRESCRIBER),
        (24, Role.PRESCRIBER),
        (48, Role.PRESCRIBER),
        (65, Role.PRESCRIBER),
        (72, Role.MEDICAL_DIRECTOR),
        (72, Role.PRESCRIBER),
    ]


def test_s5_it_never_ends_by_itself():
    opened = datetime(2026, 6, 5, 20, tzinfo=UTC)
    alarms = gates.hold_alarms(
        opened_at=opened, next_working_morning=opened, until=opened + timedelta(days=30), policy=POLICY
    )
    assert alarms[-1].at == opened + timedelta(days=30)
    assert not gates.hold_acknowledged(staff_recorded_understood=False)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Codeine 30 mg", MedicineKind.OPIOID),
        ("oxycodone/acetaminophen", MedicineKind.OPIOID),
        ("Buprenorphine-naloxone", MedicineKind.OPIOID),
        ("KRATOM tea", MedicineKind.OPIOID),
        ("tianeptine", MedicineKind.OPIOID),
        ("diphenoxylate/atropine", MedicineKind.OPIOID),
        ("loperamide", MedicineKind.HARMLESS),
        ("naloxone", MedicineKind.HARMLESS),
        ("methylnaltrexone", MedicineKind.HARMLESS),
        ("Disulfiram", MedicineKind.INTERACTION),
        ("thioridazine", MedicineKind.INTERACTION),
        ("codeína", MedicineKind.OPIOID),
        ("Suboxone 8/2", MedicineKind.OPIOID),
        ("ibuprofen", MedicineKind.UNKNOWN),
        ("", MedicineKind.UNKNOWN),
    ],
)
def test_s3_new_medicines(name, kind):
    assert gates.kind_of_medicine(name) is kind


def test_s10_a_presumptive_positive_holds_and_asks_for_confirmation():
    reading = gates.read_screen(tested=[Analyte.OPIATES], positive=[Analyte.OPIATES], confirmed=False, medicine=TABLET)
    assert (reading.hold, reading.confirm_task, reading.closes) == (True, True, frozenset())


def test_s10_a_negative_closes_only_what_was_tested():
    reading = gates.read_screen(tested=[Analyte.OPIATES], positive=[], confirmed=False, medicine=TABLET)
    assert reading.closes == {Analyte.OPIATES}
    assert {Analyte.FENTANYL, Analyte.METHADONE, Analyte.BUPRENORPHINE, Analyte.TRAMADOL} <= reading.still_open
    assert not reading.hold


def test_s10_a_positive_holds_no_agonist_and_must_have_been_tested():
    reading = gates.read_screen(
        tested=[Analyte.FENTANYL], positive=[Analyte.FENTANYL], confirmed=True, medicine=BUPRENORPHINE
    )
    assert (reading.hold, reading.confirm_task) == (False, False)
    with pytest.raises(ValueError, match="among the tested"):
        gates.read_screen(tested=[], positive=[Analyte.OPIATES], confirmed=True, medicine=TABLET)


@pytest.mark.parametrize(
    ("medicine", "before"),
    [(TABLET, timedelta(hours=72)), (Medicine.NALTREXONE_INJECTION, timedelta(days=30)), (BUPRENORPHINE, None)],
)
def test_hold_before_planned_opioid_analgesia(medicine, before):
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    expected = None if before is None else at - before
    assert gates.hold_before_procedure(medicine=medicine, procedure_at=at, policy=POLICY) == expected


def test_w9_reported_use_on_sublocade_is_no_hold():
    decision = decide(GateEvent.OPIOID_TAKEN, Medicine.SUBLOCADE)
    assert (decision.stops_prompts, decision.severity) == (False, Severity.AMBER_PLUS)
