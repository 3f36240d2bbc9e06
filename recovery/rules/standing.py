"""What ships as a whole and is signed as it stands: each regimen of the catalogue, and the lists of medicines.

A program orders something else by a prescriber's hand, never by changing these; so they have a signature and no
override. One that has changed since it was signed is unsigned again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from recovery.rules.gates import INTERACTING_MEDICINES, NOT_OPIOID_MEDICINES, OPIOID_MEDICINES
from recovery.rules.medicines import CATALOGUE, MEDICINES, Cadence, CatalogueEntry, Step
from recovery.rules.regimen_words import label

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One row as the page lists it. ``value`` is what a signature says, as plain JSON."""

    key: str
    meaning: str
    says: str
    source: str
    value: Mapping[str, Any]


@lru_cache(maxsize=1)
def standing() -> Mapping[str, Standing]:
    """Every row by its key, in the order of the page: regimens, then lists."""
    rows = [_regimen(entry) for entry in CATALOGUE.values()]
    rows.append(
        Standing(
            key="list:new_medicines",
            meaning="Names of medicines that a stated new medicine is read by",
            says=f"{len(OPIOID_MEDICINES)} names are opioids: {', '.join(sorted(OPIOID_MEDICINES))}. "
            f"For the prescriber to read: {', '.join(sorted(INTERACTING_MEDICINES))}, and every name that is not here. "
            f"No opioid: {', '.join(sorted(NOT_OPIOID_MEDICINES))}.",
            source="S 3, for a pharmacist to check",
            value={
                "opioid": sorted(OPIOID_MEDICINES),
                "interacting": sorted(INTERACTING_MEDICINES),
                "no_opioid": sorted(NOT_OPIOID_MEDICINES),
            },
        )
    )
    limits = {facts.medicine.value: facts.dose_limit_mg for facts in MEDICINES.values()}
    rows.append(
        Standing(
            key="list:dose_limits",
            meaning="Above this an entry is refused as a slip of the keys; it is no dosing limit",
            says=", ".join(f"{name.replace('_', ' ')} {limit:g} mg" for name, limit in limits.items()),
            source="PD",
            value=limits,
        )
    )
    return MappingProxyType({row.key: row for row in rows})


def _regimen(entry: CatalogueEntry) -> Standing:
    steps = [[step.from_day, step.to_day, step.dose_mg, step.coverage_hours] for step in entry.steps]
    weekdays = [[each.weekday, each.dose_mg, each.coverage_hours] for each in entry.weekday_doses]
    interval = entry.interval
    parts = [_said(entry, step) for step in entry.steps]
    parts += [
        f"{_DAYS[each.weekday]} {each.dose_mg:g} mg (covers {each.coverage_hours:g} h)" for each in entry.weekday_doses
    ]
    if entry.every_days is not None:
        parts.append(f"every {entry.every_days} days")
    if entry.times_a_day > 1:
        parts.append(f"{entry.times_a_day} times a day")
    if interval is not None:
        parts.append(
            f"next after {interval.planned} days, not before {interval.earliest}, late after {interval.flag_after}"
        )
        if interval.earliest_second is not None:
            parts.append(f"the second not before {interval.earliest_second}")
    parts.append(f"after a gap: {entry.restart_rule.value.replace('_', ' ')}")
    if entry.off_by_default:
        parts.append("off until the program allows it")
    return Standing(
        key=f"regimen:{entry.key}",
        meaning=label(entry.key),
        says="; ".join(parts),
        source=entry.source,
        value={
            "medicine": entry.medicine.value,
            "cadence": entry.cadence.value,
            "indications": sorted(each.value for each in entry.indications),
            "steps": steps,
            "weekday_doses": weekdays,
            "every_days": entry.every_days,
            "times_a_day": entry.times_a_day,
            "interval": None
            if interval is None
            else {name: getattr(interval, name) for name in interval.__dataclass_fields__},
            "restart_rule": entry.restart_rule.value,
            "off_by_default": entry.off_by_default,
        },
    )


def _said(entry: CatalogueEntry, step: Step) -> str:
    first, last, mg, hours = step.from_day, step.to_day, step.dose_mg, step.coverage_hours
    if entry.cadence is Cadence.OBSERVED_DAILY:
        return f"what the clinic gives, {hours:g} h each"
    days = f"day {first}" if last == first else f"from day {first}" if last is None else f"day {first} to {last}"
    covers = f"{hours / 24:g} days" if hours > 72 else f"{hours:g} h"
    return f"{days}: {mg:g} mg (covers {covers})"
