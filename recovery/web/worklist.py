"""The worklist: GET /care/ and the fragment that keeps it fresh."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from backend import clock
from backend.access import access, poll
from backend.rules.roles import Access
from recovery.rules.states import Severity
from recovery.selectors.visits import closings_to_see
from recovery.selectors.worklist import Section, WorklistRow, worklist_mark, worklist_rows
from recovery.web import answers, words
from recovery.web.rows import ShownRow, shown_rows

WHOSE = {"": "All", "mine": "Mine", "role": "My role's", "nobody": "Nobody's"}


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one severity under their heading."""

    severity: str
    heading: str
    rows: list[ShownRow]


@require_GET
@access(Access.CARE_TEAM)
def worklist_page(request: HttpRequest) -> HttpResponse:
    """GET /care/ - the whole page."""
    seen = closings_to_see(answers.actor_of(request).programs_for(Access.CARE_TEAM))
    context = _context(request) | {"notice": answers.done_notice(request), "closings": len(seen)}
    return answers.private(render(request, "recovery/worklist.html", context))


@require_GET
@access(Access.CARE_TEAM)
@poll
def worklist_list(request: HttpRequest) -> HttpResponse:
    """GET /care/list/ - the list alone; 304 while nothing changed, without opening a name."""
    if request.headers.get("If-None-Match") == _mark(request):
        return HttpResponse(status=304)
    return answers.private(render(request, "recovery/_list.html", _context(request)))


def _mark(request: HttpRequest) -> str:
    actor = answers.actor_of(request)
    mark = worklist_mark(program_ids=actor.programs_for(Access.CARE_TEAM), now=clock.now(), viewer=actor)
    return f'"{mark}-{_whose(request)}-{_program(request)}"'


def _context(request: HttpRequest) -> dict[str, Any]:
    actor, now = answers.actor_of(request), clock.now()
    mark = _mark(request)
    everything = worklist_rows(program_ids=actor.programs_for(Access.CARE_TEAM), now=now, viewer=actor)
    programs = sorted({(row.program_id, row.program_name) for row in everything}, key=lambda pair: pair[1])
    chosen, whose = _program(request), _whose(request)
    rows = [row for row in everything if _wanted(row, whose, chosen)]
    answers.record_rows_read(actor, rows, action="worklist.read")
    several = len(actor.programs_for(Access.CARE_TEAM)) > 1
    by_section = {
        section: shown_rows([row for row in rows if row.section is section], now=now, several_programs=several)
        for section in Section
    }
    main = by_section[Section.MAIN]
    return {
        "mark": mark,
        "epoch": int(now.timestamp()),
        "query": _query(whose, chosen),
        "groups": [
            Group(severity.value, words.HOW_SOON[severity], found)
            for severity in reversed(Severity)
            if (found := [row for row in main if row.severity is severity])
        ],
        "waiting": len(main),
        "late": sum(row.is_late for row in main),
        "weekly": by_section[Section.WEEKLY],
        "snoozed": by_section[Section.SNOOZED],
        "whose": [(code, label, code == whose) for code, label in WHOSE.items()],
        "programs": [(pk, name, pk == chosen) for pk, name in programs] if several else [],
        "whose_now": whose,
        "program_now": chosen,
        "is_filtered": bool(whose or chosen),
        "hidden": sum(row.section is Section.MAIN for row in everything) - len(main),
    }


def _whose(request: HttpRequest) -> str:
    whose = request.GET.get("whose", "")
    return whose if whose in WHOSE else ""


def _program(request: HttpRequest) -> int:
    text = request.GET.get("program", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _query(whose: str, program: int) -> str:
    parts = ([f"whose={whose}"] if whose else []) + ([f"program={program}"] if program else [])
    return "?" + "&".join(parts) if parts else ""


def _wanted(row: WorklistRow, whose: str, program: int) -> bool:
    if program and row.program_id != program:
        return False
    return {"mine": row.is_mine, "role": row.is_for_my_role, "nobody": row.owner_id is None}.get(whose, True)
