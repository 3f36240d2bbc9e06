"""Accounts, programs and teams. Program, User and Membership stand outside the walls; teams do not."""

from collections.abc import Iterable

from django.db.models import QuerySet

from backend.access import Actor
from backend.models import CareTeamMember, Membership, Program, User
from backend.rules.roles import Role
from backend.selectors.keys import PROGRAM_ITSELF, data_keys


def actor_of(*, user_id: int, request_id: str = "", route: str = "") -> Actor:
    """The person with their present roles; no roles when every membership has ended."""
    roles: dict[int, set[Role]] = {}
    patient_id = None
    for row in Membership.objects.filter(user_id=user_id, ended_at__isnull=True, program__closed_at__isnull=True):
        roles.setdefault(row.program_id, set()).add(Role(row.role))
        if row.patient_id is not None:
            patient_id = row.patient_id
    return Actor(
        user_id=user_id,
        roles={program: frozenset(found) for program, found in roles.items()},
        patient_id=patient_id,
        request_id=request_id,
        route=route,
    )


def open_program_ids() -> list[int]:
    """The programs that ticks work for: all that are not closed, ascending."""
    return list(Program.objects.filter(closed_at__isnull=True).order_by("id").values_list("id", flat=True))


def closed_program_ids() -> list[int]:
    """The programs that were closed, ascending: what they left planned is ended."""
    return list(Program.objects.filter(closed_at__isnull=False).order_by("id").values_list("id", flat=True))


def programs_by_id(ids: Iterable[int]) -> dict[int, Program]:
    return Program.objects.in_bulk(list(ids))


def program_by_slug(slug: str) -> Program | None:
    return Program.objects.filter(slug=slug).first()


def patient_accounts(*, program_id: int) -> dict[int, int]:
    """Patient id -> user id, for patients who have an account."""
    return {
        row.patient_id: row.user_id
        for row in Membership.objects.filter(program_id=program_id, patient_id__isnull=False, ended_at__isnull=True)
        if row.patient_id is not None
    }


def own_accounts() -> QuerySet[Membership]:
    """Patients' accounts, for use inside an Exists; ``patient_id`` says whose."""
    return Membership.objects.filter(patient_id__isnull=False, ended_at__isnull=True)


def staff_names(*, program_ids: Iterable[int]) -> dict[int, str]:
    """The names that colleagues see, by user id. Needs an open scope."""
    rows = CareTeamMember.objects.filter(program_id__in=list(program_ids)).values_list("user_id", "name")
    return dict(rows)


def staff_phones(*, program_ids: Iterable[int]) -> dict[tuple[int, int], tuple[str, int]]:
    """``(program id, user id)`` -> (E.164 number, team id) of staff who have one. Needs an open scope."""
    found = {}
    members = list(CareTeamMember.objects.filter(program_id__in=list(program_ids), phone__isnull=False))
    for program_id in {member.program_id for member in members}:
        key = data_keys(program_id=program_id, patient_ids=[PROGRAM_ITSELF])[PROGRAM_ITSELF]
        for member in members:
            if member.program_id == program_id:
                found[program_id, member.user_id] = (member.opened(key, "phone"), member.team_id)
    return found


def staff_user(*, email: str) -> User | None:
    return User.objects.filter(email__iexact=email.strip(), is_active=True).first()


def users_with_role(*, program_id: int, roles: Iterable[Role]) -> list[int]:
    """The ids of accounts with one of these roles in the program, ascending."""
    return list(
        Membership.objects.filter(
            program_id=program_id,
            role__in=[r.value for r in roles],
            ended_at__isnull=True,
            user__is_active=True,
        )
        .order_by("user_id")
        .values_list("user_id", flat=True)
        .distinct()
    )


def users_by_role(*, program_ids: Iterable[int]) -> dict[int, dict[Role, list[int]]]:
    """Active accounts of each program by role, ascending: ``{program id: {role: [user id, ...]}}``. No patients."""
    found: dict[int, dict[Role, list[int]]] = {}
    rows = Membership.objects.filter(
        program_id__in=list(program_ids), ended_at__isnull=True, patient_id__isnull=True, user__is_active=True
    ).order_by("user_id")
    for program_id, role, user_id in rows.values_list("program_id", "role", "user_id"):
        found.setdefault(program_id, {}).setdefault(Role(role), []).append(user_id)
    return found
