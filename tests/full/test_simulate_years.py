"""Some hundred patient-years of ``manage.py simulate`` with other seeds than the quick test's (M G2, F76)."""

import pytest

from config.simulation.run import simulate

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("seed", [101, 102])
def test_years(seed):
    answer = simulate(patients=150, days=365, seed=seed)
    assert answer.counts.first == []
    assert answer.holds
