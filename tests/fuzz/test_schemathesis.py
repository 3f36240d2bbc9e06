"""Schemathesis against the whole application, middleware and database included.

Every operation: no 5xx, no answer that ``openapi.yaml`` does not describe, nothing accepted
that it forbids. The normal run takes a few examples of each operation for the account that
it is meant for; ``full`` takes many, for every account.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from backend.models import User
from tests.recovery.api.clinic import Clinic, make_clinic, signed_in

pytestmark = pytest.mark.django_db

DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.yaml"
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))


def schema(examples: int) -> schemathesis.BaseSchema:
    """The document, with a number of random examples per operation beside the systematic ones."""
    generation = GenerationConfig(max_examples=examples, deterministic=True, with_security_parameters=False)
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation)), seed=1)
    return schemathesis.openapi.from_path(DOCUMENT, config=config)


FEW, MANY = schema(8), schema(300)


@pytest.fixture
def clinic(db) -> Iterator[Clinic]:
    # They close a connection that is inside the test's transaction; Django's test client does the same.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield make_clinic(timezone.now())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def check(case: schemathesis.Case, clinic: Clinic, account: User) -> None:
    """Send one request as this account. What was made to be accepted gets ids that exist.

    A body that fits may still be refused (a time to come, two that do not go together).
    """
    if case.meta is not None and case.meta.generation.mode.is_positive:
        there = {"patient_id": clinic.patient.pk, "flag_id": clinic.flag.pk if clinic.flag else 0}
        for name in set(case.path_parameters or {}) & set(there):
            case.path_parameters[name] = there[name]
        if isinstance(case.body, dict) and "dose_id" in case.body:
            case.body["dose_id"] = clinic.doses[0].pk
    session = signed_in(account).cookies["holdfast"].value
    token = secrets.token_hex(16)
    case.call_and_validate(
        app=WSGIHandler(),
        headers={"Cookie": f"holdfast={session}; csrftoken={token}", "X-CSRFToken": token},
        excluded_checks=[positive_data_acceptance],
    )


@FEW.parametrize()
@CALM
def test_each_operation_as_the_account_that_it_is_meant_for(case, clinic):
    check(case, clinic, clinic.phone if "/me/" in case.path else clinic.coordinator)


@pytest.mark.full
@pytest.mark.parametrize("who", ["phone", "coordinator", "clinician", "southern", "operator"])
@MANY.parametrize()
@CALM
def test_each_operation_as_every_account(case, clinic, who):
    check(case, clinic, getattr(clinic, who))
