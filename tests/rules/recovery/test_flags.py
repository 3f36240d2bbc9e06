from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from recovery.rules import flags
from recovery.rules.cover import band_of
from recovery.rules.flags import FLAG_RULES, ClinicHours
from recovery.rules.policy import default_policy
from recovery.rules.states import (
    FlagKind,
    FlagStatus,
    Goal,
    Indication,
    MedicineClass,
    OpioidHistory,
    Response,
    Role,
    Severity,
    counts_as_opioid,
    worst,
)

POLICY = default_policy()


def test_every_kind_has_a_rule_with_a_source():
    assert set(FLAG_RULES) == set(FlagKind)
    assert all(rule.source for rule in FLAG_RULES.values())


def test_every_red_of_a_report_pages_at_once_and_calendar_reds_wait_for_the_clinic():
    calendar = {FlagKind.POSITIVE_SCREEN, FlagKind.FAILED_CHALLENGE}
    red = {kind for kind, rule in FLAG_RULES.items() if rule.severity is Severity.RED}
    assert {kind for kind in red if not FLAG_RULES[kind].acute} == calendar
    assert not FLAG_RULES[FlagKind.INJECTION_LATE].acute


def late(dsl, *, opioid=True, **facts):
    return flags.injection_late_severity(
        band_of(dsl, policy=POLICY), dsl=dsl, counts_as_opioid=opioid, policy=POLICY, **facts
    )


@pytest.mark.parametrize(
    ("dsl", "opioid", "alcohol"),
    [
        (28, None, None),
        (29, Severity.AMBER, Severity.AMBER),
        (31, Severity.AMBER, Severity.AMBER),
        (32, Severity.AMBER_PLUS, Severity.AMBER),
        (35, Severity.AMBER_PLUS, Severity.AMBER),
        (36, Severity.RED, Severity.AMBER_PLUS),
        (43, Severity.RED, Severity.AMBER_PLUS),
        (56, Severity.RED, Severity.AMBER_PLUS),
        (57, Severity.INFO, Severity.INFO),
    ],
)
def test_s16_injection_late_follows_the_band(dsl, opioid, alcohol):
    assert late(dsl) is opioid
    assert late(dsl, opioid=False) is alcohol


@pytest.mark.parametrize(
    ("dsl", "booked", "expected"),
    [
        pytest.param(29, 31, Severity.INFO, id="booked-in-time"),
        pytest.param(31, 31, Severity.INFO, id="on-the-day-itself"),
        pytest.param(31, 30, Severity.AMBER, id="the-booked-day-has-passed"),
        pytest.param(29, 32, Severity.AMBER, id="booked-too-late"),
        pytest.param(32, 32, Severity.AMBER_PLUS, id="no-excuse-after-31"),
    ],
)
def test_s16_a_booked_visit(dsl, booked, expected):
    assert late(dsl, visit_booked_for_dsl=booked) is expected


@pytest.mark.parametrize("dsl", [29, 34, 40, 50])
def test_s16_a_confirmed_bridge_keeps_it_amber(dsl):
    assert late(dsl, bridge_holds=True) is Severity.AMBER


def test_a_bridge_without_a_tablet_holds_nothing():
    now = datetime(2026, 4, 1, tzinfo=UTC)
    assert not flags.bridge_holds(last_taken_at=None, coverage_hours=24, now=now, policy=POLICY)


@pytest.mark.parametrize(
    ("severity", "status"),
    [
        (Severity.INFO, FlagStatus.CLOSED),
        (Severity.AMBER, FlagStatus.CLOSED),
        (Severity.AMBER_PLUS, FlagStatus.CLOSED),
        (Severity.RED, FlagStatus.RETURNED),
    ],
)
def test_when_the_reason_ends_red_waits_for_a_person(severity, status):
    assert flags.status_when_reason_ends(severity) is status


def test_severities_have_an_order_that_text_has_not():
    assert worst([Severity.RED, Severity.INFO, None, Severity.AMBER_PLUS]) is Severity.RED
    assert worst([]) is None
    assert Severity.AMBER_PLUS.at_least(Severity.AMBER)
    assert not Severity.INFO.at_least(Severity.AMBER)
    assert (Severity.AMBER.raised(), Severity.RED.raised()) == (Severity.AMBER_PLUS, Severity.RED)
    assert flags.rises(Severity.AMBER, Severity.RED)
    assert not flags.rises(Severity.RED, Severity.AMBER)
    assert not flags.rises(Severity.AMBER, Severity.AMBER)


