"""The one door to a program's rows (contract 6).

Row-level security shows a session only the programs named in ``app.programs`` and,
beside it, one patient or all of them (``app.patient``). ``programs`` sets both for
the length of one transaction. Nothing else in the code calls ``set_config``.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

EVERY_PATIENT = "*"


@contextmanager
def programs(ids: Iterable[int], *, patient: int | str = EVERY_PATIENT) -> Iterator[None]:
    """Open a transaction that sees the rows of these programs and of this patient.

    ``patient`` is an id, or ``*`` for staff and ticks. The values before are restored
    on the way out: a released savepoint would leak them into the transaction around.
    """
    wanted = (",".join(str(int(i)) for i in ids), str(patient))
    before = getattr(connection, "holdfast_scope", ("", ""))
    # What is set for a transaction ends with it: only an inner scope must put back what was there.
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        _set(wanted)
        try:
            yield
        except BaseException:
            # The rollback takes the settings back with it.
            connection.holdfast_scope = before  # type: ignore[attr-defined]
            raise
        if connection.needs_rollback or outermost:
            connection.holdfast_scope = before  # type: ignore[attr-defined]
        else:
            _set(before)


def _set(scope: tuple[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.programs', %s, true), set_config('app.patient', %s, true)", scope)
    connection.holdfast_scope = scope  # type: ignore[attr-defined]
