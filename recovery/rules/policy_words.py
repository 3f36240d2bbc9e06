"""What each clinical number means, in the words of the page where clinicians read and sign them.

Pure data. ``SECTIONS`` is also the order of the page and of docs/clinical/numbers.md.
"""

from __future__ import annotations

from typing import NamedTuple

from recovery.rules.states import FlagKind, Response, Role, Severity


class Section(NamedTuple):
    """Numbers that belong together, as ``(key, meaning)``."""

    title: str
    numbers: tuple[tuple[str, str], ...]


SECTIONS = (
    Section(
        "Tablets: windows and plans",
        (
            ("window_before_minutes", "The window of a tablet opens this long before its time"),
            ("window_after_minutes", "It closes this long after its time; then nothing was reported in time"),
            ("zone_move_notice_minutes", "After a move to another time zone, tablets due sooner keep their old time"),
            ("same_slot_apart_minutes", "Two reminders of the same tablet are at least this far apart after a move"),
            ("plan_ahead_hours", "Tablets are planned this far ahead"),
            ("review_after_months", "Length of treatment is reviewed with the clinician after"),
            ("refill_lead_days", "A refill is asked for when the tablets at hand last less than"),
            ("closing_notice_days", "Days without a clinic are told to the program ahead by"),
            ("allow_targeted", "A tablet before drinking may be ordered (alcohol only)"),
            ("allow_implant", "Implants may be ordered"),
            ("implant_cover_days", "An implant covers this long; 0 means that none can be ordered"),
        ),
    ),
    Section(
        "Injection: cover and bands",
        (
            ("injection_cover_days", "An injection covers this long, its own day counted"),
            ("due_soon_from_dsl", "Due soon from"),
            ("due_at_dsl", "Due on"),
            ("overdue_1_from_dsl", "Past its date from"),
            ("overdue_4_from_dsl", "Past its date by four days or more from"),
            ("overdue_8_from_dsl", "Past its date by eight days or more from"),
            ("lapsed_from_dsl", "Lapsed from: giving it again is a restart"),
            ("discontinued_from_dsl", "Counts as stopped from; a person closes the treatment"),
            ("restart_check_from_dsl", "The visit asks for the restart checklist from"),
            ("early_injection_below_dsl", "Staff are warned of an early injection below"),
            ("visit_offer_days", "A visit is offered this many days before and after the due date"),
            ("after_care_days", "The watch after care lasts"),
            ("supply_on_site_by_dsl", "The next injection is on site by"),
            ("on_time_grace_days", "An injection this late still counts as on time in reports"),
        ),
    ),
    Section(
        "Late injection: how urgent",
        (
            ("visit_excuses_until_dsl", "A visit booked by this day makes the first days late a matter for the week"),
            ("late_amber_plus_from_dsl", "Today's work from (opioid history)"),
            ("late_red_from_dsl", "Red from (opioid history)"),
            ("late_amber_plus_from_dsl_alcohol", "Today's work from (alcohol only; never red)"),
            ("interval_end_from_dsl", "Cravings that rise count as the end of the interval from"),
        ),
    ),
    Section(
        "Gates and holds",
        (
            ("stated_gap_days", "Days of cover stated missed in a row that open the gate (naltrexone)"),
            ("hold_on_silence", "Silence alone holds a medicine (the medical director decides)"),
            ("hold_first_alarm_minutes", "An open hold pages its owner again after"),
            ("hold_repeat_hours", "and then every"),
            ("hold_director_hours", "An open hold reaches the medical director after"),
            ("opioid_hold_oral_hours", "Before planned opioid pain relief, tablets stop this long before"),
            ("opioid_hold_injection_days", "and the last injection is at least this long before"),
            ("procedure_soon_days", "A planned procedure is told to the prescriber when it is less than this away"),
            ("release_contact_hours", "After release from hospital, jail or residential care: contact within"),
            ("release_soon_hours", "After custody: naloxone, first visit and transport are arranged within"),
            ("reversal_offer_every_days", "A reversal agent is offered at most every"),
            ("reversal_ask_every_days", "Whether one is at home is asked every"),
            ("reversal_expiry_notice_days", "and before it expires, this long ahead"),
            ("safety_form_minutes", "An answer about suicide is red if its form is not finished within"),
        ),
    ),
    Section(
        "Silence",
        (
            ("silence_info_run", "Asks in a row without an answer that are noted for the week"),
            ("silence_run_steady", "Asks that make a call, for people who mostly answer"),
            ("silence_run_usual", "Asks that make a call, for people who often answer"),
            ("silence_run_rare", "Asks that make a call, for people who seldom answer"),
            ("silence_steady_rate", "Who answered at least this share mostly answers"),
            ("silence_usual_rate", "Who answered at least this share often answers"),
            ("silence_rate_days", "The share is taken over the last"),
            ("silence_new_start_days", "A new start is called early for"),
            ("silence_after_back_days", "Somebody who came back is called early for"),
            ("silence_from_dsl", "With an injection, everybody is called early from"),
        ),
    ),
    Section(
        "Adherence in reports",
        (
            ("pdc_threshold", "Share of days covered that reports call enough; nothing shows that it protects"),
            ("continuity_days", "Continuous treatment is at least"),
            ("continuity_gap_days", "and a gap ends it at"),
            ("persistence_gap_days", "Persistence ends at a gap of"),
        ),
    ),
    Section(
        "Cravings: high answers",
        (
            ("craving_high_at", "An answer is high from (rule A)"),
            ("craving_very_high_at", "Very high from"),
            ("craving_low_confidence", "A very high answer with this confidence or less is today's work"),
            ("craving_high_again_days", "A high answer of the same urgency reaches the list again after"),
            ("craving_usual_high", "For people whose own usual is at least this"),
            ("craving_usual_high_within", "a high answer this close to it is for the weekly list"),
            ("craving_list_high_sd", "A high answer must lie this far above the own usual to reach the list"),
            ("craving_week_mean", "The mean of a week is high from (rule B)"),
            ("craving_week_days", "A week is"),
            ("craving_week_min", "and needs at least"),
            ("craving_two_of_three_at", "Two of the last three at this or more (rule G)"),
            ("craving_list_fixed_cuts", "Rules B and G reach the list once a usual is known"),
            ("craving_review_days", "Somebody who is always high is reviewed every"),
        ),
    ),
    Section(
        "Cravings: rises above the own usual",
        (
            ("craving_last", "A rise is the mean of the last (rule C)"),
            ("craving_last_days", "within"),
            ("craving_rise_points", "It lies above the usual by at least"),
            ("craving_rise_sd", "and by at least"),
            ("craving_list_rise_sd", "It reaches the list when it lies above the usual by"),
            ("craving_ewma_weight", "Moving average: weight (rule D)"),
            ("craving_ewma_at", "Moving average: found at"),
            ("craving_cusum_slack", "Drift: what is ignored each time (rule E)"),
            ("craving_cusum_at", "Drift: found when the sum reaches"),
            ("craving_list_drift", "A drift reaches the list"),
            ("craving_slope_days", "A climb is looked for over (rule F)"),
            ("craving_slope_min", "and needs at least"),
            ("craving_slope_per_day", "It climbs by at least"),
            ("craving_slope_rise", "and lies above the usual by at least"),
            ("craving_confidence_drop", "A fall of confidence by this raises the urgency (rule H)"),
            ("craving_again_after_days", "The same is raised again after"),
            ("craving_budget_per_100", "What a program can take: flags that reach the list"),
        ),
    ),
    Section(
        "Cravings: what is usual for a person",
        (
            ("craving_baseline_from_days", "The usual is taken from this far back"),
            ("craving_baseline_to_days", "up to"),
            ("craving_baseline_min", "and needs at least"),
            ("craving_sd_floor", "A person's spread counts as at least"),
            ("craving_drift_from_days", "For a drift the usual reaches back"),
            ("craving_steady_sd", "The spread that is common among people"),
            ("craving_steady_weight", "and how many answers it weighs"),
            ("craving_prior_mean", "Until a usual is known, people's usual is taken as"),
            ("craving_prior_sd", "with a spread of"),
            ("craving_prior_weight", "and a weight of"),
            ("craving_careless_sd", "Answers look random with a spread of at least"),
            ("craving_careless_step", "and steps of at least"),
        ),
    ),
    Section(
        "Laboratory values",
        (
            ("lab_due_first_months", "Liver tests are due at the start, and again after"),
            ("lab_due_second_months", "then after"),
            ("lab_due_third_months", "then after"),
            ("lab_due_fourth_months", "then after"),
            ("lab_due_later_months", "and from then on every"),
            ("lab_due_disulfiram_months", "With disulfiram beside it, every"),
            ("lab_due_notice_days", "A due test is asked for this long ahead"),
            ("lab_overdue_after_days", "It is overdue after"),
            ("lab_baseline_valid_days", "A test before the start counts as its baseline for"),
            ("lab_amber_plus_times", "ALT or AST is today's work above"),
            ("lab_red_times", "ALT or AST is red above"),
            ("bilirubin_red_times", "With raised ALT or AST, bilirubin is red above"),
        ),
    ),
    Section(
        "Questionnaires: when they are asked",
        (
            ("questions_early_days", "A treatment is early for its first"),
            ("questions_a_day", "Asked on one day at most"),
            ("daily_every_days", "The daily minute, early and in after-care: every"),
            ("daily_every_days_later", "The daily minute, later: every"),
            ("daily_back_off_after", "The daily minute is asked less often after"),
            ("daily_back_off_every_days", "and then every"),
            ("phq2_every_days", "PHQ-2, early and in after-care: every"),
            ("phq2_every_days_later", "PHQ-2, later: every"),
            ("phq9_every_days", "PHQ-9, early and in after-care: every"),
            ("phq9_every_days_later", "PHQ-9, later: every"),
            ("month_every_days", "The look back at a month, early and in after-care: every"),
            ("month_every_days_later", "The look back at a month, later: every"),
            ("questions_wait_days", "Questions other than the daily minute wait for an answer for"),
            ("falls_asked_from_age", "Falls are asked about from"),
            ("form_pause_minutes", "An answer of an unfinished daily minute is passed on after"),
            ("phq9_on_phone", "The PHQ-9 with its item 9 is asked on phones; each page says when answers are read"),
            ("cssrs_on_phone", "The C-SSRS is asked on phones: the program holds the license for it"),
            ("free_text_on_phone", "The daily minute has room for own words; the page says when they are read"),
        ),
    ),
    Section(
        "Prompts",
        (
            ("pause_most_days", "Prompts may rest for at most"),
            ("goal_met_days", "Prompts are fewer for whoever meets their own goal for"),
            ("goal_met_share", "with at least this share of doses or check-ins done"),
        ),
    ),
    Section(
        "Questionnaires: what an answer means",
        (
            ("phq2_at", "PHQ-2 is high from"),
            ("phq9_moderate_at", "PHQ-9 is moderate, and a concern, from"),
            ("phq9_moderately_severe_at", "PHQ-9 is moderately severe from"),
            ("phq9_severe_at", "PHQ-9 is severe from"),
            ("phq9_item_9_at", "Item 9 of the PHQ-9 is a safety answer from"),
            ("audit_c_at_women", "AUDIT-C is at its cut for women from"),
            ("audit_c_at_men", "AUDIT-C is at its cut for men from"),
            ("cage_at", "CAGE is at its cut from"),
            ("pacs_raised_at", "PACS is raised from"),
            ("pacs_high_above", "PACS is high above"),
            ("bam_use_at", "BAM: use needs a look from"),
            ("bam_risk_at", "BAM: risk needs a look from"),
            ("bam_protective_to", "BAM: protection needs a look up to"),
            ("heavy_day_drinks", "A day counts as heavy from"),
            ("pain_high_at", "Pain is a concern from"),
        ),
    ),
    Section(
        "Starting, stopping, after-care",
        (
            ("checklist_order_days", "A signed start or restart checklist may be acted on for"),
            ("start_checklist_days", "A treatment without a start checklist is asked for one in its first"),
            ("after_care_contact_days", "After cover ended there is a contact every"),
            ("feels_cured_below", "Falling silent with a usual craving of at most this asks for a talk about going on"),
            ("feels_cured_min_readings", "if there were at least"),
            ("feels_cured_days", "in the"),
        ),
    ),
    Section(
        "Side effects and goals",
        (
            ("side_effect_lasting_days", "A side effect that is still there after this long is looked at"),
            ("site_question_from_day", "The place of an injection is asked about from"),
            ("site_question_to_day", "It is asked about up to"),
            ("goal_review_days", "A goal is looked at again after"),
        ),
    ),
    Section(
        "People around a patient, and incentives",
        (
            ("adult_from_years", "Of age from"),
            ("supporter_permission_days", "A permission for a support person ends after, unless an earlier day is set"),
            ("rewards_on", "Steps can earn an incentive"),
            ("reward_step_cents", "A step earns, in the first weeks"),
            ("reward_week_cap_cents", "At most in a week of the plan"),
            ("reward_total_cap_cents", "At most over the whole plan"),
            ("reward_full_weeks", "The whole amount is earned for"),
            ("reward_taper_weeks", "It then falls evenly over"),
            ("reward_fade_weeks", "Steps are then still noted, without money, for"),
        ),
    ),
    Section(
        "Being called back",
        (
            ("reassign_at_share", "A concern that nobody took on goes to the next person after"),
            ("same_day_after_opening_hours", "Raised after hours, 'the same day' means this long after opening"),
        ),
    ),
)

