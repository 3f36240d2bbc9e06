"""The worklist: who needs somebody, why, and by when.

One query for each kind of fact, whatever the number of rows. The sentence of a row is
made from the flag's stored evidence alone (contract 5).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db.models import Max

from backend.access import Actor
from backend.selectors.export import opened
from backend.selectors.keys import data_keys
from backend.selectors.people import programs_by_id, staff_names
from recovery.models import ContactRules, Flag, Outreach, Patient
from recovery.rules.flags import owner_for
from recovery.rules.sentences import sentence
from recovery.rules.states import FlagKind, FlagStatus, Role, Severity
from recovery.rules.tasks import task_roles
from recovery.rules.words import Language
from recovery.selectors.around import ReachView, reach_by_patient
from recovery.selectors.policy import policies_for, rules_for

log = structlog.get_logger("holdfast.worklist")


class Section(StrEnum):
    """Where a row is shown: to be worked, the weekly list, or asleep until a stated time."""

    MAIN = "main"
    WEEKLY = "weekly"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True)
class LastOutreach:
    """The latest contact with a patient, or attempt. ``by_name`` is '' for a colleague without a name here."""

    at: datetime
    channel: str
    outcome: str
    by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistRow:
    """One live flag with what a call needs. Names and numbers are opened from the seal: audit every read.

    ``name`` is '' where the record was erased. ``local_now`` is the patient's own time.
    ``is_late`` says that ``respond_by`` has passed while nobody owns it or it is still open.
    ``others`` counts the patient's further flags on this list.
    """

    flag_id: int
    patient_id: int
    patient_number: int
    program_id: int
    program_name: str
    program_zone: str
    name: str
    call_name: str
    phone: str
    contact_note: str
    reach: ReachView
    language: str
    zone: str
    local_now: datetime
    kind: str
    severity: Severity
    status: FlagStatus
    section: Section
    sentence: str
    opened_at: datetime
    severity_since: datetime
    respond_by: datetime | None
    is_late: bool
    owner_role: Role
    """Whose kind of work it is, by the program's own table; ``owner_id`` is who took it."""
    is_for_my_role: bool
    owner_id: int | None
    owner_name: str
    is_mine: bool
    snoozed_until: datetime | None
    snooze_reason: str
    returned_at: datetime | None
    last_outreach: LastOutreach | None
    others: int


def worklist_rows(
    *,
    program_ids: Iterable[int],
    now: datetime,
    viewer: Actor,
    flag_ids: Sequence[int] | None = None,
    patient_id: int | None = None,
) -> list[WorklistRow]:
    """Every live flag of these programs, most severe first, then oldest first.

    Snoozed flags and the weekly ones (info) are in the list with their ``section``; a snooze
    that ended counts as open whether or not the tick has run. ``flag_ids`` and ``patient_id``
    narrow it (``others`` then counts what is left). Needs an open scope; makes the same number
    of queries for one row as for a thousand.
    """
    ids = list(program_ids)
    live = _live(ids)
    if flag_ids is not None:
        live = live.filter(pk__in=list(flag_ids))
    if patient_id is not None:
        live = live.filter(patient_id=patient_id)
    flags = list(live)
    if not flags:
        return []
    patient_ids = {flag.patient_id for flag in flags}
    patients = Patient.objects.in_bulk(patient_ids)
    keys = data_keys(patient_ids=patient_ids)
    programs = programs_by_id({flag.program_id for flag in flags})
    rules = rules_for(programs)
    names = staff_names(program_ids=ids)
    reach = reach_by_patient(patients=patients.values(), keys=keys)
    contacts = last_outreaches(patient_ids=patient_ids, names=names)
    per_patient = Counter(flag.patient_id for flag in flags)
    rows = []
    for flag in flags:
        patient, key, program = patients[flag.patient_id], keys.get(flag.patient_id), programs[flag.program_id]
        severity, status = Severity(flag.severity), _status(flag, now)
        role = owner_for(FlagKind(flag.kind), severity, rules[program.pk].flags)
        rows.append(
            WorklistRow(
                flag_id=flag.pk,
                patient_id=patient.pk,
                patient_number=patient.number,
                program_id=program.pk,
                program_name=program.name,
                program_zone=program.zone,
                name=opened(patient, key, "name"),
                call_name=opened(patient, key, "call_name"),
                phone=opened(patient, key, "phone"),
                contact_note=opened(patient, key, "contact_note"),
                reach=reach[patient.pk],
                language=patient.language,
                zone=patient.zone,
                local_now=now.astimezone(ZoneInfo(patient.zone)),
                kind=flag.kind,
                severity=severity,
                status=status,
                section=_section(severity, status),
                sentence=flag_sentence(flag.kind, flag.evidence, flag_id=flag.pk),
                opened_at=flag.opened_at,
                severity_since=flag.severity_since,
                respond_by=flag.respond_by,
                is_late=_is_late(flag, now),
                owner_role=role,
                is_for_my_role=role in task_roles(viewer.roles.get(program.pk, frozenset())),
                owner_id=flag.owner_id,
                owner_name=names.get(flag.owner_id or 0, ""),
                is_mine=flag.owner_id is not None and flag.owner_id == viewer.user_id,
                snoozed_until=flag.snoozed_until if status is FlagStatus.SNOOZED else None,
                snooze_reason=flag.snooze_reason if status is FlagStatus.SNOOZED else "",
                returned_at=flag.returned_at,
                last_outreach=contacts.get(patient.pk),
                others=per_patient[patient.pk] - 1,
            )
        )
    return rows


