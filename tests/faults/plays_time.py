"""The faults of M 6 that clocks, zones and calendars make. Expected instants are written out, not computed."""

import shutil
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.faults.plays import MANY, as_staff, fault
from tests.faults.rig import DUE, ZONE, Cell, phone

JITTER = timedelta(minutes=10)
NOTICED = timedelta(minutes=2)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def newcomers(cell: Cell, *, zone: str, at: str, first_day: date, count: int = 3) -> list[int]:
    """New patients of one zone with a daily time; everybody else leaves. Returns their ids."""
    made: list[int] = []

    def settle_in(actor: Any) -> None:
        from backend.rules.consent import ConsentKind
        from backend.services.consents import give_consent
        from recovery.models import Patient, Treatment
        from recovery.services import patients, regimens

        now, program_id = cell.now(), cell.world.program_id
        for person in Patient.objects.filter(pk__in=cell.world.patient_ids):
            patients.exit_patient(actor=actor, patient=person, status="exited", now=now)
        people = [
            patients.NewPatient(
                name=f"New {number}",
                phone=phone(500 + number),
                zone=zone,
                indication="alcohol",
                opioid_history="none",
                treatment_from=first_day,
            )
            for number in range(count)
        ]
        rows = patients.enrol(actor=actor, program_id=program_id, people=people, now=now)
        made.extend(row.pk for row in rows)
        for row in rows:
            give_consent(
                actor=actor,
                program_id=program_id,
                patient_id=row.pk,
                kind=ConsentKind.SMS,
                wording_version="1",
                now=now,
            )
        regimens.start_regimens(
            actor=actor,
            regimens=[
                regimens.NewRegimen(
                    treatment_id=pk, kind="oral_daily", starts_on=first_day, times=(at,), outside_window_ok=True
                )
                for pk in Treatment.objects.filter(patient_id__in=made).values_list("pk", flat=True)
            ],
            now=now,
        )

    as_staff(cell, settle_in)
    return made


def first_texts(cell: Cell, people: Sequence[int], day: date) -> list[dict[str, Any]]:
    return cell.rows(
        "SELECT * FROM reminders_message WHERE subject_kind = 'dose' AND step = '1.first' AND slot_on = %s "
        "AND patient_id = ANY (%s) ORDER BY patient_id",
        day,
        list(people),
    )


def sent_at(cell: Cell, people: Sequence[int], day: date) -> list[datetime]:
    """When each person's first text for this dosing day left, one entry a text."""
    from hashlib import sha256

    mine = {row["id"] for row in first_texts(cell, people, day)}
    owners = {bytes(row["digest"]): row["message_id"] for row in cell.rows("SELECT * FROM reminders_statustoken")}
    return [
        datetime.fromisoformat(text["created_at"])
        for text in cell.fake.ledger()
        if owners.get(sha256(text["token"].encode()).digest()) in mine
    ]


def one_at(cell: Cell, people: Sequence[int], day: date, due: datetime) -> list[str]:
    """Walk over ``due``: nobody's text leaves before it, everybody's leaves once soon after."""
    cell.wait(lambda: len(first_texts(cell, people, day)) == len(people), f"the texts of {day} planned")
    cell.move_to(due - timedelta(minutes=1))
    cell.settle()
    found = [f"a text of {day} left at {at:%H:%M}Z, before {due:%H:%M}Z" for at in sent_at(cell, people, day)]
    cell.move_to(due + JITTER + NOTICED)
    cell.wait(lambda: all(row["state"] == "delivered" for row in first_texts(cell, people, day)), f"{day} delivered")
    if (left := len(sent_at(cell, people, day))) != len(people):
        found.append(f"{left} texts of {day} left for {len(people)} people")
    return found


SPRING = [
    ("America/New_York", date(2026, 3, 7), "02:30", utc(2026, 3, 8, 7, 0)),
    ("Europe/Berlin", date(2026, 3, 28), "02:30", utc(2026, 3, 29, 1, 0)),
    ("Australia/Sydney", date(2026, 10, 3), "02:15", utc(2026, 10, 3, 16, 0)),
]


@fault("F45", "a slot in the hour that spring skips")
def skipped_hour(cell: Cell) -> list[str]:
    zone, day, at, due = SPRING[cell.seed % len(SPRING)]
    cell.move_to(due - timedelta(hours=16))
    people = newcomers(cell, zone=zone, at=at, first_day=day)
    cell.start("sweep", "web")
    return one_at(cell, people, day, due)


AUTUMN = [
    ("America/New_York", date(2026, 10, 31), "01:30", utc(2026, 11, 1, 5, 30)),
    ("Europe/Berlin", date(2026, 10, 24), "02:30", utc(2026, 10, 25, 0, 30)),
    ("Australia/Sydney", date(2026, 4, 4), "02:30", utc(2026, 4, 4, 15, 30)),
]


