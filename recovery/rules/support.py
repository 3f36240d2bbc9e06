"""Meetings and therapy: their kinds in words (C 1 rows 93-98)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from recovery.rules.words import Language


class MeetingKind(StrEnum):
    """A meeting of people who help each other. Stored: never renamed."""

    NA = "na"
    AA = "aa"
    SMART = "smart"
    MINDFUL = "mindful"
    FAMILY = "family"
    PEER = "peer"
    OTHER = "other"


class TherapyKind(StrEnum):
    """What a therapy visit is. Stored: never renamed."""

    CBT = "cbt"
    MI = "mi"
    MET = "met"
    TSF = "tsf"
    MBRP = "mbrp"
    FAMILY = "family"
    GROUP = "group"
    OTHER = "other"


LISTED_FOR_DAYS = 365
"""A meeting that nobody checked for longer is not shown to patients: a wrong address is worse than none (PD)."""
CHECK_AGAIN_DAYS = 180
"""Staff are told that a meeting is to be checked again (PD)."""

_MEETINGS: Mapping[MeetingKind, tuple[str, str]] = {
    MeetingKind.NA: ("NA", "NA"),
    MeetingKind.AA: ("AA", "AA"),
    MeetingKind.SMART: ("SMART Recovery", "SMART Recovery"),
    MeetingKind.MINDFUL: ("Mindfulness group", "Grupo de atención plena"),
    MeetingKind.FAMILY: ("Family meeting", "Reunión de familia"),
    MeetingKind.PEER: ("A mentor or coach", "Un mentor o acompañante"),
    MeetingKind.OTHER: ("Another group", "Otro grupo"),
}
_THERAPIES: Mapping[TherapyKind, tuple[str, str]] = {
    TherapyKind.CBT: ("Cognitive behavioral therapy", "Terapia cognitivo-conductual"),
    TherapyKind.MI: ("Motivational interviewing", "Entrevista motivacional"),
    TherapyKind.MET: ("Motivational enhancement therapy", "Terapia de refuerzo motivacional"),
    TherapyKind.TSF: ("Twelve-step facilitation", "Facilitación de doce pasos"),
    TherapyKind.MBRP: ("Mindfulness group program", "Programa grupal de atención plena"),
    TherapyKind.FAMILY: ("Family counseling", "Consejería familiar"),
    TherapyKind.GROUP: ("Group therapy", "Terapia de grupo"),
    TherapyKind.OTHER: ("Other therapy", "Otra terapia"),
}


def meeting_words(kind: MeetingKind, language: Language = Language.ENGLISH) -> str:
    """Return the name of a kind of meeting."""
    return _MEETINGS[kind][0 if language is Language.ENGLISH else 1]


def therapy_words(kind: TherapyKind, language: Language = Language.ENGLISH) -> str:
    """Return the name of a kind of therapy."""
    return _THERAPIES[kind][0 if language is Language.ENGLISH else 1]
