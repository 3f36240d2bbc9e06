"""docs/clinical/numbers.md, from the numbers themselves.

    python -m recovery.rules.policy_doc > docs/clinical/numbers.md

A test compares the two.
"""

from __future__ import annotations

import sys

from recovery.rules.flags import FLAG_RULES, never_below
from recovery.rules.policy import DEFAULT_VERSION, Value, default_policy, numbers
from recovery.rules.policy_words import NOT_RAISED_YET, NOT_USED_YET, OWNER, RESPONSE, SECTIONS, SEVERITY
from recovery.rules.standing import standing

_HEAD = """\
# Every clinical number

Made from `recovery/rules/policy.py` and `recovery/rules/flags.py` by `python -m recovery.rules.policy_doc`;
a test compares. Defaults: `{version}`, {numbers} numbers, {rows} rows of the table of concerns, {standing}
regimens and lists. Nothing acts
on {unused} of the numbers and {silent} of the rows so far; they say so.

**PD** is a proposed default: no source states the number. All are unsigned as shipped. Each program's medical
director reads and signs them, or sets others, at `/care/policy/`; a production start lists what is unsigned and
refuses. A decision stores the version it was made by (`default-4/p7.12`: the defaults, and the first 12 changes
of program 7); `numbers_of` tells every number of that version again. A changed default is a new version, and the
old values stay in the code."""

_CONCERNS = """
## Concerns: how severe, whose, how soon

A program signs its own severity, owner and answer time. What is red stays red; *never below* is what S and the
contract leave it (`recovery.rules.flags:never_below`); alcohol alone gets no red from time or silence. An emergency
can be answered sooner than here, never later. Where a rule finds a concern worse than its row, it is at least that.
`·`: nothing raises it yet.
"""


_STANDING = """
## Regimens and lists: signed as they stand

A prescriber orders something else by hand; none of these is changed for a program. One that changes with a new
release is unsigned again.
"""


def as_markdown() -> str:
    """Return the whole document."""
    found = {number.key: number for number in numbers(default_policy())}
    out = [
        _HEAD.format(
            version=DEFAULT_VERSION,
            numbers=len(found),
            rows=len(FLAG_RULES),
            standing=len(standing()),
            unused=len(NOT_USED_YET),
            silent=len(NOT_RAISED_YET),
        )
    ]
    for section in SECTIONS:
        out.append(
            f"\n## {section.title}\n\n| meaning | value | allowed | source | state | name |\n|---|---|---|---|---|---|"
        )
        for key, meaning in section.numbers:
            number = found[key]
            state = "unsigned" + (", not used yet" if key in NOT_USED_YET else "")
            span = "" if isinstance(number.value, bool) else f"{shown(number.low)} to {shown(number.high)}"
            unit = "" if isinstance(number.value, bool) else f" {number.unit}"
            out.append(f"| {meaning} | {shown(number.value)}{unit} | {span} | {number.source} | {state} | `{key}` |")
    out.append(
        _CONCERNS
        + "\n| concern | severity | never below | alcohol only | whose | answered | source | state |"
        + "\n|---|---|---|---|---|---|---|---|"
    )
    for kind, rule in FLAG_RULES.items():
        name = kind.value.replace("_", " ") + (" ·" if kind in NOT_RAISED_YET else "")
        alcohol = "the same" if rule.alcohol_only is None else SEVERITY[rule.alcohol_only]
        emergency = ", emergency" if rule.emergency else ""
        out.append(
            f"| {name} | {SEVERITY[rule.severity]}{emergency} | {SEVERITY[never_below(kind)]} | "
            f"{alcohol} | {OWNER[rule.owner]} | "
            f"{RESPONSE[rule.response]} | {rule.source} | unsigned |"
        )
    out.append(_STANDING + "\n| what | as it stands | source | state |\n|---|---|---|---|")
    for row in standing().values():
        out.append(f"| {row.meaning} | {row.says} | {row.source} | unsigned |")
    return "\n".join(out) + "\n"


def shown(value: Value | object) -> str:
    """Return a value as people read it: yes, no, 8, 0.5."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
