"""A worklist row in the words of the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recovery.rules.states import FlagStatus, Severity
from recovery.selectors.worklist import WorklistRow
from recovery.web import words
from recovery.web.people_words import reach_words


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One row, ready to print."""

    flag_id: int
    patient_id: int
    name: str
    called: str
    program: str
    severity: Severity
    how_soon: str
    sentence: str
    age: str
    opened: str
    answer_by: str
    is_late: bool
    role: str
    owner: str
    is_owned: bool
    is_mine: bool
    is_returned: bool
    snooze: str
    phone: str
    phone_shown: str
    contact_note: str
    reach: list[str]
    may_call: bool
    local_time: str
    zone: str
    language: str
    last_contact: str
    others: int


def shown_rows(rows: Sequence[WorklistRow], *, now: datetime, several_programs: bool) -> list[ShownRow]:
    """Say each row; the program only to somebody who works in several."""
    return [_shown(row, now, several_programs) for row in rows]


def _shown(row: WorklistRow, now: datetime, several_programs: bool) -> ShownRow:
    zone = row.program_zone
    return ShownRow(
        flag_id=row.flag_id,
        patient_id=row.patient_id,
        name=row.name or f"Record {row.patient_number}",
        called=row.call_name if row.call_name != row.name else "",
        program=row.program_name if several_programs else "",
        severity=row.severity,
        how_soon=words.HOW_SOON[row.severity],
        sentence=row.sentence,
        age=words.age(row.opened_at, now=now),
        opened=words.when(row.opened_at, now=now, zone=zone),
        answer_by=words.when(row.respond_by, now=now, zone=zone) if row.respond_by else "",
        is_late=row.is_late,
        role=words.ROLE[row.owner_role],
        owner="You" if row.is_mine else row.owner_name or ("A colleague" if row.owner_id else ""),
        is_owned=row.owner_id is not None,
        is_mine=row.is_mine,
        is_returned=row.status is FlagStatus.RETURNED,
        snooze=_snooze(row, now),
        phone=row.phone,
        phone_shown=words.phone_shown(row.phone),
        contact_note=row.contact_note,
        reach=reach_words(row.reach),
        may_call=row.reach.safe_to_call is not False,
        local_time=words.clock_time(row.local_now, row.zone),
        zone=row.zone,
        language="" if row.language == "en" else words.said(words.LANGUAGE, row.language),
        last_contact=_last_contact(row, now),
        others=row.others,
    )


def _snooze(row: WorklistRow, now: datetime) -> str:
    if row.snoozed_until is None:
        return ""
    until = words.when(row.snoozed_until, now=now, zone=row.program_zone)
    return f"Asleep until {until}: {words.said(words.SNOOZE, row.snooze_reason)}"


def _last_contact(row: WorklistRow, now: datetime) -> str:
    contact = row.last_outreach
    if contact is None:
        return ""
    ago = words.age(contact.at, now=now)
    text = f"{words.said(words.CHANNEL, contact.channel)}, {words.said(words.REACHED, contact.outcome)}, "
    text += ago if ago == "just now" else f"{ago} ago"
    return f"{text} ({contact.by_name})" if contact.by_name else text
