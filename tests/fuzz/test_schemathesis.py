"""Schemathesis against the whole application, middleware and database included.

Every operation: no 5xx, no answer that ``openapi.yaml`` does not describe, nothing accepted
that it forbids. For the account that an operation is meant for: everything that is systematically
wrong with a request, and random ones; for each other account random ones. FUZZ_SEED makes them others
(``./test --full`` prints the one that it chose), FUZZ_EXAMPLES more.
"""

import os
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.config import (
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from backend.models import User
from backend.rules.roles import Role
from backend.services import people
from tests.recovery.api.clinic import Clinic, make_clinic, signed_in

# The limit is for one operation: hundreds of requests, each with everything that its account may do behind it.
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.yaml"
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))
SEED = int(os.environ.get("FUZZ_SEED") or 0)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))


def schema(*, systematic: bool) -> schemathesis.BaseSchema:
    """The document, with EXAMPLES random requests for each operation; ``systematic`` adds every known mistake."""
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic=not SEED, with_security_parameters=False)
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=systematic))
    project = ProjectConfig(generation=generation, phases=phases)
    config = SchemathesisConfig(projects=ProjectsConfig(default=project), seed=SEED)
    return schemathesis.openapi.from_path(DOCUMENT, config=config)


SYSTEMATIC, RANDOM = schema(systematic=True), schema(systematic=False)


ACCOUNTS = ("phone", "coordinator", "clinician", "southern", "operator")
PRESCRIBERS = (
    "/lift/",
    "/bridge/",
    "/checklists/{checklist_id}/answers/",
    "/sign/",
    "/patients/{patient_id}/holds/",
    "/review/",
    "/regimens/",
    "/change/",
    "/stop/",
    "/urine-screens/{entry_id}/read/",
)


class Door:
    """The application, a clinic, and a session of each account that knocks."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.app = WSGIHandler()
        self.sessions: dict[int, str] = {}
        roles = {clinic.north.pk: [Role.MEDICAL_DIRECTOR]}
        self.director = people.create_staff(email=f"{uuid.uuid4().hex}@example.test", roles=roles, now=clinic.now)

    def account_for(self, case: schemathesis.Case) -> User:
        """Who is meant to ask this: the patient, the director, a prescriber, or any of the care team."""
        path, method = case.operation.path, case.operation.method.upper()
        if "/me/" in path:
            return self.clinic.phone
        if "/care/rota/" in path and method != "GET":
            return self.director
        if method != "GET" and path.endswith(PRESCRIBERS):
            return self.clinic.clinician
        return self.clinic.coordinator

    def knock(self, case: schemathesis.Case, account: User) -> int:
        """Send one request as this account; returns the status. Ids that are not the point of the case exist.

        A body that fits may still be refused: a time to come, two fields that do not go together. That
        nobody gets in without a session is tested in ``tests/recovery/api/test_access.py``: this check
        cannot take the session's cookie away again.
        """
        assert case.meta is not None
        if not case.meta.is_negative_at(ParameterLocation.PATH):
            self._use_what_is_there(case)
        if account.pk not in self.sessions:
            self.sessions[account.pk] = signed_in(account).cookies["holdfast"].value
        token = secrets.token_hex(16)
        response = self._call(case, self.sessions[account.pk], token, [positive_data_acceptance, ignored_auth])
        # Otherwise every request would end at the door, and the rest be untested.
        assert response.status_code != 401
        return response.status_code

    def _call(self, case: schemathesis.Case, session: str, token: str, checks: list):
        return case.call_and_validate(
            app=self.app,
            cookies={"holdfast": session, "csrftoken": token},
            headers={"X-CSRFToken": token},
            excluded_checks=checks,
        )

    def _use_what_is_there(self, case: schemathesis.Case) -> None:
        assert self.clinic.flag is not None
        there = {
            "patient_id": self.clinic.patient.pk,
            "flag_id": self.clinic.flag.pk,
            "regimen_id": self.clinic.doses[0].regimen_id,
            "client_id": str(uuid.uuid4()),
        }
        for name in set(case.path_parameters or {}) & set(there):
            case.path_parameters[name] = there[name]
        fits = case.meta is not None and case.meta.generation.mode.is_positive
        if fits and isinstance(case.body, dict) and "dose_id" in case.body:
            case.body["dose_id"] = self.clinic.doses[0].pk


@pytest.fixture
def door(db) -> Iterator[Door]:
    # They close a connection that is inside the test's transaction; Django's test client does the same.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield Door(make_clinic(timezone.now()))
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@SYSTEMATIC.parametrize()
@CALM
def test_each_operation_as_the_account_that_it_is_meant_for(case, door):
    assert door.knock(case, door.account_for(case)) != 403


@pytest.mark.full
@pytest.mark.parametrize("who", ACCOUNTS)
@RANDOM.parametrize()
@CALM
def test_each_operation_as_every_account(case, door, who):
    door.knock(case, getattr(door.clinic, who))
