"""The demonstration's clinic: every page of a person has something to show, and nothing is made twice."""

from datetime import UTC, datetime

import pytest

from backend.db import programs
from backend.models import User
from config.demo import prepare_demo
from recovery.models import (
    Condition,
    Flag,
    InstrumentForm,
    LabResult,
    MeetingPlace,
    Patient,
    PatientGoal,
    PlanVersion,
    Procedure,
    Supporter,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def test_the_clinic_is_made_once_and_its_people_have_lives():
    first = prepare_demo(now=NOW, base_url="http://localhost:8000")
    assert sum("/s/" in line for line in first) == 4
    program = User.objects.get(email="coordinator@demo.invalid").memberships.get().program_id
    with programs([program]):
        people = Patient.objects.count()
        assert people == 18
        assert Flag.objects.exclude(status="closed").exists()
        assert MeetingPlace.objects.count() == 2
        for model in (PlanVersion, PatientGoal, LabResult, Supporter, InstrumentForm, Condition, Procedure):
            assert model.objects.values("patient").distinct().count() == 3, model.__name__
    prepare_demo(now=NOW, base_url="http://localhost:8000")
    with programs([program]):
        assert Patient.objects.count() == people
        assert PlanVersion.objects.count() == 3
