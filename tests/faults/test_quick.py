"""A few cells for every ``./test``: one seed each of what a change is most likely to break."""

from pathlib import Path

import pytest

from tests.faults import rig
from tests.faults.all_plays import FAULTS
from tests.faults.rig import World
from tests.servers import TestServers

QUICK = {"F3": 1, "F7": 1, "F41": 1}


@pytest.mark.parametrize(("name", "seed"), QUICK.items())
def test_quickly(name: str, seed: int, servers: TestServers, world: World, run_folder: Path, tmp_path: Path) -> None:
    cell = rig.Cell(name, seed, tmp_path / "cell", servers, world, "")
    found = rig.play(cell, FAULTS[name].play)
    assert not found, f"{name}, seed {seed}: {FAULTS[name].title}\n" + "\n".join(found)
