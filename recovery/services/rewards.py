"""The contingency ledger: starting a plan, what a step earns, handing out, correcting an error (N30).

Append-only: an entry is never edited, an error is taken back by an entry of its own. The balance is
computed. There is no service that takes anything for a missed day.
"""

from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, IdReused, InFuture, NotFound
from backend.rules.wall_time import local_date
from backend.services import audit
from recovery.models import Patient, RewardEntry, RewardPlan
from recovery.rules.rewards import EntryKind, Phase, Reason, award, phase_on
from recovery.selectors.around import balance_cents, earned, open_plan
from recovery.selectors.policy import policy_for


class RewardsOff(DomainError):
    """The program has not switched incentives on, or no plan runs for this person."""

    code = "rewards-off"
    status = 409


class BadReward(DomainError):
    code = "bad-reward"


@transaction.atomic
def start_plan(*, actor: Actor, patient: Patient, now: datetime) -> RewardPlan:
    """Start a plan today; one that runs is returned as it is. Raises RewardsOff while the program's policy is off."""
    policy = policy_for(patient.program_id)
    if not policy.rewards_on:
        raise RewardsOff("Incentives are switched off for this program.")
    _lock(patient)
    plan = open_plan(patient)
    if plan is not None:
        return plan
    plan = RewardPlan.objects.create(
        program_id=patient.program_id,
        patient_id=patient.pk,
        started_on=local_date(now, patient.zone),
        started_by_id=actor.user_id,
        started_at=now,
        policy_version=policy.version,
    )
    audit.record_row(actor, "rewards.started", plan, kind="reward")
    return plan


@transaction.atomic
def end_plan(*, actor: Actor, patient: Patient, now: datetime) -> bool:
    """End the plan; what was earned stays and can still be handed out. Tells whether one ran."""
    _lock(patient)
    plan = open_plan(patient)
    if plan is None:
        return False
    plan.ended_at = now
    plan.save(update_fields=["ended_at"])
    audit.record_row(actor, "rewards.ended", plan, kind="reward")
    return True


@transaction.atomic
def earn(
    *, actor: Actor, patient: Patient, client_id: UUID, reason: str, on_day: date, now: datetime
) -> tuple[RewardEntry, bool]:
    """Record a step. What it earns is the rule's to say, under the caps of a week and of the whole plan.

    Each reason earns once a day. Safe to repeat by ``client_id``. Raises RewardsOff, BadReward, InFuture,
    Conflict for a reason that earned on that day already, IdReused.
    """
    if reason not in set(Reason):
        raise BadReward("There is no such choice.", field="reason")
    _lock(patient)
    known = RewardEntry.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if known is not None:
        if (known.kind, known.reason, known.on_day) != (EntryKind.EARNED.value, reason, on_day):
            raise IdReused("This id was used before with other content.", field="client_id")
        return known, False
    plan, policy = _running(patient), policy_for(patient.program_id)
    if on_day > local_date(now, patient.zone):
        raise InFuture("This day has not come yet.", field="on_day")
    if phase_on(started_on=plan.started_on, day=on_day, policy=policy) is Phase.OVER:
        raise BadReward("This day lies outside the plan.", field="on_day")
    week, total = earned(plan=plan, day=on_day)
    found = award(started_on=plan.started_on, day=on_day, this_week_cents=week, total_cents=total, policy=policy)
    row = RewardEntry(
        plan=plan,
        kind=EntryKind.EARNED.value,
        reason=reason,
        on_day=on_day,
        cents=found.cents,
        phase=found.phase.value,
        capped_by=found.capped_by,
    )
    try:
        with transaction.atomic():
            _save(row, actor, patient, client_id, policy_version=policy.version, now=now)
    except IntegrityError as error:
        raise Conflict("This has earned on that day already.", field="reason") from error
    return row, True


@transaction.atomic
def redeem(*, actor: Actor, patient: Patient, client_id: UUID, cents: int, now: datetime) -> tuple[RewardEntry, bool]:
    """Note that this much was handed out (US cents, above 0, at most the balance). Safe to repeat.

    Works without a running plan: what was earned stays theirs. Raises BadReward, NotFound, IdReused.
    """
    if cents <= 0:
        raise BadReward("Enter an amount above 0.", field="cents")
    _lock(patient)
    known = RewardEntry.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if known is not None:
        if (known.kind, known.cents) != (EntryKind.REDEEMED.value, -cents):
            raise IdReused("This id was used before with other content.", field="client_id")
        return known, False
    plan = RewardPlan.objects.filter(program_id=patient.program_id, patient_id=patient.pk).order_by("-pk").first()
    if plan is None:
        raise NotFound
    if cents > balance_cents(patient):
        raise BadReward("This is more than there is.", field="cents")
    today, policy = local_date(now, patient.zone), policy_for(patient.program_id)
    row = RewardEntry(
        plan=plan,
        kind=EntryKind.REDEEMED.value,
        on_day=today,
        cents=-cents,
        phase=phase_on(started_on=plan.started_on, day=today, policy=policy).value,
    )
    return _save(row, actor, patient, client_id, policy_version=policy.version, now=now), True


@transaction.atomic
def correct(
    *, actor: Actor, patient: Patient, client_id: UUID, entry_id: int, now: datetime
) -> tuple[RewardEntry, bool]:
    """Take back one entry that was recorded in error. Safe to repeat.

    What was handed out from it cannot be taken back: raises BadReward where the balance would fall below 0.
    Raises NotFound, Conflict for an entry that was corrected before or is a correction, IdReused.
    """
    _lock(patient)
    wrong = RewardEntry.objects.filter(pk=entry_id, program_id=patient.program_id, patient_id=patient.pk).first()
    if wrong is None:
        raise NotFound
    known = RewardEntry.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if known is not None:
        if known.corrects_id != entry_id:
            raise IdReused("This id was used before with other content.", field="client_id")
        return known, False
    if wrong.kind == EntryKind.CORRECTED.value or RewardEntry.objects.filter(corrects_id=entry_id).exists():
        raise Conflict("This entry was corrected already.", field="entry")
    if balance_cents(patient) < wrong.cents:
        raise BadReward("It was handed out already.", field="entry")
    row = RewardEntry(
        plan_id=wrong.plan_id,
        kind=EntryKind.CORRECTED.value,
        on_day=wrong.on_day,
        cents=-wrong.cents,
        phase=wrong.phase,
        corrects=wrong,
    )
    policy = policy_for(patient.program_id)
    return _save(row, actor, patient, client_id, policy_version=policy.version, now=now), True


def _lock(patient: Patient) -> None:
    """One change of a person's ledger at a time: caps and balance are read before they are written."""
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)


def _running(patient: Patient) -> RewardPlan:
    plan = open_plan(patient)
    if plan is None or not policy_for(patient.program_id).rewards_on:
        raise RewardsOff("No plan runs for this person.")
    return plan


def _save(
    row: RewardEntry, actor: Actor, patient: Patient, client_id: UUID, *, policy_version: str, now: datetime
) -> RewardEntry:
    row.program_id, row.patient_id, row.client_id = patient.program_id, patient.pk, client_id
    row.policy_version, row.recorded_by_id, row.recorded_at = policy_version, actor.user_id, now
    row.save(force_insert=True)
    audit.record_row(actor, f"reward.{row.kind}", row)
    return row
