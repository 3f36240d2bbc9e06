"""Every clinical number: its value, unit, source and who signed it.

A rule takes a ``Policy`` and reads ``policy.lapsed_from_dsl``; no rule holds a
literal. A program overrides numbers with ``with_overrides``; the version that
decided something is stored beside the decision. Numbers marked PD are proposed
defaults that no source states: production refuses to start while one of them
is unsigned (contract 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

Value = bool | int | float

DEFAULT_VERSION = "default-4"


class PolicyError(ValueError):
    """An override that cannot be used; ``field`` names the number."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Number:
    """One clinical number as the policy page lists it."""

    key: str
    value: Value
    unit: str
    source: str
    signed_by: str | None
    version: str
    low: Value
    high: Value


def _number(default: Value, unit: str, source: str, low: Value, high: Value) -> Any:
    return field(default=default, metadata={"unit": unit, "source": source, "low": low, "high": high})


def _switch(default: bool, source: str) -> Any:
    return field(default=default, metadata={"unit": "yes or no", "source": source, "low": False, "high": True})


_DSL = "days since last dose"
_DAYS = "days"
_MIN = "minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The numbers that one program decides by. Hashable, so that rules may cache on it."""

    version: str = DEFAULT_VERSION
    signatures: tuple[tuple[str, str], ...] = ()
    """(key, clinician) for each number that somebody signed."""

    # Dose windows and regimens
    window_before_minutes: int = _number(180, _MIN, "C 3.2 (PD)", 0, 720)
    window_after_minutes: int = _number(180, _MIN, "C 3.2 (PD)", 0, 1440)
    zone_move_notice_minutes: int = _number(120, _MIN, "architecture 5 (PD)", 0, 1440)
    same_slot_apart_minutes: int = _number(360, _MIN, "architecture 5 (PD)", 0, 1440)
    plan_ahead_hours: int = _number(72, "hours", "architecture 4 (PD)", 24, 336)
    review_after_months: int = _number(6, "months", "C 1 rows 5 and 8 (PD)", 1, 24)

    refill_lead_days: int = _number(7, "days before the last tablet", "C 1 row 110, S 19 (PD)", 1, 60)
    closing_notice_days: int = _number(7, _DAYS, "S W8", 1, 60)
    allow_targeted: bool = _switch(False, "C 1 row 17: off-label, alcohol only")
    allow_implant: bool = _switch(False, "C 1 row 12, C 3.1: not approved")
    implant_cover_days: int = _number(0, "days (0: not set)", "C 3.1: the program sets it", 0, 400)

    # Cover of the injection
    injection_cover_days: int = _number(28, _DAYS, "PI-V, C 3.3", 7, 120)
    due_soon_from_dsl: int = _number(21, _DSL, "C 3.3 (PD)", 1, 120)
    due_at_dsl: int = _number(28, _DSL, "PI-V, C 3.3", 1, 120)
    overdue_1_from_dsl: int = _number(29, _DSL, "C 3.3 (PD)", 2, 150)
    overdue_4_from_dsl: int = _number(32, _DSL, "C 3.3 (PD)", 3, 150)
    overdue_8_from_dsl: int = _number(36, _DSL, "C 3.3 (PD)", 4, 200)
    lapsed_from_dsl: int = _number(43, _DSL, "C 3.3 (PD)", 5, 200)
    discontinued_from_dsl: int = _number(57, _DSL, "C 3.3 (PD)", 6, 365)
    restart_check_from_dsl: int = _number(36, _DSL, "C 3.3, S 4 (PD)", 1, 365)
    early_injection_below_dsl: int = _number(21, _DSL, "C 3.3 (PD)", 1, 120)
    visit_offer_days: int = _number(3, _DAYS, "C 3.3 (PD)", 0, 14)
    after_care_days: int = _number(60, "days after cover ended", "C 3.5, Saucier18 (PD)", 0, 365)
    visit_excuses_until_dsl: int = _number(31, _DSL, "S 16 (PD)", 28, 60)
    supply_on_site_by_dsl: int = _number(21, _DSL, "features N6 (PD)", 1, 28)
    on_time_grace_days: int = _number(3, _DAYS, "C 4.1 (PD)", 0, 14)
    late_red_from_dsl: int = _number(36, _DSL, "S 16 (PD)", 29, 365)
    late_amber_plus_from_dsl: int = _number(32, _DSL, "C 3.3 (PD)", 29, 365)
    late_amber_plus_from_dsl_alcohol: int = _number(36, _DSL, "S 16 (PD)", 29, 365)

    # Gates and holds
    stated_gap_days: int = _number(3, "coverage days", "S 6 (PD)", 1, 30)
    hold_on_silence: bool = _switch(False, "contract 3 (needs the medical director)")
    hold_first_alarm_minutes: int = _number(120, _MIN, "S 5 (PD)", 5, 1440)
    hold_repeat_hours: int = _number(24, "hours", "S 5 (PD)", 1, 168)
    hold_director_hours: int = _number(72, "hours", "S 5 (PD)", 1, 336)
    release_contact_hours: int = _number(72, "hours", "C 7 (PD)", 1, 336)
    release_soon_hours: int = _number(48, "hours", "S 21 (PD)", 1, 336)
    procedure_soon_days: int = _number(35, _DAYS, "C 3.3 (PD)", 1, 120)
    opioid_hold_oral_hours: int = _number(72, "hours", "ASAM 2015 card, C 3.3", 1, 336)
    opioid_hold_injection_days: int = _number(30, _DAYS, "ASAM 2015 card, C 3.3", 1, 120)
    reversal_offer_every_days: int = _number(30, _DAYS, "S 18 (PD)", 1, 365)
    reversal_ask_every_days: int = _number(90, _DAYS, "C 8 (PD)", 7, 365)
    reversal_expiry_notice_days: int = _number(30, _DAYS, "C 8, N3 (PD)", 0, 180)
    checklist_order_days: int = _number(7, _DAYS, "S 13 (PD)", 0, 60)
    start_checklist_days: int = _number(30, "days since start", "S 13 (PD)", 1, 365)
    after_care_contact_days: int = _number(7, _DAYS, "C 3.5 (PD)", 1, 30)
    feels_cured_below: float = _number(2.0, "points of 10", "features N9 (PD)", 0.0, 10.0)
    feels_cured_min_readings: int = _number(5, "check-ins", "features N9 (PD)", 1, 60)
    feels_cured_days: int = _number(28, "days before the silence", "features N9 (PD)", 7, 90)
    safety_form_minutes: int = _number(15, _MIN, "S 12 (PD)", 1, 1440)

    # Silence
    silence_info_run: int = _number(2, "asks without an answer", "S 14 (PD)", 1, 14)
    silence_run_steady: int = _number(3, "asks without an answer", "S 14 (PD)", 1, 30)
    silence_run_usual: int = _number(5, "asks without an answer", "S 14 (PD)", 1, 30)
    silence_run_rare: int = _number(7, "asks without an answer", "S 14 (PD)", 1, 60)
    silence_steady_rate: float = _number(0.8, "share answered", "S 14 (PD)", 0.0, 1.0)
    silence_usual_rate: float = _number(0.5, "share answered", "S 14 (PD)", 0.0, 1.0)
    silence_rate_days: int = _number(28, _DAYS, "S 14 (PD)", 7, 90)
    silence_new_start_days: int = _number(28, "days since start", "S 14 (PD)", 0, 90)
    silence_after_back_days: int = _number(14, "days since back", "S 14 (PD)", 0, 90)
    silence_from_dsl: int = _number(25, _DSL, "S 14 (PD)", 1, 120)

    # Adherence
    pdc_threshold: float = _number(0.8, "share of days", "PQA, C 4.1 (a convention)", 0.0, 1.0)
    continuity_days: int = _number(180, _DAYS, "NQF 3175, C 4.1", 30, 730)
    continuity_gap_days: int = _number(8, "uncovered days in a row", "HEDIS POD (recalled), C 4.1", 2, 90)
    persistence_gap_days: int = _number(30, "uncovered days in a row", "C 4.1", 2, 365)

    # Rising cravings
    craving_high_at: int = _number(8, "points of 10", "C 6.4 A (PD)", 1, 10)
    craving_very_high_at: int = _number(9, "points of 10", "S 17 (PD)", 1, 10)
    craving_low_confidence: int = _number(3, "points of 10", "S 17 (PD)", 0, 10)
    craving_usual_high: float = _number(6.5, "points of 10", "S 17 (PD)", 0.0, 10.0)
    craving_usual_high_within: float = _number(1.5, "points", "S 17 (PD)", 0.0, 10.0)
    craving_week_mean: float = _number(6.0, "points of 10", "C 6.4 B (PD)", 0.0, 10.0)
    craving_week_days: int = _number(7, _DAYS, "C 6.4 B (PD)", 2, 28)
    craving_week_min: int = _number(3, "check-ins", "C 6.4 B (PD)", 1, 28)
    craving_last: int = _number(3, "check-ins", "C 6.4 C (PD)", 2, 10)
    craving_last_days: int = _number(5, _DAYS, "C 6.4 C (PD)", 1, 28)
    craving_rise_points: float = _number(2.0, "points", "C 6.4 C (PD)", 0.0, 10.0)
    craving_rise_sd: float = _number(1.5, "standard deviations", "C 6.4 C (PD)", 0.0, 10.0)
    craving_ewma_weight: float = _number(0.3, "weight of the latest", "C 6.4 D (PD)", 0.01, 1.0)
    craving_ewma_at: float = _number(1.3, "standard deviations", "C 6.4 D (PD)", 0.0, 10.0)
    craving_cusum_slack: float = _number(0.75, "standard deviations", "C 6.4 E (PD)", 0.0, 5.0)
    craving_cusum_at: float = _number(4.4, "standard deviations", "C 6.4 E has 4; tuned on C 6.5 (PD)", 0.1, 50.0)
    craving_slope_days: int = _number(10, _DAYS, "C 6.4 F (PD)", 3, 60)
    craving_slope_min: int = _number(5, "check-ins", "C 6.4 F (PD)", 3, 60)
    craving_slope_per_day: float = _number(0.25, "points a day", "C 6.4 F (PD)", 0.0, 10.0)
    craving_slope_rise: float = _number(1.5, "points", "C 6.4 F (PD)", 0.0, 10.0)
    craving_two_of_three_at: int = _number(7, "points of 10", "C 6.4 G (PD)", 1, 10)
    craving_confidence_drop: float = _number(3.0, "points", "C 6.4 H (PD)", 0.0, 10.0)
    craving_baseline_from_days: int = _number(35, "days back", "C 6.4 (PD)", 8, 365)
    craving_baseline_to_days: int = _number(7, "days back", "C 6.4 (PD)", 0, 60)
    craving_baseline_min: int = _number(10, "check-ins", "C 6.4 (PD)", 2, 100)
    craving_sd_floor: float = _number(1.0, "points", "C 6.4 (PD)", 0.1, 5.0)
    craving_drift_from_days: int = _number(60, "days back", "tuned on C 6.5 (PD)", 8, 365)
    craving_steady_sd: float = _number(1.3, "points", "tuned on C 6.5 (PD)", 0.1, 5.0)
    craving_steady_weight: int = _number(10, "check-ins", "tuned on C 6.5 (PD)", 0, 200)
    craving_list_rise_sd: float = _number(2.3, "standard deviations", "tuned on C 6.5 (PD)", 0.0, 10.0)
    craving_list_high_sd: float = _number(0.0, "standard deviations", "S 17: A as it stands (PD)", 0.0, 10.0)
    craving_list_fixed_cuts: bool = _switch(False, "C 6.5: B and G find who is always high (PD)")
    craving_list_drift: bool = _switch(True, "C 6.5: E finds a rise at the least cost (PD)")
    craving_prior_mean: float = _number(2.0, "points of 10", "C 6.3 (PD)", 0.0, 10.0)
    craving_prior_sd: float = _number(2.0, "points", "C 6.3 (PD)", 0.1, 5.0)
    craving_prior_weight: int = _number(10, "check-ins", "C 6.3 (PD)", 0, 100)
    craving_again_after_days: int = _number(7, _DAYS, "C 6.4 (PD)", 0, 60)
    craving_high_again_days: int = _number(28, _DAYS, "tuned on C 6.5 (PD)", 0, 90)
    craving_careless_sd: float = _number(2.7, "points", "C 6.7 (PD)", 1.0, 5.0)
    craving_careless_step: float = _number(3.2, "points between check-ins", "C 6.7 (PD)", 1.0, 10.0)
    craving_review_days: int = _number(30, _DAYS, "S 17 (PD)", 7, 365)
    interval_end_from_dsl: int = _number(25, _DSL, "C 7 (PD)", 1, 120)
    craving_budget_per_100: float = _number(5.0, "flags per 100 patients a week", "C 6.5 (PD)", 0.1, 100.0)

    # Laboratory values
    lab_amber_plus_times: float = _number(3.0, "times the upper limit", "S 18 (PD)", 1.0, 50.0)
    lab_red_times: float = _number(5.0, "times the upper limit", "S 18 (PD)", 1.0, 50.0)
    lab_due_first_months: int = _number(1, "months", "C 1 row 31 (PD)", 1, 36)
    lab_due_second_months: int = _number(3, "months", "C 1 row 31 (PD)", 1, 36)
    lab_due_third_months: int = _number(6, "months", "C 1 row 31 (PD)", 1, 36)
    lab_due_fourth_months: int = _number(12, "months", "C 1 row 31 (PD)", 1, 36)
    lab_due_later_months: int = _number(12, "months", "C 1 row 31 (PD)", 1, 36)
    lab_due_disulfiram_months: int = _number(3, "months", "C 1 row 46 (PD)", 1, 36)
    lab_due_notice_days: int = _number(7, _DAYS, "C 1 row 31 (PD)", 0, 60)
    lab_overdue_after_days: int = _number(14, _DAYS, "C 7 (PD)", 0, 180)
    lab_baseline_valid_days: int = _number(30, "days before the start", "C 1 row 32 (PD)", 0, 365)
    bilirubin_red_times: float = _number(2.0, "times the upper limit", "S 18 (PD)", 1.0, 50.0)

    # Questionnaires
    questions_early_days: int = _number(90, "days since start", "C 1 row 67 (PD)", 0, 365)
    questions_a_day: int = _number(2, "questionnaires", "C 5 (PD)", 1, 5)
    daily_every_days: int = _number(1, _DAYS, "C 5 (PD)", 1, 28)
    daily_every_days_later: int = _number(1, _DAYS, "C 5 (PD)", 1, 28)
    daily_back_off_after: int = _number(3, "days without an answer", "C 5 (PD)", 1, 30)
    daily_back_off_every_days: int = _number(3, _DAYS, "C 5 (PD)", 1, 28)
    phq2_every_days: int = _number(7, _DAYS, "C 5 (PD)", 1, 120)
    phq2_every_days_later: int = _number(7, _DAYS, "C 5 (PD)", 1, 120)
    phq9_every_days: int = _number(28, _DAYS, "C 5 (PD)", 7, 365)
    phq9_every_days_later: int = _number(28, _DAYS, "C 5 (PD)", 7, 365)
    month_every_days: int = _number(28, _DAYS, "C 5 (PD)", 7, 365)
    month_every_days_later: int = _number(28, _DAYS, "C 5 (PD)", 7, 365)
    questions_wait_days: int = _number(14, _DAYS, "C 5 (PD)", 1, 60)
    falls_asked_from_age: int = _number(65, "years", "C 1 row 68", 40, 100)
    form_pause_minutes: int = _number(15, _MIN, "S 12 (PD)", 1, 1440)
    phq2_at: int = _number(3, "points of 6", "Kroenke 2003, C 5", 1, 6)
    phq9_moderate_at: int = _number(10, "points of 27", "Kroenke 2001, C 5", 1, 27)
    phq9_moderately_severe_at: int = _number(15, "points of 27", "Kroenke 2001, C 5", 1, 27)
    phq9_severe_at: int = _number(20, "points of 27", "Kroenke 2001, C 5", 1, 27)
    phq9_item_9_at: int = _number(1, "points of 3", "S 12", 1, 1)
    audit_c_at_women: int = _number(3, "points of 12", "Bradley 2003, C 5", 1, 12)
    audit_c_at_men: int = _number(4, "points of 12", "Bush 1998, C 5", 1, 12)
    cage_at: int = _number(2, "points of 4", "Ewing 1984, C 1 row 34", 1, 4)
    pacs_raised_at: int = _number(15, "points of 30", "Hartwell19, C 5", 1, 30)
    pacs_high_above: int = _number(20, "points of 30", "Hartwell19, C 5", 1, 30)
    bam_use_at: int = _number(1, "points of 12", "C 5 (a vendor's cut)", 1, 12)
    bam_risk_at: int = _number(12, "points of 24", "C 5 (a vendor's cut)", 1, 24)
    bam_protective_to: int = _number(12, "points of 24", "C 5 (a vendor's cut)", 0, 24)
    heavy_day_drinks: int = _number(4, "drinks in a day", "S 20 (PD; NIAAA: 4 for women, 5 for men)", 3, 8)
    pain_high_at: int = _number(7, "points of 10", "C 1 row 79 (PD)", 1, 10)
    phq9_on_phone: bool = _switch(False, "contract 3 (needs the medical director)")
    cssrs_on_phone: bool = _switch(False, "contract 3 (needs the medical director, and the license)")
    free_text_on_phone: bool = _switch(False, "contract 3 (needs the medical director)")
    # Side effects and goals
    side_effect_lasting_days: int = _number(14, "days since it began", "C 1 row 59, C 7", 1, 90)
    site_question_from_day: int = _number(2, "days after an injection", "N18", 1, 14)
    site_question_to_day: int = _number(3, "days after an injection", "N18", 1, 27)
    goal_review_days: int = _number(28, _DAYS, "C 1 row 101 (PD)", 1, 365)

    # People around a patient, and incentives
    adult_from_years: int = _number(18, "years", "S 21 (a few states: 19)", 16, 21)
    supporter_permission_days: int = _number(365, _DAYS, "features N27: a permission ends (PD)", 1, 730)
    rewards_on: bool = _switch(False, "features N30: off by default")
    reward_step_cents: int = _number(500, "US cents", "features N30 (PD)", 0, 10_000)
    reward_week_cap_cents: int = _number(2_000, "US cents a week", "features N30 (PD)", 0, 50_000)
    reward_total_cap_cents: int = _number(40_000, "US cents altogether", "features N30 (PD)", 0, 75_000)
    reward_full_weeks: int = _number(12, "weeks", "features N30 (PD)", 1, 52)
    reward_taper_weeks: int = _number(8, "weeks", "features N30 (PD)", 1, 52)
    reward_fade_weeks: int = _number(4, "weeks", "features N30 (PD)", 0, 52)

    # Prompts
    pause_most_days: int = _number(14, _DAYS, "contract 4 (PD)", 1, 60)
    goal_met_days: int = _number(14, _DAYS, "features row 54 (PD)", 7, 90)
    goal_met_share: float = _number(0.8, "share of what was asked", "features row 54 (PD)", 0.5, 1.0)

    # Being called back
    reassign_at_share: float = _number(0.5, "share of the response time", "C 7 (PD)", 0.1, 1.0)
    same_day_after_opening_hours: int = _number(4, "hours", "C 7 (PD)", 1, 24)


