"""The one tick that belongs to no app of its own."""

from datetime import datetime

from backend.services import seal
from backend.ticks import Tick, tick

TICKS: list[Tick] = []


@tick(TICKS, every="SEAL_SECONDS")
def seal_audit(ids: list[int], now: datetime) -> None:
    """Every few seconds: number and chain what was written."""
    seal.seal_audit(program_ids=ids)
