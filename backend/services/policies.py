"""Writing down the numbers that a program sets for itself: append-only, one signed version after the other."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from backend.errors import NotFound
from backend.models import PolicyOverride, Program


@transaction.atomic
def lock_policy(*, program_id: int) -> None:
    """Let nobody else change this program's numbers until the transaction ends. Raises NotFound.

    Rows are then numbered in the order in which they become visible, so that "the first n
    changes of a program" means the same for ever.
    """
    # Not the stronger lock: that would make every insert that names this program wait.
    if not Program.objects.select_for_update(no_key=True).filter(pk=program_id).exists():
        raise NotFound()


@transaction.atomic
def append_overrides(
    *, program_id: int, values: Mapping[str, object], reason: str, signed_by: int, now: datetime
) -> list[int]:
    """Add a higher version of each number and return the new rows' ids, keys ascending. Needs an open scope.

    Whether the values can be is for the caller to know.
    """
    lock_policy(program_id=program_id)
    newest = dict(
        PolicyOverride.objects.filter(program_id=program_id, key__in=values)
        .values("key")
        .annotate(newest=Max("version"))
        .values_list("key", "newest")
    )
    rows = PolicyOverride.objects.bulk_create(
        PolicyOverride(
            program_id=program_id,
            key=key,
            value=values[key],
            version=newest.get(key, 0) + 1,
            reason=reason,
            signed_by_id=signed_by,
            signed_at=now,
        )
        for key in sorted(values)
    )
    return [row.pk for row in rows]
