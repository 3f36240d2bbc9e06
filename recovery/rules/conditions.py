"""What else a person lives with, as far as it bears on the treatment (C 1 rows 30, 42, 79, 121-125; S 13).

A list that staff keep: it stands beside the checklist whose question it bears on. It opens no gate, holds nothing
and refuses nothing; what follows is a prescriber's decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ConditionKind(StrEnum):
    """A condition. Stored: never renamed."""

    ACUTE_HEPATITIS = "acute_hepatitis"
    LIVER_FAILURE = "liver_failure"
    CIRRHOSIS = "cirrhosis"
    VIRAL_HEPATITIS = "viral_hepatitis"
    KIDNEY_DISEASE = "kidney_disease"
    BLEEDING_DISORDER = "bleeding_disorder"
    LOW_PLATELETS = "low_platelets"
    POLYMER_ALLERGY = "polymer_allergy"
    CHRONIC_PAIN = "chronic_pain"
    SEIZURES = "seizures"
    LUNG_DISEASE = "lung_disease"
    DEPRESSION = "depression"
    ANXIETY = "anxiety"
    TRAUMA = "trauma"
    BIPOLAR = "bipolar"
    PSYCHOSIS = "psychosis"
    PERSONALITY = "personality"
    EATING = "eating"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRule:
    """How a condition is named, and the item of a checklist that it bears on ('' for none). ``why`` is for staff."""

    name: str
    item: str = ""
    why: str = ""
    source: str


_LIVER = "The label asks for liver tests and for watching; a prescriber weighs it."
_MIND = "Naltrexone does not treat it. Mood is asked about; a closer cadence may be wanted."

CONDITIONS: Mapping[ConditionKind, ConditionRule] = MappingProxyType(
    {
        ConditionKind.ACUTE_HEPATITIS: ConditionRule(
            name="Acute hepatitis", item="liver_failure", why=_LIVER, source="C 1 row 30, C 2 row 9"
        ),
        ConditionKind.LIVER_FAILURE: ConditionRule(
            name="Liver failure", item="liver_failure", why=_LIVER, source="C 1 row 30, C 2 row 9"
        ),
        ConditionKind.CIRRHOSIS: ConditionRule(name="Cirrhosis", item="cirrhosis", why=_LIVER, source="S 13"),
        ConditionKind.VIRAL_HEPATITIS: ConditionRule(
            name="Viral hepatitis, chronic", item="liver_tests", why=_LIVER, source="C 1 row 31"
        ),
        ConditionKind.KIDNEY_DISEASE: ConditionRule(
            name="Kidney disease", why="Caution where it is moderate or severe; no number ships.", source="C 1 row 125"
        ),
        ConditionKind.BLEEDING_DISORDER: ConditionRule(
            name="Bleeding disorder",
            item="bleeding_disorder",
            why="It bears on an injection into the muscle.",
            source="S 13",
        ),
        ConditionKind.LOW_PLATELETS: ConditionRule(
            name="Low platelets",
            item="bleeding_disorder",
            why="It bears on an injection into the muscle.",
            source="S 13",
        ),
        ConditionKind.POLYMER_ALLERGY: ConditionRule(
            name="Allergy to the polymer or carboxymethylcellulose", item="allergy", why="Injection.", source="S 13"
        ),
        ConditionKind.CHRONIC_PAIN: ConditionRule(
            name="Chronic pain", item="opioid_analgesia", why="Pain care without opioids.", source="C 1 rows 29, 79"
        ),
        ConditionKind.SEIZURES: ConditionRule(name="Seizures", why="Alcohol withdrawal can bring them.", source="S 20"),
        ConditionKind.LUNG_DISEASE: ConditionRule(
            name="Lung disease", why="A cough or hard breathing is read with it.", source="C 7 (PI-V), S 17"
        ),
        ConditionKind.DEPRESSION: ConditionRule(name="Depression", why=_MIND, source="C 1 rows 62, 121-123"),
        ConditionKind.ANXIETY: ConditionRule(name="Anxiety or phobia", why=_MIND, source="C 1 row 122"),
        ConditionKind.TRAUMA: ConditionRule(name="Post-traumatic stress", why=_MIND, source="C 1 row 121"),
        ConditionKind.BIPOLAR: ConditionRule(name="Bipolar disorder", why=_MIND, source="C 1 rows 121, 123"),
        ConditionKind.PSYCHOSIS: ConditionRule(name="Psychosis", why=_MIND, source="C 1 row 121"),
        ConditionKind.PERSONALITY: ConditionRule(name="Personality disorder", why=_MIND, source="C 1 row 122"),
        ConditionKind.EATING: ConditionRule(name="Eating or compulsive disorder", why=_MIND, source="C 1 row 122"),
        ConditionKind.OTHER: ConditionRule(name="Another condition", source="C 1 row 42"),
    }
)