# What earlier defaults said where the version after them says something else; None: there was no such number.
# A stored decision names the version it used, so a changed default needs a new version and a line here.
_BEFORE: dict[str, dict[str, Value | None]] = {
    "default-1": {
        "craving_cusum_at": 4.0,
        "craving_list_rise_sd": 2.1,
        "craving_list_high_sd": 2.5,
        "craving_high_again_days": None,
    },
    "default-2": {
        "refill_lead_days": None,
        "closing_notice_days": None,
        "allow_targeted": None,
        "allow_implant": None,
        "implant_cover_days": None,
        "questions_early_days": None,
        "questions_a_day": None,
        "daily_every_days": None,
        "daily_every_days_later": None,
        "daily_back_off_after": None,
        "daily_back_off_every_days": None,
        "phq2_every_days": None,
        "phq2_every_days_later": None,
        "phq9_every_days": None,
        "phq9_every_days_later": None,
        "month_every_days": None,
        "month_every_days_later": None,
        "questions_wait_days": None,
        "falls_asked_from_age": None,
        "form_pause_minutes": None,
        "phq2_at": None,
        "phq9_moderate_at": None,
        "phq9_moderately_severe_at": None,
        "phq9_severe_at": None,
        "phq9_item_9_at": None,
        "audit_c_at_women": None,
        "audit_c_at_men": None,
        "cage_at": None,
        "pacs_raised_at": None,
        "pacs_high_above": None,
        "bam_use_at": None,
        "bam_risk_at": None,
        "bam_protective_to": None,
        "heavy_day_drinks": None,
        "pain_high_at": None,
        "phq9_on_phone": None,
        "cssrs_on_phone": None,
        "free_text_on_phone": None,
        "reversal_ask_every_days": None,
        "reversal_expiry_notice_days": None,
        "checklist_order_days": None,
        "start_checklist_days": None,
        "after_care_contact_days": None,
        "feels_cured_below": None,
        "feels_cured_min_readings": None,
        "feels_cured_days": None,
        "lab_due_first_months": None,
        "lab_due_second_months": None,
        "lab_due_third_months": None,
        "lab_due_fourth_months": None,
        "lab_due_later_months": None,
        "lab_due_disulfiram_months": None,
        "lab_due_notice_days": None,
        "lab_overdue_after_days": None,
        "lab_baseline_valid_days": None,
        "side_effect_lasting_days": None,
        "site_question_from_day": None,
        "site_question_to_day": None,
        "goal_review_days": None,
        "adult_from_years": None,
        "supporter_permission_days": None,
        "rewards_on": None,
        "reward_step_cents": None,
        "reward_week_cap_cents": None,
        "reward_total_cap_cents": None,
        "reward_full_weeks": None,
        "reward_taper_weeks": None,
        "reward_fade_weeks": None,
    },
    "default-3": {
        "pause_most_days": None,
        "goal_met_days": None,
        "goal_met_share": None,
    },
}

