"""How the messages of a program ended, and which still owe an outcome (contract 4). Needs an open scope."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count

from reminders.models import Message
from reminders.rules.states import TERMINAL, MessageState, has_ended


def messages_by_state(*, program_ids: Iterable[int]) -> dict[str, int]:
    """How many messages are in each state."""
    rows = Message.objects.filter(program_id__in=list(program_ids)).order_by("state").values("state")
    return dict(rows.annotate(rows=Count("id")).values_list("state", "rows"))


def without_outcome(*, program_ids: Iterable[int], due_by: datetime, now: datetime) -> int:
    """How many messages that were due by ``due_by`` have not ended at ``now``."""
    rows = (
        Message.objects.filter(program_id__in=list(program_ids), due_at__lte=due_by)
        .exclude(state__in=[state.value for state in TERMINAL])
        .values_list("state", "accepted_at", "expires_at")
    )
    return sum(
        not has_ended(MessageState(state), accepted_at=accepted_at, expires_at=expires_at, now=now)
        for state, accepted_at, expires_at in rows.iterator()
    )
