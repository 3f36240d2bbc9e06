"""The numbers that programs set for themselves. Needs an open scope."""

from collections.abc import Iterable

from backend.models import PolicyOverride


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
