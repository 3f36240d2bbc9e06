"""The card for whoever treats a person in an emergency (C 1 rows 43-45, 50-52, C 8, N17).

It says what the label says and no more (PI-V 5): that naltrexone is taken, regional or
non-opioid pain relief first, trained staff and equipment for anything else. It names a
medicine on purpose, so it stays off the lock screen and behind a page of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from recovery.rules.words import Language

SOURCE = "PI-V, C 8"
WRITTEN_ON = date(2026, 11, 22)
REVIEW_BY = date(2027, 11, 22)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText:
    """The fixed words of the card."""

    title: str
    statement: str
    lines: tuple[str, ...]
    last_given: str
    covers_until: str
    clinic: str
    holder: str


_TEXTS: Mapping[Language, CardText] = MappingProxyType(
    {
        Language.ENGLISH: CardText(
            title="Medical alert",
            statement="I take naltrexone, an opioid blocker.",
            lines=(
                "Usual doses of opioid pain relief may not work.",
                "For pain: regional anesthesia or pain relief without opioids first.",
                "If opioids must be given: only by trained staff, with equipment for resuscitation, and under "
                "constant watch. Larger amounts may be needed and may stop breathing.",
                "Do not refuse me pain care.",
            ),
            last_given="Last injection",
            covers_until="Counts until about",
            clinic="My clinic",
            holder="Name",
        ),
        Language.SPANISH: CardText(
            title="Alerta médica",
            statement="Tomo naltrexona, un bloqueador de opioides.",
            lines=(
                "Las dosis habituales de calmantes opioides pueden no hacer efecto.",
                "Para el dolor: primero anestesia regional o calmantes sin opioides.",
                "Si hay que dar opioides: solo personal capacitado, con equipo de reanimación y vigilancia "
                "constante. Pueden hacer falta cantidades mayores, que pueden detener la respiración.",
                "No me nieguen la atención del dolor.",
            ),
            last_given="Última inyección",
            covers_until="Cuenta hasta cerca del",
            clinic="Mi clínica",
            holder="Nombre",
        ),
    }
)


def card_text(language: Language) -> CardText:
    """Return the words of the card in one language."""
    return _TEXTS[language]
