"""The one tick that belongs to no app of its own."""

from celery import shared_task


@shared_task(ignore_result=True)
def seal_audit(**_later_args: object) -> None:
    """Every few seconds: number and chain what was written. Safe to run in several places."""
    from backend.selectors.people import open_program_ids
    from backend.services import seal

    seal.seal_audit(program_ids=open_program_ids())
