"""People around a patient, how to reach the patient, and what was earned. Needs an open scope."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum

from backend.crypto import Key
from backend.selectors.export import opened, rows_of
from backend.selectors.keys import data_keys
from recovery.models import ContactRules, MinorConsent, Patient, RewardEntry, RewardPlan, Supporter
from recovery.rules.policy import Policy
from recovery.rules.reach import Reach
from recovery.rules.rewards import EntryKind, Phase, ends_on, phase_on, step_cents, week_of
from recovery.rules.supporters import (
    AllowedBy,
    MinorBasis,
    SupporterState,
    Tier,
    Topic,
    age_on,
    may_tell,
    rights_of,
    state_of,
    treatment_consent_is_whole,
    who_may_allow,
)
from recovery.selectors.policy import policy_for

# --- supporters -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SupporterView:
    """A supporter as the patient and staff see them. ``tell`` is what staff may tell them today."""

    id: int
    client_id: UUID
    name: str
    phone: str
    relation: str
    language: str
    tier: Tier
    state: SupporterState
    may_tell: list[str]
    tell: frozenset[Topic]
    gets_texts: bool
    allowed_by: str
    allowed_at: datetime
    expires_on: date
    agreed_at: datetime | None
    agreed_how: str
    weekday: int | None
    ended_at: datetime | None
    ended_by: str

    def __repr__(self) -> str:
        return f"SupporterView(id={self.id})"


def state_today(row: Supporter, *, today: date) -> SupporterState:
    """Where a supporter stands on the patient's local day."""
    return state_of(agreed_at=row.agreed_at, ended_at=row.ended_at, expires_on=row.expires_on, today=today)


def supporters_shown(rows: Sequence[Supporter], *, patient: Patient, today: date) -> list[SupporterView]:
    """These rows of one patient, opened."""
    key = _key(patient) if rows else None
    return [_supporter(row, key, today) for row in rows]


def supporters_of(*, patient: Patient, today: date) -> list[SupporterView]:
    """Everybody whom a patient let in: those who count first, then those that ended, the newest first."""
    rows = list(Supporter.objects.filter(program_id=patient.program_id, patient_id=patient.pk).order_by("-pk"))
    shown = supporters_shown(rows, patient=patient, today=today)
    return sorted(shown, key=lambda one: one.state in (SupporterState.ENDED, SupporterState.EXPIRED))