@pytest.mark.parametrize(
    ("indication", "history", "expected"),
    [
        (Indication.OPIOID, OpioidHistory.KNOWN, True),
        (Indication.BOTH, OpioidHistory.NONE, True),
        (Indication.ALCOHOL, OpioidHistory.KNOWN, True),
        (Indication.ALCOHOL, OpioidHistory.UNKNOWN, True),
        (Indication.ALCOHOL, OpioidHistory.NONE, False),
    ],
)
def test_s2_who_counts_as_opioid(indication, history, expected):
    assert counts_as_opioid(indication, history) is expected


@pytest.mark.parametrize(
    ("alt", "ast", "bilirubin", "symptoms", "expected"),
    [
        pytest.param(3.0, None, None, False, None, id="exactly-3"),
        pytest.param(3.1, None, None, False, Severity.AMBER_PLUS, id="alt-over-3"),
        pytest.param(None, 3.1, 2.0, False, Severity.AMBER_PLUS, id="ast-over-3-bilirubin-2"),
        pytest.param(3.1, None, 2.1, False, Severity.RED, id="with-bilirubin"),
        pytest.param(3.1, None, None, True, Severity.RED, id="with-symptoms"),
        pytest.param(5.0, None, None, False, Severity.AMBER_PLUS, id="exactly-5"),
        pytest.param(1.0, 5.1, None, False, Severity.RED, id="over-5"),
        pytest.param(None, None, 9.0, True, None, id="bilirubin-alone"),
    ],
)
def test_s18_liver_tests(alt, ast, bilirubin, symptoms, expected):
    assert (
        flags.lab_severity(alt_times=alt, ast_times=ast, bilirubin_times=bilirubin, symptoms=symptoms, policy=POLICY)
        is expected
    )


@pytest.mark.parametrize(
    ("since", "offered", "expected"),
    [
        pytest.param(date(2026, 6, 1), None, True, id="never-offered"),
        pytest.param(date(2026, 6, 1), date(2026, 6, 2), False, id="once-per-run"),
        pytest.param(date(2026, 6, 1), date(2026, 5, 20), False, id="less-than-30-days-ago"),
        pytest.param(date(2026, 6, 1), date(2026, 5, 1), True, id="new-run-after-30-days"),
        pytest.param(None, None, False, id="covered"),
    ],
)
def test_s18_the_offer_of_a_reversal_agent(since, offered, expected):
    facts = {"uncovered_since": since, "last_offer_on": offered, "today": date(2026, 6, 10), "policy": POLICY}
    assert flags.reversal_offer_due(counts_as_opioid=True, **facts) is expected
    assert not flags.reversal_offer_due(counts_as_opioid=False, **facts)


def test_s17_a_lone_cough_is_info():
    assert flags.cough_severity(hard_to_breathe=False, fever=False) is Severity.INFO
    assert flags.cough_severity(hard_to_breathe=True, fever=False) is Severity.AMBER_PLUS
    assert flags.cough_severity(hard_to_breathe=False, fever=True) is Severity.AMBER_PLUS


def test_s1_reported_use_is_red_for_antagonists_only():
    assert flags.reported_use_severity(MedicineClass.ANTAGONIST) is Severity.RED
    assert flags.reported_use_severity(MedicineClass.AGONIST) is Severity.AMBER_PLUS


def test_a_drink_is_no_alarm_under_a_reduction_goal():
    assert flags.reported_drink_severity(Goal.REDUCTION) is None
    assert flags.reported_drink_severity(Goal.ABSTINENCE) is Severity.AMBER


@pytest.mark.parametrize(("dsl", "up", "expected"), [(24, True, False), (25, True, True), (28, True, True),
                                                     (29, True, False), (26, False, False)])  # fmt: skip
def test_craving_at_the_end_of_the_interval(dsl, up, expected):
    assert flags.interval_end_craving(dsl=dsl, craving_is_up=up, policy=POLICY) is expected


def test_a_wound_at_the_site_is_red():
    assert flags.injection_site_severity(wound_scab_or_spreading=True) is Severity.RED
    assert flags.injection_site_severity(wound_scab_or_spreading=False) is Severity.AMBER_PLUS


