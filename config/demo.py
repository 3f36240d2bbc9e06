"""The demonstration clinic: made-up people, made once, through the services that serve live patients.

Every name and number is invented (numbers are from the range kept for fiction). At each start
the demo moves to a zone where it is morning, so that a reminder and a flag are there within
seconds, at any hour.
"""

import random
import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from backend.access import NOBODY, Actor
from backend.db import programs
from backend.rules import wall_time
from backend.rules.consent import ConsentKind
from backend.rules.roles import Role
from backend.selectors import people as people_selectors
from backend.services import people
from backend.services.consents import give_consent
from config.demo_lives import tell_lives
from recovery.rules.medicines import Medicine
from recovery.selectors import episodes, records
from recovery.services import cravings, doses, injections, patients, regimens, treatments, zones
from reminders.providers import vapid
from reminders.services import senders
from reminders.services.devices import register as register_device

SLUG = "demo"
CONSENT_WORDING = "demo-1"
SEED = 20261122
# East to west; at any instant one of them is near half past nine.
ZONES = (
    "Pacific/Auckland",
    "Australia/Sydney",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Bangkok",
    "Asia/Dhaka",
    "Asia/Karachi",
    "Asia/Dubai",
    "Europe/Moscow",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/London",
    "Atlantic/Azores",
    "America/Noronha",
    "America/Sao_Paulo",
    "America/Halifax",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
)
STAFF = (
    ("coordinator@demo.invalid", "Ana Ruiz", [Role.COORDINATOR], "Coordinator"),
    ("clinician@demo.invalid", "Dr. Mei Tanaka", [Role.CLINICIAN], "Clinician"),
    ("director@demo.invalid", "Dr. Sam Okafor", [Role.MEDICAL_DIRECTOR, Role.OPERATOR], "Medical director"),
)
# fmt: off
GIVEN = (
    "Jordan", "Luz", "Theo", "Priya", "Marcus", "Elena", "Wen", "Aisha", "Caleb",
    "Rosa", "Dmitri", "Noor", "Hannah", "Luis", "Grace", "Omar", "Ivy", "Tomás",
)
FAMILY = (
    "Hale", "Moreno", "Brandt", "Nair", "Osei", "Petrova", "Zhang",
    "Rahman", "Whitaker", "Delgado", "Volkov", "Aziz", "Lindqvist", "Vega",
)
# fmt: on


def morning_zone(now: datetime) -> str:
    """The zone of the list whose local time is nearest to 09:30."""

    def distance(name: str) -> float:
        local = now.astimezone(ZoneInfo(name))
        return abs(local.hour + local.minute / 60 - 9.5)

    return min(ZONES, key=distance)


def prepare_demo(*, now: datetime, base_url: str) -> list[str]:
    """Make the clinic if it is not there, let something fall due now, and return the lines to print."""
    program = people_selectors.program_by_slug(SLUG)
    if program:
        program_id = program.pk
    else:
        with transaction.atomic():  # all of it or none: a half-made clinic would never be finished
            program_id = _make_clinic(now)
    with programs([program_id]):
        patient_user = _freshen(program_id, now)
    lines = ["", "Sign-in links (each works once; more: manage.py sign_in_link ADDRESS)"]
    for address, _, _, title in STAFF:
        user = people_selectors.staff_user(email=address)
        assert user is not None
        lines.append(f"  {title:<17} {base_url}{people.make_sign_in_link(user_id=user.pk, now=now)}")
    lines.append(f"  {'Patient (phone)':<17} {base_url}{people.make_sign_in_link(user_id=patient_user, now=now)}")
    lines += ["", f"Sent texts:         {base_url}/outbox/   (sign in as staff first; nothing leaves this machine)"]
    lines += [f"API description:    {base_url}/api/docs/"]
    return lines


