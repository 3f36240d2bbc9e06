"""Fills a database with the clinics that the browser looks at; prints sign-in links as JSON.

Run as a process of its own on a clone of the template: ``python -m tests.browser.seed``.
Everything goes through the services, at the instant of ``backend.clock``.
"""

import json
import os
import sys
import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

LONG = "Maximiliana-Alexandra Wolfeschlegelsteinhausenbergerdorff-Villanueva de la Santísima Trinidad"
FIRST = (
    "Ana",
    "Ben",
    "Carla",
    "Dev",
    "Elena",
    "Femi",
    "Grace",
    "Hugo",
    "Imani",
    "Jon",
    "Kofi",
    "Lucía",
    "Mina",
    "Noor",
)
LAST = ("Alvarez", "Brown", "Castillo", "Diallo", "Evans", "Fischer", "Greene", "Haddad", "Ibarra", "Jones", "Kim")


def main() -> None:
    import django

    django.setup()
    from backend import clock

    sys.stdout.write(json.dumps(fill(clock.now())) + "\n")


def fill(now: datetime) -> dict[str, str]:
    """Make every scene; returns the link path of each account by name."""
    links: dict[str, str] = {}
    empty = _program("Harbor House", now)
    links["empty"] = _coordinator([empty], now)
    links["director"] = _director(empty, now)
    links["one_number"] = f"/care/policy/{empty.pk}/craving_high_at/"
    links["one_concern"] = f"/care/policy/{empty.pk}/flag:silence/"
    one = _program("Cedar Clinic", now)
    person, account = _person(one, now, name="Elena Castillo", call_name="Lena", phone="+12125550134")
    _history(one, person, now)
    _own_half(person, now)
    _ahead(person, now, note="two teeth")
    _flag(one, person, "craving_rise", "amber", now - timedelta(hours=2))
    _around(one, person, now)
    _texts_in(one, now)
    links["one"] = _coordinator([one], now)
    links["patient"] = account
    links["patient_page"] = f"/care/patients/{person.pk}/"
    links["conditions_page"] = f"/care/patients/{person.pk}/conditions/"
    _lists(one, person, now)
    links["plan_page"] = f"/care/patients/{person.pk}/plan/"
    links["texts_page"] = f"/care/patients/{person.pk}/texts/"
    links["people_page"] = f"/care/patients/{person.pk}/people/"
    links["measures_page"] = f"/care/patients/{person.pk}/measures/"
    north, south = _program("North Program", now), _program("South Program", now)
    _many(north, 150, now)
    _many(south, 50, now, start=150)
    links["many"] = _coordinator([north, south], now)
    long = _program("Long names", now)
    person, account = _person(long, now, name=LONG, call_name="", phone="+12125550135", language="es")
    _history(long, person, now)
    _flag(long, person, "silence", "amber_plus", now - timedelta(days=2))
    _ahead(person, now, note=LONG)
    links["long"] = _coordinator([long], now)
    links["patient_es"] = account
    links["long_page"] = f"/care/patients/{person.pk}/"
    links["own_question_es"] = _begun(long, person, "month", now)
    links["on_duty"] = _on_duty(_program("Duty Clinic", now), now)
    quiet = _program("Quiet", now)
    _, links["patient_quiet"] = _person(quiet, now, name="Jon Kim", call_name="", phone="+12125550136", treated=False)
    injected = _program("Injections", now)
    person, account = _person(injected, now, name="Noor Haddad", call_name="", phone="+12125550137")
    _injection(injected, person, now - timedelta(days=38), now)
    links["injected"] = _coordinator([injected], now)
    links["patient_late"] = account
    links["injected_page"] = f"/care/patients/{person.pk}/"
    links["injected_given"] = f"/care/patients/{person.pk}/given/"
    links["injected_tests"] = f"/care/patients/{person.pk}/tests/"
    links["injected_checklists"] = f"/care/patients/{person.pk}/checklists/"
    links["injected_visits"] = f"/care/patients/{person.pk}/visits/"
    links["injected_orders"] = f"/care/patients/{person.pk}/regimens/"
    links["injected_order"] = f"/care/patients/{person.pk}/regimens/new/oral_start/"
    links["injected_treatment"] = f"/care/patients/{person.pk}/treatment/"
    links["prescriber"] = _prescriber(injected, now)

    links["own_question"], links["own_safety"] = _questions(injected, person, now)
    links["questionnaires"] = f"/care/patients/{person.pk}/questionnaires/"
    links["questionnaire_fill"] = f"/care/patients/{person.pk}/questionnaires/fill/phq9/"
    held = _program("Holds", now)
    person, account = _person(held, now, name="Iris Okonkwo", call_name="", phone="+12125550138")
    _history(held, person, now)
    links["held"] = _director(held, now)
    _held(held, person, now)
    links["patient_held"] = account
    links["held_page"] = f"/care/patients/{person.pk}/safety/"
    return links


