import pytest
from django.test import Client

from tests.recovery.api.clinic import Clinic, make_clinic, signed_in


@pytest.fixture
def clinic(db, now, time_machine) -> Clinic:
    time_machine.move_to(now, tick=False)
    return make_clinic(now)


@pytest.fixture
def phone(clinic) -> Client:
    """The browser of the patient of north."""
    return signed_in(clinic.phone)


@pytest.fixture
def coordinator(clinic) -> Client:
    """The browser of the coordinator of north."""
    return signed_in(clinic.coordinator)
