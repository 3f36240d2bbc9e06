"""The ticks of the clinical core, as Celery calls them. The database remembers; a lost one is followed by the next."""

from celery import shared_task
from django.conf import settings

from backend import clock
from backend.selectors.people import open_program_ids
from recovery.services import (
    cover,
    doses,
    due_work,
    flags,
    hold_clock,
    instruments_ticks,
    plans,
    regimens,
    second_day,
    stays,
    supply,
    zones,
)


@shared_task(ignore_result=True)
def extend_doses(**_later_args: object) -> None:
    """Hourly: make the doses of the next days."""
    regimens.extend_doses(program_ids=open_program_ids(), now=clock.now(), ahead_hours=settings.EXTEND_AHEAD_HOURS)


@shared_task(ignore_result=True)
def close_doses(**_later_args: object) -> None:
    """Every minute: close the dosing days that are over."""
    doses.close_doses(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def advance_bands(**_later_args: object) -> None:
    """Every minute: write the cover bands that have begun."""
    cover.advance_bands(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def wake_flags(**_later_args: object) -> None:
    """Every minute: bring back the flags whose time has come."""
    flags.wake_flags(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def page_holds(**_later_args: object) -> None:
    """Every minute: page about the holds that are still open."""
    hold_clock.page_holds(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def ask_goal_reviews(**_later_args: object) -> None:
    """Hourly: make a task for each goal whose day to look again has come."""
    plans.ask_goal_reviews(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def watch_supply(**_later_args: object) -> None:
    """Hourly: ask for medicine that is not on site, for refills, and warn of closed days."""
    supply.watch_supply(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def follow_zone_rules(**_later_args: object) -> None:
    """Daily: move what was planned by zone rules that have changed since."""
    zones.follow_zone_rules(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def make_questions_due(**_later_args: object) -> None:
    """Every quarter of an hour: the questionnaires of the day, by each person's own morning."""
    instruments_ticks.make_due(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def watch_questions(**_later_args: object) -> None:
    """Every minute: a safety answer whose form was not finished turns red."""
    instruments_ticks.watch_forms(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def settle_questions(**_later_args: object) -> None:
    """Every minute: what an abandoned daily minute said goes into the record."""
    instruments_ticks.settle_forms(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def plan_releases(**_later_args: object) -> None:
    """Every minute: make the task that prepares a release."""
    stays.plan_releases(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def ask_on_the_second_day(**_later_args: object) -> None:
    """Every minute: ask for a call where the question of day 2 stands unanswered."""
    second_day.ask_on_the_second_day(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def make_due_work(**_later_args: object) -> None:
    """Hourly: make the work that the calendar brings: checklists, labs, reversal agents, reviews, after-care."""
    due_work.make_due_work(program_ids=open_program_ids(), now=clock.now())
