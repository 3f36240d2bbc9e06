"""Who is asking, and the access rule that each route names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from backend.rules.roles import Access, Role, roles_for

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind a request, or nobody (a tick, a hook: ``user_id`` None).

    ``roles`` are the roles by program. ``patient_id`` is the person's own row when they are a
    patient. Services take an actor where who acts is part of the record.
    """

    user_id: int | None
    roles: dict[int, frozenset[Role]] = field(default_factory=dict)
    patient_id: int | None = None
    request_id: str = ""
    route: str = ""

    def programs_for(self, access: Access) -> list[int]:
        """The programs in which this person passes the rule, ascending."""
        wanted = roles_for(access)
        return sorted(program for program, roles in self.roles.items() if roles & wanted)

    def role_in(self, program_id: int | None) -> str:
        """The role to name in the audit, '' for nobody."""
        return min((r.value for r in self.roles.get(program_id or 0, ())), default="")


NOBODY = Actor(user_id=None)


def access(rule: Access) -> Callable[[View], View]:
    """Name the access rule of a function view."""

    def mark(view: View) -> View:
        view.access = rule  # type: ignore[attr-defined]
        return view

    return mark


def poll(view: View) -> View:
    """Mark a view that a page asks for by itself: it is no sign that somebody is there."""
    view.is_poll = True  # type: ignore[attr-defined]
    return view


def access_of(view: Callable[..., Any]) -> Access | None:
    """The rule that a resolved view names, from the function or its class; None when it names none."""
    for holder in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        rule = getattr(holder, "access", None)
        if isinstance(rule, Access):
            return rule
    return None
