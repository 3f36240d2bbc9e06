"""What the regimen picker says: names, brands that people search by, and what a prescriber reads before ordering.

Brand names are for staff who search (C 1 row 13); no text to a patient may hold one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from recovery.rules.medicines import (
    CATALOGUE,
    LONG_INTERVAL_NOTE,
    ORAL_OPIOID_NOTE,
    Cadence,
    CatalogueEntry,
    Medicine,
    class_of,
    entries_for,
)
from recovery.rules.policy import Policy
from recovery.rules.states import Indication, MedicineClass

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "oral_start": "Naltrexone tablets: 25 mg on day 1, then 50 mg a day",
        "oral_daily": "Naltrexone tablets: 50 mg a day",
        "oral_wk_sat": "Naltrexone tablets: 50 mg Monday to Friday, 100 mg Saturday",
        "oral_mwf": "Naltrexone tablets, observed: 100 mg Monday and Wednesday, 150 mg Friday",
        "oral_q2d": "Naltrexone tablets: 100 mg every second day",
        "oral_q3d": "Naltrexone tablets: 150 mg every third day",
        "xr_im_28d": "Naltrexone injection: 380 mg every 28 days",
        "targeted_prn": "Naltrexone tablet before drinking, when wanted",
        "implant": "Naltrexone implant",
        "observed_daily": "Another medicine, observed daily",
        "buprenorphine_daily": "Buprenorphine under the tongue, daily",
        "sublocade": "Buprenorphine injection, monthly (Sublocade)",
        "brixadi_weekly": "Buprenorphine injection, weekly (Brixadi)",
        "brixadi_monthly": "Buprenorphine injection, monthly (Brixadi)",
        "methadone_observed": "Methadone, observed daily",
        "acamprosate": "Acamprosate: 666 mg three times a day",
        "disulfiram": "Disulfiram, daily",
    }
)

BRANDS: Mapping[Medicine, tuple[str, ...]] = MappingProxyType(
    {
        Medicine.NALTREXONE_TABLET: ("ReVia", "Depade"),
        Medicine.NALTREXONE_INJECTION: ("Vivitrol",),
        Medicine.BUPRENORPHINE_SUBLINGUAL: ("Subutex", "Suboxone", "Zubsolv"),
        Medicine.SUBLOCADE: ("Sublocade",),
        Medicine.BRIXADI_WEEKLY: ("Brixadi",),
        Medicine.BRIXADI_MONTHLY: ("Brixadi",),
        Medicine.METHADONE: ("Methadose", "Dolophine"),
        Medicine.ACAMPROSATE: ("Campral",),
        Medicine.DISULFIRAM: ("Antabuse",),
    }
)


class OrderWarning(StrEnum):
    """What a prescriber confirms to have read before an order counts."""

    ORAL_FOR_OPIOID = "oral_for_opioid"
    LONG_INTERVAL = "long_interval"
    AGONIST_OPEN = "agonist_open"
    ANTAGONIST_OPEN = "antagonist_open"
    OFF_LABEL = "off_label"
    NOT_APPROVED = "not_approved"


WARNING_WORDS: Mapping[OrderWarning, str] = MappingProxyType(
    {
        OrderWarning.ORAL_FOR_OPIOID: ORAL_OPIOID_NOTE,
        OrderWarning.LONG_INTERVAL: LONG_INTERVAL_NOTE,
        OrderWarning.AGONIST_OPEN: (
            "An opioid medicine is ordered for this person at present. Naltrexone can bring on severe withdrawal."
        ),
        OrderWarning.ANTAGONIST_OPEN: (
            "Naltrexone is ordered for this person at present. It blocks the effect of an opioid medicine."
        ),
        OrderWarning.OFF_LABEL: "This use is not in the label. No dose of it is ever counted as missed.",
        OrderWarning.NOT_APPROVED: "Implants are not approved. The program's own days of cover are used.",
    }
)


def label(kind: str) -> str:
    """Return the name of a catalogue entry; the key itself, readable, for one that is no more."""
    return LABELS.get(kind) or kind.replace("_", " ").capitalize()


def offered(indication: Indication, *, policy: Policy) -> list[CatalogueEntry]:
    """Return the entries that a program offers for ``indication``: targeted use and implants only where it allows them.

    An implant also needs the program's own days of cover (C 3.1).
    """
    allowed = {
        Cadence.TARGETED: policy.allow_targeted,
        Cadence.IMPLANT: policy.allow_implant and policy.implant_cover_days > 0,
    }
    return [
        entry
        for entry in entries_for(indication, with_off_by_default=True)
        if allowed.get(entry.cadence, not entry.off_by_default)
    ]


def found_by(text: str, entries: Collection[CatalogueEntry]) -> list[CatalogueEntry]:
    """Return the entries that a search for ``text`` finds: a word of the name, of the medicine, or a brand.

    Every word that was typed must begin some word of the entry; case does not matter. No text: all of them.
    """
    typed = text.casefold().split()
    return [
        entry for entry in entries if all(any(word.startswith(part) for word in _words_of(entry)) for part in typed)
    ]


def _words_of(entry: CatalogueEntry) -> list[str]:
    named = " ".join((label(entry.key), entry.medicine.value.replace("_", " "), *BRANDS.get(entry.medicine, ())))
    return [word.strip("(),.:") for word in named.casefold().split()]


def order_warnings(
    kind: str, *, indication: Indication, largest_mg: float, open_medicines: Collection[str]
) -> list[OrderWarning]:
    """Return what is to be read before ``kind`` is ordered (C 2 row 11, C 3.1).

    ``largest_mg`` is the largest single dose of the plan; ``open_medicines`` are those of the regimens that run.
    """
    entry = CATALOGUE[kind]
    tablets = entry.medicine is Medicine.NALTREXONE_TABLET
    running = {class_of(Medicine(medicine)) for medicine in open_medicines}
    kind_of = class_of(entry.medicine)
    found = []
    if tablets and indication in (Indication.OPIOID, Indication.BOTH):
        found.append(OrderWarning.ORAL_FOR_OPIOID)
    if tablets and largest_mg > 50:
        found.append(OrderWarning.LONG_INTERVAL)
    if kind_of is MedicineClass.ANTAGONIST and MedicineClass.AGONIST in running:
        found.append(OrderWarning.AGONIST_OPEN)
    if kind_of is MedicineClass.AGONIST and MedicineClass.ANTAGONIST in running:
        found.append(OrderWarning.ANTAGONIST_OPEN)
    if entry.cadence is Cadence.TARGETED:
        found.append(OrderWarning.OFF_LABEL)
    if entry.cadence is Cadence.IMPLANT:
        found.append(OrderWarning.NOT_APPROVED)
    return found
