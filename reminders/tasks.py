"""The ticks about messages, as Celery calls them. Each may run twice, late, or in three places at once."""

from celery import shared_task

from backend import clock
from backend.selectors.people import open_program_ids
from reminders.services import dispatch, escalations, planning, reconcile, replies

RUNNER = "worker"


@shared_task(ignore_result=True)
def plan_messages(**_later_args: object) -> None:
    """Every minute: plan what is owed, suppress what lost its reason."""
    planning.plan_messages(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def end_closed_programs(**_later_args: object) -> None:
    """Every minute: end what closed programs left waiting."""
    planning.end_closed_programs(now=clock.now())


@shared_task(ignore_result=True)
def escalate(**_later_args: object) -> None:
    """Every 5 s: tell whoever is next of each concern that nobody took in time."""
    escalations.escalate(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def dispatch_due(**_later_args: object) -> None:
    """Every 5 s: send what is due, batch after batch; the number of batches is bounded."""
    dispatch.dispatch_due(program_ids=open_program_ids(), now=clock.now(), runner=RUNNER)


# The short name is taken by the module.
@shared_task(name="reminders.tasks.reconcile", ignore_result=True)
def reconcile_unclear(**_later_args: object) -> None:
    """Every 30 s: put in order what a crash or a silent provider left behind."""
    reconcile.reconcile(program_ids=open_program_ids(), now=clock.now())


@shared_task(ignore_result=True)
def work_inbound(**_later_args: object) -> None:
    """Every 5 s: do what a receiver of texts left."""
    replies.work_inbound(program_ids=open_program_ids(), now=clock.now())
