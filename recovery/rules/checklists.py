"""The checklists before a start and a restart, as data (S 4, S 13, C 1 rows 23-37, 115; C 3.3).

A prescriber fills what is asked, signs, and the signature is an order that
expires. Each item says for which indication and medicine it is asked and where
it comes from. A checklist is no hold: it stops no prompt and refuses no record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from recovery.rules.gates import GateEvent
from recovery.rules.medicines import MEDICINES, Medicine
from recovery.rules.policy import Policy
from recovery.rules.states import Indication, MedicineClass, OpioidHistory, counts_as_opioid


class ChecklistKind(StrEnum):
    """Which checklist."""

    START = "start"
    RESTART = "restart"


class ChecklistCause(StrEnum):
    """Why a checklist opened."""

    START = "start"
    LATE_BAND = "late_band"
    STATED_GAP = "stated_gap"
    REPORTED_USE = "reported_use"
    FAILED_CHALLENGE = "failed_challenge"
    ORDERED = "ordered"
    EXPIRED = "expired"
    """The order of an earlier checklist ran out before it was used."""


class ChecklistStatus(StrEnum):
    """Where a checklist stands. ``overtaken``: the medicine was given before anybody signed."""

    OPEN = "open"
    SIGNED = "signed"
    USED = "used"
    EXPIRED = "expired"
    OVERTAKEN = "overtaken"
    CANCELLED = "cancelled"


class AnswerKind(StrEnum):
    """What an item takes."""

    YES_NO = "yes_no"
    DAY = "day"
    NUMBER = "number"
    CHOICE = "choice"


# What opens the gate of naltrexone and asks for the restart checklist (C 3.2, C 1 row 115).
RESTART_CAUSES: Mapping[GateEvent, ChecklistCause] = {
    GateEvent.OPIOID_TAKEN: ChecklistCause.REPORTED_USE,
    GateEvent.OPIOID_GIVEN_AWAY: ChecklistCause.REPORTED_USE,
    GateEvent.STATED_GAP: ChecklistCause.STATED_GAP,
    GateEvent.FAILED_CHALLENGE: ChecklistCause.FAILED_CHALLENGE,
}

UNKNOWN = "unknown"
ALCOHOL_SCREEN = "audit_or_cage"
_BOTH = frozenset(ChecklistKind)
_START = frozenset({ChecklistKind.START})
_RESTART = frozenset({ChecklistKind.RESTART})
_ANY_INDICATION = frozenset(Indication)
_ALCOHOL = frozenset({Indication.ALCOHOL, Indication.BOTH})
_ANTAGONISTS = frozenset(
    medicine for medicine, facts in MEDICINES.items() if facts.medicine_class is MedicineClass.ANTAGONIST
)
_INJECTION = frozenset({Medicine.NALTREXONE_INJECTION})
_DISULFIRAM = frozenset({Medicine.DISULFIRAM})
_ALL = frozenset(Medicine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a checklist.

    ``concern`` are the answers that a prescriber may sign over only with a reason
    (C 2 row 9: a clinician overrides, software does not block). ``choices`` are
    codes with their words. ``opioid_only``: asked where opioids count. ``required``
    False: may stay open when it is signed.
    """

    code: str
    question: str
    answer: AnswerKind
    source: str
    kinds: frozenset[ChecklistKind] = _BOTH
    indications: frozenset[Indication] = _ANY_INDICATION
    medicines: frozenset[Medicine] = _ANTAGONISTS
    opioid_only: bool = False
    required: bool = True
    concern: frozenset[str] = frozenset()
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""


def _yes_no(code: str, question: str, source: str, *, concern: str = "yes", **more: object) -> Item:
    return Item(
        code=code,
        question=question,
        answer=AnswerKind.YES_NO,
        source=source,
        concern=frozenset({concern, UNKNOWN}),
        **more,  # type: ignore[arg-type]
    )


