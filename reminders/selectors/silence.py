"""How long a patient has answered nothing. Needs an open scope."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max

from backend.rules.wall_time import to_utc
from recovery.selectors import reminding
from reminders.models import InboundMessage
from reminders.rules.dispatch import LIMITS
from reminders.rules.states import MAYBE_OUT, PROMPTS

LOOK_BACK = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Whole local days since the first prompt after the last answer, and the prompts since then."""

    days: int = 0
    prompts: int = 0


ANSWERED = Unanswered()

_PROMPTS_SINCE = """
SELECT u.patient_id, min(m.sending_at), count(*)
FROM unnest(%(patients)s::bigint[], %(since)s::timestamptz[]) AS u (patient_id, since)
JOIN reminders_message m ON m.patient_id = u.patient_id AND m.due_at >= u.since - interval '1 day'
  AND m.sending_at >= u.since AND m.state = ANY (%(states)s::text[]) AND m.message_class = ANY (%(classes)s::text[])
  AND m.instead_of = ''
GROUP BY u.patient_id
"""


def unanswered(zones: Mapping[int, ZoneInfo], *, now: datetime) -> dict[int, Unanswered]:
    """The silence of each of these patients (by id, with their zone); those who answered lately are absent.

    Somebody who said anything in the last days costs one small look; only the others are counted.
    """
    lately = now.date() - timedelta(days=LIMITS.one_a_day_after_days)
    answered = _last_answers(list(zones), zones, since=lately)
    silent = [patient_id for patient_id in zones if patient_id not in answered]
    if not silent:
        return {}
    before = _last_answers(silent, zones, since=(now - LOOK_BACK).date())
    since = [
        to_utc(before[patient_id] + timedelta(days=1), time(0), zones[patient_id])
        if patient_id in before
        else now - LOOK_BACK
        for patient_id in silent
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _PROMPTS_SINCE,
            {
                "patients": silent,
                "since": since,
                "states": [state.value for state in MAYBE_OUT],
                "classes": [one.value for one in PROMPTS],
            },
        )
        rows = cursor.fetchall()
    found = {}
    for patient_id, first_at, prompts in rows:
        zone = zones[patient_id]
        days = (now.astimezone(zone).date() - first_at.astimezone(zone).date()).days
        found[patient_id] = Unanswered(days=max(0, days), prompts=prompts)
    return found


def _last_answers(patient_ids: Collection[int], zones: Mapping[int, ZoneInfo], *, since: date) -> dict[int, date]:
    last = reminding.last_answers(patient_ids, since=since)
    texts = (
        InboundMessage.objects.filter(
            patient_id__any=patient_ids, received_at__gte=datetime.combine(since, time(0), UTC)
        )
        .values_list("patient_id")
        .annotate(at=Max("received_at"))
    )
    for patient_id, at in texts:
        day = at.astimezone(zones[patient_id]).date()
        if patient_id not in last or day > last[patient_id]:
            last[patient_id] = day
    return last
