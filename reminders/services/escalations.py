"""Telling staff: of concerns whose turn it is, and of a rota with a hole in it.

Who and when is the core's to say; this makes notices of it. They name nobody and no kind, and quiet hours
do not hold them (S 15).
"""

from collections.abc import Iterable
from datetime import datetime

from backend.db import programs
from backend.rules.wall_time import local_date, zone_named
from backend.selectors.people import programs_by_id
from recovery.rules.escalation import GAP_WARNING, Gap
from recovery.selectors.rota import Staffing, programs_with_rota, staffing_of
from recovery.services.escalations import Telling, follow_unfollowed, tell_due
from reminders.rules import wording
from reminders.rules.planning import FlagNotice, PlannedMessage, SlotKey, plan_flag_notice
from reminders.rules.states import Audience, Channel, MessageClass, SubjectKind, priority_of
from reminders.rules.window import expiry, in_window, next_opening
from reminders.services import slots
from reminders.services.slots import NewMessage

PAGE = 500
MAX_PAGES = 20


def escalate(*, program_ids: Iterable[int], now: datetime) -> int:
    """Tell whoever is next of each concern that nobody took in time; returns how many notices were made.

    Step and notice are one transaction: a crash leaves the step undone, and the next run takes it. Safe to run
    twice, late, or in three places at once.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    made = 0
    for _ in range(MAX_PAGES):
        with programs(ids):
            follow_unfollowed(now=now)
            tellings = tell_due(now=now, limit=PAGE)
            made += len(slots.store([one for each in tellings for one in _notices(each, now=now)], now=now))
        if len(tellings) < PAGE:
            break
    return made


def _notices(telling: Telling, *, now: datetime) -> list[NewMessage]:
    rows = []
    for user_id in telling.recipients:
        notice = FlagNotice(
            flag_id=telling.flag_id,
            recipient_id=user_id,
            level=telling.level,
            notify_at=now,
            day=telling.day,
            acute=telling.acute,
            taken=telling.owned,
            number=telling.number,
        )
        rows += [NewMessage(telling.program_id, "en", one, Audience.STAFF) for one in plan_flag_notice(notice)]
    return rows


def warn_of_gaps(*, program_ids: Iterable[int], now: datetime) -> int:
    """Tell the medical director a day before too few people are on call, and daily while it lasts.

    Without a director whom a text reaches, everybody hears it. A program that never made a rota is not texted
    about it: there every concern goes to everybody, and the rota's page says so.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        ids = programs_with_rota(ids)
        if not ids:
            return 0
        zones = {pk: program.zone for pk, program in programs_by_id(ids).items()}
        rows = []
        for staff in staffing_of(ids, now=now).values():
            gaps = staff.gaps(since=now, until=now + GAP_WARNING)
            rows += _warnings(staff, gaps[:1], zone=zones[staff.program_id], now=now)
        return len(slots.store(rows, now=now))


def _warnings(staff: Staffing, gaps: list[Gap], *, zone: str, now: datetime) -> list[NewMessage]:
    directors = tuple(user for user in staff.directors if user in staff.reachable)
    rows = []
    for gap in gaps:
        starts = max(gap.starts_at, now)
        template = wording.template("staff.rota_gap" if gap.missing > 1 else "staff.rota_thin")
        local = zone_named(zone)
        at = now if in_window(now, zone=local) else next_opening(now, zone=local)
        hour = starts.astimezone(local).strftime("%H:%M")
        for user_id in directors or tuple(sorted(staff.reachable)):
            message = PlannedMessage(
                slot=SlotKey(
                    SubjectKind.ROTA, staff.program_id, f"gap.{user_id}", Channel.SMS, local_date(starts, local)
                ),
                message_class=MessageClass.STAFF_NOTICE,
                template=template.key,
                template_version=template.version,
                send_after=at,
                expires_at=expiry(MessageClass.STAFF_NOTICE, due_at=at),
                priority=priority_of(MessageClass.STAFF_NOTICE),
                is_question=template.is_question,
                recipient_id=user_id,
                values=(("hour", hour),),
            )
            rows.append(NewMessage(staff.program_id, "en", message, Audience.STAFF))
    return rows
