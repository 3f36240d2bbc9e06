"""The numbers that programs set for themselves. Needs an open scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from backend.models import PolicyOverride, User
from backend.selectors.people import staff_names


@dataclass(frozen=True, slots=True)
class SignedValue:
    """One change as it was signed: the ``version``-th of its number."""

    key: str
    value: object
    version: int
    reason: str
    signed_by: int
    """The account's id; ``signers`` has the names."""
    signed_at: datetime


def overrides_of(program_ids: Iterable[int]) -> dict[int, list[tuple[str, object, int, int]]]:
    """The newest override of each number by program: ``(key, value, version, id of who signed)``, keys ascending."""
    rows = (
        PolicyOverride.objects.filter(program_id__in=list(program_ids))
        .order_by("program_id", "key", "-version")
        .distinct("program_id", "key")
        .values_list("program_id", "key", "value", "version", "signed_by_id")
    )
    found: dict[int, list[tuple[str, object, int, int]]] = {}
    for program_id, key, value, version, signed_by in rows:
        found.setdefault(program_id, []).append((key, value, version, signed_by))
    return found


def signed_values(*, program_id: int, first: int | None = None) -> list[SignedValue]:
    """Everything a program ever signed, in order; ``first`` only the first so many."""
    rows = PolicyOverride.objects.filter(program_id=program_id).order_by("id")
    return [
        SignedValue(row.key, row.value, row.version, row.reason, row.signed_by_id, row.signed_at)
        for row in (rows if first is None else rows[:first])
    ]


def signers(*, program_id: int, user_ids: Iterable[int]) -> dict[int, str]:
    """The names of those who signed; the sign-in address of who has no name in this program."""
    wanted = set(user_ids)
    names = {pk: name for pk, name in staff_names(program_ids=[program_id]).items() if pk in wanted}
    if missing := wanted - set(names):
        names |= {pk: email or "" for pk, email in User.objects.filter(pk__in=missing).values_list("pk", "email")}
    return names
