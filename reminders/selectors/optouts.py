"""Which numbers must not be texted. Needs an open scope."""

from collections.abc import Collection

from reminders.models import OptOut


def opted_out(phone_indexes: Collection[bytes]) -> set[tuple[int, bytes]]:
    """Of these numbers the ones that opted out, as (program id, index)."""
    rows = OptOut.objects.filter(phone_index__any=list(phone_indexes), scope="sms", ended_at__isnull=True)
    return {(program_id, bytes(index)) for program_id, index in rows.values_list("program_id", "phone_index")}
