"""Dates and numbers as words, in English and Spanish.

The sentences of flags are built from these. No pronoun for the patient, no
value judgement, the weekday first: that is how a coordinator thinks of a week.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class Language(StrEnum):
    """A language that every sentence exists in."""

    ENGLISH = "en"
    SPANISH = "es"


_WEEKDAYS = {
    Language.ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    Language.SPANISH: ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_MONTHS = {
    Language.ENGLISH: (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    Language.SPANISH: (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
}


def weekday(day: date, language: Language) -> str:
    """Return "Tuesday" or "martes"."""
    return _WEEKDAYS[language][day.weekday()]


def short_date(day: date, language: Language) -> str:
    """Return "3 March" or "3 de marzo"."""
    month = _MONTHS[language][day.month - 1]
    return f"{day.day} {month}" if language is Language.ENGLISH else f"{day.day} de {month}"


def long_date(day: date, language: Language) -> str:
    """Return "Tuesday 3 March" or "martes 3 de marzo"."""
    return f"{weekday(day, language)} {short_date(day, language)}"


def near_date(day: date, *, seen_on: date, language: Language) -> str:
    """Return the weekday alone when it can only mean ``day``, else the weekday with its date.

    A weekday is plain for the six days before ``seen_on`` and for that day itself.
    """
    return weekday(day, language) if 0 <= (seen_on - day).days <= 6 else long_date(day, language)


def one_decimal(value: float) -> str:
    """Return ``value`` to one decimal; no "-0.0"."""
    return f"{round(value, 1) + 0.0:.1f}"


def counted(number: int, one: str, many: str) -> str:
    """Return "1 day" or "3 days"."""
    return f"{number} {one if number == 1 else many}"
