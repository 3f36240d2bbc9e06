"""Two scales whose text is not shipped: staff enter the answers of the paper form by item number.

PACS may be used without permission, but its wording could not be checked against two sources; of BAM no licence
text was seen (C 5). Scores and cuts are facts and are here.
"""

from __future__ import annotations

from collections.abc import Sequence

from recovery.rules.instruments.definition import (
    Answers,
    Filler,
    Instrument,
    InstrumentKey,
    Item,
    Kind,
    Licence,
    Score,
    english,
    is_complete,
    sum_of,
)
from recovery.rules.policy import Policy
from recovery.rules.words import Language

BAM_USE = (4, 5, 6)
BAM_RISK = (1, 2, 3, 8, 11, 15)
BAM_PROTECTIVE = (9, 10, 12, 13, 14, 16)


def _numbered(prefix: str, last: int, high: int) -> tuple[Item, ...]:
    return tuple(
        Item(key=f"{prefix}_{number}", text=english(f"Item {number}"), kind=Kind.SCALE, low=0, high=high)
        for number in range(1, last + 1)
    )


def _pacs(instrument: Instrument, answers: Answers, asked: Sequence[str], policy: Policy) -> Score:
    total = sum_of(instrument, answers, asked)
    band = ""
    if total is not None:
        band = "below"
        if total >= policy.pacs_raised_at:
            band = "raised"
        if total > policy.pacs_high_above:
            band = "high"
    return Score(total=total, of=30, band=band, complete=is_complete(instrument, asked, answers))


def _bam(instrument: Instrument, answers: Answers, asked: Sequence[str], policy: Policy) -> Score:
    """The items come first; the three sums are a help to see where to look (C 5). Form with answers 0 to 4."""
    parts = {}
    for name, numbers in (("use", BAM_USE), ("risk", BAM_RISK), ("protective", BAM_PROTECTIVE)):
        found = sum_of(instrument, answers, asked, [f"bam_{number}" for number in numbers])
        if found is not None:
            parts[name] = found
    look = [
        name
        for name, reached in (
            ("use", parts.get("use", -1) >= policy.bam_use_at),
            ("risk", parts.get("risk", -1) >= policy.bam_risk_at),
            ("protective", parts.get("protective", policy.bam_protective_to + 1) <= policy.bam_protective_to),
        )
        if reached
    ]
    return Score(parts=parts, band="+".join(look), complete=is_complete(instrument, asked, answers))


PACS = Instrument(
    key=InstrumentKey.PACS,
    version="1999",
    title=english("Penn Alcohol Craving Scale, from paper"),
    items=_numbered("pacs", 5, 6),
    languages=frozenset({Language.ENGLISH}),
    filled_by=frozenset({Filler.STAFF}),
    scorer=_pacs,
    licence=Licence(
        text="freely available, permission not required (PhenX); the wording could not be compared in two sources, so "
        "the text is not shipped",
        source="Flannery, Volpicelli, Pettinati 1999; cuts: Hartwell et al. 2019",
        text_shipped=False,
    ),
)
BAM = Instrument(
    key=InstrumentKey.BAM,
    version="2010",
    title=english("Brief Addiction Monitor, from paper"),
    items=tuple(item for item in _numbered("bam", 17, 4) if item.key != "bam_7"),
    languages=frozenset({Language.ENGLISH}),
    filled_by=frozenset({Filler.STAFF}),
    scorer=_bam,
    licence=Licence(
        text="work of the Department of Veterans Affairs; no license text seen, so the text is not shipped",
        source="Cacciola et al. 2013; cuts of the 0 to 4 form as C 5 has them",
        text_shipped=False,
    ),
)
