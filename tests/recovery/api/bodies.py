"""Every operation that changes something, with a body that it takes."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.recovery.api.clinic import Clinic, stamp


@dataclass(frozen=True)
class Change:
    """``who`` names the account in the clinic. ``times`` are the fields that hold an instant of the past."""

    who: str
    method: str
    path: str
    body: dict[str, Any]
    other: dict[str, Any] = field(default_factory=dict)
    times: tuple[str, ...] = ()


def changes(clinic: Clinic) -> dict[str, Change]:
    """By operation id. Ids are fresh at each call."""
    past = stamp(clinic.now - timedelta(minutes=10))
    new = uuid.uuid4()
    care = f"/api/v1/care/patients/{clinic.patient.pk}"
    assert clinic.flag is not None
    flag = f"/api/v1/care/flags/{clinic.flag.pk}"
    assert clinic.questions is not None
    begun = f"/api/v1/me/questions/{clinic.questions.client_id}"
    return {
        "logCraving": Change(
            "phone",
            "PUT",
            f"/api/v1/me/cravings/{new}/",
            {"intensity": 4, "felt_at": past, "substance": "opioid", "confidence": 7, "note": "after work"},
            {"intensity": 5},
            ("felt_at",),
        ),
        "addTrigger": Change(
            "phone",
            "PUT",
            f"/api/v1/me/triggers/{new}/",
            {
                "origin": "external",
                "kind": "emotional",
                "happened_at": past,
                "tag": "argument",
                "intensity": 6,
                "tried": "walk",
                "helped": True,
                "note": "n",
            },
            {"helped": False},
            ("happened_at",),
        ),
        "reportDose": Change(
            "phone",
            "PUT",
            f"/api/v1/me/dose-reports/{new}/",
            {"statement": "taken", "dose_id": clinic.doses[3].pk, "taken_at": past, "dose_mg": 50, "note": "n"},
            {"dose_mg": 25},
            ("taken_at",),
        ),
        "recordDose": Change(
            "coordinator",
            "PUT",
            f"{care}/dose-reports/{new}/",
            {
                "statement": "taken",
                "dosing_day": clinic.doses[3].dosing_day.isoformat(),
                "taken_at": past,
                "source": "observed",
            },
            {"source": "staff"},
            ("taken_at",),
        ),
        "recordInjection": Change(
            "coordinator",
            "PUT",
            f"{care}/injections/{new}/",
            {
                "given_on": "2026-03-02",
                "medicine": "naltrexone_injection",
                "dose_mg": 380,
                "given_at": stamp(clinic.now - timedelta(days=1)),
                "site": "left",
                "lot": "A-17",
                "lot_expires_on": "2027-01-31",
                "needle_inches": 1.5,
                "operator": "R. N.",
                "note": "n",
            },
            {"lot": "B-18"},
            ("given_at",),
        ),
        "stateFact": Change(
            "phone",
            "PUT",
            f"/api/v1/me/statements/{new}/",
            {"kind": "new_medicine", "medicine": "tramadol", "taken": "no", "happened_at": past, "note": "n"},
            {"medicine": "codeine"},
            ("happened_at",),
        ),
        "recordStatement": Change(
            "coordinator",
            "PUT",
            f"{care}/statements/{new}/",
            {"kind": "cough", "fever": "yes", "happened_at": past, "said_by": "supporter"},
            {"fever": "no"},
            ("happened_at",),
        ),
        "recordCondition": Change(
            "coordinator",
            "PUT",
            f"{care}/conditions/{new}/",
            {"kind": "cirrhosis", "since": "2024-05-01", "note": "n"},
            {"kind": "depression"},
        ),
        "recordStay": Change(
            "coordinator",
            "PUT",
            f"{care}/stays/{new}/",
            {"place": "hospital", "began_on": "2026-03-02", "expected_on": "2026-03-09", "note": "n"},
            {"place": "jail"},
        ),
        "enrolPatient": Change(
            "coordinator",
            "PUT",
            f"/api/v1/care/programs/{clinic.north.pk}/patients/{new}/",
            {
                "name": "Dora Newname",
                "call_name": "Dora",
                "phone": "+12125550177",
                "born_on": "1990-05-01",
                "zone": "America/New_York",
                "language": "es",
                "indication": "alcohol",
                "opioid_history": "unknown",
                "treatment_from": "2026-03-03",
            },
            {"name": "Dora Othername", "phone": "", "born_on": None, "treatment_from": "2026-03-02", "language": "en"},
        ),
        "recordOpioidHistory": Change("clinician", "POST", f"{care}/opioid-history/", {"opioid_history": "none"}),
        "reviewLab": Change("clinician", "POST", f"{care}/lab-results/1/review/", {}),
        "readScreen": Change("clinician", "POST", f"{care}/urine-screens/1/read/", {"reading": "false_positive"}),
        "voidLab": Change("coordinator", "POST", f"{care}/lab-results/1/void/", {}),
        "voidScreen": Change("coordinator", "POST", f"{care}/urine-screens/1/void/", {}),
        "voidChallenge": Change("coordinator", "POST", f"{care}/challenges/1/void/", {}),
        "orderHold": Change("clinician", "POST", f"{care}/holds/", {"medicine": "naltrexone_tablet", "note": "n"}),
        "startQuestions": Change(
            "phone", "PUT", f"/api/v1/me/questions/{new}/", {"instrument": "month"}, {"instrument": "daily"}
        ),
        "answerQuestion": Change(
            "phone", "PUT", f"{begun}/answers/{new}/", {"item": "phq_1", "value": 2}, {"value": 3, "item": "phq_2"}
        ),
        "setPrompts": Change(
            "phone", "POST", "/api/v1/me/prompts/", {"check_in": "text", "check_in_at": "12:30"}, {"check_in": "app"}
        ),
        "pausePrompts": Change(
            "phone",
            "PUT",
            f"/api/v1/me/pauses/{new}/",
            {"first_day": "2026-03-05", "last_day": "2026-03-09"},
            {"last_day": "2026-03-08"},
        ),
        "setCarePrompts": Change(
            "coordinator", "POST", f"{care}/prompts/", {"check_in": "none", "check_in_at": "18:00"}
        ),
        "recordPause": Change(
            "coordinator",
            "PUT",
            f"{care}/pauses/{new}/",
            {"first_day": "2026-03-05", "last_day": "2026-03-09"},
            {"first_day": "2026-03-06"},
        ),
        "ownFlag": Change("coordinator", "POST", f"{flag}/own/", {}),
        "snoozeFlag": Change(
            "coordinator",
            "POST",
            f"{flag}/snooze/",
            {"until": stamp(clinic.now + timedelta(days=1)), "reason": "visit_booked"},
        ),
        "closeFlag": Change(
            "coordinator",
            "POST",
            f"{flag}/close/",
            {
                "outcome": "reached",
                "note": "n",
                "outreach": {"channel": "call", "outcome": "reached", "at": past, "note": "n"},
            },
            times=("outreach.at",),
        ),
    }


OPERATIONS = (
    "logCraving",
    "addTrigger",
    "reportDose",
    "recordDose",
    "recordInjection",
    "stateFact",
    "recordStatement",
    "recordCondition",
    "recordStay",
    "enrolPatient",
    "recordOpioidHistory",
    "readScreen",
    "orderHold",
    "startQuestions",
    "answerQuestion",
    "setPrompts",
    "pausePrompts",
    "setCarePrompts",
    "recordPause",
    "ownFlag",
    "snoozeFlag",
    "closeFlag",
)


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The body with the field at ``path`` ("outreach.at") set to ``value``."""
    head, _, rest = path.partition(".")
    return {**body, head: changed(body[head], rest, value) if rest else value}


def fields_of(body: dict[str, Any], before: str = "") -> list[str]:
    """The paths of all fields, those inside others included."""
    found = []
    for name, value in body.items():
        found.append(before + name)
        if isinstance(value, dict):
            found += fields_of(value, f"{before}{name}.")
    return found