_NOT_NUMBERS = {"version", "signatures"}
_ASCENDING = (
    "due_soon_from_dsl",
    "due_at_dsl",
    "overdue_1_from_dsl",
    "overdue_4_from_dsl",
    "overdue_8_from_dsl",
    "lapsed_from_dsl",
    "discontinued_from_dsl",
)


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """Return the defaults of C and S, all unsigned."""
    return Policy()


def defaults_of(version: str) -> dict[str, Value]:
    """Return every number as the defaults of ``version`` had it.

    Raises ``PolicyError`` for a version that never was.
    """
    if version != DEFAULT_VERSION and version not in _BEFORE:
        raise PolicyError("There were never defaults of this version.", field="version")
    values: dict[str, Value] = {number.key: number.value for number in numbers(Policy())}
    for older in reversed(_BEFORE):
        if version == DEFAULT_VERSION:
            break
        for key, value in _BEFORE[older].items():
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value
        if older == version:
            break
    return values


@dataclass(frozen=True, slots=True)
class Version:
    """What a stored policy version says: which defaults, and how many of a program's own changes lay over them."""

    defaults: str
    program_id: int | None = None
    changes: int = 0

    def __str__(self) -> str:
        return self.defaults if self.program_id is None else f"{self.defaults}/p{self.program_id}.{self.changes}"

    @classmethod
    def read(cls, text: str) -> Version:
        """Read what ``str`` wrote. Raises ``PolicyError`` for anything else."""
        found = _VERSION.fullmatch(text)
        if found is None:
            raise PolicyError("This names no policy.", field="version")
        if found["program"] is None:
            return cls(found["defaults"])
        return cls(found["defaults"], int(found["program"]), int(found["changes"]))


