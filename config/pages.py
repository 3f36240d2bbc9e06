"""GET /care/health/: what works and what does not, since when, and what to do, in plain words.

Counts alone, of the person's own programs; nothing about a patient. The same ``problems`` as ``manage.py watch``,
without I1 to I10 of M 5.3, which read days of messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from backend import clock
from backend.access import access
from backend.rules.roles import Access
from backend.selectors.people import open_program_ids
from config.watching import PULSE, Problem, intervals, problems
from recovery.web.words import age
from reminders.selectors.beats import last_runs


@dataclass(frozen=True, slots=True)
class Area:
    """One thing that people rely on. ``parts`` are names of ``Problem.part``: ticks, processes, checks."""

    name: str
    works: str
    fails: str
    parts: frozenset[str]


AREAS = (
    Area(
        "Texts go out",
        "Texts are planned, leave in time and are followed until their outcome is known.",
        "Texts may be late or may not leave. What must not wait: call.",
        frozenset(
            {"plan_messages", "dispatch_due", "reconcile", "messages", "provider", "wakes", "ask_on_the_second_day"}
        ),
    ),
    Area(
        "Texts that come in are read",
        "Answers go into the record, and what fits no question goes to the inbox.",
        "Answers may not be in the record yet. STOP and words of crisis are still heard at once.",
        frozenset({"work_inbound"}),
    ),
    Area(
        "Concerns reach somebody",
        "A concern that nobody takes goes on to the next person on call.",
        "A concern may stay with one person. Look at the worklist often.",
        frozenset({"escalate", "wake_flags", "page_holds", "watch_questions", "settle_questions", "on call"}),
    ),
    Area(
        "Plans, questions and tasks are kept up",
        "Days are planned ahead, questions come due, and work that waits becomes a task.",
        "Lists and plans may be out of date. Do not rely on what they do not show.",
        frozenset(
            {
                "follow_zone_rules",
                "extend_doses",
                "advance_bands",
                "close_doses",
                "ask_goal_reviews",
                "watch_supply",
                "make_due_work",
                "make_questions_due",
                "plan_releases",
                "end_closed_programs",
            }
        ),
    ),
    Area(
        "Who did what is kept",
        "Each read and each change is written down and sealed.",
        "It is still written down, but not sealed against changes.",
        frozenset({"seal_audit", "audit"}),
    ),
    Area(
        "The runners",
        "What does the work in the background runs.",
        "One of the runners stopped. The other does its work as long as it runs.",
        frozenset({"worker", "sweep", "web"}),
    ),
)


@require_GET
@access(Access.STAFF)
def health_page(request: HttpRequest) -> HttpResponse:
    """GET /care/health/ - for the care team and operators."""
    now = clock.now()
    mine = request.actor.programs_for(Access.STAFF)  # type: ignore[attr-defined]
    # One that was never started here is not missed, unless none was.
    runners = tuple(sorted(last_runs(tick=PULSE))) or ("worker", "sweep")
    ids = sorted(set(mine) & set(open_program_ids()))
    found = problems(now=now, parts=runners, invariants=False, program_ids=ids)
    areas = [shown_area(area, found, now=now) for area in AREAS]
    context = {
        "broken": [one for one in areas if one["problems"]],
        "working": [one for one in areas if not one["problems"]],
        "asked_at": now,
    }
    response = render(request, "config/health.html", context)
    response["Cache-Control"] = "no-store, private"
    return response


def shown_area(area: Area, found: Sequence[Problem], *, now: datetime) -> dict[str, Any]:
    """An area with what is wrong in it, the oldest ``since`` first; what has none was seen only now."""
    here = sorted(_together([one for one in found if one.part in area.parts]), key=lambda one: one.since or now)
    return {
        "name": area.name,
        "words": area.fails if here else area.works,
        "problems": [
            {
                "what": one.what,
                "do": one.do,
                "since": one.since,
                "ago": age(one.since, now=now) if one.since else "",
            }
            for one in here
        ],
    }


def _together(found: Sequence[Problem]) -> list[Problem]:
    """The ticks that stopped as one problem, since the first of them stopped where each is known."""
    ticks = intervals()
    late = [one for one in found if one.part in ticks]
    others = [one for one in found if one.part not in ticks]
    if len(late) < 2:
        return [*late, *others]
    known = [one.since for one in late if one.since is not None]
    since = min(known) if len(known) == len(late) else None
    names = ", ".join(one.part for one in late)
    return [
        Problem(late[0].part, f"{len(late)} pieces of work have not run in time: {names}.", late[0].do, since),
        *others,
    ]