# No service asks the rule that reads them so far. The page says so: nobody should sign a number in the
# belief that it acts. A guard test follows the calls and holds this list to them.
NOT_USED_YET = frozenset(
    {
        "craving_budget_per_100",
        "release_contact_hours",
        "same_slot_apart_minutes",
    }
)

NOT_RAISED_YET: frozenset[FlagKind] = frozenset()
"""The concerns that nothing raises so far: rows of the table that wait for their screens."""

SEVERITY = {
    Severity.RED: "Red",
    Severity.AMBER_PLUS: "Amber plus",
    Severity.AMBER: "Amber",
    Severity.INFO: "Info",
}

OWNER = {role: role.value.replace("_", " ").capitalize() for role in Role}

RESPONSE = {
    Response.NOW: "at once",
    Response.MINUTES_15: "within 15 minutes",
    Response.MINUTES_30: "within 30 minutes",
    Response.HOURS_2: "within 2 hours",
    Response.HOURS_4: "within 4 hours",
    Response.SAME_DAY: "the same day",
    Response.ONE_BUSINESS_DAY: "next working day",
    Response.TWO_BUSINESS_DAYS: "within 2 working days",
    Response.HOURS_72: "within 72 hours",
    Response.WEEKLY: "weekly list",
}
"""From the soonest to the latest."""
