"""Every play of the rig, in the order of the catalogue. Importing a module of plays registers them."""

from tests.faults import plays, plays_ground, plays_time, plays_wakes
from tests.faults.catalogue import CATALOGUE
from tests.faults.plays import Fault

__all__ = ["FAULTS", "plays", "plays_ground", "plays_time", "plays_wakes"]

FAULTS: dict[str, Fault] = {name: plays.FAULTS[name] for name in CATALOGUE if name in plays.FAULTS}