ITEMS: tuple[Item, ...] = (
    # What was used, and how long ago
    Item(
        code="last_opioid_use",
        question="Day of the last opioid, prescribed ones, cough syrups and kratom included",
        answer=AnswerKind.DAY,
        source="C 1 rows 23 and 25, S 3",
        opioid_only=True,
    ),
    Item(
        code="last_opioid_kind",
        question="Which kind it was",
        answer=AnswerKind.CHOICE,
        source="C 3.3 (previously on buprenorphine or methadone: up to two weeks), C 1 row 23",
        opioid_only=True,
        choices=(
            ("short_acting", "Short-acting"),
            ("long_acting", "Long-acting, methadone or buprenorphine included"),
            ("none_ever", "No opioid was ever used"),
            (UNKNOWN, "Not known"),
        ),
        concern=frozenset({UNKNOWN}),
    ),
    _yes_no(
        "opioid_free_long_enough",
        "Opioid-free for as long as the label asks (7-10 days, up to two weeks after long-acting ones)",
        "C 1 row 23, C 3.3",
        concern="no",
    ),
    _yes_no(
        "withdrawal_treated",
        "Withdrawal is over, or is being treated while waiting",
        "C 1 rows 16, 27 and 37",
        concern="no",
        opioid_only=True,
        kinds=_START,
    ),
    # Tests
    Item(
        code="urine_test",
        question="Urine test today: what it showed for opioids (an opiates panel misses fentanyl, methadone, "
        "buprenorphine and tramadol)",
        answer=AnswerKind.CHOICE,
        source="C 3.3, S 10",
        choices=(("negative", "Negative"), ("positive", "Positive"), ("not_done", "Not done")),
        concern=frozenset({"positive", "not_done"}),
    ),
    Item(
        code="challenge",
        question="Challenge, by the label",
        answer=AnswerKind.CHOICE,
        source="C 1 row 26, C 3.3",
        opioid_only=True,
        choices=(
            ("passed", "Passed"),
            ("failed", "Failed"),
            ("not_needed", "Not needed, there is no doubt"),
            ("not_done", "Not done"),
        ),
        concern=frozenset({"failed", "not_done"}),
    ),
    Item(
        code="liver_tests",
        question="Liver tests have been seen",
        answer=AnswerKind.CHOICE,
        source="C 1 rows 30-33",
        choices=(
            ("in_order", "Seen, in order"),
            ("raised", "Seen, raised"),
            ("not_back", "Taken, not back yet"),
            ("not_done", "Not done"),
        ),
        concern=frozenset({"raised", "not_back", "not_done"}),
        medicines=_ANTAGONISTS | _DISULFIRAM,
    ),
    Item(
        code="baseline_alt",
        question="Own baseline ALT",
        answer=AnswerKind.NUMBER,
        source="S 13",
        unit="U/L",
        required=False,
        medicines=_ANTAGONISTS | _DISULFIRAM,
    ),
    _yes_no("examination", "Physical examination done", "C 1 row 33", concern="no", kinds=_START),
    # Reasons against it
    _yes_no(
        "liver_failure",
        "Acute hepatitis or liver failure",
        "C 1 row 30, C 2 row 9",
        medicines=_ANTAGONISTS | _DISULFIRAM,
    ),
    _yes_no("cirrhosis", "Cirrhosis", "S 13", medicines=_ANTAGONISTS | _DISULFIRAM),
    _yes_no("opioid_analgesia", "Opioid pain relief is needed now or planned", "C 1 rows 29, 43 and 51"),
    _yes_no("current_opioid_use", "Opioid use at present, or an opioid medicine at present", "C 1 rows 28, 43-45, S 3"),
    _yes_no(
        "allergy",
        "Allergy to naltrexone, to the polymer or to carboxymethylcellulose",
        "S 13",
        medicines=_INJECTION,
    ),
    _yes_no("bleeding_disorder", "Bleeding disorder or too few platelets", "S 13", medicines=_INJECTION),
    _yes_no("blood_thinner", "Takes a blood thinner", "S 13", medicines=_INJECTION),
    Item(
        code="needle_length",
        question="Needle that fits the body",
        answer=AnswerKind.CHOICE,
        source="S 13, C 3.3",
        medicines=_INJECTION,
        choices=(("1.5", "1.5 inches"), ("2.0", "2 inches"), ("neither", "Neither fits")),
        concern=frozenset({"neither"}),
    ),
    _yes_no(
        "drinking_now",
        "Drinking at the first injection",
        "S 13",
        kinds=_START,
        indications=_ALCOHOL,
        medicines=_INJECTION,
    ),
    _yes_no(
        "alcohol_free_12_hours",
        "No alcohol for 12 hours or longer",
        "C 3.6",
        concern="no",
        medicines=_DISULFIRAM,
    ),
    _yes_no(
        "interactions",
        "Interactions were looked for: opioids, disulfiram, thioridazine, everything else that is taken",
        "C 1 rows 43-49, S 3",
        concern="no",
        medicines=_ALL,
    ),
    # The person
    Item(
        code="pregnancy",
        question="Pregnancy: now, or wished for",
        answer=AnswerKind.CHOICE,
        source="S 13, C 1 rows 35 and 119, C 2 row 10",
        medicines=_ALL,
        choices=(
            ("no", "No"),
            ("pregnant", "Pregnant"),
            ("wished", "Wished for"),
            ("does_not_apply", "Does not apply"),
            (UNKNOWN, "Not known"),
        ),
        concern=frozenset({"pregnant", "wished", UNKNOWN}),
    ),
    _yes_no("breastfeeding", "Breastfeeding", "S 13", medicines=_ALL),
    _yes_no("under_18", "Under 18", "S 13, S 21, C 1 row 120", kinds=_START, medicines=_ALL),
    Item(
        code=ALCOHOL_SCREEN,
        question="AUDIT or CAGE was taken",
        answer=AnswerKind.CHOICE,
        source="C 1 row 34",
        kinds=_START,
        medicines=_ALL,
        choices=(("audit", "AUDIT"), ("cage", "CAGE"), ("both", "Both"), ("not_done", "Not done")),
        concern=frozenset({"not_done"}),
    ),
    _yes_no(
        "reversal_agent",
        "A reversal agent was offered, and somebody close knows how to use it",
        "PI-V 2.2, C 0.3, N3",
        concern="no",
        opioid_only=True,
    ),
    _yes_no(
        "overdose_talk",
        "Talked about: a break lowers what the body can take, and pushing past the medicine can kill",
        "PI-V 5.1, C 2 rows 8 and 20",
        concern="no",
        opioid_only=True,
    ),
    _yes_no(
        "card_given",
        "Has the card that says what is taken, and knows to tell every clinician",
        "C 1 row 50",
        concern="no",
    ),
    Item(
        code="last_given",
        question="Day of the last injection or dose before this restart",
        answer=AnswerKind.DAY,
        source="C 3.3, C 1 row 115",
        kinds=_RESTART,
    ),
)