@fault("F46", "a slot in the hour that autumn repeats")
def repeated_hour(cell: Cell) -> list[str]:
    zone, day, at, due = AUTUMN[cell.seed % len(AUTUMN)]
    cell.move_to(due - timedelta(hours=16))
    people = newcomers(cell, zone=zone, at=at, first_day=day)
    cell.start("sweep", "web")
    found = one_at(cell, people, day, due)
    cell.move_to(due + timedelta(hours=1) + JITTER + NOTICED)  # the same wall time again
    cell.settle()
    if len(sent_at(cell, people, day)) != len(people):
        found.append("it was sent again in the repeated hour")
    return found


# Nine in the morning on three days around an odd change, in UTC.
ODD = [
    ("Australia/Lord_Howe", date(2026, 4, 4), [utc(2026, 4, 3, 22), utc(2026, 4, 4, 22, 30), utc(2026, 4, 5, 22, 30)]),
    ("Africa/Casablanca", date(2026, 3, 21), [utc(2026, 3, 21, 9, 0), utc(2026, 3, 22, 8, 0), utc(2026, 3, 23, 8, 0)]),
    ("Pacific/Chatham", date(2026, 4, 4), [utc(2026, 4, 3, 19, 15), utc(2026, 4, 4, 20, 15), utc(2026, 4, 5, 20, 15)]),
    ("Asia/Kathmandu", date(2026, 4, 4), [utc(2026, 4, 4, 3, 15), utc(2026, 4, 5, 3, 15), utc(2026, 4, 6, 3, 15)]),
]  # fmt: skip


def days_in_a_row(cell: Cell, zone: str, first_day: date, dues: Sequence[datetime]) -> list[str]:
    cell.move_to(dues[0] - timedelta(hours=12))
    people = newcomers(cell, zone=zone, at="09:00", first_day=first_day)
    cell.start("sweep", "web")
    found = []
    for number, due in enumerate(dues):
        found += one_at(cell, people, first_day + timedelta(days=number), due)
    for text in cell.fake.ledger():
        local = datetime.fromisoformat(text["created_at"]).astimezone(ZoneInfo(zone))
        if not 8 <= local.hour < 21:
            found.append(f"a text left at {local:%H:%M} local")
    return found


@fault("F47", "zones of 30 and 45 minutes, and odd days")
def odd_zones(cell: Cell) -> list[str]:
    zone, first_day, dues = ODD[cell.seed % len(ODD)]
    return days_in_a_row(cell, zone, first_day, dues)


@fault("F48", "the rules of a zone change while texts are planned")
def new_zone_rules(cell: Cell) -> list[str]:
    # New York's file is replaced by another's, as if it had moved its clocks: 10:00 is an hour or two later now.
    elsewhere, hours = cell.dice.choice([("America/Chicago", 1), ("America/Denver", 2)])
    tz = cell.folder / "tz" / "America"
    tz.mkdir(parents=True)
    [source] = [path for path in map(Path, _tz_folders()) if (path / elsewhere).is_file()][:1]
    shutil.copy(source / elsewhere, tz / "New_York")
    path = ":".join([str(tz.parent), str(source)])
    people, day = cell.world.patient_ids, date(2026, 3, 4)
    cell.start("web")
    cell.start("sweep-before")
    cell.move_to(DUE)
    cell.settle(state="delivered")
    before = cell.one("SELECT max(due_at) FROM recovery_dose WHERE dosing_day = %s", day)
    cell.processes.kill("sweep-before")
    cell.start("sweep", PYTHONTZPATH=path)
    due = before + timedelta(hours=hours)
    cell.wait(
        lambda: cell.one("SELECT min(due_at) FROM recovery_dose WHERE dosing_day = %s", day) == due, "the doses moved"
    )
    cell.move_to(before + JITTER + NOTICED)
    cell.settle()
    found = [f"a text left at the old time, {at:%H:%M}Z" for at in sent_at(cell, people, day)]
    found += one_at(cell, people, day, due)
    for each in (date(2026, 3, 3), day):
        if (left := len(sent_at(cell, people, each))) != len(people):
            found.append(f"{left} texts of {each} left for {len(people)} people")
    return found


def _tz_folders() -> list[str]:
    import importlib.resources
    import zoneinfo

    return [*zoneinfo.TZPATH, str(importlib.resources.files("tzdata") / "zoneinfo")]


