"""Who may stand beside a patient: the patient's permission, the supporter's own consent, and the end of both."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.access import NOBODY, Actor
from backend.errors import Conflict, DomainError, IdReused, NotFound
from backend.keys import phone_index
from backend.rules.wall_time import local_date
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import Patient, Supporter
from recovery.rules.records import OutreachChannel, OutreachOutcome
from recovery.rules.states import FlagKind, ReportSource, Severity
from recovery.rules.supporters import AgreedHow, AllowedBy, EndedBy, Relation, SupporterState, Tier, Topic
from recovery.selectors.around import permission_needed, state_today
from recovery.selectors.policy import policy_for
from recovery.selectors.records import open_treatment
from recovery.services.flags import NewOutreach, raise_flag, record_outreach

WORDING = "people-1"
"""Version of the words in which a patient gives the permission."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class BadSupporter(DomainError):
    code = "bad-supporter"


class PermissionNotTheirs(DomainError):
    """Somebody else has to allow this (S 21, 42 CFR 2.14)."""

    code = "permission-not-theirs"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSupporter:
    """Somebody to let in. ``phone`` is E.164; ``expires_on`` None: as long as the program's policy says."""

    client_id: UUID
    name: str
    phone: str
    relation: str
    tier: str
    language: str = "en"
    may_tell: Collection[str] = ()
    allowed_by: str = AllowedBy.PATIENT.value
    expires_on: date | None = None