def test_responses_and_owners_follow_the_severity():
    assert flags.response_for(FlagKind.CRAVING_HIGH, Severity.AMBER_PLUS) is Response.HOURS_4
    assert flags.response_for(FlagKind.REPORTED_USE, Severity.RED) is Response.HOURS_2
    assert flags.response_for(FlagKind.SILENCE, Severity.INFO) is Response.WEEKLY
    assert flags.owner_for(FlagKind.INJECTION_LATE, Severity.RED) is Role.PRESCRIBER
    assert flags.owner_for(FlagKind.INJECTION_LATE, Severity.AMBER) is Role.COORDINATOR


WEEK = ClinicHours(
    zone="America/New_York",
    open_hours={day: (time(9), time(17)) for day in range(5)},
    holidays=frozenset({date(2026, 5, 25)}),
)
THURSDAY_NOON = datetime(2026, 6, 4, 16, tzinfo=UTC)
FRIDAY_NIGHT = datetime(2026, 6, 6, 2, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 4, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("response", "raised", "acute", "expected"),
    [
        pytest.param(Response.MINUTES_15, FRIDAY_NIGHT, True, "2026-06-06T02:15Z", id="acute-never-waits"),
        pytest.param(Response.HOURS_2, MIDNIGHT, False, "2026-06-04T15:00Z", id="calendar-from-opening"),
        pytest.param(Response.HOURS_2, THURSDAY_NOON, False, "2026-06-04T18:00Z", id="calendar-while-open"),
        pytest.param(Response.SAME_DAY, MIDNIGHT, False, "2026-06-04T21:00Z", id="same-day-from-midnight"),
        pytest.param(Response.SAME_DAY, THURSDAY_NOON, True, "2026-06-04T21:00Z", id="same-day"),
        pytest.param(Response.SAME_DAY, FRIDAY_NIGHT, True, "2026-06-08T17:00Z", id="same-day-after-hours"),
        pytest.param(Response.ONE_BUSINESS_DAY, THURSDAY_NOON, True, "2026-06-05T21:00Z", id="one-day"),
        pytest.param(Response.TWO_BUSINESS_DAYS, THURSDAY_NOON, True, "2026-06-08T21:00Z", id="over-the-weekend"),
        pytest.param(
            Response.ONE_BUSINESS_DAY, datetime(2026, 5, 22, 16, tzinfo=UTC), True, "2026-05-26T21:00Z", id="holiday"
        ),
        pytest.param(Response.WEEKLY, THURSDAY_NOON, True, "2026-06-11T16:00Z", id="weekly"),
    ],
)
def test_when_an_answer_is_due(response, raised, acute, expected):
    due = flags.respond_by(response, raised_at=raised, acute=acute, clinic=WEEK, policy=POLICY)
    assert due == datetime.fromisoformat(expected)


def test_w1_a_red_band_of_midnight_is_worked_from_opening():
    red_since = datetime(2026, 3, 18, 4, tzinfo=UTC)
    assert WEEK.next_working_morning(red_since) == datetime(2026, 3, 18, 13, tzinfo=UTC)


def test_a_clinic_that_never_opens_still_gets_an_hour():
    never = ClinicHours(zone="UTC", open_hours={})
    for response in Response:
        due = flags.respond_by(response, raised_at=THURSDAY_NOON, acute=False, clinic=never, policy=POLICY)
        assert due >= THURSDAY_NOON
    assert never.next_working_morning(THURSDAY_NOON) is None


