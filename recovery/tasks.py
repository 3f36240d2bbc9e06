"""The ticks of the clinical core."""

from datetime import datetime

from django.conf import settings

from backend.ticks import Tick, tick
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

TICKS: list[Tick] = []
"""In the order in which a day needs them."""


@tick(TICKS, every="ZONES_SECONDS")
def follow_zone_rules(ids: list[int], now: datetime) -> None:
    """Daily: move what was planned by zone rules that have changed since."""
    zones.follow_zone_rules(program_ids=ids, now=now)


@tick(TICKS, every="EXTEND_SECONDS")
def extend_doses(ids: list[int], now: datetime) -> None:
    """Hourly: make the doses of the next days."""
    regimens.extend_doses(program_ids=ids, now=now, ahead_hours=settings.EXTEND_AHEAD_HOURS)


@tick(TICKS, every="COVER_SECONDS")
def advance_bands(ids: list[int], now: datetime) -> None:
    """Every minute: write the cover bands that have begun."""
    cover.advance_bands(program_ids=ids, now=now)


@tick(TICKS, every="CLOSE_SECONDS")
def close_doses(ids: list[int], now: datetime) -> None:
    """Every minute: close the dosing days that are over."""
    doses.close_doses(program_ids=ids, now=now)


@tick(TICKS, every="FLAGS_SECONDS")
def wake_flags(ids: list[int], now: datetime) -> None:
    """Every minute: bring back the flags whose time has come."""
    flags.wake_flags(program_ids=ids, now=now)


@tick(TICKS, every="FLAGS_SECONDS")
def page_holds(ids: list[int], now: datetime) -> None:
    """Every minute: page about the holds that are still open."""
    hold_clock.page_holds(program_ids=ids, now=now)


@tick(TICKS, every="EXTEND_SECONDS")
def ask_goal_reviews(ids: list[int], now: datetime) -> None:
    """Hourly: make a task for each goal whose day to look again has come."""
    plans.ask_goal_reviews(program_ids=ids, now=now)


@tick(TICKS, every="EXTEND_SECONDS")
def watch_supply(ids: list[int], now: datetime) -> None:
    """Hourly: ask for medicine that is not on site, for refills, and warn of closed days."""
    supply.watch_supply(program_ids=ids, now=now)


@tick(TICKS, every="EXTEND_SECONDS")
def make_due_work(ids: list[int], now: datetime) -> None:
    """Hourly: make the work that the calendar brings: checklists, labs, reversal agents, reviews, after-care."""
    due_work.make_due_work(program_ids=ids, now=now)


@tick(TICKS, every="QUESTIONS_SECONDS")
def make_questions_due(ids: list[int], now: datetime) -> None:
    """Every quarter of an hour: the questionnaires of the day, by each person's own morning."""
    instruments_ticks.make_due(program_ids=ids, now=now)


@tick(TICKS, every="FLAGS_SECONDS")
def watch_questions(ids: list[int], now: datetime) -> None:
    """Every minute: a safety answer whose form was not finished turns red."""
    instruments_ticks.watch_forms(program_ids=ids, now=now)


@tick(TICKS, every="FLAGS_SECONDS")
def settle_questions(ids: list[int], now: datetime) -> None:
    """Every minute: what an abandoned daily minute said goes into the record."""
    instruments_ticks.settle_forms(program_ids=ids, now=now)


@tick(TICKS, every="FLAGS_SECONDS")
def plan_releases(ids: list[int], now: datetime) -> None:
    """Every minute: make the task that prepares a release."""
    stays.plan_releases(program_ids=ids, now=now)


@tick(TICKS, every="FLAGS_SECONDS")
def ask_on_the_second_day(ids: list[int], now: datetime) -> None:
    """Every minute: ask for a call where the question of day 2 stands unanswered."""
    second_day.ask_on_the_second_day(program_ids=ids, now=now)
