"""Makers of programs, staff and patients, for every test of the clinical core."""

import copy
import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any

import pytest
import time_machine as travelling
from django.db import transaction
from django.test import Client

from backend.access import Actor
from backend.db import programs
from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.services import people
from tests.conftest import NOW
from tests.recovery.api.clinic import Clinic, make_clinic, signed_in

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def clinic_of_module(django_db_setup: None, django_db_blocker: Any) -> Iterator[Clinic]:
    """Made once for the tests of a module, inside a transaction around them; each of them is undone by itself."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        with travelling.travel(NOW, tick=False):
            made = make_clinic(NOW)
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def clinic(clinic_of_module: Clinic, db: None, now: datetime, time_machine: Any) -> Clinic:
    """Two programs with people in them; the clock stands at ``now``. What a test changes is its own."""
    time_machine.move_to(now, tick=False)
    return copy.deepcopy(clinic_of_module)


@pytest.fixture
def coordinator(clinic: Clinic) -> Client:
    """The browser of the coordinator of north."""
    return signed_in(clinic.coordinator)


@pytest.fixture
def phone(clinic: Clinic) -> Client:
    """The browser of the patient of north."""
    return signed_in(clinic.phone)


@pytest.fixture
def open_scope() -> Callable[..., AbstractContextManager[None]]:
    """``with open_scope(program_id, ...)``: what the middleware does around a request."""

    def opened(*ids: int, patient: int | str = "*") -> AbstractContextManager[None]:
        return programs(ids, patient=patient)

    return opened


@pytest.fixture
def make_program(db: None, now: datetime) -> Callable[..., int]:
    """Makes a program in New York and returns its id."""

    def make(**changes: Any) -> int:
        number = next(_numbers)
        values = {"slug": f"p{number}", "name": f"Program {number}", "neutral_name": "North", "now": now}
        return people.create_program(**{**values, "zone": "America/New_York", **changes}).pk

    return make


@pytest.fixture
def make_staff(db: None, now: datetime) -> Callable[..., Actor]:
    """Makes a staff account with roles in a program (default: coordinator) and returns the actor."""

    def make(program_id: int, *roles: Role) -> Actor:
        email = f"staff{next(_numbers)}@example.org"
        user = people.create_staff(email=email, roles={program_id: list(roles or (Role.COORDINATOR,))}, now=now)
        return actor_of(user_id=user.pk, request_id=str(uuid.uuid4()), route="tests")

    return make


@pytest.fixture
def make_patient(now: datetime, make_staff: Callable[..., Actor]) -> Callable[..., Any]:
    """Enrols a person, with a treatment from 1 February 2026 unless told otherwise. Needs an open scope."""
    from recovery.services.patients import NewPatient, enrol

    def make(program_id: int, *, at: datetime | None = None, **changes: Any) -> Any:
        number = next(_numbers)
        values: dict[str, Any] = {
            "name": f"Ana Patient{number}",
            "phone": f"+1212555{number:04d}",
            "zone": "America/New_York",
            "indication": "opioid",
            "treatment_from": date(2026, 2, 1),
        }
        person = NewPatient(**{**values, **changes})
        [patient] = enrol(actor=make_staff(program_id), program_id=program_id, people=[person], now=at or now)
        return patient

    return make


@pytest.fixture
def program(make_program: Callable[..., int]) -> Iterator[int]:
    """One program whose scope is open for the whole test."""
    pk = make_program()
    with programs([pk]):
        yield pk


@pytest.fixture
def staff(program: int, make_staff: Callable[..., Actor]) -> Actor:
    """A coordinator of ``program``."""
    return make_staff(program)


@pytest.fixture
def patient(program: int, make_patient: Callable[..., Any]) -> Any:
    """A patient of ``program`` with an open treatment."""
    return make_patient(program)
