from collections.abc import Callable

import pytest
from django.test import Client

from backend.models import User
from tests.recovery.api.clinic import signed_in


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """A browser in which this account is signed in."""
    return signed_in