def worklist_mark(*, program_ids: Iterable[int], now: datetime, viewer: Actor) -> str:
    """A short text that changes when the list would look different: the ETag of its polling.

    Reads no name, so that an unchanged list is answered without opening a seal or an audit
    entry. It turns with the hour too, since rows say how old they are.
    """
    ids = list(program_ids)
    facts: list[Any] = [viewer.user_id, ids, now.strftime("%Y-%m-%dT%H")]
    for flag in _live(ids).only(
        "status", "severity", "evidence", "owner", "snoozed_until", "respond_by", "returned_at", "patient"
    ):
        facts.append((flag.pk, _status(flag, now), flag.severity, flag.owner_id, flag.evidence, _is_late(flag, now)))
    latest = Outreach.objects.filter(program_id__in=ids).order_by("-id").values_list("id", flat=True).first()
    facts.append(latest)
    facts.append([each.version for each in policies_for(ids).values()])
    # "Do not call" must not wait for the hour to turn.
    facts.append(ContactRules.objects.filter(program_id__in=ids).aggregate(latest=Max("changed_at"))["latest"])
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def flag_sentence(kind: str, evidence: dict[str, Any], *, flag_id: int, language: str = "en") -> str:
    """Why the flag is there, in words.

    Evidence that lacks a number is a defect; it is logged by id and the kind stands in its
    place, because a list that fails to open hides everybody else.
    """
    try:
        return sentence(FlagKind(kind), evidence, Language(language))
    except (KeyError, ValueError, TypeError):
        log.error("flag without its numbers", flag_id=flag_id, kind=kind)
        return kind.replace("_", " ").capitalize()


def last_outreaches(*, patient_ids: Iterable[int], names: dict[int, str]) -> dict[int, LastOutreach]:
    """The latest contact of each patient, by patient id."""
    rows = (
        Outreach.objects.filter(patient_id__in=list(patient_ids))
        .order_by("patient_id", "-at", "-id")
        .distinct("patient_id")
        .values_list("patient_id", "at", "channel", "outcome", "by_id")
    )
    return {
        patient_id: LastOutreach(at=at, channel=channel, outcome=outcome, by_name=names.get(by_id, ""))
        for patient_id, at, channel, outcome, by_id in rows
    }


def _live(program_ids: list[int]) -> Any:
    # The condition of the partial index flag_worklist, word for word.
    found = Flag.objects.exclude(status=FlagStatus.CLOSED.value).filter(program_id__in=program_ids)
    return found.order_by("-severity_rank", "opened_at", "pk")


def _status(flag: Flag, now: datetime) -> FlagStatus:
    status = FlagStatus(flag.status)
    if status is FlagStatus.SNOOZED and flag.snoozed_until is not None and flag.snoozed_until <= now:
        return FlagStatus.OPEN if flag.owner_id is None else FlagStatus.OWNED
    return status


def _section(severity: Severity, status: FlagStatus) -> Section:
    if status is FlagStatus.SNOOZED:
        return Section.SNOOZED
    return Section.MAIN if severity.at_least(Severity.AMBER) else Section.WEEKLY


def _is_late(flag: Flag, now: datetime) -> bool:
    waits = _status(flag, now) in (FlagStatus.OPEN, FlagStatus.OWNED)
    return waits and flag.respond_by is not None and flag.respond_by <= now