_VERSION = re.compile(r"(?P<defaults>default-[0-9]+)(/p(?P<program>[0-9]{1,18})\.(?P<changes>[0-9]{1,9}))?", re.ASCII)


def numbers(policy: Policy) -> list[Number]:
    """Return every number of ``policy`` with unit, source and sign-off state, in the order of the page."""
    signed = dict(policy.signatures)
    return [
        Number(
            key=each.name,
            value=getattr(policy, each.name),
            unit=each.metadata["unit"],
            source=each.metadata["source"],
            signed_by=signed.get(each.name),
            version=policy.version,
            low=each.metadata["low"],
            high=each.metadata["high"],
        )
        for each in fields(Policy)
        if each.name not in _NOT_NUMBERS
    ]


def unsigned(policy: Policy) -> list[Number]:
    """Return the numbers that no clinician has signed."""
    return [number for number in numbers(policy) if number.signed_by is None]


def with_overrides(
    policy: Policy,
    overrides: Mapping[str, object],
    *,
    version: str | None = None,
    signed_by: str | None = None,
) -> Policy:
    """Return ``policy`` with other numbers, as a program sets them.

    A changed number loses the signature it had; ``signed_by`` signs the changed
    ones. ``version`` names the result (default: the version it came from).
    Integers are taken for decimal numbers, never the other way round.

    Raises ``PolicyError`` naming the number for an unknown key, a wrong type, a
    value outside its range, or band thresholds that do not ascend.
    """
    checked: dict[str, Any] = {key: _checked(key, value) for key, value in overrides.items()}
    signatures = {key: who for key, who in policy.signatures if key not in checked}
    if signed_by is not None:
        signatures |= dict.fromkeys(checked, signed_by)
    changed = replace(
        policy,
        **checked,
        version=version if version is not None else policy.version,
        signatures=tuple(sorted(signatures.items())),
    )
    _check_together(changed)
    return changed


