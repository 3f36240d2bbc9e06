"""The ticks about messages."""

from datetime import datetime

from backend.ticks import Tick, tick
from reminders.services import dispatch, escalations, planning, reconcile, replies

TICKS: list[Tick] = []
"""In the order in which a day needs them."""


@tick(TICKS, every="DISPATCH_SECONDS")
def work_inbound(ids: list[int], now: datetime) -> None:
    """Every 5 s: do what a receiver of texts left."""
    replies.work_inbound(program_ids=ids, now=now)


@tick(TICKS, every="PLAN_SECONDS")
def end_closed_programs(ids: list[int], now: datetime) -> None:
    """Every minute: end what closed programs left waiting."""
    planning.end_closed_programs(now=now)


@tick(TICKS, every="PLAN_SECONDS")
def plan_messages(ids: list[int], now: datetime) -> None:
    """Every minute: plan what is owed, suppress what lost its reason."""
    planning.plan_messages(program_ids=ids, now=now)


@tick(TICKS, every="DISPATCH_SECONDS")
def escalate(ids: list[int], now: datetime) -> None:
    """Every 5 s: tell whoever is next of each concern that nobody took in time."""
    escalations.escalate(program_ids=ids, now=now)


@tick(TICKS, every="DISPATCH_SECONDS")
def dispatch_due(ids: list[int], now: datetime) -> None:
    """Every 5 s: send what is due, batch after batch; the number of batches is bounded."""
    dispatch.dispatch_due(program_ids=ids, now=now)


# The short name is taken by the module.
@tick(TICKS, every="RECONCILE_SECONDS", name="reconcile")
def reconcile_unclear(ids: list[int], now: datetime) -> None:
    """Every 30 s: put in order what a crash or a silent provider left behind."""
    reconcile.reconcile(program_ids=ids, now=now)