@fault("F49", "a patient flies back and forth in a day")
def flies_about(cell: Cell) -> list[str]:
    people = list(cell.world.patient_ids[:4])
    here, there = str(ZONE), "America/Los_Angeles"

    def fly(to: str) -> None:
        def land(actor: Any) -> None:
            from recovery.models import Patient
            from recovery.services.zones import set_zone

            for person in Patient.objects.filter(pk__in=people):
                set_zone(actor=actor, patient=person, zone=to, now=cell.now())

        as_staff(cell, land)

    cell.start("sweep", "web")
    if cell.dice.random() < 0.5:
        fly(there)  # in the air while the text is near: it stays
    cell.move_to(DUE)
    cell.settle()
    for hours in (cell.dice.uniform(1, 3), cell.dice.uniform(1, 3), cell.dice.uniform(1, 3)):
        fly(cell.dice.choice([here, there]))
        cell.jump(hours=hours)
        cell.settle()
    fly(here)
    cell.move_to(utc(2026, 3, 4, 15, 12))
    cell.settle()
    cell.move_to(utc(2026, 3, 4, 18, 12))
    cell.settle()
    found = []
    for day in (date(2026, 3, 3), date(2026, 3, 4)):
        if (left := len(sent_at(cell, people, day))) != len(people):
            found.append(f"{left} texts of {day} left for {len(people)} people")
    both = sorted(sent_at(cell, people, date(2026, 3, 3)))[-1], sorted(sent_at(cell, people, date(2026, 3, 4)))[0]
    if both[1] - both[0] < timedelta(hours=6):
        found.append(f"two days' texts left {both[1] - both[0]} apart")
    return found


@fault("F50", "invalid, missing, old and placeless zones")
def bad_zones(cell: Cell) -> list[str]:
    bad = [
        "",
        " ",
        "Mars/Olympus",
        "UTC",
        "Etc/GMT+5",
        "US/Eastern",
        "EST5EDT",
        "../../etc/passwd",
        "america",
        "A" * 300,
    ]
    found: list[str] = []

    def try_each(actor: Any) -> None:
        from backend.errors import DomainError
        from recovery.models import Patient
        from recovery.services.patients import NewPatient, enrol
        from recovery.services.zones import set_zone

        person = Patient.objects.get(pk=cell.world.patient_ids[0])
        for zone in bad:
            new = NewPatient(name="X", phone="", zone=zone, indication="alcohol")
            for act in (
                lambda new=new: enrol(actor=actor, program_id=cell.world.program_id, people=[new], now=cell.now()),
                lambda zone=zone: set_zone(actor=actor, patient=person, zone=zone, now=cell.now()),
            ):
                try:
                    act()
                except DomainError as refusal:
                    if refusal.field != "zone":
                        found.append(f"{zone!r}: the refusal names {refusal.field}")
                else:
                    found.append(f"{zone!r} was taken")

    as_staff(cell, try_each)
    zones = {row["zone"] for row in cell.rows("SELECT DISTINCT zone FROM recovery_patient")}
    if zones != {str(ZONE)}:
        found.append(f"stored zones: {sorted(zones)}")
    cell.start("sweep", "web")
    cell.move_to(DUE)
    cell.settle(state="delivered")
    return found + cell.each_left_once()


@fault("F51", "a runner's clock is ten minutes fast or slow, or jumps back")
def wrong_clock(cell: Cell) -> list[str]:
    error = cell.dice.choice([1500, 600, -600, 3, -3])
    cell.start("web")
    cell.start("sweep-wrong", HOLDFAST_CLOCK_ERROR=str(error))
    log = cell.processes.folder / "sweep-wrong.log"
    cell.wait(lambda: "NTP" in log.read_text(), "the wrong runner saying so")
    found = [] if cell.sent_by_fake() == 0 else ["the wrong runner sent something"]
    if cell.rows("SELECT 1 FROM reminders_tickrun WHERE runner = 'sweep'"):
        found.append("the wrong runner counts as a runner")
    cell.start("sweep")
    cell.move_to(DUE)
    cell.settle(state="delivered")
    # A clock that is set back: what was sent is not sent again.
    cell.move_to(DUE - timedelta(minutes=15))
    cell.wait(lambda: not cell.waits(), "nothing waiting")
    cell.move_to(DUE + timedelta(minutes=1))
    cell.settle(state="delivered")
    return found + cell.each_left_once()


CALENDAR = [
    ("America/New_York", date(2028, 2, 28), [utc(2028, 2, 28, 14), utc(2028, 2, 29, 14), utc(2028, 3, 1, 14)]),
    ("America/New_York", date(2026, 12, 31), [utc(2026, 12, 31, 14), utc(2027, 1, 1, 14), utc(2027, 1, 2, 14)]),
    ("America/New_York", date(2027, 1, 30), [utc(2027, 1, 30, 14), utc(2027, 1, 31, 14), utc(2027, 2, 1, 14)]),
]