def _make_clinic(now: datetime) -> int:
    zone = morning_zone(now)
    program = people.create_program(
        slug=SLUG,
        name="Riverside Program",
        neutral_name="Riverside",
        zone=zone,
        phone="+12025550100",
        now=now,
        clinic_hours={day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    )
    ids: dict[int, tuple[str, str]] = {}
    for number, (address, name, roles, _) in enumerate(STAFF):
        user = people.create_staff(email=address, roles={program.pk: roles}, now=now)
        ids[user.pk] = (name, f"+120255501{number + 1:02d}")
    senders.register_sender(program_id=program.pk, address="+12025550199", provider="outbox")
    with programs([program.pk]):
        people.create_team(program_id=program.pk, name="Day team", members=ids, now=now)
        staff = min(ids)
        actor = people_selectors.actor_of(user_id=staff)
        _fill(program.pk, zone, actor, now)
    return program.pk


def _fill(program_id: int, zone: str, actor: Actor, now: datetime) -> None:
    """Two dozen people: some steady, some silent, some with cravings on the rise, some late for a visit."""
    rng = random.Random(SEED)  # noqa: S311 - invented people, not secrets
    today = now.astimezone(ZoneInfo(zone)).date()
    started = now - timedelta(days=75)
    names = [f"{given} {rng.choice(FAMILY)}" for given in GIVEN]
    names[5] = "Elena-Sofía Petrova de la Cruz y Montenegro"
    new = [
        patients.NewPatient(
            name=name,
            call_name=name.split()[0],
            phone=f"+1202555{number:04d}",
            zone=zone,
            language="es" if name.split()[0] in ("Luz", "Rosa", "Luis", "Tomás") else "en",
            indication="alcohol" if number % 3 == 0 else "opioid",
            opioid_history="none" if number % 3 == 0 else "known",
            treatment_from=today - timedelta(days=75),
        )
        for number, name in enumerate(names, start=110)
    ]
    found = patients.enrol(actor=actor, program_id=program_id, people=new, now=started)
    for patient in found:
        give_consent(
            actor=actor,
            program_id=program_id,
            patient_id=patient.pk,
            kind=ConsentKind.SMS,
            wording_version=CONSENT_WORDING,
            now=started,
        )
    oral, injected = found[:10], found[10:]
    _oral_histories(program_id, oral, actor, rng, today, now)
    _injection_histories(injected, actor, today, now)
    _craving_histories(found, actor, rng, now)
    tell_lives(found, nurse=actor, now=now)
    people.create_patient_account(program_id=program_id, patient_id=oral[0].pk, now=now)
    _places(oral[6:10], now=now)


def _places(found: list[patients.Patient], *, now: datetime) -> None:
    """Two browsers, an app and a mailbox that exist nowhere: what they get is shown on the page of sent texts."""
    point = vapid.public_key()  # any point of the curve: nobody will ever open what is sealed for it
    places = (
        {"channel": "push", "address": "https://updates.push.services.mozilla.com/wpush/v2/demo-1"},
        {"channel": "app", "address": "demo-app-token-0000000000"},
        {"channel": "push", "address": "https://fcm.googleapis.com/fcm/send/demo-2"},
        {"channel": "email", "address": "somebody@demo.invalid"},
    )
    for number, (patient, place) in enumerate(zip(found, places, strict=True)):
        keys = {"p256dh": point, "auth": vapid.text_of(bytes(16))} if place["channel"] == "push" else {}
        register_device(actor=NOBODY, patient=patient, client_id=uuid.UUID(int=number + 1), now=now, **place, **keys)


def _oral_histories(
    program_id: int,
    found: list[patients.Patient],
    actor: Actor,
    rng: random.Random,
    today: date,
    now: datetime,
) -> None:
    """Three weeks of tablets; two have gone quiet for four days."""
    first = today - timedelta(days=21)
    begun = now - timedelta(days=21)
    for patient in found:
        regimens.start_regimen(
            actor=actor,
            treatment=_treatment(patient),
            kind="oral_daily",
            starts_on=first,
            times=["08:00"],
            now=begun,
        )
    regimens.extend_doses(program_ids=[program_id], now=begun, ahead_hours=72)
    for back in range(21, 0, -1):
        day = today - timedelta(days=back)
        instant = now - timedelta(days=back - 1)
        regimens.extend_doses(program_ids=[program_id], now=instant, ahead_hours=72)
        statements = []
        for number, patient in enumerate(found):
            quiet = number in (3, 4) and back <= 4
            if quiet or (rng.random() < 0.08 and number > 2):
                continue
            taken = rng.random() < 0.93
            statements.append(
                doses.DoseStatement(
                    client_id=uuid.UUID(int=rng.getrandbits(128), version=4),
                    patient_id=patient.pk,
                    dosing_day=day,
                    statement="taken" if taken else "missed",
                    source="app" if number % 2 else "sms",
                )
            )
        doses.report_doses(actor=NOBODY, statements=statements, now=instant)
        doses.close_doses(program_ids=[program_id], now=instant)


def _injection_histories(found: list[patients.Patient], actor: Actor, today: date, now: datetime) -> None:
    """Injections four weeks apart; the last ones 2 to 45 days ago, so that every band is on the list."""
    for patient, days in zip(found, (2, 9, 20, 24, 27, 28, 33, 45), strict=False):
        treatment = _treatment(patient)
        regimens.start_regimen(
            actor=actor,
            treatment=treatment,
            kind="xr_im_28d",
            starts_on=today - timedelta(days=days + 28),
            now=now - timedelta(days=days + 28),
        )
        for turn, back in enumerate((days + 28, days)):
            injections.record_injections(
                actor=actor,
                injections=[
                    injections.GivenInjection(
                        client_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{patient.pk}:{back}"),
                        patient_id=patient.pk,
                        given_on=today - timedelta(days=back),
                        medicine=Medicine.NALTREXONE_INJECTION.value,
                        dose_mg=380,
                        site=("left", "right")[turn],
                        lot="DEMO-0427",
                        operator="RN Demo",
                    )
                ],
                now=now - timedelta(days=back) + timedelta(minutes=1),
            )


def _craving_histories(found: list[patients.Patient], actor: Actor, rng: random.Random, now: datetime) -> None:
    """A month of evening readings for most; for two the last days are well above their usual."""
    for number, patient in enumerate(found):
        if number % 4 == 3:
            continue
        usual = rng.choice((0.6, 1.5, 2.2, 3.0))
        for back in range(32, 0, -1):
            if rng.random() < 0.25:
                continue
            rise = 3.5 if number in (1, 12) and back <= 4 else 0.0
            felt = now - timedelta(days=back) + timedelta(hours=rng.randint(0, 8))
            level = min(10, max(0, round(rng.gauss(usual + rise, 0.9))))
            cravings.log_craving(
                actor=NOBODY,
                patient=patient,
                client_id=uuid.UUID(int=rng.getrandbits(128), version=4),
                intensity=level,
                felt_at=felt,
                now=felt + timedelta(minutes=1),
            )


def _treatment(patient: patients.Patient) -> treatments.Treatment:
    """The demo's people all have an open treatment."""
    treatment = records.open_treatment(patient)
    assert treatment is not None
    return treatment


def _due_time(now: datetime, zone: str) -> str:
    """The minute that it is now, there."""
    return now.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def _freshen(program_id: int, now: datetime) -> int:
    """Let a dose fall due now for somebody who waits for one today; returns the first patient's account.

    The demo may start at any hour: the person moves to a zone where it is morning.
    """
    zone = morning_zone(now)
    coordinator = people_selectors.staff_user(email=STAFF[0][0])
    assert coordinator is not None
    actor = people_selectors.actor_of(user_id=coordinator.pk)
    for patient in episodes.patients_on(program_id=program_id, kind="oral_daily"):
        if patient.zone != zone:
            patient = zones.set_zone(actor=actor, patient=patient, zone=zone, now=now)
        regimens.extend_doses(program_ids=[program_id], now=now, ahead_hours=settings.EXTEND_AHEAD_HOURS)
        today = wall_time.dosing_day(now, zone)
        if not episodes.waits_for_an_answer(patient_id=patient.pk, day=today):
            continue
        [regimen, *_] = records.open_regimens(_treatment(patient).pk)
        regimens.change_regimen(actor=actor, regimen=regimen, times=[_due_time(now, zone)], now=now)
        break
    return next(iter(people_selectors.patient_accounts(program_id=program_id).values()))