def _supporter(row: Supporter, key: Key | None, today: date) -> SupporterView:
    tier, state = Tier(row.tier), state_today(row, today=today)
    return SupporterView(
        id=row.pk,
        client_id=row.client_id,
        name=opened(row, key, "name"),
        phone=opened(row, key, "phone"),
        relation=row.relation,
        language=row.language,
        tier=tier,
        state=state,
        may_tell=list(row.may_tell),
        tell=may_tell(tier, state, row.may_tell),
        gets_texts=rights_of(tier, state).calendar_text,
        allowed_by=row.allowed_by,
        allowed_at=row.allowed_at,
        expires_on=row.expires_on,
        agreed_at=row.agreed_at,
        agreed_how=row.agreed_how,
        weekday=row.weekday,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


# --- under age --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorView:
    """The latest facts of a minor's consent. ``is_whole``: those whom the basis asks for have consented."""

    state_code: str
    basis: MinorBasis
    consented_by: AllowedBy
    consented_on: date
    note: str
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeView:
    """``age`` is None where no date of birth is known; such a person counts as of age until one is."""

    age: int | None
    is_minor: bool
    consent: MinorView | None
    needed: frozenset[AllowedBy]


def age_of(*, patient: Patient, today: date) -> AgeView:
    """How old the patient is, what their consent to treatment rests on, and who may let others be told."""
    key = _key(patient)
    born = opened(patient, key, "born_on")
    age = age_on(date.fromisoformat(born), today) if born else None
    row = consent_basis(patient)
    is_minor = age is not None and age < policy_for(patient.program_id).adult_from_years
    basis = MinorBasis(row.basis) if row is not None else None
    return AgeView(
        age=age,
        is_minor=is_minor,
        consent=_minor(row, key) if row is not None else None,
        needed=who_may_allow(is_minor=is_minor, basis=basis),
    )


def consent_basis(patient: Patient) -> MinorConsent | None:
    """The latest record of what a minor's consent rests on."""
    rows = MinorConsent.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
    return rows.order_by("-recorded_at", "-pk").first()


def permission_needed(*, patient: Patient, today: date) -> frozenset[AllowedBy]:
    """Whose permission lets a supporter in (S 21)."""
    return age_of(patient=patient, today=today).needed


def _minor(row: MinorConsent, key: Key | None) -> MinorView:
    basis, consented_by = MinorBasis(row.basis), AllowedBy(row.consented_by)
    return MinorView(
        state_code=row.state_code,
        basis=basis,
        consented_by=consented_by,
        consented_on=row.consented_on,
        note=opened(row, key, "note"),
        is_whole=treatment_consent_is_whole(basis=basis, consented_by=consented_by),
    )


# --- how to reach somebody --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachView(Reach):
    """How a person may be reached, and since when that stands."""

    changed_at: datetime | None = None

    def __repr__(self) -> str:
        return "ReachView()"


def reach_of(*, patient: Patient) -> ReachView:
    """How this person may be reached."""
    return reach_by_patient(patients=[patient])[patient.pk]


def reach_by_patient(*, patients: Iterable[Patient], keys: Mapping[int, Key] | None = None) -> dict[int, ReachView]:
    """The same for many, in one query; everybody has an entry. ``keys`` are their data keys where known already."""
    people = {patient.pk: patient for patient in patients}
    rows = {row.patient_id: row for row in ContactRules.objects.filter(patient_id__in=list(people))}
    if keys is None:
        keys = data_keys(patient_ids=list(rows)) if rows else {}
    found = {}
    for pk, patient in people.items():
        row = rows.get(pk)
        found[pk] = (
            ReachView(phone_shared=patient.phone_shared)
            if row is None
            else ReachView(
                phone_shared=patient.phone_shared,
                safe_to_call=row.safe_to_call,
                safe_voicemail=row.safe_voicemail,
                safe_from=row.safe_from,
                safe_until=row.safe_until,
                agreed_word=opened(row, keys.get(pk), "agreed_word"),
                interpreter=row.interpreter,
                letters_ok=row.letters_ok,
                letter_address=opened(row, keys.get(pk), "letter_address"),
                changed_at=row.changed_at,
            )
        )
    return found


# --- rewards -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    id: int
    client_id: UUID
    kind: EntryKind
    reason: str
    on_day: date
    cents: int
    phase: Phase
    capped_by: str
    corrects_id: int | None
    is_corrected: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardsView:
    """The ledger. ``balance_cents`` is the sum of all entries; ``step_cents`` what a step earns today."""

    is_on: bool
    plan_id: int | None
    started_on: date | None
    ends_on: date | None
    phase: Phase | None
    step_cents: int
    week_cents: int
    week_cap_cents: int
    total_cents: int
    total_cap_cents: int
    balance_cents: int
    entries: list[EntryView]


def rewards_of(*, patient: Patient, today: date) -> RewardsView:
    """What a patient earned and was given, the newest first. Amounts in US cents."""
    policy = policy_for(patient.program_id)
    plan = open_plan(patient)
    rows = list(RewardEntry.objects.filter(program_id=patient.program_id, patient_id=patient.pk).order_by("-pk"))
    corrected = {row.corrects_id for row in rows}
    week = total = 0
    if plan is not None:
        week, total = earned(plan=plan, day=today)
    return RewardsView(
        is_on=policy.rewards_on,
        plan_id=plan.pk if plan is not None else None,
        started_on=plan.started_on if plan is not None else None,
        ends_on=ends_on(started_on=plan.started_on, policy=policy) if plan is not None else None,
        phase=phase_on(started_on=plan.started_on, day=today, policy=policy) if plan is not None else None,
        step_cents=_step(plan, today, policy),
        week_cents=week,
        week_cap_cents=policy.reward_week_cap_cents,
        total_cents=total,
        total_cap_cents=policy.reward_total_cap_cents,
        balance_cents=sum(row.cents for row in rows),
        entries=[
            EntryView(
                id=row.pk,
                client_id=row.client_id,
                kind=EntryKind(row.kind),
                reason=row.reason,
                on_day=row.on_day,
                cents=row.cents,
                phase=Phase(row.phase),
                capped_by=row.capped_by,
                corrects_id=row.corrects_id,
                is_corrected=row.pk in corrected,
                recorded_at=row.recorded_at,
            )
            for row in rows
        ],
    )


def _step(plan: RewardPlan | None, today: date, policy: Policy) -> int:
    if plan is None or not policy.rewards_on:
        return 0
    return step_cents(started_on=plan.started_on, day=today, policy=policy)


def open_plan(patient: Patient) -> RewardPlan | None:
    """The plan that runs, if any."""
    return RewardPlan.objects.filter(
        program_id=patient.program_id, patient_id=patient.pk, ended_at__isnull=True
    ).first()


def earned(*, plan: RewardPlan, day: date) -> tuple[int, int]:
    """What the plan's steps earned in the week of ``day`` and altogether, corrections taken off. Cents."""
    rows = RewardEntry.objects.filter(plan_id=plan.pk, kind=EntryKind.EARNED.value).exclude(
        pk__in=RewardEntry.objects.filter(plan_id=plan.pk, corrects__isnull=False).values("corrects_id")
    )
    week = week_of(plan.started_on, day)
    here = [(on_day, cents) for on_day, cents in rows.values_list("on_day", "cents")]
    return (
        sum(cents for on_day, cents in here if week_of(plan.started_on, on_day) == week),
        sum(cents for _, cents in here),
    )


def balance_cents(patient: Patient) -> int:
    """What is there to be handed out."""
    rows = RewardEntry.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
    return rows.aggregate(sum=Sum("cents"))["sum"] or 0


# --- export --------------------------------------------------------------------------------------------------


def export_supporters(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """Supporters with both consents; a supporter's number is theirs, but the patient gave it to us."""
    return rows_of(Supporter, patient=patient, key=key)


def export_rewards(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """The plans, each with its entries."""
    entries = rows_of(RewardEntry, patient=patient, key=key)
    plans = rows_of(RewardPlan, patient=patient, key=key)
    return [plan | {"entries": [row for row in entries if row["plan"] == plan["id"]]} for plan in plans]


def _key(patient: Patient) -> Key | None:
    return data_keys(program_id=patient.program_id, patient_ids=[patient.pk]).get(patient.pk)