def signed(policy: Policy, *, keys: Iterable[str], by: str) -> Policy:
    """Return ``policy`` with the numbers ``keys`` signed by the clinician ``by``.

    Raises ``PolicyError`` for a key that is no number, and for an empty name.
    """
    if not by.strip():
        raise PolicyError("A signature needs a name.", field="by")
    signatures = dict(policy.signatures)
    for key in keys:
        _metadata(key)
        signatures[key] = by
    return replace(policy, signatures=tuple(sorted(signatures.items())))


def known(key: str) -> bool:
    """Whether there is a number of this name."""
    return key in _FIELDS


def read_value(key: str, text: str) -> Value:
    """Return what a person wrote into a form for this number.

    Whole numbers in digits, decimals with a point, switches as ``yes`` or ``no``.
    Raises ``PolicyError`` for an unknown number, for anything else, and outside its range.
    """
    _metadata(key)
    kind, text = type(_FIELDS[key].default), text.strip()
    if kind is bool:
        if text not in ("yes", "no"):
            raise PolicyError("This is answered by yes or no.", field=key)
        return text == "yes"
    if kind is int:
        if not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
            raise PolicyError("This must be a whole number.", field=key)
        return _checked(key, int(text))
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", text, re.ASCII):
        raise PolicyError("This must be a number such as 0.5.", field=key)
    return _checked(key, float(text))


