"""The ticks: what must happen again and again, by whom it is called, and how often.

Celery's beat and workers call them, and so does the sweep (contract 7). Each may run
twice, late, or in three places at once; either runner alone is enough.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Tick:
    """One recurring service. ``task`` is its name in Celery; ``run`` is the same call for the sweep."""

    name: str
    task: str
    every_s: float
    run: Callable[[list[int], datetime], object]


def all_ticks() -> list[Tick]:
    """Every tick, in the order in which a day needs them."""
    from backend.services import seal
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
    from reminders.services import dispatch, escalations, planning, reconcile, replies

    return [
        Tick(
            "follow_zone_rules",
            "recovery.tasks.follow_zone_rules",
            settings.ZONES_SECONDS,
            lambda ids, now: zones.follow_zone_rules(program_ids=ids, now=now),
        ),
        Tick(
            "extend_doses",
            "recovery.tasks.extend_doses",
            settings.EXTEND_SECONDS,
            lambda ids, now: regimens.extend_doses(program_ids=ids, now=now, ahead_hours=settings.EXTEND_AHEAD_HOURS),
        ),
        Tick(
            "advance_bands",
            "recovery.tasks.advance_bands",
            settings.COVER_SECONDS,
            lambda ids, now: cover.advance_bands(program_ids=ids, now=now),
        ),
        Tick(
            "close_doses",
            "recovery.tasks.close_doses",
            settings.CLOSE_SECONDS,
            lambda ids, now: doses.close_doses(program_ids=ids, now=now),
        ),
        Tick(
            "wake_flags",
            "recovery.tasks.wake_flags",
            settings.FLAGS_SECONDS,
            lambda ids, now: flags.wake_flags(program_ids=ids, now=now),
        ),
        Tick(
            "page_holds",
            "recovery.tasks.page_holds",
            settings.FLAGS_SECONDS,
            lambda ids, now: hold_clock.page_holds(program_ids=ids, now=now),
        ),
        Tick(
            "ask_goal_reviews",
            "recovery.tasks.ask_goal_reviews",
            settings.EXTEND_SECONDS,
            lambda ids, now: plans.ask_goal_reviews(program_ids=ids, now=now),
        ),
        Tick(
            "watch_supply",
            "recovery.tasks.watch_supply",
            settings.EXTEND_SECONDS,
            lambda ids, now: supply.watch_supply(program_ids=ids, now=now),
        ),
        Tick(
            "make_due_work",
            "recovery.tasks.make_due_work",
            settings.EXTEND_SECONDS,
            lambda ids, now: due_work.make_due_work(program_ids=ids, now=now),
        ),
        Tick(
            "make_questions_due",
            "recovery.tasks.make_questions_due",
            settings.QUESTIONS_SECONDS,
            lambda ids, now: instruments_ticks.make_due(program_ids=ids, now=now),
        ),
        Tick(
            "watch_questions",
            "recovery.tasks.watch_questions",
            settings.FLAGS_SECONDS,
            lambda ids, now: instruments_ticks.watch_forms(program_ids=ids, now=now),
        ),
        Tick(
            "settle_questions",
            "recovery.tasks.settle_questions",
            settings.FLAGS_SECONDS,
            lambda ids, now: instruments_ticks.settle_forms(program_ids=ids, now=now),
        ),
        Tick(
            "plan_releases",
            "recovery.tasks.plan_releases",
            settings.FLAGS_SECONDS,
            lambda ids, now: stays.plan_releases(program_ids=ids, now=now),
        ),
        Tick(
            "ask_on_the_second_day",
            "recovery.tasks.ask_on_the_second_day",
            settings.FLAGS_SECONDS,
            lambda ids, now: second_day.ask_on_the_second_day(program_ids=ids, now=now),
        ),
        Tick(
            "work_inbound",
            "reminders.tasks.work_inbound",
            settings.DISPATCH_SECONDS,
            lambda ids, now: replies.work_inbound(program_ids=ids, now=now),
        ),
        Tick(
            "end_closed_programs",
            "reminders.tasks.end_closed_programs",
            settings.PLAN_SECONDS,
            lambda ids, now: planning.end_closed_programs(now=now),
        ),
        Tick(
            "plan_messages",
            "reminders.tasks.plan_messages",
            settings.PLAN_SECONDS,
            lambda ids, now: planning.plan_messages(program_ids=ids, now=now),
        ),
        Tick(
            "escalate",
            "reminders.tasks.escalate",
            settings.DISPATCH_SECONDS,
            lambda ids, now: escalations.escalate(program_ids=ids, now=now),
        ),
        Tick(
            "dispatch_due",
            "reminders.tasks.dispatch_due",
            settings.DISPATCH_SECONDS,
            lambda ids, now: dispatch.dispatch_due(program_ids=ids, now=now),
        ),
        Tick(
            "reconcile",
            "reminders.tasks.reconcile",
            settings.RECONCILE_SECONDS,
            lambda ids, now: reconcile.reconcile(program_ids=ids, now=now),
        ),
        Tick(
            "seal_audit",
            "config.tasks.seal_audit",
            settings.SEAL_SECONDS,
            lambda ids, now: seal.seal_audit(program_ids=ids),
        ),
    ]