def _program(name: str, now: datetime) -> Any:
    from backend.services import people

    return people.create_program(
        slug=uuid.uuid4().hex[:10],
        name=name,
        neutral_name="Harbor",
        zone="America/New_York",
        phone="+12125550100",
        now=now,
    )


def _coordinator(programs: list[Any], now: datetime) -> str:
    from backend.db import programs as scope
    from backend.rules.roles import Role
    from backend.services import people

    user = people.create_staff(
        email=f"{uuid.uuid4().hex}@example.test", roles={each.pk: [Role.COORDINATOR] for each in programs}, now=now
    )
    for each in programs:
        with scope([each.pk]):
            people.create_team(program_id=each.pk, name="Day team", members={user.pk: ("Rosa Vega", "")}, now=now)
    return people.make_sign_in_link(user_id=user.pk, now=now)


def _prescriber(program: Any, now: datetime) -> str:
    from backend.rules.roles import Role
    from backend.services import people

    user = people.create_staff(email=f"{uuid.uuid4().hex}@example.test", roles={program.pk: [Role.CLINICIAN]}, now=now)
    return people.make_sign_in_link(user_id=user.pk, now=now)


def _director(program: Any, now: datetime) -> str:
    """A medical director who changed one number and signed a few."""
    from backend.db import programs as scope
    from backend.rules.roles import Role
    from backend.selectors.people import actor_of
    from backend.services import people
    from recovery.services.policy import override_number, sign_numbers
    from reminders.rules.stops import StopKind
    from reminders.services import stops
    from reminders.services.senders import register_sender

    email = f"{uuid.uuid4().hex}@example.test"
    user = people.create_staff(email=email, roles={program.pk: [Role.MEDICAL_DIRECTOR]}, now=now)
    with scope([program.pk]):
        people.create_team(program_id=program.pk, name="Directors", members={user.pk: ("Dr. Sam Okafor", "")}, now=now)
        by: dict[str, Any] = {"actor": actor_of(user_id=user.pk), "program_id": program.pk, "now": now}
        override_number(key="craving_high_at", value=9, reason="most of our patients live with sevens", **by)
        sign_numbers(keys=["due_at_dsl", "pdc_threshold", "flag:silence"], **by)
        why = "The address in these texts is wrong."
        stops.switch_off(kind=StopKind.CLASS, name="visit", reason=why, **by)
        register_sender(program_id=program.pk, address="+12025550190", provider="twilio", segments_per_second=1)
    return people.make_sign_in_link(user_id=user.pk, now=now)


