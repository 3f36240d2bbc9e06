"""How well inbound texts are read: recall and precision on the tuned and the held half.

The phrases were labelled before the classifier was written (bench/replies/README.md). Single errors are
printed for the tuned half only; nobody looks at those of the held half.
"""

import argparse
import csv
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reminders.rules.replies import Words, classify

PHRASES = Path(__file__).parent / "replies" / "phrases.csv"
FLAGS = ("opt_out", "wrong_person", "crisis", "opt_in", "help")
BARS = {"opt_out_recall": 1.0, "opt_out_precision": 0.95, "crisis_recall": 0.99}


@dataclass(frozen=True)
class Phrase:
    text: str
    label: str
    language: str
    held: bool


def load(path: Path = PHRASES) -> list[Phrase]:
    """Return the labelled phrases; the first byte of the cell's SHA-256 decides the half."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Phrase(
                text=row["text"].replace("\\0", "\0"),
                label=row["label"],
                language=row["language"],
                held=hashlib.sha256(row["text"].encode()).digest()[0] % 2 == 1,
            )
            for row in csv.DictReader(lines)
        ]


def wanted(label: str) -> frozenset[str]:
    """Return the marks that a label asks for; nothing for ``unclear``."""
    return frozenset() if label == "unclear" else frozenset(label.split("+"))


def found(words: Words) -> frozenset[str]:
    """Return the marks that the classifier set, in the words of the labels."""
    marks = {flag for flag in FLAGS if getattr(words, flag)}
    if words.intent is not None:
        marks.add(f"number:{words.number}" if words.intent == "number" else str(words.intent))
    return frozenset(marks)


def measure(phrases: Iterable[Phrase]) -> dict[str, float | int]:
    """Return recall and precision of each flag, and the share of other texts read exactly as labelled."""
    pairs = [(wanted(one.label), found(classify(one.text))) for one in phrases]
    result: dict[str, float | int] = {"phrases": len(pairs)}
    for flag in FLAGS:
        right = sum(flag in want and flag in got for want, got in pairs)
        want_all = sum(flag in want for want, _ in pairs)
        got_all = sum(flag in got for _, got in pairs)
        result[f"{flag}_n"] = want_all
        result[f"{flag}_recall"] = round(right / want_all, 4) if want_all else 1.0
        result[f"{flag}_precision"] = round(right / got_all, 4) if got_all else 1.0
    others = [(want, got) for want, got in pairs if not want & {"opt_out", "crisis"}]
    result["answers_exact"] = round(sum(want == got for want, got in others) / len(others), 4) if others else 1.0
    return result


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench replies", description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    phrases = load()
    halves = {
        "tuned": measure(one for one in phrases if not one.held),
        "held": measure(one for one in phrases if one.held),
    }
    missed = [f"{half}_{bar}" for half in halves for bar, least in BARS.items() if halves[half][bar] < least]
    if options.json:
        flat = {f"{half}_{key}": value for half, figures in halves.items() for key, value in figures.items()}
        print(json.dumps(flat | {"missed": missed}))
        return 1 if missed else 0
    print(f"{'':<22}{'tuned':>10}{'held':>10}{'bar':>10}")
    for key in halves["tuned"]:
        bar = f"{BARS[key]:>10.2f}" if key in BARS else ""
        print(f"{key:<22}{halves['tuned'][key]:>10}{halves['held'][key]:>10}{bar}")
    wrong = [(one, got) for one in phrases if not one.held and (got := found(classify(one.text))) != wanted(one.label)]
    if wrong:
        print("\nRead otherwise than labelled (tuned half only):")
        for one, got in wrong:
            print(f"  {one.text!r} is {one.label}, read as {'+'.join(sorted(got)) or 'unclear'}")
    return 1 if missed else 0
