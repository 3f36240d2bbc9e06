"""``docs/faults.md``, written by the run: one row per fault of M 6, the last column ``survived/run``."""

import fcntl
import re
from pathlib import Path

from tests.faults.all_plays import FAULTS
from tests.faults.catalogue import CATALOGUE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
NOT_BUILT = "not built"
HEAD = """# Faults

Written by `./test --full` and `./test --faults`; do not edit. Each fault of M 6 is played in cells: real processes,
PostgreSQL, Valkey where it matters, a fake provider on loopback, every interval at about 1/100 time, longer spans by
moving the clock. A cell survived when everything due had its outcome, the provider's own ledger shows nothing lost,
doubled, late, outside the window or after STOP, and the invariants I1 to I10 hold. A row is written by each run of its
fault; "seeds" is how many a full run plays, and `./test --faults F2 --seed 7` repeats one of them. "Exactly one resend"
is proved against this fake and assumed of Twilio, whose list is not known to be immediately consistent.

"""


def write(name: str, *, survived: int, run: int, lock: Path) -> None:
    """Put one fault's result on the page; the other rows keep what they had."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        results = read() | {name: f"{survived}/{run}"}
        PAGE.write_text(page(results))


def read() -> dict[str, str]:
    if not PAGE.is_file():
        return {}
    rows = re.findall(r"^\| (F\d+) \|.*\| (\d+/\d+) \|$", PAGE.read_text(), re.MULTILINE)
    return dict(rows)


def page(results: dict[str, str]) -> str:
    known = {name: result for name, result in results.items() if name in FAULTS}
    survived, run = (sum(int(one.split("/")[at]) for one in known.values()) for at in (0, 1))
    total = f"Survived {survived} of {run} cells; {len(FAULTS)} of {len(CATALOGUE)} faults are built.\n\n"
    lines = ["| fault | what happens | expected | seeds | survived/run |", "|---|---|---|---|---|"]
    for name, (title, expected) in CATALOGUE.items():
        built = FAULTS.get(name)
        seeds = str(built.seeds) if built else "-"
        result = known.get(name, "not run") if built else NOT_BUILT
        lines.append(f"| {name} | {built.title if built else title} | {expected} | {seeds} | {result} |")
    return HEAD + total + "\n".join(lines) + "\n"