@transaction.atomic
def add_supporter(*, actor: Actor, patient: Patient, new: NewSupporter, now: datetime) -> tuple[Supporter, bool]:
    """Record a patient's permission. Returns the row and whether it is new; safe to repeat by ``client_id``.

    Nothing is sent and nothing may be told before the supporter has agreed, too. Raises BadSupporter naming
    the field; PermissionNotTheirs where a guardian has no say or must be asked (S 21); Conflict for a number
    that is let in already; IdReused for the same id with other content.
    """
    today = local_date(now, patient.zone)
    policy = policy_for(patient.program_id)
    _check(new, today=today, longest=today + timedelta(days=policy.supporter_permission_days))
    stored = Supporter.objects.filter(patient_id=patient.pk, client_id=new.client_id).first()
    if stored is not None:
        return _same_as_before(stored, new), False
    needed = permission_needed(patient=patient, today=today)
    if AllowedBy(new.allowed_by) not in needed:
        raise PermissionNotTheirs(_whose(needed), field="allowed_by")
    row = Supporter(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=new.client_id,
        phone_index=phone_index(patient.program_id, new.phone),
        relation=new.relation,
        language=new.language,
        tier=new.tier,
        may_tell=sorted(new.may_tell),
        allowed_by=new.allowed_by,
        allowed_at=now,
        wording_version=WORDING,
        expires_on=new.expires_on or today + timedelta(days=policy.supporter_permission_days),
        recorded_by_id=actor.user_id,
    )
    key = data_key(program_id=patient.program_id, patient_id=patient.pk)
    row.seal(key, name=new.name.strip(), phone=new.phone)
    _end_run_out(row, today=today, now=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        stored = Supporter.objects.filter(patient_id=patient.pk, client_id=new.client_id).first()
        if stored is not None:
            return _same_as_before(stored, new), False
        if Supporter.objects.filter(patient_id=patient.pk, phone_index=row.phone_index, ended_at__isnull=True).exists():
            raise Conflict("This number is on the list already.", field="phone") from error
        raise IdReused("This id was used before.", field="client_id") from error
    audit.record_row(actor, "supporter.added", row)
    return row, True


@transaction.atomic
def record_agreement(*, actor: Actor, patient: Patient, supporter_id: int, how: str, now: datetime) -> Supporter:
    """Record that the supporter agreed, and how they said so. From then on their tier counts.

    Their weekly text goes on the weekday after this one (local). A repeat changes nothing. Raises NotFound,
    BadSupporter, Conflict once it has ended or run out.
    """
    if how not in set(AgreedHow):
        raise BadSupporter("Say how they agreed.", field="how")
    row = _locked(patient, supporter_id)
    today = local_date(now, patient.zone)
    state = state_today(row, today=today)
    if state is SupporterState.ACTIVE:
        return row
    if state is not SupporterState.ASKED:
        raise Conflict("This permission has ended.", field="supporter")
    row.agreed_at, row.agreed_how, row.agreed_recorded_by_id = now, how, actor.user_id
    row.weekday = (today.weekday() + 1) % 7
    row.save(update_fields=["agreed_at", "agreed_how", "agreed_recorded_by", "weekday"])
    audit.record_row(actor, "supporter.agreed", row)
    return row


@transaction.atomic
def end_supporter(*, actor: Actor, patient: Patient, supporter_id: int, by: str, now: datetime) -> Supporter:
    """End it, whoever wishes so; no reason is asked for. A repeat changes nothing. Raises NotFound, BadSupporter."""
    if by not in (EndedBy.PATIENT, EndedBy.SUPPORTER, EndedBy.STAFF):
        raise BadSupporter("Say who ended it.", field="by")
    row = _locked(patient, supporter_id)
    if row.ended_at is None:
        _end(row, by=EndedBy(by), now=now)
        audit.record_row(actor, "supporter.ended", row)
    return row


@transaction.atomic
def withdraw_number(*, program_id: int, index: bytes, now: datetime, actor: Actor = NOBODY) -> int:
    """A supporter's STOP: end their consent with every patient of the program. Returns how many were ended."""
    rows = list(
        Supporter.objects.select_for_update().filter(
            program_id=program_id, phone_index=index, ended_at__isnull=True, agreed_at__isnull=False
        )
    )
    for row in rows:
        _end(row, by=EndedBy.SUPPORTER, now=now)
        audit.record_row(actor, "supporter.ended", row)
    return len(rows)


@transaction.atomic
def report_concern(
    *, actor: Actor, patient: Patient, supporter_id: int, note: str, now: datetime, at: datetime | None = None
) -> int:
    """A support person is worried: the concern reaches the list today. Returns the flag's id.

    Anybody may be listened to, so a permission that ended or was never agreed to hinders nothing: hearing
    tells them nothing. Who said it stands in the contact, which is staff's own; the flag does not name them,
    since its evidence is part of what the patient may read. Nothing is sent to the patient (C 7).
    """
    row = _locked(patient, supporter_id)
    flag_id = _raise(actor, patient, source=ReportSource.STAFF.value, now=now)
    if actor.user_id is not None:
        outreach = NewOutreach(
            channel=OutreachChannel.SUPPORTER.value, outcome=OutreachOutcome.REACHED.value, note=note, at=at
        )
        record_outreach(
            actor=actor,
            program_id=patient.program_id,
            patient_id=patient.pk,
            outreach=outreach,
            now=now,
            flag_id=flag_id,
        )
    audit.record_row(actor, "supporter.concern", row)
    return flag_id


@transaction.atomic
def concern_from_number(*, program_id: int, index: bytes, now: datetime) -> list[int]:
    """Words of crisis came from a supporter's number: raise the concern for each patient they stand beside."""
    rows = Supporter.objects.filter(
        program_id=program_id, phone_index=index, ended_at__isnull=True, agreed_at__isnull=False
    ).select_related("patient")
    return [_raise(NOBODY, row.patient, source=ReportSource.SMS.value, now=now) for row in rows]


def _raise(actor: Actor, patient: Patient, *, source: str, now: datetime) -> int:
    treatment = open_treatment(patient)
    flag = raise_flag(
        actor=actor,
        program_id=patient.program_id,
        patient_id=patient.pk,
        treatment_id=treatment.pk if treatment is not None else None,
        kind=FlagKind.SUPPORTER_CONCERN,
        severity=Severity.AMBER_PLUS,
        evidence={"source": source},
        policy_version=policy_for(patient.program_id).version,
        now=now,
    )
    return flag.pk


def _check(new: NewSupporter, *, today: date, longest: date) -> None:
    if not new.name.strip() or len(new.name) > 200 or "\x00" in new.name:
        raise BadSupporter("A name has 1 to 200 characters.", field="name")
    if not _E164.fullmatch(new.phone):
        raise BadSupporter("Write the number with its country, such as +12125550123.", field="phone")
    for name, value, words in (
        ("relation", new.relation, set(Relation)),
        ("tier", new.tier, set(Tier)),
        ("allowed_by", new.allowed_by, set(AllowedBy)),
        ("language", new.language, {"en", "es"}),
    ):
        if value not in words:
            raise BadSupporter("There is no such choice.", field=name)
    if not set(new.may_tell) <= set(Topic):
        raise BadSupporter("There is no such choice.", field="may_tell")
    if new.may_tell and new.tier != Tier.INFORMED:
        raise BadSupporter("Only an informed support person is told anything.", field="may_tell")
    if new.expires_on is not None and not today <= new.expires_on <= longest:
        raise BadSupporter("Choose a day from today on that is not too far ahead.", field="expires_on")


def _whose(needed: frozenset[AllowedBy]) -> str:
    if not needed:
        return "This person is under age. Record first on what basis they are in treatment."
    if AllowedBy.BOTH in needed:
        return "This person and a guardian must both allow it."
    return "Only the person in treatment can allow it."


def _same_as_before(stored: Supporter, new: NewSupporter) -> Supporter:
    key = data_key(program_id=stored.program_id, patient_id=stored.patient_id)
    same = (
        stored.relation == new.relation
        and stored.tier == new.tier
        and stored.language == new.language
        and stored.allowed_by == new.allowed_by
        and set(stored.may_tell) == set(new.may_tell)
        and (new.expires_on is None or stored.expires_on == new.expires_on)
        and stored.opened(key, "name") == new.name.strip()
        and stored.opened(key, "phone") == new.phone
    )
    if not same:
        raise IdReused("This id was used before with other content.", field="client_id")
    return stored


def _end_run_out(new: Supporter, *, today: date, now: datetime) -> None:
    """A permission that ran out makes room for a new one to the same number."""
    for row in Supporter.objects.select_for_update().filter(
        patient_id=new.patient_id, phone_index=new.phone_index, ended_at__isnull=True, expires_on__lt=today
    ):
        _end(row, by=EndedBy.EXPIRY, now=now)


def _locked(patient: Patient, supporter_id: int) -> Supporter:
    row = (
        Supporter.objects.select_for_update()
        .filter(pk=supporter_id, program_id=patient.program_id, patient_id=patient.pk)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def _end(row: Supporter, *, by: EndedBy, now: datetime) -> None:
    row.ended_at, row.ended_by = max(now, row.allowed_at), by.value
    row.save(update_fields=["ended_at", "ended_by"])