@fault("F52", "leap day, the 31st, the end of the year")
def calendar_edges(cell: Cell) -> list[str]:
    return days_in_a_row(cell, *CALENDAR[cell.seed % len(CALENDAR)])


@fault("F55", "a number changes while nobody knows whether its text left")
def number_changed(cell: Cell) -> list[str]:
    changed = set(cell.dice.sample(range(len(cell.world.patient_ids)), 4))
    cell.fake.receipts(how="never")
    # Either it has them and says nothing, or it never took them.
    taken = cell.dice.random() < 0.5
    cell.fake.script("create", **({"reset": "after"} if taken else {"delay_s": 30}))
    cell.move_to(DUE)
    cell.start("web", "sweep")
    cell.wait(lambda: all(row["state"] == "unknown" for row in cell.wave()), "the wave unknown")

    def move(actor: Any) -> None:
        from recovery.models import Patient
        from recovery.services.patients import set_phone

        for number in changed:
            person = Patient.objects.get(pk=cell.world.patient_ids[number])
            set_phone(actor=actor, patient=person, phone=phone(700 + number), now=cell.now())

    as_staff(cell, move)
    cell.fake.heal()
    ids = {cell.world.patient_ids[number] for number in changed}

    def others_settled() -> bool:
        rest = [row["state"] for row in cell.wave() if row["patient_id"] not in ids]
        return all(state in ("accepted", "sent", "delivered") for state in rest)

    cell.wait(others_settled, "the others settled")
    new = {phone(700 + number) for number in changed}
    wrong = [text for text in cell.fake.ledger() if text["to"] in new]
    found = [f"{len(wrong)} texts of unknown fate went to a new number"] if wrong else []
    cell.move_to(DUE + timedelta(hours=3, minutes=1))
    cell.settle()
    for row in cell.wave():
        if row["patient_id"] in ids and row["state"] not in ("unknown", "accepted", "sent"):
            found.append(f"message {row['id']} is {row['state']}:{row['why']}")
    return found


@fault("F56", "twenty resends of one report, shuffled, days late", seeds=MANY)
def late_resends(cell: Cell) -> list[str]:
    from tests.journeys.harness import Browser

    patient_id, links = cell.world.patient_ids[0], []

    def account(actor: Any) -> None:
        from backend.services import people

        user = people.create_patient_account(program_id=cell.world.program_id, patient_id=patient_id, now=cell.now())
        links.append(user.pk)

    as_staff(cell, account)
    cell.start("sweep", "web")
    # Three days without a word: nobody has reported, so silence is seen.
    for hours in (24, 48, 72):
        cell.move_to(DUE + timedelta(hours=hours))
        cell.settle(patience_s=90)
    doses = cell.rows(
        "SELECT id, dosing_day, due_at FROM recovery_dose WHERE patient_id = %s AND day_ends_at < %s ORDER BY due_at",
        patient_id,
        cell.now(),
    )
    with cell.django():
        from backend.services import people

        link = people.make_sign_in_link(user_id=links[0], now=cell.now())
    browser = Browser(cell.url).sign_in(link)
    facts = [
        (
            str(uuid.UUID(int=cell.dice.getrandbits(128), version=4)),
            {"statement": "taken", "dose_id": dose["id"], "taken_at": dose["due_at"].isoformat()},
        )
        for dose in doses
    ]
    sends = facts * 20
    cell.dice.shuffle(sends)
    answers = [browser.call("PUT", f"/api/v1/me/dose-reports/{key}/", body).status_code for key, body in sends]
    found = []
    if answers.count(201) != len(facts) or answers.count(200) != len(sends) - len(facts):
        found.append(f"answered {sorted(set(answers))}, {answers.count(201)} of them as new")
    stored = cell.rows("SELECT dose_id, count(*) FROM recovery_dosereport WHERE patient_id = %s GROUP BY 1", patient_id)
    if [row["count"] for row in stored] != [1] * len(doses):
        found.append("one statement is stored more than once")
    states = cell.rows("SELECT state, backfilled FROM recovery_dose WHERE id = ANY (%s)", [d["id"] for d in doses])
    if {row["state"] for row in states} != {"taken"}:
        found.append(f"the doses are {sorted({row['state'] for row in states})}")
    live = cell.rows(
        "SELECT id FROM recovery_flag WHERE patient_id = %s AND kind = 'silence' AND status <> 'closed'", patient_id
    )
    if live:
        found.append("silence is still flagged after the reports")
    for flag in cell.rows("SELECT id FROM recovery_flag WHERE patient_id = %s AND kind = 'silence'", patient_id):
        history = cell.one("SELECT count(*) FROM recovery_flagevent WHERE pgh_obj_id = %s", flag["id"])
        if history < 2:
            found.append("the flag was retracted without a history")
    return found
