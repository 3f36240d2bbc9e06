"""docs/clinical/coverage.md names only what exists, has every row, and says why where nothing is named."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from recovery.rules import (
    alert_card,
    coping,
    crisis_lines,
    learning,
    medicines,
    needs,
    sentences,
    side_effects,
    triggers,
)
from recovery.web import own_plan_words, own_words, words
from reminders.rules import wording

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "clinical" / "coverage.md"
STATES = {"done", "part", "rule", "not yet", "out"}
WANTED = {
    "The facts of C 1": [str(n) for n in range(1, 136)],
    "The corrections of C 2": [str(n) for n in range(1, 26)],
    "The safety rules": [f"S {n}" for n in range(1, 22)],
    "The worked examples": [f"W{n}" for n in range(1, 11)],
}
ISSUE = re.compile(r"issue \d+ line \d+")


def rows() -> dict[str, list[list[str]]]:
    """The rows of each table by its heading: number, what, state, code, tests, where it is seen, why."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| ") and heading and not line.startswith("| # |"):
            found.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return found


ROWS = [pytest.param(row, id=f"{heading}-{row[0]}") for heading, table in rows().items() for row in table]


@pytest.mark.parametrize("heading", WANTED)
def test_no_row_is_missing(heading):
    assert [row[0] for row in rows()[heading]] == WANTED[heading]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_what_exists_or_says_why_not(row):
    assert len(row) == 7, row
    number, what, state, code, tests, _, why = row
    named, proofs = re.findall(r"`([^`]+)`", code), re.findall(r"`([^`]+)`", tests)
    assert what and state in STATES
    assert [name for name in named if not symbol_exists(name)] == []
    assert [name for name in proofs if not has_test(name)] == []
    if state in ("done", "part", "rule"):
        assert named and proofs, f"{number} names no code or no test"
    if state != "done":
        assert why, f"{number} does not say why"
    if state in ("not yet", "rule"):
        assert ISSUE.search(why), f"{number} does not say where it is asked for"


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("recovery.rules.cover:band_of", True),
        ("recovery.rules.states:FlagKind.PREGNANCY", True),
        ("recovery.rules.cover:no_such_thing", False),
        ("recovery.no_such_module:x", False),
        ("docs/glossary.md", True),
        ("docs/no-such-file.md", False),
        ("tests/rules/recovery/test_cover.py::test_band_of_each_edge", True),
        ("tests/rules/recovery/test_cover.py::test_nothing", False),
        ("tests/no_such_file.py::test_nothing", False),
    ],
)
def test_the_check_tells_what_exists_from_what_does_not(name, exists):
    assert (has_test(name) if "::" in name else symbol_exists(name)) is exists


# What no text that a person reads may say (C 2), by the number of the correction.
WRONG = {
    1: r"withdrawal|abstinencia",
    2: r"\btaper|wean",
    3: r"benzodiazepine",
    4: r"dopamine|surge",
    5: r"(reduces|lessens|eases) (your )?withdrawal",
    6: r"(?<!ant)agonist",
    7: r"latch|molecule",
    8: r"prevents? (an )?overdose|protects? you from (an )?overdose|safe to use",
    12: r"placebo|cochrane|jarvis",
    13: r"similar efficacy|x:bot",
    14: r"\bneat\b",
    15: r"\b(36|50) ?%",
    17: r"receptor|endorphin",
    19: r"certification|x-waiver",
    22: r"reduces? (your )?craving|heals?\b",
    24: r"supplement",
    25: r"abuse|addict|\bclean\b|\bdirty\b|cold turkey|junkie|alcoholic\b|relapsed?\b",
}


@pytest.mark.parametrize("number", WRONG)
def test_no_text_repeats_what_the_seeds_got_wrong(number):
    read = texts(patients_only=number == 1)  # staff do read of withdrawal where it was reported
    assert [text for text in read if re.search(WRONG[number], text, re.I)] == []


def test_the_texts_are_found():
    found = texts()
    assert len(found) > len(texts(patients_only=True)) > 100
    assert any("Call 911" in text for text in found)


# What patients read beside templates of texts and pages.
OWN_WORDS = (own_words, own_plan_words, learning, coping, triggers, side_effects, needs, crisis_lines, alert_card)


@cache
def texts(*, patients_only: bool = False) -> tuple[str, ...]:
    """Every text that a patient, or staff too, reads: messages, pages, sentences of flags, notes of the catalogue."""
    found = [*(text for template in wording.TEMPLATES.values() for text in template.texts.values())]
    for module in OWN_WORDS:
        found += literals(Path(str(module.__file__)))
    pages = "own*.html" if patients_only else "*.html"
    for folder in ("recovery", "reminders", "backend"):
        for path in sorted((ROOT / folder / "templates").rglob(pages)):
            found.append(re.sub(r"(?s)<svg.*?</svg>|<[^>]+>|\{%.*?%\}", " ", path.read_text()))
    if not patients_only:
        found += literals(Path(sentences.__file__)) + literals(Path(words.__file__))
        found += [entry.note for entry in medicines.CATALOGUE.values()]
    return tuple(found)


def literals(path: Path) -> list[str]:
    """The string constants of a module without its docstrings."""
    tree = ast.parse(path.read_text())
    notes = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in notes
    ]


def symbol_exists(name: str) -> bool:
    """``module:name`` or ``module:Class.member``; anything else is a path in the repository."""
    if ":" not in name:
        return (ROOT / name).is_file()
    module, _, path = name.partition(":")
    try:
        found: object = importlib.import_module(module)
    except ModuleNotFoundError:
        return False
    for part in path.split("."):
        found = getattr(found, part, None)
        if found is None:
            return False
    return True


def has_test(name: str) -> bool:
    path, _, node = name.partition("::")
    return node in found_in(path)


@cache
def found_in(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    found = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return frozenset(found)
