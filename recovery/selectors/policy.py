"""The clinical numbers that a program decides by: the defaults and its own signed changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from backend.errors import NotFound
from backend.selectors.policies import SignedValue, overrides_of, signed_values, signers
from recovery.rules import policy_words
from recovery.rules.flags import FLAG_KEY, FLAG_RULES, FlagRule, flag_kind_of, never_below, with_signed_rows
from recovery.rules.policy import (
    DEFAULT_VERSION,
    Number,
    Policy,
    PolicyError,
    Version,
    default_policy,
    defaults_of,
    known,
    numbers,
    unsigned,
    with_overrides,
)
from recovery.rules.standing import Standing, standing
from recovery.rules.states import FlagKind, Severity


@dataclass(frozen=True, slots=True)
class ProgramRules:
    """The numbers of one program, and its table of concerns."""

    policy: Policy
    flags: Mapping[FlagKind, FlagRule]


def rules_for(program_ids: Iterable[int]) -> dict[int, ProgramRules]:
    """What each program decides by, in one query. Needs an open scope.

    The version names the program and counts its signed changes, so that a stored decision
    says by which numbers it was made (``numbers_of``). A number that is no more is passed over.
    Raises ``PolicyError`` for an override that cannot be; a start is refused for it.
    """
    ids = list(program_ids)
    found = overrides_of(ids)
    return {program_id: _rules(program_id, found.get(program_id, [])) for program_id in ids}


def policies_for(program_ids: Iterable[int]) -> dict[int, Policy]:
    """The policy of each program, in one query. Needs an open scope. Raises as ``rules_for``."""
    return {program_id: rules.policy for program_id, rules in rules_for(program_ids).items()}


def policy_for(program_id: int) -> Policy:
    """One program's policy. Needs an open scope."""
    return policies_for([program_id])[program_id]


def numbers_of(version: str) -> dict[str, object]:
    """Every number as it was under a version that a decision stored, years later too.

    Beside them, under ``flag:KIND``, the rows of the table of concerns that the program had signed.
    Needs an open scope of that program. Raises ``PolicyError`` for what names no version, NotFound
    when the program's changes are not (or not all) there to be seen.
    """
    named = Version.read(version)
    values: dict[str, object] = dict(defaults_of(named.defaults))
    if named.program_id is None:
        return values
    rows = signed_values(program_id=named.program_id, first=named.changes)
    if len(rows) < named.changes:
        raise NotFound()
    return values | {row.key: row.value for row in rows}


def _rules(program_id: int, overrides: list[tuple[str, object, int, int]]) -> ProgramRules:
    if not overrides:
        return ProgramRules(default_policy(), FLAG_RULES)
    version = Version(DEFAULT_VERSION, program_id, sum(row[2] for row in overrides))
    policy = _policy(str(version), tuple((key, value, by) for key, value, _, by in overrides if known(key)))
    rows = {
        kind: (value, f"user {by}")
        for key, value, _, by in overrides
        if (kind := flag_kind_of(key)) is not None and isinstance(value, dict)
    }
    try:
        return ProgramRules(policy, with_signed_rows(rows) if rows else FLAG_RULES)
    except KeyError:
        raise PolicyError("A signed row of the table of concerns cannot be.", field=FLAG_KEY) from None


@lru_cache(maxsize=256)
def _policy(version: str, overrides: tuple[tuple[str, object, int], ...]) -> Policy:
    by_signer: dict[int, dict[str, object]] = {}
    for key, value, signed_by in overrides:
        by_signer.setdefault(signed_by, {})[key] = value
    # All numbers at once first: thresholds that ascend only together must not be refused half-way.
    policy = with_overrides(default_policy(), {key: value for key, value, _ in overrides}, version=version)
    for signer, values in by_signer.items():
        policy = with_overrides(policy, values, signed_by=f"user {signer}")
    return policy


