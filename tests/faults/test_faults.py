"""Every fault that is built, with all its seeds: ``./test --full``, alone ``./test --faults [ID...]``.

FAULTS names some (empty: all), FAULTS_SEED one seed: then nothing is written. FAULTS_SEEDS is the
most seeds of a fault that are run; the row in ``docs/faults.md`` says how many were.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults import report, rig
from tests.faults.all_plays import FAULTS
from tests.faults.rig import World
from tests.servers import TestServers

PARALLEL = 3
A_SEED_S = 150

pytestmark = [pytest.mark.full, pytest.mark.timeout(30 * A_SEED_S)]


def seeds_of(name: str) -> range:
    if chosen := os.environ.get("FAULTS_SEED"):
        return range(int(chosen), int(chosen) + 1)
    most = int(os.environ.get("FAULTS_SEEDS") or FAULTS[name].seeds)
    return range(1, min(FAULTS[name].seeds, most) + 1)


@pytest.mark.parametrize("name", FAULTS)
def test_fault(name: str, servers: TestServers, world: World, run_folder: Path, tmp_path: Path) -> None:
    seeds = seeds_of(name)

    def one(seed: int) -> list[str]:
        cell = rig.Cell(name, seed, tmp_path / str(seed), servers, world, "")
        with rig.turn(run_folder, PARALLEL):
            return rig.play(cell, FAULTS[name].play)

    with ThreadPoolExecutor(PARALLEL) as pool:
        found = dict(zip(seeds, pool.map(one, seeds), strict=True))
    survived = sum(not wrong for wrong in found.values())
    print(f"{name} seeds {seeds.start}-{seeds.stop - 1}: survived {survived} of {len(seeds)}")
    if "FAULTS_SEED" not in os.environ:
        report.write(name, survived=survived, run=len(seeds), lock=run_folder / "report.lock")
    wrong = [f"seed {seed}: " + "\n  ".join(what) for seed, what in found.items() if what]
    assert not wrong, f"{name}: {FAULTS[name].title}: survived {survived} of {len(seeds)}\n" + "\n".join(wrong[:3])
