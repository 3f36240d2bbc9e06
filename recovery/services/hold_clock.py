"""The alarm clock of open holds (S 5). It pages; it never ends a hold."""

from collections.abc import Iterable
from datetime import datetime

from backend.db import programs
from recovery.models import Hold, HoldAlarm
from recovery.rules.gates import HoldAlarm as Page
from recovery.rules.gates import hold_alarms
from recovery.rules.records import PatientStatus
from recovery.selectors.clinic import clinics
from recovery.selectors.policy import policies_for
from recovery.services import sql
from recovery.services.gates import next_alarm

_GONE = [PatientStatus.EXITED.value, PatientStatus.DECEASED.value]

_NEXT = """
UPDATE recovery_hold h SET next_alarm_at = u.next_at
FROM unnest(%(ids)s::bigint[], %(next_at)s::timestamptz[]) AS u (id, next_at)
WHERE h.id = u.id AND h.lifted_at IS NULL
"""


def page_holds(*, program_ids: Iterable[int], now: datetime, limit: int = 1000) -> int:
    """Write the pages that open holds owe by ``now``; returns how many.

    The owner at 2 h, on the next working morning and every 24 h, the medical director at 72 h, until a prescriber
    lifts it. After an outage each role gets the latest page alone. Safe to run twice, late, or in several places
    at once. Who has left or died pages nobody.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        due = list(
            Hold.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(lifted_at__isnull=True, next_alarm_at__lte=now)
            .exclude(patient__status__in=_GONE)
            .order_by("next_alarm_at", "id")[:limit]
        )
        if not due:
            return 0
        here = {hold.program_id for hold in due}
        hours, policies = clinics(here), policies_for(here)
        pages: list[HoldAlarm] = []
        next_at: dict[int, datetime] = {}
        for hold in due:
            clinic, policy = hours[hold.program_id], policies[hold.program_id]
            owed = hold_alarms(
                opened_at=hold.opened_at,
                next_working_morning=clinic.next_working_morning(hold.opened_at) or hold.opened_at,
                until=now,
                policy=policy,
            )
            latest = {alarm.to: alarm for alarm in owed if hold.next_alarm_at and alarm.at >= hold.next_alarm_at}
            pages += [_row(hold, alarm, now) for alarm in latest.values()]
            next_at[hold.pk] = next_alarm(hold.opened_at, clinic=clinic, policy=policy, after=now)
        HoldAlarm.objects.bulk_create(pages, ignore_conflicts=True)
        sql.run(_NEXT, {"ids": list(next_at), "next_at": list(next_at.values())})
        return len(pages)


def _row(hold: Hold, alarm: Page, now: datetime) -> HoldAlarm:
    return HoldAlarm(
        program_id=hold.program_id,
        patient_id=hold.patient_id,
        hold=hold,
        at=alarm.at,
        to_role=alarm.to.value,
        written_at=now,
    )
