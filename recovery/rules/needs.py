"""What a person needs beside a medicine: a home, work, a ride. Each becomes a task (C 1 rows 36, 85, 99)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from recovery.rules.words import Language


class NeedKind(StrEnum):
    """What help a person asks for. Stored: never renamed."""

    HOUSING = "housing"
    WORK = "work"
    LEGAL = "legal"
    TRANSPORT = "transport"
    FOOD = "food"
    SAFETY = "safety"


_WORDS: Mapping[NeedKind, tuple[str, str]] = {
    NeedKind.HOUSING: ("A place to stay", "Un lugar donde vivir"),
    NeedKind.WORK: ("Work or training", "Trabajo o formación"),
    NeedKind.LEGAL: ("Court or papers", "Juzgado o papeles"),
    NeedKind.TRANSPORT: ("Getting to visits", "Llegar a las visitas"),
    NeedKind.FOOD: ("Food", "Comida"),
    NeedKind.SAFETY: ("Feeling unsafe", "No sentirse a salvo"),
}


def need_words(kind: NeedKind, language: Language = Language.ENGLISH) -> str:
    """Return a need as a person chooses it."""
    return _WORDS[kind][0 if language is Language.ENGLISH else 1]
