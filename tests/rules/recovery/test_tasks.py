"""The kinds of work, as data."""

import pytest

from backend.rules.roles import Role as StaffRole
from recovery.rules.states import Role
from recovery.rules.tasks import (
    OUTCOME_WORDS,
    TASK_RULES,
    TaskKind,
    detail,
    may_end,
    outcome_words,
    task_roles,
)


def test_every_kind_has_a_row_with_a_source():
    assert set(TASK_RULES) == set(TaskKind)
    assert [rule.kind for rule in TASK_RULES.values() if not (rule.source and rule.words)] == []


def test_kinds_and_outcomes_fit_their_columns_and_have_words():
    assert [kind for kind in TaskKind if len(kind.value) > 40] == []
    offered = {outcome for rule in TASK_RULES.values() for outcome in rule.outcomes}
    assert offered - set(OUTCOME_WORDS) == set()
    assert [code for code in offered if len(code) > 40] == []


@pytest.mark.parametrize("kind", TaskKind)
def test_a_missing_fact_leaves_its_clause_out(kind):
    assert isinstance(detail(kind, {}), str)


def test_the_detail_comes_from_the_facts():
    facts = {"last_given_on": "2026-02-10"}
    assert detail(TaskKind.CLOSE_OR_CONTINUE, facts) == "The last injection was Tuesday 10 February"


def test_who_does_whose_work():
    assert task_roles([StaffRole.NURSE]) == {Role.NURSE}
    assert task_roles([StaffRole.CLINICIAN]) == {Role.PRESCRIBER, Role.ON_CALL}
    assert Role.PRESCRIBER in task_roles([StaffRole.MEDICAL_DIRECTOR])
    assert task_roles([StaffRole.OPERATOR, StaffRole.PATIENT]) == set()
    done_by_somebody = set().union(*(task_roles([role]) for role in StaffRole))
    assert done_by_somebody == set(Role)


def test_outcomes():
    assert may_end(TaskKind.CLOSE_OR_CONTINUE, "continues")
    assert not may_end(TaskKind.CLOSE_OR_CONTINUE, "recorded")  # the system's own
    assert outcome_words("recorded").startswith("Done")
    assert outcome_words("of_a_later_version") == "Of a later version"
