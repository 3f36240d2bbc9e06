"""What a person is told honestly while answering: when somebody reads it, and what to do in danger (contract 3, S 4).

Nothing here promises a call that nobody makes: "today" is said while the clinic works, "we will contact you" while
somebody answers, and else the hour at which answers are read, with the emergency lines beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from recovery.rules.words import Language, long_date


class Danger(StrEnum):
    """What answers say of danger."""

    THOUGHTS = "thoughts"
    RISK = "risk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """Who is there. ``opens_at``: the next opening of the clinic, None when nobody can say when."""

    open_now: bool
    night_on_call: bool
    opens_at: datetime | None
    zone: str
    country: str

    @property
    def staffed(self) -> bool:
        """Whether somebody answers now."""
        return self.open_now or self.night_on_call

    @property
    def can_say_when(self) -> bool:
        """Whether patients can be told honestly when answers are read."""
        return self.staffed or self.opens_at is not None


_EN, _ES = Language.ENGLISH, Language.SPANISH

_LINES = {
    True: {
        _EN: "Please call or text 988 now. For danger call 911.",
        _ES: "Por favor, llame o escriba al 988 ahora. Si hay peligro, llame al 911.",
    },
    False: {
        _EN: "Please call your local emergency number now.",
        _ES: "Por favor, llame ahora al número de emergencias de su zona.",
    },
}
_ANY_TIME = {
    True: {_EN: "988 is there any time.", _ES: "El 988 atiende a toda hora."},
    False: {
        _EN: "In danger, call your local emergency number.",
        _ES: "Si hay peligro, llame al número de emergencias de su zona.",
    },
}
_THANKS = {_EN: "Thank you for telling us.", _ES: "Gracias por decirnos."}
_MATTER = {_EN: "You matter.", _ES: "Usted nos importa."}
_TALK_TODAY = {_EN: "We would like to talk with you today.", _ES: "Queremos hablar con usted hoy."}
_TALK_SOON = {_EN: "We would like to talk with you soon.", _ES: "Queremos hablar con usted pronto."}
_CONTACT = {_EN: "Someone will contact you.", _ES: "Alguien se comunicará con usted."}
_READ_AT = {_EN: "We read this at {hour}.", _ES: "Leemos esto {hour}."}
_READ_TODAY = {_EN: "Your care team reads this today.", _ES: "Su equipo lee esto hoy."}
_READ_NIGHT = {
    _EN: "Urgent answers are read day and night, the others at {hour}.",
    _ES: "Las respuestas urgentes se leen de día y de noche, las demás {hour}.",
}
_NO_EMERGENCY = {_EN: "It is not for emergencies.", _ES: "No es para emergencias."}


def when_read(staffing: Staffing, *, zone: str, language: Language) -> str:
    """Return when answers are read, '' where nobody can say. ``zone`` is the patient's."""
    if staffing.open_now:
        return f"{_READ_TODAY[language]} {_NO_EMERGENCY[language]}"
    if staffing.opens_at is None:
        return ""
    hour = clock_words(staffing.opens_at, zone, language)
    text = _READ_NIGHT if staffing.night_on_call else _READ_AT
    return f"{text[language].format(hour=hour)} {_NO_EMERGENCY[language]}"


def told(danger: Danger, staffing: Staffing, *, zone: str, language: Language) -> str:
    """Return what a person reads after a safety answer."""
    american = staffing.country == "US"
    lines = _LINES[american][language]
    if not staffing.staffed:
        begin = _MATTER if danger is Danger.RISK else _THANKS
        words = f"{begin[language]} {lines}"
        if staffing.opens_at is None:
            return words
        return f"{words} {_READ_AT[language].format(hour=clock_words(staffing.opens_at, zone, language))}"
    if danger is Danger.RISK:
        return f"{_MATTER[language]} {lines} {_CONTACT[language]}"
    talk = _TALK_TODAY if staffing.open_now else _TALK_SOON
    return f"{_THANKS[language]} {talk[language]} {_ANY_TIME[american][language]}"


def clock_words(instant: datetime, zone: str, language: Language) -> str:
    """Return "8:00 AM on Tuesday 3 March" or "a las 8:00 a. m. del martes 3 de marzo"."""
    local = instant.astimezone(ZoneInfo(zone))
    day = long_date(local.date(), language)
    hour = f"{local.hour % 12 or 12}:{local:%M}"
    if language is _EN:
        return f"{hour} {'AM' if local.hour < 12 else 'PM'} on {day}"
    start = "a la" if local.hour % 12 == 1 else "a las"
    return f"{start} {hour} {'a. m.' if local.hour < 12 else 'p. m.'} del {day}"
