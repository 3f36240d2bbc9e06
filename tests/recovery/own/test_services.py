"""The services behind a person's own half: stored once, told to whom it concerns, shared as chosen."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from backend.errors import Conflict, DomainError, IdReused, InFuture, NotFound
from backend.models import AuditEvent
from backend.rules.roles import Role
from backend.selectors.keys import data_key
from recovery.models import Appointment, Flag, Hold, Injection, JournalEntry, PatientGoal, PlanVersion, Task
from recovery.rules.needs import NeedKind
from recovery.rules.plans import GoalAbout, GoalOutcome, Plan, PlanPart, SafePerson
from recovery.rules.records import TriggerKind
from recovery.rules.side_effects import Answer, Effect, Sign, Strength
from recovery.rules.states import Goal, Severity
from recovery.rules.support import MeetingKind, TherapyKind
from recovery.selectors.export import record_of
from recovery.selectors.journal import patterns, tried_counts
from recovery.selectors.learning import alert_card, modules_shown
from recovery.selectors.plans import alcohol_goal, goals_of, plan_of, shared_plan, stated_drink_severity
from recovery.selectors.records import open_treatment
from recovery.selectors.side_effects import asked_again, effects_of, site_question
from recovery.services import injections, journal, learning, plans, regimens, side_effects, support, tasks

pytestmark = pytest.mark.django_db

PLAN = Plan(
    reasons="my daughter",
    exit="say that I have to work early",
    people=(SafePerson("Uncle Ray", "555 0100"),),
    stress="ten slow breaths",
    strategies={TriggerKind.ENVIRONMENTAL: "walk the other way"},
)


@pytest.fixture
def by(staff, patient, now):
    """What every service takes first."""
    return {"actor": staff, "patient": patient, "now": now}


@pytest.fixture
def key(patient):
    return data_key(program_id=patient.program_id, patient_id=patient.pk)


def new() -> uuid.UUID:
    return uuid.uuid4()


def actions(patient) -> list[str]:
    return list(AuditEvent.objects.filter(patient_id=patient.pk).order_by("pk").values_list("action", flat=True))


# --- plan ---


def test_a_plan_is_a_version_and_the_same_id_is_the_same_version(by, patient, key):
    client_id = new()
    first, is_new = plans.save_plan(**by, client_id=client_id, plan=PLAN, shared=[PlanPart.EXIT])
    again, is_again_new = plans.save_plan(**by, client_id=client_id, plan=PLAN, shared=[PlanPart.EXIT])
    assert (is_new, is_again_new, first.pk, first.number) == (True, False, again.pk, 1)
    with pytest.raises(IdReused):
        plans.save_plan(**by, client_id=client_id, plan=PLAN, shared=[])
    second, _ = plans.save_plan(**by, client_id=new(), plan=PLAN, shared=[])
    assert second.number == 2
    # A late repeat of the first finds the first, not a third.
    assert plans.save_plan(**by, client_id=client_id, plan=PLAN, shared=[PlanPart.EXIT])[0].number == 1
    shown = plan_of(patient=patient, key=key)
    assert shown is not None and shown.number == 2 and shown.plan == PLAN
    assert actions(patient).count("plan.saved") == 2


def test_the_team_sees_what_the_latest_version_shares(by, patient, key):
    plans.save_plan(**by, client_id=new(), plan=PLAN, shared=list(PlanPart))
    assert shared_plan(patient=patient, key=key).plan == PLAN
    plans.save_plan(**by, client_id=new(), plan=PLAN, shared=[PlanPart.EXIT])
    shown = shared_plan(patient=patient, key=key)
    assert shown.plan == PLAN.only({PlanPart.EXIT})
    staffs = record_of(patient=patient, for_staff=True)["plan"]
    assert [row["number"] for row in staffs] == [2]
    assert staffs[0]["exit"] == PLAN.exit and "reasons" not in staffs[0] and "people" not in staffs[0]
    own = record_of(patient=patient, for_staff=False)["plan"]
    assert [row["number"] for row in own] == [1, 2] and own[0]["reasons"] == PLAN.reasons


@pytest.mark.parametrize(
    "people",
    [
        pytest.param((SafePerson(" "),), id="no name"),
        pytest.param(tuple(SafePerson(f"n{i}") for i in range(7)), id="seven"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_and_nothing_is_stored(by, people):
    with pytest.raises(plans.BadPlan) as refused:
        plans.save_plan(**by, client_id=new(), plan=Plan(people=people, strategies={}), shared=[])
    assert refused.value.field == "people"
    assert not PlanVersion.objects.exists()


# --- goals ---


def test_n15_one_goal_stands_per_substance_and_the_alcohol_goal_reads_a_drink(by, patient, key):
    assert stated_drink_severity(patient) is None  # treated for opioids, nothing said of alcohol
    plans.set_goal(**by, client_id=new(), about=GoalAbout.OPIOID, aim=Goal.ABSTINENCE)
    plans.set_goal(**by, client_id=new(), about=GoalAbout.ALCOHOL, aim=Goal.ABSTINENCE)
    assert stated_drink_severity(patient) is Severity.AMBER
    plans.set_goal(**by, client_id=new(), about=GoalAbout.ALCOHOL, aim=Goal.REDUCTION, words="weekends only")
    assert alcohol_goal(patient) is Goal.REDUCTION
    assert stated_drink_severity(patient) is None
    standing = [(goal.about, goal.aim) for goal in goals_of(patient=patient, key=key) if goal.ended_at is None]
    assert sorted(standing) == [("alcohol", "reduction"), ("opioid", "abstinence")]
    ended = PatientGoal.objects.get(ended_at__isnull=False)
    assert (ended.about, ended.outcome) == ("alcohol", "changed")


def test_a_goal_repeated_late_does_not_come_back(by, patient):
    client_id = new()
    plans.set_goal(**by, client_id=client_id, about=GoalAbout.ALCOHOL, aim=Goal.ABSTINENCE)
    plans.set_goal(**by, client_id=new(), about=GoalAbout.ALCOHOL, aim=Goal.REDUCTION)
    _, is_new = plans.set_goal(**by, client_id=client_id, about=GoalAbout.ALCOHOL, aim=Goal.ABSTINENCE)
    assert not is_new and alcohol_goal(patient) is Goal.REDUCTION


@pytest.mark.parametrize(
    ("about", "more", "field"),
    [
        pytest.param(GoalAbout.OPIOID, {"aim": Goal.REDUCTION}, "aim", id="less of an opioid"),
        pytest.param(GoalAbout.ALCOHOL, {}, "aim", id="no aim"),
        pytest.param(GoalAbout.LIFE, {"words": " "}, "words", id="no words"),
        pytest.param(GoalAbout.LIFE, {"words": "run", "aim": Goal.ABSTINENCE}, "aim", id="aim of a life goal"),
        pytest.param(GoalAbout.LIFE, {"words": "run", "review_on": date(2026, 3, 3)}, "review_on", id="today"),
    ],
)
def test_a_goal_that_cannot_be_names_the_field(by, about, more, field):
    with pytest.raises(plans.BadGoal) as refused:
        plans.set_goal(**by, client_id=new(), about=about, **more)
    assert refused.value.field == field
    assert not PatientGoal.objects.exists()


def test_the_database_holds_the_goals_apart_too(by, patient):
    plans.set_goal(**by, client_id=new(), about=GoalAbout.OPIOID, aim=Goal.ABSTINENCE)
    goal = PatientGoal.objects.get()
    for changes in ({"aim": "reduction"}, {"about": "life"}, {"ended_at": by["now"]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PatientGoal.objects.filter(pk=goal.pk).update(**changes)


def test_a_goal_ends_with_what_came_of_it_and_only_once(by, patient):
    goal, _ = plans.set_goal(**by, client_id=new(), about=GoalAbout.LIFE, words="a room of my own")
    plans.end_goal(**by, goal_id=goal.pk, outcome=GoalOutcome.REACHED)
    plans.end_goal(**by, goal_id=goal.pk, outcome=GoalOutcome.REACHED)
    assert actions(patient).count("goal.ended") == 1
    with pytest.raises(Conflict):
        plans.end_goal(**by, goal_id=goal.pk, outcome=GoalOutcome.SET_ASIDE)
    with pytest.raises(NotFound):
        plans.end_goal(**by, goal_id=goal.pk + 1000, outcome=GoalOutcome.REACHED)


def test_a_goal_is_looked_at_again_on_its_day_once_and_again_when_it_is_kept(by, patient, program, staff):
    goal, _ = plans.set_goal(**by, client_id=new(), about=GoalAbout.ALCOHOL, aim=Goal.REDUCTION)
    assert goal.review_on == date(2026, 3, 31)
    # 31 March begins in New York at 04:00 UTC.
    before, after = datetime(2026, 3, 31, 3, 59, tzinfo=UTC), datetime(2026, 3, 31, 4, 0, tzinfo=UTC)
    assert plans.ask_goal_reviews(program_ids=[program], now=before) == 0
    assert plans.ask_goal_reviews(program_ids=[program], now=after) == 1
    assert plans.ask_goal_reviews(program_ids=[program], now=after) == 0
    task = Task.objects.get(patient_id=patient.pk, kind="goal_review")
    assert (task.role, task.facts) == ("coordinator", {"about": "alcohol"})
    tasks.finish_task(actor=staff, task_id=task.pk, outcome="talked", now=after)
    assert plans.ask_goal_reviews(program_ids=[program], now=after) == 0
    plans.keep_goal(actor=staff, patient=patient, goal_id=goal.pk, review_on=date(2026, 4, 30), now=after)
    assert plans.ask_goal_reviews(program_ids=[program], now=after + timedelta(days=31)) == 1


# --- journal and coping ---


def test_what_was_tried_is_counted_with_whether_it_helped(by, patient, now):
    for helped in (True, True, False, None):
        journal.log_skill(**by, client_id=new(), skill="walk", used_at=now, helped=helped)
    journal.log_skill(**by, client_id=new(), skill="call", used_at=now, helped=False)
    journal.add_trigger(
        **by, client_id=new(), origin="internal", kind="emotional", happened_at=now, tag="stress", tried="breathe",
        helped=True,
    )  # fmt: skip
    found = [(each.skill, each.times, each.helped, each.did_not, each.unsaid) for each in tried_counts(patient=patient)]
    assert found == [("walk", 4, 2, 1, 1), ("breathe", 1, 1, 0, 0), ("call", 1, 0, 1, 0)]
    [pattern] = patterns(patient=patient, since=now - timedelta(days=1))
    assert (pattern.kind, pattern.tag, pattern.times) == ("emotional", "stress", 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [pytest.param({"tag": "my boss"}, "tag", id="tag"), pytest.param({"tried": "vodka"}, "tried", id="tried")],
)
def test_what_is_not_in_the_lists_is_refused(by, now, changes, field):
    with pytest.raises(journal.BadEntry) as refused:
        journal.add_trigger(**by, client_id=new(), origin="internal", kind="emotional", happened_at=now, **changes)
    assert refused.value.field == field


def test_an_entry_is_the_persons_own_unless_shared(by, patient, now):
    journal.write_entry(**by, client_id=new(), words="for me", written_at=now)
    journal.write_entry(**by, client_id=new(), words="for us", written_at=now, shared=True)
    assert [row["words"] for row in record_of(patient=patient, for_staff=True)["journal"]] == ["for us"]
    assert [row["words"] for row in record_of(patient=patient, for_staff=False)["journal"]] == ["for me", "for us"]
    with pytest.raises(DomainError):
        journal.write_entry(**by, client_id=new(), words="  ", written_at=now)
    assert JournalEntry.objects.count() == 2
    assert b"for me" not in bytes(JournalEntry.objects.first().words)


# --- side effects ---


def test_a_liver_sign_is_red_holds_prompts_and_says_call(by, patient):
    result = side_effects.report_side_effect(**by, client_id=new(), effect=Effect.LIVER)
    assert result.answer is Answer.CALL_TODAY
    flag = Flag.objects.get(patient_id=patient.pk, kind="liver_symptoms")
    assert flag.severity == "red"
    assert Hold.objects.filter(patient_id=patient.pk, lifted_at__isnull=True).exists()


def test_a_site_sign_follows_its_severity_and_ends_when_it_is_gone(by, patient):
    first = side_effects.report_side_effect(**by, client_id=new(), effect=Effect.SITE, signs=[Sign.LUMP]).report
    assert Flag.objects.get(kind="injection_site").severity == "amber_plus"
    side_effects.report_side_effect(
        **by, client_id=new(), effect=Effect.SITE, signs=[Sign.LUMP, Sign.OPEN_WOUND], first_id=first.pk
    )
    flag = Flag.objects.get(kind="injection_site")
    assert flag.severity == "red"
    side_effects.report_side_effect(**by, client_id=new(), effect=Effect.SITE, first_id=first.pk, still_there=False)
    assert Flag.objects.get(pk=flag.pk).status == "returned"  # red waits for a person


def test_a_lasting_effect_is_a_flag_and_ends_when_no_other_holds_it(by, patient, now):
    began = date(2026, 2, 10)
    nausea, sleep = (
        side_effects.report_side_effect(**by, client_id=new(), effect=effect, began_on=began).report
        for effect in (Effect.NAUSEA, Effect.SLEEP)
    )
    flag = Flag.objects.get(kind="side_effect_lasting")
    assert (flag.severity, flag.evidence["days"]) == ("amber", 21)
    gone = {"client_id": new(), "effect": Effect.NAUSEA, "first_id": nausea.pk, "still_there": False}
    side_effects.report_side_effect(**by, **gone)
    assert Flag.objects.get(pk=flag.pk).status == "open"
    gone = {"client_id": new(), "effect": Effect.SLEEP, "first_id": sleep.pk, "still_there": False}
    side_effects.report_side_effect(**by, **gone)
    assert (Flag.objects.get(pk=flag.pk).status, Flag.objects.get(pk=flag.pk).outcome) == ("closed", "reason_ended")


def test_a_severe_effect_is_a_call_for_a_nurse_once(by, patient):
    client_id = new()
    for _ in range(2):
        side_effects.report_side_effect(
            **by, client_id=client_id, effect=Effect.HEADACHE, strength=Strength.SEVERE, note="all day"
        )
    task = Task.objects.get(patient_id=patient.pk, kind="side_effect_look")
    assert (task.role, task.facts) == ("nurse", {"effect": "headache", "strength": "severe"})
    assert not Flag.objects.filter(patient_id=patient.pk).exists()
    assert actions(patient).count("side_effect.reported") == 1


def test_it_is_asked_again_after_two_weeks_and_not_reported_is_not_gone(by, patient, key, staff, now):
    side_effects.report_side_effect(**by, client_id=new(), effect=Effect.NAUSEA)
    [shown] = effects_of(patient=patient, key=key)
    assert asked_again(patient=patient, effects=[shown], today=date(2026, 3, 16)) == []
    assert asked_again(patient=patient, effects=[shown], today=date(2026, 3, 17)) == [shown]
    later = now + timedelta(days=14)
    side_effects.report_side_effect(
        actor=staff, patient=patient, client_id=new(), effect=Effect.NAUSEA, first_id=shown.first_id, now=later
    )
    [again] = effects_of(patient=patient, key=key)
    assert (again.still_there, again.began_on, again.said_on) == (True, date(2026, 3, 3), date(2026, 3, 17))
    assert Flag.objects.get(kind="side_effect_lasting").evidence["days"] == 14


def test_n18_the_place_is_asked_about_on_day_2_and_3_until_it_is_answered(by, patient, staff, now):
    injection = given(patient, staff, now, date(2026, 3, 1))
    assert site_question(patient=patient, today=date(2026, 3, 2)) is None
    assert site_question(patient=patient, today=date(2026, 3, 3)) == injection
    side_effects.report_side_effect(
        **by, client_id=new(), effect=Effect.SITE, injection_id=injection.pk, still_there=False
    )
    assert site_question(patient=patient, today=date(2026, 3, 3)) is None
    assert not Flag.objects.filter(kind="injection_site").exists()


@pytest.mark.parametrize(
    ("more", "error", "field"),
    [
        pytest.param(
            {"effect": Effect.NAUSEA, "signs": [Sign.BLISTER]}, side_effects.BadSideEffect, "signs", id="sign"
        ),
        pytest.param({"effect": Effect.SITE, "signs": [Sign.FEVER]}, side_effects.BadSideEffect, "signs", id="fever"),
        pytest.param({"effect": Effect.SLEEP, "began_on": date(2026, 3, 4)}, InFuture, "began_on", id="tomorrow"),
        pytest.param({"effect": Effect.SLEEP, "first_id": 10**9}, NotFound, None, id="nobody's report"),
        pytest.param({"effect": Effect.SITE, "injection_id": 10**9}, NotFound, None, id="nobody's injection"),
    ],
)
def test_a_report_that_cannot_be_is_refused(by, patient, more, error, field):
    with pytest.raises(error) as refused:
        side_effects.report_side_effect(**by, client_id=new(), **more)
    assert refused.value.field == field
    assert not Flag.objects.exists() and effects_of(patient=patient, key=None) == []


# --- meetings, therapy, needs, reading ---


def test_a_meeting_and_a_therapy_visit(by, patient, now):
    support.log_meeting(**by, client_id=new(), kind=MeetingKind.NA, attended_on=date(2026, 3, 2), helped=True)
    with pytest.raises(InFuture):
        support.log_meeting(**by, client_id=new(), kind=MeetingKind.NA, attended_on=date(2026, 3, 4))
    client_id, at = new(), now + timedelta(days=2)
    for _ in range(2):
        support.book_therapy(**by, client_id=client_id, kind=TherapyKind.CBT, starts_at=at, with_whom="Dr. Osei")
    appointment = Appointment.objects.get(patient_id=patient.pk)
    assert (appointment.kind, appointment.status, appointment.due_on) == ("therapy", "booked", date(2026, 3, 5))
    with pytest.raises(support.BadVisit):
        support.book_therapy(**by, client_id=new(), kind=TherapyKind.CBT, starts_at=now)


def test_a_need_is_a_task_and_asking_again_joins_it(by, patient, staff, now):
    client_id = new()
    first, _ = support.state_need(**by, client_id=client_id, kind=NeedKind.HOUSING, note="until May")
    again, is_new = support.state_need(**by, client_id=client_id, kind=NeedKind.HOUSING, note="until May")
    other, _ = support.state_need(**by, client_id=new(), kind=NeedKind.HOUSING)
    assert (again.pk, is_new, other.task_id) == (first.pk, False, first.task_id)
    task = Task.objects.get(patient_id=patient.pk)
    assert (task.kind, task.role, task.status) == ("need_housing", "coordinator", "open")
    assert not Flag.objects.exists()
    tasks.finish_task(actor=staff, task_id=task.pk, outcome="helped", now=now)
    later, _ = support.state_need(**by, client_id=new(), kind=NeedKind.HOUSING)
    assert later.task_id != first.task_id


def test_the_modules_and_the_card_are_for_who_takes_a_blocker(by, patient, staff, now, key):
    assert modules_shown(patient) == [] and alert_card(patient=patient, key=key) is None
    given(patient, staff, now, date(2026, 3, 1))
    offered = modules_shown(patient)
    assert "overdose" in {each.module.code for each in offered}
    card = alert_card(patient=patient, key=key)
    assert (card.last_given, card.cover_ends) == (date(2026, 3, 1), date(2026, 3, 29))
    receipt, is_new = learning.mark_read(**by, code="how", version=1)
    assert is_new and learning.mark_read(**by, code="how", version=1) == (receipt, False)
    with pytest.raises(Conflict):
        learning.mark_read(**by, code="how", version=2)
    with pytest.raises(NotFound):
        learning.mark_read(**by, code="no-such", version=1)


def test_an_agonist_is_not_described_as_a_blocker(by, program, make_staff, patient, now, key):
    regimens.start_regimen(
        actor=make_staff(program, Role.CLINICIAN),
        treatment=open_treatment(patient),
        kind="buprenorphine_daily",
        starts_on=now.date(),
        times=["08:00"],
        now=now,
    )
    assert modules_shown(patient) == [] and alert_card(patient=patient, key=key) is None


def given(patient, staff, now, day) -> Injection:
    injections.record_injections(
        actor=staff,
        injections=[
            injections.GivenInjection(
                client_id=new(), patient_id=patient.pk, given_on=day, medicine="naltrexone_injection", dose_mg=380
            )
        ],
        now=now,
    )
    return Injection.objects.get(patient_id=patient.pk)