_FIELDS = {each.name: each for each in fields(Policy) if each.name not in _NOT_NUMBERS}


def _metadata(key: str) -> Mapping[str, Any]:
    if key not in _FIELDS:
        raise PolicyError("There is no such number.", field=key)
    return _FIELDS[key].metadata


def _checked(key: str, value: object) -> Value:
    limits = _metadata(key)
    kind = type(_FIELDS[key].default)
    # bool is an int in Python: a switch set to 1 or a number set to True is a mistake.
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise PolicyError(f"This number must be of type {kind.__name__}.", field=key)
    number: Any = value
    # NaN fails both comparisons.
    if not limits["low"] <= number <= limits["high"]:
        raise PolicyError(f"This number must lie in {limits['low']} to {limits['high']}.", field=key)
    return number


def _check_together(policy: Policy) -> None:
    for lower, higher in pairwise(_ASCENDING):
        if getattr(policy, lower) >= getattr(policy, higher):
            raise PolicyError(f"This number must be above {lower}.", field=higher)
    if policy.silence_usual_rate > policy.silence_steady_rate:
        raise PolicyError("This share must not be above silence_steady_rate.", field="silence_usual_rate")
    if policy.craving_baseline_to_days >= policy.craving_baseline_from_days:
        raise PolicyError("The baseline must end after it begins.", field="craving_baseline_to_days")
