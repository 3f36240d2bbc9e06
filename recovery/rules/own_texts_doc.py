"""docs/clinical/own-texts.md: every text that a patient reads or chooses from, with its source and who checked it.

python -m recovery.rules.own_texts_doc > docs/clinical/own-texts.md
"""

from __future__ import annotations

import sys

from recovery.rules import alert_card
from recovery.rules.coping import COPING
from recovery.rules.crisis_lines import CHECK_AGAIN_DAYS, CRISIS_LINES, SHOWN
from recovery.rules.learning import MODULES
from recovery.rules.triggers import TRIGGER_TAGS
from recovery.rules.words import Language

_HEAD = """\
# Texts that patients read

Made from `recovery/rules/` by `python -m recovery.rules.own_texts_doc`; a test compares. All are in our own wording, in
English and Spanish. No clinician has read one yet unless a name stands beside it; each is read again by its day."""

_LINES = f"""
## Crisis lines (C 8)

Only what somebody read on its operator's page, or called, is shown. A line is checked again after {CHECK_AGAIN_DAYS}
days; one that was never checked is not shown. "Stored copy": the page was read in an archive, so call before relying
on it.

| line | country | number | state | shown | checked on | where |
|---|---|---|---|---|---|---|"""


def as_markdown() -> str:
    """Return the whole document."""
    english = Language.ENGLISH
    out = [
        _HEAD,
        "\n## Modules\n\n| module | version | written | read again by | read by | source |\n|---|---|---|---|---|---|",
    ]
    out += [
        f"| {m.title[english]} (`{m.code}`) | {m.version} | {m.written_on} | {m.review_by} "
        f"| {m.reviewed_by or 'nobody'} | {m.source} |"
        for m in MODULES.values()
    ]
    out.append("\n## Coping library\n\n| item | written | read again by | read by | source |\n|---|---|---|---|---|")
    out += [
        f"| {s.title[english]} (`{s.code}`) | {s.written_on} | {s.review_by} "
        f"| {s.reviewed_by or 'nobody'} | {s.source} |"
        for s in COPING.values()
    ]
    out.append("\n## Triggers\n\n| trigger | from | kind | source |\n|---|---|---|---|")
    out += [
        f"| {t.words[english]} (`{t.code}`) | {t.origin.value} | {t.kind.value} | {t.source} |"
        for t in TRIGGER_TAGS.values()
    ]
    out.append(
        f"\n## Alert card\n\nWritten {alert_card.WRITTEN_ON}, read again by {alert_card.REVIEW_BY}, read by nobody "
        f"yet. Source: {alert_card.SOURCE}."
    )
    out.append(_LINES)
    out += [
        f"| {line.name[english]} (`{line.code}`) | {line.country} | {line.call or line.text_to} | {line.status.value} "
        f"| {'yes' if line.status in SHOWN else 'no'} | {line.verified_on or ''} | {line.source} |"
        for line in CRISIS_LINES
    ]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