ITEM: Mapping[str, Item] = {item.code: item for item in ITEMS}


def items_for(
    kind: ChecklistKind, *, medicine: Medicine, indication: Indication, opioid_history: OpioidHistory
) -> list[Item]:
    """Return what this checklist asks of this person, in order.

    Opioid history unknown counts as opioid (S 2). An agonist's start asks nothing about opioids: nobody is
    kept from buprenorphine because of use (S 1).
    """
    opioid = counts_as_opioid(indication, opioid_history)
    return [
        item
        for item in ITEMS
        if kind in item.kinds
        and medicine in item.medicines
        and indication in item.indications
        and (opioid or not item.opioid_only)
    ]


@dataclass(frozen=True, slots=True)
class Answered:
    """The latest answer to an item; ``reason`` is why it is signed over, where it speaks against."""

    value: str
    has_reason: bool = False


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a checklist can be signed. ``missing`` and ``to_explain`` are item codes, in order."""

    missing: tuple[str, ...] = field(default=())
    to_explain: tuple[str, ...] = field(default=())

    @property
    def can_be_signed(self) -> bool:
        return not self.missing and not self.to_explain


def readiness(items: Sequence[Item], answers: Mapping[str, Answered]) -> Readiness:
    """Return what is still missing and which answers speak against it without a reason."""
    missing = tuple(item.code for item in items if item.required and item.code not in answers)
    explain = tuple(
        item.code
        for item in items
        if (answer := answers.get(item.code)) is not None and answer.value in item.concern and not answer.has_reason
    )
    return Readiness(missing, explain)


def check_answer(item: Item, value: str, *, today: date) -> None:
    """Raise ``ValueError`` with words for a value that this item does not take. Days are ISO, never to come."""
    if item.answer is AnswerKind.YES_NO and value not in ("yes", "no", UNKNOWN):
        raise ValueError("This is answered by yes, no or unknown.")
    if item.answer is AnswerKind.CHOICE and value not in {code for code, _ in item.choices}:
        raise ValueError("There is no such choice.")
    if item.answer is AnswerKind.DAY and value not in ("never", UNKNOWN):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValueError("Write a day as YYYY-MM-DD, or never, or unknown.") from None
        if day > today or day.year < 1900:
            raise ValueError("This day cannot be.")
    if item.answer is AnswerKind.NUMBER:
        whole, _, part = value.partition(".")
        if not (whole.isascii() and whole.isdigit() and len(whole) <= 5 and (not part or part.isdigit())):
            raise ValueError("Write a number.")


def answer_words(item: Item, value: str) -> str:
    """Return an answer as a page says it."""
    if item.answer is AnswerKind.CHOICE:
        return dict(item.choices).get(value, value)
    plain = {"yes": "Yes", "no": "No", UNKNOWN: "Not known", "never": "Never"}.get(value, value)
    return f"{plain} {item.unit}".strip()


def order_expires_on(signed_on: date, *, policy: Policy) -> date:
    """Return the last day on which a signed checklist may be acted on; after it the questions are asked again."""
    return signed_on + timedelta(days=policy.checklist_order_days)


def opens_restart(*, dsl: int | None, indication: Indication, opioid_history: OpioidHistory, policy: Policy) -> bool:
    """Whether days since the injection ask for the restart checklist (S 4): a checklist at the visit, not a hold.

    Time asks nothing of alcohol-only treatment without an opioid history (S 2).
    """
    return dsl is not None and counts_as_opioid(indication, opioid_history) and dsl >= policy.restart_check_from_dsl
