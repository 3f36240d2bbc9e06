from collections.abc import Callable

import pytest
from django.test import Client

from backend.models import User
from tests.recovery.api.clinic import Clinic, make_clinic, signed_in


@pytest.fixture
def clinic(db, now, time_machine) -> Clinic:
    time_machine.move_to(now, tick=False)
    return make_clinic(now)


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """A browser in which this account is signed in."""
    return signed_in
