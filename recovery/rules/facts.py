"""What a person can state with one tap, and what follows from it (S 2-4, 8, 11, 17, 19, 20).

The list is closed. Each kind names the closed answers that go with it; free words are a sealed note beside
them and decide nothing. What follows is named here and done by ``recovery.services.statements``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from recovery.rules.flags import cough_severity
from recovery.rules.gates import GateEvent, MedicineKind, kind_of_medicine
from recovery.rules.medicines import Medicine
from recovery.rules.plans import drink_severity
from recovery.rules.states import FlagKind, Goal, Indication, Severity


class FactKind(StrEnum):
    """What happened."""

    OPIOID_USED = "opioid_used"
    NEW_MEDICINE = "new_medicine"
    DRINK = "drink"
    SICK_AFTER_DOSE = "sick_after_dose"
    """Withdrawal-type symptoms after a dose: also an answer to the question of day 2 (S 8)."""
    WELL_AFTER_DOSE = "well_after_dose"
    """No such symptom: the other answer."""
    LIVER_SYMPTOMS = "liver_symptoms"
    ALLERGIC_REACTION = "allergic_reaction"
    COUGH = "cough"
    PREGNANT = "pregnant"
    BREASTFEEDING = "breastfeeding"
    RAN_OUT = "ran_out"
    WANTS_TO_STOP = "wants_to_stop"
    FEELS_CURED = "feels_cured"
    SEVERE_PAIN = "severe_pain"
    VOMITED_DOSE = "vomited_dose"
    TABLETS_WITHIN_REACH = "tablets_within_reach"
    OVERDOSE_SIGN = "overdose_sign"
    """Hard to wake, or breathing slowly; told by whoever is there (C 7)."""
    ALCOHOL_WITHDRAWAL = "alcohol_withdrawal"
    DISULFIRAM_REACTION = "disulfiram_reaction"


class YesNo(StrEnum):
    """An answer that may be left open."""

    YES = "yes"
    NO = "no"


class TabletsGone(StrEnum):
    """What became of the tablets."""

    RAN_OUT = "ran_out"
    LOST = "lost"
    STOLEN = "stolen"


DETAILS: Mapping[FactKind, Mapping[str, type[StrEnum]]] = MappingProxyType(
    {
        FactKind.NEW_MEDICINE: {"taken": YesNo},
        FactKind.COUGH: {"hard_to_breathe": YesNo, "fever": YesNo},
        FactKind.RAN_OUT: {"how": TabletsGone},
    }
)
"""The closed answers that a kind may carry, by name. A kind that is absent carries none."""

NEEDED: Mapping[FactKind, tuple[str, ...]] = MappingProxyType({FactKind.NEW_MEDICINE: ("taken",)})
"""Those without which a statement is not understood. The others may be left open: somebody asks."""

NAMES_A_MEDICINE = frozenset({FactKind.NEW_MEDICINE})


class FactError(ValueError):
    """A statement that cannot be; ``field`` names what is wrong with it."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def check(kind: str, details: Mapping[str, str], *, medicine: str = "") -> FactKind:
    """Return the kind when a statement is whole; raise ``FactError`` naming the field otherwise."""
    if kind not in set(FactKind):
        raise FactError("There is no such choice.", field="kind")
    found = FactKind(kind)
    allowed = DETAILS.get(found, {})
    for name, value in details.items():
        if name not in allowed:
            raise FactError("This does not belong to what happened.", field=name)
        if value not in set(allowed[name]):
            raise FactError("There is no such choice.", field=name)
    for name in NEEDED.get(found, ()):
        if name not in details:
            raise FactError("This answer is needed.", field=name)
    if found in NAMES_A_MEDICINE and not medicine.strip():
        raise FactError("Say which medicine.", field="medicine")
    if found not in NAMES_A_MEDICINE and medicine:
        raise FactError("This does not belong to what happened.", field="medicine")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a statement leads to. ``concerns`` are beside those that the gate events raise themselves.

    A severity of None is the one that the program's table gives to the kind.
    """

    events: tuple[GateEvent, ...] = ()
    concerns: tuple[tuple[FlagKind, Severity | None], ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)


_GATES = {
    FactKind.OPIOID_USED: GateEvent.OPIOID_TAKEN,
    FactKind.SICK_AFTER_DOSE: GateEvent.WITHDRAWAL_SYMPTOMS,
    FactKind.LIVER_SYMPTOMS: GateEvent.LIVER_SYMPTOMS,
    FactKind.ALLERGIC_REACTION: GateEvent.ALLERGIC_REACTION,
}
_CONCERNS = {
    FactKind.PREGNANT: FlagKind.PREGNANCY,
    FactKind.BREASTFEEDING: FlagKind.PREGNANCY,
    FactKind.RAN_OUT: FlagKind.RAN_OUT,
    FactKind.WANTS_TO_STOP: FlagKind.WANTS_TO_STOP,
    FactKind.FEELS_CURED: FlagKind.WANTS_TO_STOP,
    FactKind.SEVERE_PAIN: FlagKind.SEVERE_PAIN,
    FactKind.VOMITED_DOSE: FlagKind.VOMITED_DOSE,
    FactKind.TABLETS_WITHIN_REACH: FlagKind.TABLETS_WITHIN_REACH,
    FactKind.OVERDOSE_SIGN: FlagKind.OVERDOSE_SIGN,
    FactKind.ALCOHOL_WITHDRAWAL: FlagKind.ALCOHOL_WITHDRAWAL,
    FactKind.DISULFIRAM_REACTION: FlagKind.DISULFIRAM_REACTION,
}
# One kind of flag, two things that can have been said: its sentence needs to know which.
_SAID = {FactKind.BREASTFEEDING: "breastfeeding", FactKind.FEELS_CURED: "feels_cured"}


def consequences(
    kind: FactKind,
    details: Mapping[str, str],
    *,
    medicine: str = "",
    takes: Collection[Medicine],
    indication: Indication,
    goal: Goal | None = None,
) -> Consequences:
    """Return what follows from a statement of somebody who ``takes`` these medicines.

    A new medicine is read by its name (S 3): an opioid already taken is reported use, one not yet taken stops
    prompts; disulfiram and thioridazine, and a name that nobody knows, are for the prescriber to read. A drink
    stops disulfiram (S 11); elsewhere the person's own ``goal`` says how it is read (contract 3). A lone cough is
    info (S 17).
    """
    if kind in _GATES:
        return Consequences(events=(_GATES[kind],))
    if kind is FactKind.NEW_MEDICINE:
        return _new_medicine(kind_of_medicine(medicine), taken=details.get("taken") == "yes")
    if kind is FactKind.DRINK:
        return _drink(takes, indication, goal)
    if kind is FactKind.COUGH:
        severity = cough_severity(
            hard_to_breathe=details.get("hard_to_breathe") == "yes", fever=details.get("fever") == "yes"
        )
        return Consequences(concerns=((FlagKind.COUGH, severity),), evidence=dict(details))
    if kind in _CONCERNS:
        said = _SAID.get(kind)
        return Consequences(
            concerns=((_CONCERNS[kind], None),), evidence={"said": said} if said is not None else dict(details)
        )
    return Consequences()


def _new_medicine(found: MedicineKind, *, taken: bool) -> Consequences:
    if found is MedicineKind.OPIOID:
        event = GateEvent.OPIOID_TAKEN if taken else GateEvent.OPIOID_PRESCRIBED
        return Consequences(events=(event,))
    if found is MedicineKind.HARMLESS:
        return Consequences()
    return Consequences(
        concerns=((FlagKind.INTERACTING_MEDICINE, None),),
        evidence={"said": "unknown_medicine"} if found is MedicineKind.UNKNOWN else {},
    )


def _drink(takes: Collection[Medicine], indication: Indication, goal: Goal | None) -> Consequences:
    if Medicine.DISULFIRAM in takes:
        return Consequences(events=(GateEvent.DRINK_ON_DISULFIRAM,))
    severity = drink_severity(goal=goal, indication=indication)
    return Consequences(concerns=((FlagKind.REPORTED_DRINK, severity),) if severity is not None else ())
