"""Planned procedures and the pain relief that they need (C 1 rows 29, 43, 51; C 3.3; S 4; N17).

No gate opens because a procedure is planned: the prescriber enters the day on
which the hold begins, and it begins on that day.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from recovery.rules.policy import Policy
from recovery.rules.words import Language


class ProcedureKind(StrEnum):
    """What is planned."""

    SURGERY = "surgery"
    DENTAL = "dental"
    SCOPE = "scope"
    BIRTH = "birth"
    OTHER = "other"


class OpioidExpected(StrEnum):
    """Whether opioid pain relief is expected; unknown counts as yes until somebody asked."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ProcedureStatus(StrEnum):
    """Where a procedure stands."""

    PLANNED = "planned"
    DONE = "done"
    CANCELLED = "cancelled"


def is_soon(planned_on: date, *, today: date, policy: Policy) -> bool:
    """Whether the prescriber must hear of it now: less than the policy's days away, today included (C 3.3)."""
    return 0 <= (planned_on - today).days < policy.procedure_soon_days


_KINDS = {
    ProcedureKind.SURGERY: ("An operation", "Una operación"),
    ProcedureKind.DENTAL: ("The dentist", "El dentista"),
    ProcedureKind.SCOPE: ("An examination with sedation", "Un examen con sedación"),
    ProcedureKind.BIRTH: ("A birth", "Un parto"),
    ProcedureKind.OTHER: ("Something else", "Otra cosa"),
}


def procedure_words(kind: ProcedureKind, language: Language) -> str:
    """Return what a patient reads for ``kind``."""
    return _KINDS[kind][0 if language is Language.ENGLISH else 1]


# Our own wording of what the label asks a card to say (PI-V 5.x, C 8). Printed by the person's own choice.
_CARD = {
    Language.ENGLISH: (
        "I take naltrexone. It blocks opioid medicines.",
        "For pain, please use regional or non-opioid relief first.",
        "In an emergency, overcoming the block is for trained staff, in a place equipped to support breathing and "
        "circulation.",
        "Please call my care team: {phone}",
    ),
    Language.SPANISH: (
        "Tomo naltrexona. Bloquea los medicamentos opioides.",
        "Para el dolor, use primero anestesia regional o medicinas que no sean opioides.",
        "En una emergencia, vencer el bloqueo es tarea de personal capacitado, en un lugar equipado para apoyar la "
        "respiración y la circulación.",
        "Por favor llame a mi equipo: {phone}",
    ),
}


def wallet_card(*, language: Language, phone: str) -> list[str]:
    """Return the lines of the card that a person can carry to a procedure (N17).

    Without a number of the team the last line is left out.
    """
    lines = _CARD[language] if phone else _CARD[language][:-1]
    return [line.format(phone=phone) for line in lines]
