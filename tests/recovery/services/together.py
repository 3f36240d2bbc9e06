"""One runner of several, as a process of its own: ``python -m tests.recovery.services.together WHAT ...``."""

import json
import os
import sys
from datetime import UTC, date, datetime, timedelta

PEOPLE = 60
NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)


def seed() -> dict:
    """Sixty people: half on tablets, half with an injection 36 days ago; nothing was ticked since."""
    import uuid

    from backend.access import Actor
    from backend.db import programs
    from backend.services import people
    from recovery.selectors.records import open_treatments
    from recovery.services.injections import GivenInjection, record_injections
    from recovery.services.patients import NewPatient, enrol
    from recovery.services.regimens import NewRegimen, start_regimens

    program = people.create_program(slug="p", name="P", neutral_name="P", zone="America/New_York", now=NOW).pk
    actor = Actor(user_id=None)
    with programs([program]):
        found = enrol(
            actor=actor,
            program_id=program,
            people=[
                NewPatient(
                    name=f"Person {n}",
                    phone="",
                    zone="America/New_York",
                    indication="opioid",
                    treatment_from=date(2026, 1, 1),
                )
                for n in range(PEOPLE)
            ],
            now=NOW,
        )
        treatments = open_treatments([row.pk for row in found])
        start_regimens(
            actor=actor,
            regimens=[
                NewRegimen(treatment_id=treatments[row.pk].pk, kind="oral_daily", starts_on=date(2026, 3, 3))
                for row in found[::2]
            ],
            now=NOW,
        )
        record_injections(
            actor=actor,
            injections=[
                GivenInjection(
                    client_id=uuid.uuid4(),
                    patient_id=row.pk,
                    given_on=date(2026, 3, 3),
                    medicine="naltrexone_injection",
                    dose_mg=380,
                )
                for row in found[1::2]
            ],
            now=NOW,
        )
    return {"program": program}


def work(program: int, barrier: str, runner: int) -> dict:
    """Everything a late day asks for, in an order that differs by runner."""
    from recovery.services import cover, doses, regimens

    later = NOW + timedelta(days=36)
    jobs = [
        lambda: {"made": regimens.extend_doses(program_ids=[program], now=later)},
        lambda: {"crossed": cover.advance_bands(program_ids=[program], now=later, limit=7)},
        lambda: {"closed": doses.close_doses(program_ids=[program], now=later, limit=50).closed},
    ]
    wait_for(barrier)
    done: dict = {}
    for job in jobs[runner:] + jobs[:runner] + jobs:
        for name, count in job().items():
            done[name] = done.get(name, 0) + count
    return done


def wait_for(barrier: str) -> None:
    """Start when all have come: a shared lock that the test holds exclusively until then."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [int(barrier)])


def main(what: str, *arguments: str) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if what == "seed":
        print(json.dumps(seed()))
    else:
        program, barrier, runner = arguments
        print(json.dumps(work(int(program), barrier, int(runner))))


if __name__ == "__main__":
    main(*sys.argv[1:])
