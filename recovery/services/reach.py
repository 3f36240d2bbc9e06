"""Writing down how a person may be reached, and on what a minor's consent rests (S 21)."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.access import Actor
from backend.errors import DomainError, IdReused, InFuture
from backend.rules.wall_time import local_date
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import ContactRules, MinorConsent, Patient
from recovery.rules.reach import Interpreter, Reach
from recovery.rules.supporters import AllowedBy, MinorBasis

LONGEST_WORD = 60
LONGEST_TEXT = 500
_STATE = re.compile(r"[A-Z]{2}")


class BadReach(DomainError):
    code = "bad-reach"


@transaction.atomic
def set_reach(*, actor: Actor, patient: Patient, reach: Reach, now: datetime) -> ContactRules:
    """Store how a person may be reached, the whole of it; what was there before stays in the history.

    A number that two patients of the program have stays shared whatever is said: one cannot answer for the
    other (contract 4). Raises BadReach naming the field.
    """
    _check(reach)
    key = data_key(program_id=patient.program_id, patient_id=patient.pk)
    person = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    row = ContactRules.objects.filter(program_id=person.program_id, patient_id=person.pk).first()
    row = row or ContactRules(program_id=person.program_id, patient_id=person.pk)
    row.safe_to_call, row.safe_voicemail = reach.safe_to_call, reach.safe_voicemail
    row.safe_from, row.safe_until = reach.safe_from, reach.safe_until
    row.interpreter, row.letters_ok = reach.interpreter, reach.letters_ok
    row.changed_at, row.changed_by_id = now, actor.user_id
    row.seal(key, agreed_word=reach.agreed_word.strip(), letter_address=reach.letter_address.strip())
    row.save()
    shared = reach.phone_shared or _has_number_of_another(person)
    if shared != person.phone_shared:
        person.phone_shared = patient.phone_shared = shared
        person.save(update_fields=["phone_shared"])
    audit.record(
        actor=actor,
        action="reach.set",
        program_id=person.program_id,
        patient_id=person.pk,
        object_kind="contact_rules",
        object_id=row.pk,
    )
    return row


def _check(reach: Reach) -> None:
    if (reach.safe_from is None) != (reach.safe_until is None):
        raise BadReach("Give both hours or none.", field="safe_until" if reach.safe_from else "safe_from")
    if reach.safe_from is not None and reach.safe_until is not None and reach.safe_from >= reach.safe_until:
        raise BadReach("The hours must end after they begin.", field="safe_until")
    if reach.interpreter not in set(Interpreter):
        raise BadReach("There is no such choice.", field="interpreter")
    if len(reach.agreed_word) > LONGEST_WORD or "\x00" in reach.agreed_word:
        raise BadReach(f"At most {LONGEST_WORD} characters.", field="agreed_word")
    if len(reach.letter_address) > LONGEST_TEXT or "\x00" in reach.letter_address:
        raise BadReach(f"At most {LONGEST_TEXT} characters.", field="letter_address")
    if reach.letters_ok and not reach.letter_address.strip():
        raise BadReach("Letters need a safe address.", field="letter_address")


def _has_number_of_another(person: Patient) -> bool:
    if person.phone_index is None:
        return False
    others = Patient.objects.filter(program_id=person.program_id, phone_index=person.phone_index)
    return others.exclude(pk=person.pk).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorFacts:
    """What a minor's consent rests on. ``state_code``: the US state whose law counts, two letters."""

    client_id: UUID
    state_code: str
    basis: str
    consented_by: str
    consented_on: date
    note: str = ""


@transaction.atomic
def record_minor_consent(
    *, actor: Actor, patient: Patient, facts: MinorFacts, now: datetime
) -> tuple[MinorConsent, bool]:
    """Record on what basis somebody under age is in treatment and who consented. The latest record counts.

    Facts are stored as they are, also where a consent is still missing: the page says so, and no record is
    refused. Safe to repeat. Raises BadReach naming the field, InFuture, IdReused.
    """
    if not _STATE.fullmatch(facts.state_code):
        raise BadReach("Write the state in two letters, such as NY.", field="state_code")
    if facts.basis not in set(MinorBasis):
        raise BadReach("There is no such choice.", field="basis")
    if facts.consented_by not in set(AllowedBy):
        raise BadReach("There is no such choice.", field="consented_by")
    if facts.consented_on > local_date(now, patient.zone):
        raise InFuture("This day has not come yet.", field="consented_on")
    if len(facts.note) > LONGEST_TEXT or "\x00" in facts.note:
        raise BadReach(f"At most {LONGEST_TEXT} characters.", field="note")
    key = data_key(program_id=patient.program_id, patient_id=patient.pk)
    row = MinorConsent(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=facts.client_id,
        state_code=facts.state_code,
        basis=facts.basis,
        consented_by=facts.consented_by,
        consented_on=facts.consented_on,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )
    row.seal(key, note=facts.note.strip())
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        stored = MinorConsent.objects.filter(patient_id=patient.pk, client_id=facts.client_id).first()
        names = ("state_code", "basis", "consented_by", "consented_on")
        if stored is None or any(getattr(stored, name) != getattr(row, name) for name in names):
            raise IdReused("This id was used before with other content.", field="client_id") from error
        if stored.opened(key, "note") != facts.note.strip():
            raise IdReused("This id was used before with other content.", field="client_id") from error
        return stored, False
    audit.record(
        actor=actor,
        action="minor_consent.recorded",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="minor_consent",
        object_id=row.pk,
        fields=["state_code", "basis", "consented_by"],
    )
    return row, True