def _on_duty(program: Any, now: datetime) -> str:
    """A rota of two weeks with a gap, somebody without a number, and an override; the link of who makes it."""
    from backend.db import programs as scope
    from backend.rules.roles import Role
    from backend.selectors.people import actor_of
    from backend.services import people
    from recovery.rules.escalation import OverrideReason
    from recovery.services.rota import add_override, set_rota

    crew = {"Rosa Vega": "+12125550141", "Hugo Evans": "+12125550142", LONG[:80]: "", "Dr. Sam Okafor": "+12125550144"}
    users = {}
    for name in crew:
        role = Role.MEDICAL_DIRECTOR if name.startswith("Dr.") else Role.NURSE
        email = f"{uuid.uuid4().hex}@example.test"
        users[name] = people.create_staff(email=email, roles={program.pk: [role]}, now=now).pk
    rosa, hugo, long, sam = users.values()
    with scope([program.pk]):
        members = {users[name]: (name, phone) for name, phone in crew.items()}
        people.create_team(program_id=program.pk, name="Duty", members=members, now=now)
        by: dict[str, Any] = {"actor": actor_of(user_id=sam), "program_id": program.pk, "now": now}
        monday = now.date() - timedelta(days=now.weekday())
        set_rota(anchor=monday, hand_over=time(8), turns=[[rosa, hugo], [hugo, long]], **by)
        add_override(
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=2),
            people=[sam, rosa],
            reason=OverrideReason.HOLIDAY,
            **by,
        )
    return people.make_sign_in_link(user_id=sam, now=now)


def _person(program: Any, now: datetime, *, treated: bool = True, **facts: Any) -> tuple[Any, str]:
    from backend.access import NOBODY
    from backend.db import programs as scope
    from backend.services import people
    from recovery.services.patients import NewPatient, enrol

    with scope([program.pk]):
        new = NewPatient(
            zone="America/Chicago",
            indication="opioid",
            opioid_history="known",
            treatment_from=(now - timedelta(days=80)).date() if treated else None,
            **facts,
        )
        [person] = enrol(actor=NOBODY, program_id=program.pk, people=[new], now=now - timedelta(days=80))
        user = people.create_patient_account(program_id=program.pk, patient_id=person.pk, now=now)
    return person, people.make_sign_in_link(user_id=user.pk, now=now)


def _history(program: Any, person: Any, now: datetime) -> None:
    """Five weeks of tablets at 8 in the morning with every state, cravings, a trigger, a visit, a contact."""
    from backend.access import NOBODY
    from backend.db import programs as scope
    from recovery.models import Dose, Treatment
    from recovery.services.cravings import log_craving
    from recovery.services.doses import DoseStatement, report_doses
    from recovery.services.journal import add_trigger
    from recovery.services.regimens import extend_doses, start_regimen

    began = now - timedelta(days=31)
    with scope([program.pk]):
        treatment = Treatment.objects.get(patient_id=person.pk)
        start_regimen(
            actor=NOBODY, treatment=treatment, kind="oral_daily", starts_on=began.date(), times=["08:00"], now=now
        )
    extend_doses(program_ids=[program.pk], now=now)
    with scope([program.pk]):
        doses = list(Dose.objects.filter(patient_id=person.pk, due_at__lt=now - timedelta(hours=6)).order_by("due_at"))
        for index, dose in enumerate(doses):
            if index % 9 == 5 or index >= len(doses) - 2:
                continue  # nobody said anything
            said = "missed" if index % 11 == 7 else "taken"
            statement = DoseStatement(
                client_id=uuid.uuid4(),
                patient_id=person.pk,
                dose_id=dose.pk,
                statement=said,
                source="app" if index % 3 else "sms",
                taken_at=dose.due_at + timedelta(minutes=20) if said == "taken" else None,
            )
            report_doses(actor=NOBODY, statements=[statement], now=dose.due_at + timedelta(hours=3))
        for day in range(52, 0, -1):
            if day % 5 == 3:
                continue
            felt = now - timedelta(days=day)
            level = (2, 1, 3, 2, 2)[day % 5] + (2 if day < 5 else 0)
            log_craving(
                actor=NOBODY,
                patient=person,
                client_id=uuid.uuid4(),
                intensity=level,
                felt_at=felt,
                now=felt,
                confidence=7 if day % 4 == 0 else None,
            )
        add_trigger(
            actor=NOBODY,
            patient=person,
            client_id=uuid.uuid4(),
            origin="external",
            kind="environmental",
            intensity=6,
            happened_at=now - timedelta(days=3),
            now=now,
            note="The corner by the old shop.",
        )


