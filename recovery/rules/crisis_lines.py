"""Numbers to call in danger or distress, by country, each with how it was checked and when (C 8).

Only a line that somebody checked is shown: read on its operator's own page, or called. One
that is merely remembered or seen elsewhere stays in the table, marked, for staff to verify.
Emergency numbers come first. Pure data; who shows them adds the program's own phone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from recovery.rules.words import Language


class LineStatus(StrEnum):
    """How sure we are of a number."""

    CALLED = "called"  # somebody rang it
    READ = "read"  # read on the page of who runs it, or of a public body
    SEEN = "seen"  # seen in places that do not run it
    RECALLED = "recalled"  # remembered, not read


SHOWN = frozenset({LineStatus.CALLED, LineStatus.READ})

CHECK_AGAIN_DAYS = 180
"""A number is read or called again after this long; until then it stays on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisLine:
    """One line. ``call`` and ``text_to`` are dialled as they stand; ``say``: the word to send."""

    code: str
    country: str
    name: Mapping[Language, str]
    what: Mapping[Language, str]
    call: str = ""
    text_to: str = ""
    say: Mapping[Language, str]
    emergency: bool = False
    status: LineStatus
    verified_on: date | None
    source: str

    def __post_init__(self) -> None:
        if (self.status in SHOWN) != (self.verified_on is not None):
            raise ValueError(f"{self.code}: a day of checking goes with a line that was checked, and only with one")


def _both(en: str, es: str) -> Mapping[Language, str]:
    return MappingProxyType({Language.ENGLISH: en, Language.SPANISH: es})


_CHECKED = date(2026, 11, 22)
_NIGHT = _both("Day and night", "De día y de noche")

_TABLE = (
    CrisisLine(
        code="us_911",
        country="US",
        name=_both("Emergency", "Emergencia"),
        what=_NIGHT,
        call="911",
        say=_both("", ""),
        emergency=True,
        status=LineStatus.READ,
        verified_on=_CHECKED,
        source="C 8; poisonhelp.hrsa.gov names it for emergencies",
    ),
    CrisisLine(
        code="us_988",
        country="US",
        name=_both("988 Suicide and Crisis Lifeline", "Línea 988 de Prevención del Suicidio y Crisis"),
        what=_both(
            "Call or text, day and night. Press 2 for Spanish.",
            "Llame o escriba, de día y de noche. Para español, oprima 2.",
        ),
        call="988",
        text_to="988",
        say=_both("", "AYUDA"),
        status=LineStatus.READ,
        verified_on=_CHECKED,
        source="C 8; 988lifeline.org, what to expect (stored copy)",
    ),
    CrisisLine(
        code="us_text_line",
        country="US",
        name=_both("Crisis Text Line", "Crisis Text Line"),
        what=_both("By text, day and night.", "Por mensaje, de día y de noche."),
        text_to="741741",
        say=_both("HOME", "AYUDA"),
        status=LineStatus.READ,
        verified_on=_CHECKED,
        source="crisistextline.org, 15 October 2021 (stored copy)",
    ),
    CrisisLine(
        code="us_poison",
        country="US",
        name=_both("Poison Help", "Ayuda contra envenenamientos"),
        what=_both(
            "If somebody swallowed something that harms. Day and night, many languages.",
            "Si alguien tragó algo dañino. De día y de noche, en muchos idiomas.",
        ),
        call="+18002221222",
        say=_both("", ""),
        status=LineStatus.READ,
        verified_on=_CHECKED,
        source="C 8; poisonhelp.hrsa.gov (stored copy)",
    ),
    CrisisLine(
        code="us_samhsa",
        country="US",
        name=_both("SAMHSA National Helpline", "Línea Nacional de Ayuda de SAMHSA"),
        what=_both(
            "Finds treatment and support near you. Free, day and night, English and Spanish.",
            "Encuentra tratamiento y apoyo cerca de usted. Gratis, de día y de noche, en inglés y español.",
        ),
        call="+18006624357",
        say=_both("", ""),
        status=LineStatus.READ,
        verified_on=_CHECKED,
        source="samhsa.gov, national helpline (two stored copies)",
    ),
    CrisisLine(
        code="us_never_use_alone",
        country="US",
        name=_both("Never Use Alone", "Never Use Alone"),
        what=_both("Stays on the phone with somebody who is alone.", "Acompaña por teléfono a quien está a solas."),
        call="+18776961996",
        say=_both("", ""),
        status=LineStatus.SEEN,
        verified_on=None,
        source="C 8: re-verify by calling; another number is about too",
    ),
    CrisisLine(
        code="us_new_england",
        country="US",
        name=_both("SafeSpot", "SafeSpot"),
        what=_both("Stays on the phone with somebody who is alone.", "Acompaña por teléfono a quien está a solas."),
        call="+18009720590",
        say=_both("", ""),
        status=LineStatus.RECALLED,
        verified_on=None,
        source="C 8: the name is recalled",
    ),
    CrisisLine(
        code="es_112",
        country="ES",
        name=_both("Emergency", "Emergencia"),
        what=_NIGHT,
        call="112",
        say=_both("", ""),
        emergency=True,
        status=LineStatus.SEEN,
        verified_on=None,
        source="press reports of 2022",
    ),
    CrisisLine(
        code="es_024",
        country="ES",
        name=_both("Line 024", "Línea 024"),
        what=_NIGHT,
        call="024",
        say=_both("", ""),
        status=LineStatus.SEEN,
        verified_on=None,
        source="press reports of 2022",
    ),
    CrisisLine(
        code="ca_988",
        country="CA",
        name=_both("988 Suicide Crisis Helpline", "Línea 988"),
        what=_NIGHT,
        call="988",
        text_to="988",
        say=_both("", ""),
        status=LineStatus.RECALLED,
        verified_on=None,
        source="recalled",
    ),
    CrisisLine(
        code="gb_samaritans",
        country="GB",
        name=_both("Samaritans", "Samaritans"),
        what=_NIGHT,
        call="116123",
        say=_both("", ""),
        status=LineStatus.RECALLED,
        verified_on=None,
        source="recalled",
    ),
)

CRISIS_LINES: tuple[CrisisLine, ...] = tuple(
    sorted(_TABLE, key=lambda line: (line.country, not line.emergency, line.status not in SHOWN))
)


def lines_for(country: str) -> list[CrisisLine]:
    """Return the lines of a country that may be shown, emergency first; none for a country without a checked one."""
    return [line for line in CRISIS_LINES if line.country == country and line.status in SHOWN]


def footer_for(country: str) -> list[CrisisLine]:
    """Return the lines that stand at the foot of every page: the emergency number and the crisis line."""
    return lines_for(country)[:2]


def to_check(*, today: date) -> list[CrisisLine]:
    """Return the lines that somebody must read or call: never checked, or too long ago."""
    return [
        line for line in CRISIS_LINES if line.verified_on is None or (today - line.verified_on).days > CHECK_AGAIN_DAYS
    ]
