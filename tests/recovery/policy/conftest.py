import pytest

from backend.rules.roles import Role


@pytest.fixture
def director(program, make_staff):
    """The medical director of ``program``."""
    return make_staff(program, Role.MEDICAL_DIRECTOR)
