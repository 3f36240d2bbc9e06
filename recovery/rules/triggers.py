"""What can set a craving off: the list that journals are written with (C 1 rows 73-76, 79, 83, 85).

Two axes that are asked for apart and never guessed from each other: where it comes from
(internal, external) and of what kind it is (environmental, emotional, physical). A tag's own
place on both axes is where the form offers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from recovery.rules.records import TriggerKind, TriggerOrigin
from recovery.rules.words import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerTag:
    """One thing that can set a craving off. ``code`` is stored: never renamed, never reused."""

    code: str
    origin: TriggerOrigin
    kind: TriggerKind
    words: Mapping[Language, str]
    life_event: bool = False
    source: str


def _tag(
    code: str, origin: TriggerOrigin, kind: TriggerKind, en: str, es: str, source: str, *, life_event: bool = False
) -> TriggerTag:
    words = MappingProxyType({Language.ENGLISH: en, Language.SPANISH: es})
    return TriggerTag(code=code, origin=origin, kind=kind, words=words, life_event=life_event, source=source)


_IN, _OUT = TriggerOrigin.INTERNAL, TriggerOrigin.EXTERNAL
_PLACE, _FEELING, _BODY = TriggerKind.ENVIRONMENTAL, TriggerKind.EMOTIONAL, TriggerKind.PHYSICAL

_TABLE = (
    _tag("stress", _IN, _FEELING, "Stress", "Estrés", "C 1 row 73"),
    _tag("anxiety", _IN, _FEELING, "Worry or fear", "Preocupación o miedo", "C 1 row 73"),
    _tag("boredom", _IN, _FEELING, "Boredom", "Aburrimiento", "C 1 row 73"),
    _tag("low_mood", _IN, _FEELING, "Feeling low", "Desánimo", "C 1 row 73"),
    _tag("loneliness", _IN, _FEELING, "Loneliness", "Soledad", "C 1 row 84"),
    _tag("anger", _IN, _FEELING, "Anger", "Enojo", "C 1 row 73 (own addition)"),
    _tag("joy", _IN, _FEELING, "Feeling good, wanting to celebrate", "Alegría, ganas de celebrar", "own addition"),
    _tag("pain", _IN, _BODY, "Pain", "Dolor", "C 1 rows 75, 79"),
    _tag("tired", _IN, _BODY, "Tired, slept badly", "Cansancio, mal sueño", "C 1 rows 75, 104"),
    _tag("unwell", _IN, _BODY, "Feeling unwell", "Malestar", "C 1 rows 75, 104"),
    _tag("hunger", _IN, _BODY, "Hunger or thirst", "Hambre o sed", "C 1 rows 75, 104"),
    _tag("friends", _OUT, _PLACE, "People from before", "Gente de antes", "C 1 rows 74, 76"),
    _tag("place", _OUT, _PLACE, "A street or a place", "Una calle o un lugar", "C 1 row 74"),
    _tag("event", _OUT, _PLACE, "A party or an event", "Una fiesta o un evento", "C 1 row 74"),
    _tag("needle", _OUT, _PLACE, "Seeing a needle", "Ver una aguja", "C 1 row 76"),
    _tag("powder", _OUT, _PLACE, "Seeing powder", "Ver polvo", "C 1 row 76"),
    _tag("glass", _OUT, _PLACE, "The sound of ice in a glass", "El sonido del hielo en un vaso", "C 1 row 76"),
    _tag("money", _OUT, _PLACE, "Money in hand", "Dinero en la mano", "own addition"),
    _tag("argument", _OUT, _FEELING, "An argument", "Una discusión", "C 1 row 83", life_event=True),
    _tag("relationship", _OUT, _FEELING, "Partner or family", "Pareja o familia", "C 1 row 83", life_event=True),
    _tag("work", _OUT, _FEELING, "Work", "Trabajo", "C 1 row 83", life_event=True),
    _tag("loss", _OUT, _FEELING, "A loss", "Una pérdida", "C 1 row 83", life_event=True),
    _tag("housing", _OUT, _PLACE, "Where I live", "El lugar donde vivo", "C 1 row 85", life_event=True),
    _tag("legal", _OUT, _FEELING, "Court or papers", "Juzgado o papeles", "C 1 row 85", life_event=True),
)

TRIGGER_TAGS: Mapping[str, TriggerTag] = MappingProxyType({tag.code: tag for tag in _TABLE})


def trigger_words(code: str, language: Language = Language.ENGLISH) -> str:
    """Return the words for a stored tag; a tag of an older list comes back readable."""
    tag = TRIGGER_TAGS.get(code)
    return tag.words[language] if tag else code.replace("_", " ").replace("-", " ").strip().capitalize()
