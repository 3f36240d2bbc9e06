"""What a questionnaire is: items, scales, skip logic, languages, licence. Data, and the rules that read it.

An item that was not answered is never scored as 0: a total exists only when every scored item
that was asked has an answer. ``None`` as an answer means "would rather not say".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from recovery.rules.policy import Policy
from recovery.rules.words import Language

Value = int | str | None
Answers = Mapping[str, Value]
Text = Mapping[Language, str]

LONGEST_TEXT = 2000


class InstrumentKey(StrEnum):
    """Every questionnaire. Stored: never renamed."""

    DAILY = "daily"
    MONTH = "month"
    PHQ2 = "phq2"
    PHQ9 = "phq9"
    AUDIT_C = "audit_c"
    CAGE = "cage"
    CSSRS = "cssrs"
    PACS = "pacs"
    BAM = "bam"


class Kind(StrEnum):
    """How an item is answered."""

    CHOICE = "choice"
    SCALE = "scale"  # whole numbers from low to high, each a button
    NUMBER = "number"  # a whole number that is typed
    TEXT = "text"


class Tag(StrEnum):
    """A fact about a person on the day of asking that decides whether an item is asked."""

    OPIOID = "opioid"
    ALCOHOL = "alcohol"
    GOAL_ABSTINENCE = "goal_abstinence"
    GOAL_REDUCTION = "goal_reduction"
    GOAL_UNKNOWN = "goal_unknown"
    DOSE_TODAY = "dose_today"
    FREE_TEXT = "free_text"
    OLDER = "older"


class Filler(StrEnum):
    """Who fills a form."""

    PATIENT = "patient"
    STAFF = "staff"


class AnswerError(ValueError):
    """An answer outside its scale; ``field`` names the item."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Option:
    """One choice and the number that it counts."""

    value: int
    text: Text
    code: str = ""


@dataclass(frozen=True, slots=True)
class OnlyIf:
    """Skip logic: the item is asked only once ``item`` was answered with ``at_least``."""

    item: str
    at_least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question. ``low`` and ``high`` bound a scale or a number; ``ends`` are the words at both ends of a scale."""

    key: str
    text: Text
    kind: Kind = Kind.CHOICE
    options: tuple[Option, ...] = ()
    low: int = 0
    high: int = 10
    ends: tuple[Text, Text] | None = None
    hint: Text = field(default_factory=dict)
    only_if: OnlyIf | None = None
    only_for: frozenset[Tag] = frozenset()
    scored: bool = True
    loinc: str = ""

    def asked_of(self, tags: Iterable[Tag]) -> bool:
        """Whether the item is for a person with these facts."""
        return self.only_for <= set(tags)

    def says(self, value: Value, language: Language) -> str:
        """Return the answer in words."""
        for option in self.options:
            if option.value == value:
                return said(option.text, language)
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Licence:
    """By what right the text is here, and where it comes from. ``text_shipped`` False: item numbers only."""

    text: str
    source: str
    notice: str = ""
    text_shipped: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What came of a form. ``total`` None: there is none, or an item is missing. ``parts``: named sub-scores."""

    total: int | None = None
    of: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)
    band: str = ""
    complete: bool = True

    def as_json(self) -> dict[str, object]:
        """Plain JSON, as it is sealed."""
        return {
            "total": self.total,
            "of": self.of,
            "parts": dict(self.parts),
            "band": self.band,
            "complete": self.complete,
        }


Scorer = Callable[["Instrument", Answers, Sequence[str], Policy], Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One questionnaire in one version. ``safety``: an answer may mean danger (S 12)."""

    key: InstrumentKey
    version: str
    title: Text
    intro: Text = field(default_factory=dict)
    items: tuple[Item, ...]
    languages: frozenset[Language]
    filled_by: frozenset[Filler]
    scorer: Scorer
    licence: Licence
    safety: bool = False
    loinc: str = ""
    loinc_total: str = ""

    def item(self, key: str) -> Item:
        """Raises ``KeyError``."""
        for item in self.items:
            if item.key == key:
                return item
        raise KeyError(key)

    def keys_for(self, tags: Iterable[Tag]) -> list[str]:
        """The items that a person with these facts is asked, before skip logic."""
        tags = set(tags)
        return [item.key for item in self.items if item.asked_of(tags)]


def own(english: str, spanish: str) -> dict[Language, str]:
    """Our own words in both languages."""
    return {Language.ENGLISH: english, Language.SPANISH: spanish}


def english(text: str) -> dict[Language, str]:
    """A text that exists in English only."""
    return {Language.ENGLISH: text}


def said(text: Text, language: Language) -> str:
    """The text in a language, in English where it has no other, '' where there is none."""
    return text.get(language) or text.get(Language.ENGLISH, "")


def open_items(instrument: Instrument, asked: Sequence[str], answers: Answers) -> list[Item]:
    """Return the items that the answers so far call for, in order: skip logic applied."""
    keys = set(asked)
    return [item for item in instrument.items if item.key in keys and _called_for(item, answers)]


def _called_for(item: Item, answers: Answers) -> bool:
    if item.only_if is None:
        return True
    value = answers.get(item.only_if.item)
    return isinstance(value, int) and value >= item.only_if.at_least


def next_item(instrument: Instrument, asked: Sequence[str], answers: Answers) -> Item | None:
    """Return the first item that waits for an answer, None when all have one."""
    return next((item for item in open_items(instrument, asked, answers) if item.key not in answers), None)


def is_complete(instrument: Instrument, asked: Sequence[str], answers: Answers) -> bool:
    """Whether every item that skip logic calls for was answered, if only with "would rather not say"."""
    return next_item(instrument, asked, answers) is None


def check_answer(item: Item, value: Value) -> Value:
    """Return the answer if it lies in its scale. Raises ``AnswerError`` naming the item."""
    if value is None:
        return None
    if item.kind is Kind.TEXT:
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise AnswerError(f"At most {LONGEST_TEXT} characters.", field=item.key)
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int):
        raise AnswerError("Choose one of the answers.", field=item.key)
    if item.kind is Kind.CHOICE:
        if value not in {option.value for option in item.options}:
            raise AnswerError("Choose one of the answers.", field=item.key)
    elif not item.low <= value <= item.high:
        raise AnswerError(f"A whole number from {item.low} to {item.high}.", field=item.key)
    return value


def sum_of(instrument: Instrument, answers: Answers, asked: Sequence[str], keys: Iterable[str] = ()) -> int | None:
    """Return the sum of the scored items that were called for; None while one of them has no number.

    An item that skip logic left out adds nothing; one that was asked and not answered is never 0.
    """
    wanted = set(keys)
    total = 0
    counted = 0
    for item in open_items(instrument, asked, answers):
        if not item.scored or (wanted and item.key not in wanted):
            continue
        value = answers.get(item.key)
        if not isinstance(value, int):
            return None
        total += value
        counted += 1
    return total if counted else None


def no_score(instrument: Instrument, answers: Answers, asked: Sequence[str], policy: Policy) -> Score:
    """For forms whose answers are looked at one by one."""
    return Score(complete=is_complete(instrument, asked, answers))


def score(instrument: Instrument, asked: Sequence[str], answers: Answers, *, policy: Policy) -> Score:
    """Score what was answered. An unfinished form has no total."""
    return instrument.scorer(instrument, answers, asked, policy)