def _own_half(person: Any, now: datetime) -> None:
    """What a person wrote and said themselves, some of it shared."""
    from backend.access import NOBODY
    from backend.db import programs as scope
    from recovery.rules.needs import NeedKind
    from recovery.rules.plans import GoalAbout, Plan, PlanPart, SafePerson
    from recovery.rules.records import TriggerKind
    from recovery.rules.side_effects import Effect, Strength
    from recovery.rules.states import Goal
    from recovery.rules.support import MeetingKind, TherapyKind
    from recovery.services import journal, plans, side_effects, support

    def new() -> dict[str, Any]:
        return {"actor": NOBODY, "patient": person, "client_id": uuid.uuid4(), "now": now}

    plan = Plan(
        reasons="My daughter's school play in May",
        exit="Say that I have to work early, and call Ray from outside",
        people=(SafePerson("Ray", "555 0100"), SafePerson("Aunt Luz", "555 0101")),
        stress="Ten slow breaths, then walk around the block",
        strategies={TriggerKind.ENVIRONMENTAL: "The other side of the street", TriggerKind.PHYSICAL: "Call the clinic"},
    )
    with scope([person.program_id]):
        plans.save_plan(**new(), plan=plan, shared=[PlanPart.EXIT, PlanPart.PEOPLE, PlanPart.STRATEGIES])
        plans.set_goal(**new(), about=GoalAbout.OPIOID, aim=Goal.ABSTINENCE)
        plans.set_goal(**new(), about=GoalAbout.ALCOHOL, aim=Goal.REDUCTION, words="Weekends only")
        plans.set_goal(**new(), about=GoalAbout.LIFE, words="A room of my own by summer")
        for skill, helped in (("walk", True), ("walk", True), ("walk", False), ("call", True), ("breathe", None)):
            journal.log_skill(**new(), skill=skill, used_at=now, helped=helped)
        journal.write_entry(**new(), words="Slept well three nights in a row.", written_at=now, shared=True)
        day = now.date()
        support.log_meeting(**new(), kind=MeetingKind.NA, attended_on=day - timedelta(days=3), helped=True)
        support.book_therapy(**new(), kind=TherapyKind.CBT, starts_at=now + timedelta(days=2), with_whom="Dr. Osei")
        support.state_need(**new(), kind=NeedKind.TRANSPORT, note="No bus after six")
        began = day - timedelta(days=15)
        side_effects.report_side_effect(
            **new() | {"now": now - timedelta(days=2)}, effect=Effect.NAUSEA, strength=Strength.MODERATE, began_on=began
        )


def _lists(program: Any, person: Any, now: datetime) -> None:
    """Two conditions, and a meeting whose words are long."""
    from backend.db import programs as scope
    from backend.rules.roles import Role
    from backend.selectors.people import actor_of
    from backend.services import people
    from recovery.services.conditions import NewCondition, record_condition
    from recovery.services.places import NewPlace, list_place

    user = people.create_staff(email=f"{uuid.uuid4().hex}@example.test", roles={program.pk: [Role.NURSE]}, now=now)
    by: dict[str, Any] = {"actor": actor_of(user_id=user.pk), "now": now}
    with scope([program.pk]):
        for kind, note in (("cirrhosis", ""), ("depression", LONG)):
            new = NewCondition(client_id=uuid.uuid4(), kind=kind, since=date(2019, 5, 1), note=note)
            record_condition(**by, patient=person, condition=new)
        place = NewPlace(
            client_id=uuid.uuid4(), kind="smart", name=LONG[:110], times="Tuesdays, 7 pm", place="Library, 2nd floor",
            source="the library's notice board", phone="+12125550177", language="es",
        )  # fmt: skip
        list_place(**by, program_id=program.pk, place=place)


