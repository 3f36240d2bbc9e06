"""What the demo's people have written, said and been asked beside tablets and visits: so that no page is empty.

Invented, like everybody in the demo.
"""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from backend.access import Actor
from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.plans import GoalAbout, Plan, PlanPart, SafePerson
from recovery.rules.records import TriggerKind, TriggerOrigin
from recovery.rules.side_effects import Effect, Strength
from recovery.rules.states import Goal
from recovery.rules.support import MeetingKind
from recovery.rules.supporters import Relation, Tier
from recovery.services import (
    conditions,
    instruments,
    journal,
    labs,
    places,
    plans,
    procedures,
    reversal,
    side_effects,
    support,
    supporters,
)
from recovery.services.patients import Patient


def tell_lives(found: list[Patient], *, nurse: Actor, now: datetime) -> None:
    """Give the first tablet patient and two who get injections a plan, a goal, people, tests and questionnaires."""
    for number, patient in enumerate((found[0], found[1], found[11])):
        _own_half(patient, nurse, number, now)
        _clinic_half(patient, nurse, number, now)
    _meetings(found[0].program_id, nurse, now)


def _id(patient: Patient, what: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"demo:{patient.pk}:{what}")


def _meetings(program_id: int, actor: Actor, now: datetime) -> None:
    for name, kind, times, place, language in (
        ("Riverside group", MeetingKind.SMART, "Tuesdays, 7 pm", "Riverside Library, second floor", "en"),
        ("Grupo del parque", MeetingKind.NA, "Sábados, 10 a. m.", "Centro vecinal del parque", "es"),
    ):
        new = places.NewPlace(
            client_id=uuid.uuid5(uuid.NAMESPACE_OID, f"demo:{program_id}:{name}"),
            kind=kind.value,
            name=name,
            times=times,
            place=place,
            language=language,
            source="the demo's invention",
        )
        places.list_place(actor=actor, program_id=program_id, place=new, now=now)


def _own_half(patient: Patient, actor: Actor, number: int, now: datetime) -> None:
    plan = Plan(
        reasons="To be there in the morning when the children leave for school.",
        exit="I say that I have an early shift, and leave.",
        people=(SafePerson(name="My sister", phone="202 555 0190"),),
        stress="A walk by the river before I answer anybody.",
        strategies={TriggerKind.EMOTIONAL: "Breathe slowly, then call my sister."},
    )
    shared = [PlanPart.EXIT, PlanPart.STRESS, PlanPart.STRATEGIES]
    plans.save_plan(actor=actor, patient=patient, client_id=_id(patient, "plan"), plan=plan, shared=shared, now=now)
    alcohol = patient.indication == "alcohol"
    plans.set_goal(
        actor=actor,
        patient=patient,
        client_id=_id(patient, "goal"),
        about=GoalAbout.ALCOHOL if alcohol else GoalAbout.OPIOID,
        aim=Goal.REDUCTION if alcohol else Goal.ABSTINENCE,
        words="Weekends without." if alcohol else "",
        review_on=(now + timedelta(days=40)).date(),
        now=now,
    )
    for back, tag, tried, helped in ((9, "payday", "watch", True), (5, "row", "breathe", True), (2, "alone", "", None)):
        journal.add_trigger(
            actor=actor,
            patient=patient,
            client_id=_id(patient, f"trigger{back}"),
            origin=(TriggerOrigin.EXTERNAL if tag == "payday" else TriggerOrigin.INTERNAL).value,
            kind=(TriggerKind.ENVIRONMENTAL if tag == "payday" else TriggerKind.EMOTIONAL).value,
            happened_at=now - timedelta(days=back),
            intensity=4 + number,
            tried=tried,
            helped=helped,
            now=now,
        )
    support.log_meeting(
        actor=actor,
        patient=patient,
        client_id=_id(patient, "meeting"),
        kind=MeetingKind.SMART,
        attended_on=(now - timedelta(days=4)).date(),
        helped=True,
        now=now,
    )
    side_effects.report_side_effect(
        actor=actor,
        patient=patient,
        client_id=_id(patient, "effect"),
        effect=Effect.HEADACHE,
        strength=Strength.MILD,
        began_on=(now - timedelta(days=6)).date(),
        still_there=False,
        now=now,
    )


def _clinic_half(patient: Patient, actor: Actor, number: int, now: datetime) -> None:
    labs.record_labs(
        actor=actor,
        patient=patient,
        results=[
            labs.NewLab(
                client_id=_id(patient, analyte),
                analyte=analyte,
                value=Decimal(value + 4 * number),
                upper_limit=Decimal(40),
                taken_on=(now - timedelta(days=60)).date(),
                is_baseline=True,
            )
            for analyte, value in (("alt", 24), ("ast", 28))
        ],
        now=now,
    )
    condition = conditions.NewCondition(
        client_id=_id(patient, "condition"), kind=("depression", "chronic_pain", "viral_hepatitis")[number]
    )
    conditions.record_condition(actor=actor, patient=patient, condition=condition, now=now)
    dentist = procedures.NewProcedure(
        client_id=_id(patient, "dentist"), kind="dental", planned_on=(now + timedelta(days=60)).date(), source="app"
    )
    procedures.plan_procedure(actor=actor, patient=patient, procedure=dentist, now=now)
    reversal.record_reversal(
        actor=actor,
        patient=patient,
        answer=reversal.NewReversal(client_id=_id(patient, "reversal"), has_it="yes", offered=True, trained=True),
        now=now,
    )
    person = supporters.NewSupporter(
        client_id=_id(patient, "supporter"),
        name="Robin Hale",
        phone=f"+1202555{190 + number:04d}",
        relation=Relation.SIBLING.value,
        tier=Tier.REACH.value,
    )
    supporters.add_supporter(actor=actor, patient=patient, new=person, now=now)
    for back, level in ((56, 2), (28, 1), (1, 1)):
        instruments.record_form(
            actor=actor,
            patient=patient,
            client_id=_id(patient, f"phq{back}"),
            instrument=InstrumentKey.PHQ2.value,
            answers={"phq_1": level, "phq_2": level - 1},
            now=now - timedelta(days=back),
        )