# --- for people who read and sign ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRow:
    """A number as the page shows it."""

    number: Number
    meaning: str
    default: object
    is_used: bool
    signed: SignedValue | None
    signer: str

    @property
    def is_own(self) -> bool:
        """Whether the program has another value than the default."""
        return self.number.value != self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcernRow:
    """A row of the table of concerns as the page shows it."""

    rule: FlagRule
    default: FlagRule
    is_used: bool
    signed: SignedValue | None
    signer: str

    @property
    def key(self) -> str:
        return FLAG_KEY + self.rule.kind.value

    @property
    def never_below(self) -> Severity:
        return never_below(self.rule.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """What is signed as it stands, as the page shows it."""

    row: Standing
    signed: SignedValue | None
    signer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage:
    """Everything that a program decides by."""

    version: str
    sections: list[tuple[str, list[NumberRow]]]
    concerns: list[ConcernRow]
    standing: list[StandingRow]

    @property
    def unsigned(self) -> list[str]:
        """The keys that nobody signed, in the order of the page."""
        rows = [row for _, section in self.sections for row in section]
        return [
            *(row.number.key for row in rows if row.signed is None),
            *(row.key for row in self.concerns if row.signed is None),
            *(each.row.key for each in self.standing if each.signed is None),
        ]


def policy_page(*, program_id: int) -> PolicyPage:
    """All numbers and the table of concerns, with who signed what. Needs an open scope."""
    rules = rules_for([program_id])[program_id]
    newest = {row.key: row for row in signed_values(program_id=program_id)}
    names = signers(program_id=program_id, user_ids={row.signed_by for row in newest.values()})
    found = {number.key: number for number in numbers(rules.policy)}
    defaults = defaults_of(DEFAULT_VERSION)

    def signature(key: str, holds: bool) -> tuple[SignedValue | None, str]:
        row = newest.get(key) if holds else None
        return row, "" if row is None else names.get(row.signed_by, "")

    def number_row(key: str, meaning: str) -> NumberRow:
        signed, signer = signature(key, found[key].signed_by is not None)
        return NumberRow(
            number=found[key],
            meaning=meaning,
            default=defaults[key],
            is_used=key not in policy_words.NOT_USED_YET,
            signed=signed,
            signer=signer,
        )

    def concern_row(rule: FlagRule) -> ConcernRow:
        signed, signer = signature(FLAG_KEY + rule.kind.value, rule.signed_by is not None)
        return ConcernRow(
            rule=rule,
            default=FLAG_RULES[rule.kind],
            is_used=rule.kind not in policy_words.NOT_RAISED_YET,
            signed=signed,
            signer=signer,
        )

    def standing_row(row: Standing) -> StandingRow:
        newest_value = newest.get(row.key)
        signed, signer = signature(row.key, newest_value is not None and newest_value.value == row.value)
        return StandingRow(row=row, signed=signed, signer=signer)

    return PolicyPage(
        version=rules.policy.version,
        sections=[
            (section.title, [number_row(key, meaning) for key, meaning in section.numbers])
            for section in policy_words.SECTIONS
        ],
        concerns=[concern_row(rule) for rule in rules.flags.values()],
        standing=[standing_row(row) for row in standing().values()],
    )


def history_of(*, program_id: int, key: str) -> list[tuple[SignedValue, str]]:
    """Every version of one number with the name of who signed it, newest first. Needs an open scope."""
    rows = [row for row in signed_values(program_id=program_id) if row.key == key]
    names = signers(program_id=program_id, user_ids={row.signed_by for row in rows})
    return [(row, names.get(row.signed_by, "")) for row in reversed(rows)]


def unsigned_of(program_ids: Iterable[int]) -> dict[int, list[str]]:
    """What nobody signed, by program. Needs an open scope.

    Keys of numbers, ``flag:KIND`` for the table of concerns, and what is signed as it stands (``standing``).
    """
    ids = list(program_ids)
    newest = {pk: {key: value for key, value, _, _ in rows} for pk, rows in overrides_of(ids).items()}
    return {
        program_id: [
            *(number.key for number in unsigned(rules.policy)),
            *(FLAG_KEY + kind.value for kind, rule in rules.flags.items() if rule.signed_by is None),
            *(key for key, row in standing().items() if newest.get(program_id, {}).get(key) != row.value),
        ]
        for program_id, rules in rules_for(ids).items()
    }