def _ahead(person: Any, now: datetime, *, note: str) -> None:
    """A dentist in two weeks, and naloxone at home whose date has passed."""
    from backend.access import NOBODY
    from backend.db import programs as scope
    from recovery.services.procedures import NewProcedure, plan_procedure
    from recovery.services.reversal import NewReversal, record_reversal

    by: dict[str, Any] = {"actor": NOBODY, "patient": person, "now": now}
    day = now.date() + timedelta(days=15)
    new = NewProcedure(client_id=uuid.uuid4(), kind="dental", planned_on=day, source="app", note=note)
    said = NewReversal(client_id=uuid.uuid4(), has_it="yes", expires_on=now.date(), source="app")
    with scope([person.program_id]):
        plan_procedure(**by, procedure=new)
        record_reversal(**by, answer=said)


def _around(program: Any, person: Any, now: datetime) -> None:
    """A sister who agreed, a friend who was only asked, how to reach the person, and a ledger of incentives."""
    from backend.access import NOBODY
    from backend.db import programs
    from backend.rules.roles import Role
    from backend.selectors.people import actor_of
    from backend.services.people import create_staff
    from recovery.services import reach, rewards, supporters
    from recovery.services.policy import override_number

    director = create_staff(
        email=f"{uuid.uuid4().hex}@example.test", roles={program.pk: [Role.MEDICAL_DIRECTOR]}, now=now
    )
    about: dict[str, Any] = {"actor": NOBODY, "patient": person, "now": now}
    with programs([program.pk]):
        override_number(
            actor=actor_of(user_id=director.pk), program_id=program.pk, key="rewards_on", value=True,
            reason="a trial of six months", now=now,
        )  # fmt: skip
        for name, phone, relation, tier, topics in (
            ("Rosa Castillo", "+12125550190", "sibling", "informed", ["visits", "well_being"]),
            ("Dana Whitfield-Okonkwo", "+12125550191", "friend", "hello", []),
        ):
            new = supporters.NewSupporter(
                client_id=uuid.uuid4(), name=name, phone=phone, relation=relation, tier=tier, may_tell=topics
            )
            row, _ = supporters.add_supporter(new=new, **about)
            if tier == "informed":
                supporters.record_agreement(supporter_id=row.pk, how="call", **about)
        wishes = reach.Reach(safe_to_call=True, safe_voicemail=False, safe_from=time(12), safe_until=time(14, 30))
        reach.set_reach(reach=wishes, **about)
        rewards.start_plan(**about)
        for reason in ("visit_kept", "goal_step"):
            rewards.earn(client_id=uuid.uuid4(), reason=reason, on_day=now.date(), **about)
        rewards.redeem(client_id=uuid.uuid4(), cents=500, **about)


def _texts_in(program: Any, now: datetime) -> None:
    """Three texts that fit nothing: two of a patient, one of a number that nobody has."""
    from backend.access import NOBODY
    from backend.db import programs as scope
    from backend.rules.consent import ConsentKind
    from backend.services.consents import give_consent
    from recovery.services.patients import NewPatient, enrol
    from reminders.services.replies import receive_text

    with scope([program.pk]):
        new = NewPatient(name="Tomás Rivera", phone="+12125550139", zone="America/Chicago", indication="alcohol")
        [person] = enrol(actor=NOBODY, program_id=program.pk, people=[new], now=now - timedelta(days=20))
        kind = ConsentKind.SMS
        give_consent(
            actor=NOBODY, program_id=program.pk, patient_id=person.pk, kind=kind, wording_version="sms-1", now=now
        )
    for number, (phone, body, ago) in enumerate(
        (
            ("+12125550139", "Can I bring my sister on Thursday? She drives me and has to be back by four.", 26),
            ("+15715550199", "Who is this?", 3),
            ("+12125550139", "ok and the papers", 2),
        )
    ):
        at = now - timedelta(hours=ago)
        receive_text(sid=f"IN{number}", sender=phone, addressed_to=(), body=body, program_id=program.pk, now=at)