@pytest.mark.parametrize(
    ("kind", "changes", "column"),
    [
        pytest.param("silence", {"severity": "purple"}, "severity", id="no-such-severity"),
        pytest.param("silence", {"severity": None}, "severity", id="no-severity"),
        pytest.param("silence", {"owner": "patient"}, "owner", id="no-such-owner"),
        pytest.param("silence", {"response": "someday"}, "response", id="no-such-answer-time"),
        pytest.param("silence", {"text": "x"}, "text", id="column"),
        pytest.param("suicide_risk", {"severity": "amber_plus"}, "severity", id="emergency-stays-red"),
        pytest.param("overdose_sign", {"alcohol_only": "info"}, "alcohol_only", id="emergency-stays-red-for-alcohol"),
        pytest.param("positive_screen", {"severity": "amber"}, "severity", id="s10-red-stays-red"),
        pytest.param("liver_symptoms", {"alcohol_only": "amber_plus"}, "alcohol_only", id="red-stays-red-for-alcohol"),
        pytest.param("suicide_thoughts", {"severity": "amber"}, "severity", id="s12"),
        pytest.param("ran_out", {"severity": "info"}, "severity", id="s19"),
        pytest.param("lab_abnormal", {"severity": "amber"}, "severity", id="s18"),
        pytest.param("silence", {"severity": "info"}, "severity", id="s14-a-call-is-not-for-the-weekly-list"),
        pytest.param("silence", {"severity": "red"}, "alcohol_only", id="s2-silence-is-no-red-for-alcohol"),
        pytest.param(
            "injection_late", {"severity": "red", "alcohol_only": "red"}, "alcohol_only", id="s16-time-is-no-red"
        ),
        pytest.param("reported_use", {"owner": "nurse"}, "owner", id="s1-the-prescriber"),
        pytest.param("lab_abnormal", {"owner": "on_call"}, "owner", id="s18-the-prescriber"),
        pytest.param("allergic_reaction", {"owner": "prescriber"}, "owner", id="emergency-is-the-on-calls"),
        pytest.param("suicide_risk", {"response": "same_day"}, "response", id="emergency-is-not-answered-later"),
    ],
)
def test_what_a_program_may_not_sign(kind, changes, column):
    with pytest.raises(flags.ConcernError) as refused:
        flags.signed_columns(FLAG_RULES[FlagKind(kind)], changes)
    assert refused.value.column == column


@pytest.mark.parametrize("kind", FlagKind)
def test_every_row_as_shipped_may_be_signed_and_red_is_never_below_red(kind):
    rule = FLAG_RULES[kind]
    assert flags.with_signed_rows({kind: (flags.signed_columns(rule), "Dr A")})[kind] == replace(rule, signed_by="Dr A")
    assert rule.severity.at_least(flags.never_below(kind))
    assert (flags.never_below(kind) is Severity.RED) == (rule.severity is Severity.RED)


@pytest.mark.parametrize(
    ("kind", "own", "found", "opioid", "severity"),
    [
        pytest.param("vomited_dose", {"severity": "red"}, "amber", True, "red", id="raised"),
        pytest.param("contact_lost", {"severity": "info"}, "amber", True, "info", id="lowered"),
        pytest.param(
            "contact_lost",
            {"severity": "red", "alcohol_only": "amber_plus"},
            "amber",
            False,
            "amber_plus",
            id="alcohol-only",
        ),
        pytest.param(
            "craving_high", {"severity": "amber"}, "amber_plus", True, "amber_plus", id="a-worse-finding-stays"
        ),
        pytest.param(
            "craving_high", {"severity": "red"}, "amber_plus", True, "red", id="a-worse-finding-is-at-least-the-row"
        ),
        pytest.param("injection_site", {"severity": "amber"}, "red", True, "red", id="a-wound-stays-red"),
        pytest.param("cough", {"severity": "red"}, "info", True, "info", id="a-milder-finding-stays"),
        pytest.param("cough", {"severity": "info"}, "amber_plus", True, "info", id="lowered-with-fever"),
        pytest.param("reported_use", {}, "amber_plus", True, "amber_plus", id="s1-use-on-an-agonist"),
        pytest.param("injection_late", {"severity": "amber_plus"}, "red", True, "red", id="s16-red-from-36"),
    ],
)
def test_how_severe_a_finding_is_by_a_programs_own_table(kind, own, found, opioid, severity):
    kind = FlagKind(kind)
    rules = flags.with_signed_rows({kind: (flags.signed_columns(FLAG_RULES[kind], own), "Dr A")})
    once = flags.severity_in(rules, kind, Severity(found), counts_as_opioid=opioid)
    assert once is Severity(severity)
    assert flags.severity_in(rules, kind, once, counts_as_opioid=opioid) is once


def test_a_red_late_injection_is_a_prescribers_whoever_has_it_before():
    nurse = flags.signed_columns(FLAG_RULES[FlagKind.INJECTION_LATE], {"owner": "nurse"})
    rules = flags.with_signed_rows({FlagKind.INJECTION_LATE: (nurse, "Dr A")})
    assert flags.owner_for(FlagKind.INJECTION_LATE, Severity.AMBER, rules) is Role.NURSE
    assert flags.owner_for(FlagKind.INJECTION_LATE, Severity.RED, rules) is Role.PRESCRIBER
