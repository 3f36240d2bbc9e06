"""docs/clinical/numbers.md says what the code says, and no page claims that a number acts when none asks for it."""

import ast
import re
from pathlib import Path

from recovery.rules.policy import default_policy, numbers
from recovery.rules.policy_doc import as_markdown, shown
from recovery.rules.policy_words import NOT_RAISED_YET, NOT_USED_YET
from recovery.rules.states import FlagKind

ROOT = Path(__file__).resolve().parents[3]
APPS = ("backend", "recovery", "reminders", "config")
ABOUT_NUMBERS = {"policy.py", "policy_words.py", "policy_doc.py"}


def test_the_document_is_what_the_code_says():
    path = ROOT / "docs" / "clinical" / "numbers.md"
    assert path.read_text() == as_markdown(), "python -m recovery.rules.policy_doc > docs/clinical/numbers.md"


def test_values_as_people_read_them():
    assert [shown(value) for value in (True, False, 8, 0.5, 2.0)] == ["yes", "no", "8", "0.5", "2"]


def test_numbers_that_no_running_code_asks_for_are_marked_so():
    """Follows names from the services and edges into the rules: what is never reached is not used."""
    found = {number.key for number in numbers(default_policy())} - _names_in_use()
    assert found == NOT_USED_YET, "bring recovery/rules/policy_words.NOT_USED_YET up to date"


def test_concerns_that_nothing_raises_are_marked_so():
    named = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            # Rules name kinds as data; what answers, statements and gates raise is decided in a rule.
            deciding = path.name in ("safety.py", "gates.py", "facts.py", "side_effects.py", "cravings.py")
            if ("rules" not in path.parts or deciding) and not {"migrations", "selectors", "web"} & set(path.parts):
                named |= set(re.findall(r"\bFlagKind\.([A-Z_]+)\b", path.read_text()))
    assert {kind.name for kind in FlagKind} - named == {kind.name for kind in NOT_RAISED_YET}


def _names(node: ast.AST) -> set[str]:
    nodes = list(ast.walk(node))
    return {n.id for n in nodes if isinstance(n, ast.Name)} | {n.attr for n in nodes if isinstance(n, ast.Attribute)}


def _names_in_use() -> set[str]:
    rules: dict[str, set[str]] = {}
    used: set[str] = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts or (path.parent.name == "rules" and path.name in ABOUT_NUMBERS):
                continue
            tree = ast.parse(path.read_text())
            if "rules" not in path.parts:
                used |= _names(tree)
                continue
            for node in tree.body:
                named = [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
                if isinstance(node, ast.Assign | ast.AnnAssign):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    named = sorted({name for target in targets for name in _names(target)})
                for name in named:
                    rules.setdefault(name, set()).update(_names(node))
    todo, reached = [name for name in rules if name in used], set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [other for other in rules[name] if other in rules]
    return used | {name for rule in reached for name in rules[rule]}