def _questions(program: Any, person: Any, now: datetime) -> tuple[str, str]:
    """Half a year of answers; today a daily minute that was begun, and nine questions with a safety answer."""
    from backend.access import NOBODY
    from backend.db import programs as scope
    from backend.rules.roles import Role
    from backend.selectors.people import actor_of
    from backend.services import people
    from recovery.services.instruments import answer_item, record_form
    from recovery.services.policy import override_number

    user = people.create_staff(
        email=f"{uuid.uuid4().hex}@example.test", roles={program.pk: [Role.MEDICAL_DIRECTOR]}, now=now
    )
    director = actor_of(user_id=user.pk)
    with scope([program.pk]):
        type(program).objects.filter(pk=program.pk).update(clinic_hours={"tue": ["08:00", "17:00"]})
        override_number(
            actor=director, program_id=program.pk, key="phq9_on_phone", value=True, reason="read in hours", now=now
        )
        for weeks, total in ((24, 14), (20, 12), (16, 9), (12, 11), (8, 6), (4, 4)):
            then = now - timedelta(weeks=weeks)
            given = {f"phq_{number}": 2 if number <= total // 2 else 0 for number in range(1, 10)}
            record_form(
                actor=director, patient=person, client_id=uuid.uuid4(), instrument="phq9", answers=given, now=then
            )
            month = {"use_days": 0, "drink_days": weeks // 4, "heavy_days": weeks // 8, "pain": 3}
            record_form(
                actor=director, patient=person, client_id=uuid.uuid4(), instrument="month", answers=month, now=then
            )
            _finish_open(person, then)
    question = _begun(program, person, "daily", now)
    safety = _begun(program, person, "phq9", now)
    with scope([program.pk]):
        answer_item(
            actor=NOBODY,
            patient=person,
            form_client_id=uuid.UUID(safety.split("/")[-2]),
            client_id=uuid.uuid4(),
            item="phq_9",
            value=1,
            now=now,
        )
    return question, safety


def _finish_open(person: Any, then: datetime) -> None:
    """What was left open is over with its day."""
    from recovery.models import InstrumentForm

    InstrumentForm.objects.filter(patient_id=person.pk, status="started").update(status="unfinished")
    InstrumentForm.objects.filter(patient_id=person.pk, status="due").update(status="passed")


def _begun(program: Any, person: Any, instrument: str, now: datetime) -> str:
    """The address of a questionnaire that the person has begun."""
    from backend.access import NOBODY
    from backend.db import programs as scope
    from recovery.services.instruments import start_form

    form = uuid.uuid4()
    with scope([program.pk]):
        start_form(actor=NOBODY, patient=person, client_id=form, instrument=instrument, now=now)
    return f"/me/questions/{form}/"


def _injection(program: Any, person: Any, given: datetime, now: datetime) -> None:
    from backend.access import NOBODY
    from backend.db import programs as scope
    from recovery.models import Treatment
    from recovery.services.cover import advance_bands
    from recovery.services.injections import GivenInjection, record_injections
    from recovery.services.regimens import start_regimen

    with scope([program.pk]):
        treatment = Treatment.objects.get(patient_id=person.pk)
        start_regimen(actor=NOBODY, treatment=treatment, kind="xr_im_28d", starts_on=given.date(), now=given)
        for days, site in ((28, "right"), (0, "left")):
            at = given - timedelta(days=days)
            record_injections(
                actor=NOBODY,
                injections=[
                    GivenInjection(
                        client_id=uuid.uuid4(),
                        patient_id=person.pk,
                        given_on=at.date(),
                        medicine="naltrexone_injection",
                        dose_mg=380,
                        site=site,
                        lot="A1234",
                        needle_inches=1.5,
                        operator="Sam Okafor, RN",
                    )
                ],
                now=at,
            )
    advance_bands(program_ids=[program.pk], now=now)


def _held(program: Any, person: Any, now: datetime) -> None:
    """Two open holds and a lifted one, a time away that is not settled, and what was stated."""
    from backend.db import programs as scope
    from backend.rules.roles import Role
    from backend.selectors.people import actor_of, users_with_role
    from recovery.rules.medicines import Medicine
    from recovery.services.gates import lift_hold, order_hold
    from recovery.services.statements import FactStatement, state_fact
    from recovery.services.stays import begin_stay, end_stay

    with scope([program.pk]):
        [director] = users_with_role(program_id=program.pk, roles=[Role.MEDICAL_DIRECTOR])
        by = actor_of(user_id=director)
        before = now - timedelta(days=9)
        ordered = order_hold(actor=by, patient=person, medicine=Medicine.NALTREXONE_TABLET, now=before)
        lift_hold(
            actor=by,
            hold_id=ordered.opened[0].pk,
            reason="new_plan",
            note="Surgery was put off.",
            now=before + timedelta(days=1),
        )
        for kind, at, note in (
            ("opioid_used", now - timedelta(hours=5), "Two on Saturday night."),
            ("liver_symptoms", now - timedelta(minutes=40), ""),
        ):
            said = FactStatement(client_id=uuid.uuid4(), kind=kind, source="app", details={}, note=note)
            state_fact(actor=by, patient=person, statement=said, now=at)
        stay, _ = begin_stay(
            actor=by,
            patient=person,
            client_id=uuid.uuid4(),
            place="hospital",
            began_on=(now - timedelta(days=6)).date(),
            note="Ward 4, pneumonia.",
            now=now - timedelta(days=5),
        )
        end_stay(actor=by, stay_id=stay.pk, ended_on=(now - timedelta(days=2)).date(), now=now - timedelta(days=1))


def evidence_of(kind: str, on: date, number: int = 0) -> dict[str, Any]:
    """The numbers that the sentence of this kind is made of."""
    since = on - timedelta(days=3 + number % 4)
    if kind == "silence":
        return {
            "run": 3 + number % 5,
            "unit": "doses",
            "since": since.isoformat(),
            "last_answer": (since - timedelta(days=1)).isoformat(),
            "call_run": 3,
            "reason": "steady",
            "answered_share": 0.9,
            "policy_version": "default-1",
        }
    if kind == "injection_late":
        return {"days_late": 10, "last_given_on": (on - timedelta(days=38)).isoformat(), "band": "overdue_8", "dsl": 38}
    return {
        "leading": "C",
        "rules": ["C"],
        "on": on.isoformat(),
        "since": since.isoformat(),
        "check_ins": 3,
        "points_above": 2.1 + number % 3,
        "usual": 2.0,
        "latest": 5,
        "raised_by": [],
        "confidence": None,
    }


def _flag(program: Any, person: Any, kind: str, severity: str, at: datetime, number: int = 0) -> None:
    from backend.db import programs as scope
    from recovery.models import Treatment
    from recovery.rules.states import FlagKind, Severity
    from recovery.services.flags import raise_flag

    with scope([program.pk]):
        raise_flag(
            program_id=program.pk,
            patient_id=person.pk,
            treatment_id=Treatment.objects.get(patient_id=person.pk).pk,
            kind=FlagKind(kind),
            severity=Severity(severity),
            evidence=evidence_of(kind, at.date(), number),
            policy_version="default-1",
            now=at,
        )


def _many(program: Any, count: int, now: datetime, *, start: int = 0) -> None:
    from backend.access import NOBODY
    from backend.db import programs as scope
    from recovery.services.patients import NewPatient, enrol

    names = [f"{FIRST[n % len(FIRST)]} {LAST[n * 7 % len(LAST)]}" for n in range(start, start + count)]
    with scope([program.pk]):
        people = enrol(
            actor=NOBODY,
            program_id=program.pk,
            people=[
                NewPatient(
                    name=name,
                    phone=f"+1212555{1000 + start + n:04d}",
                    zone=("America/New_York", "America/Chicago", "America/Los_Angeles")[n % 3],
                    indication="opioid",
                    language="es" if n % 6 == 0 else "en",
                    treatment_from=(now - timedelta(days=60)).date(),
                )
                for n, name in enumerate(names)
            ],
            now=now - timedelta(days=60),
        )
    kinds = (("silence", "amber_plus"), ("craving_rise", "amber"), ("craving_rise", "amber"), ("silence", "info"))
    for n, person in enumerate(people):
        kind, severity = ("injection_late", "red") if n % 40 == 3 else kinds[n % 4]
        _flag(program, person, kind, severity, now - timedelta(hours=3 + 5 * (n % 30)), n)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.exit(main())
