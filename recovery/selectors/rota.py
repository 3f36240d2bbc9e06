"""Who is on call in which program, who can be reached, and where cover is missing. Needs an open scope."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backend.rules.roles import CARE_ROLES, Role
from backend.selectors.people import programs_by_id, staff_names, staff_phones, users_by_role
from recovery.models import Escalation, Rota, RotaOverride, RotaTurn
from recovery.rules import escalation as rules
from recovery.rules.escalation import Gap, OverrideReason, Phase, Stretch

LOOK_BACK = timedelta(days=1)
CARE_ROLES_BY_RANK = (Role.COORDINATOR, Role.NURSE, Role.CLINICIAN, Role.MEDICAL_DIRECTOR)


@dataclass(frozen=True, slots=True)
class Staffing:
    """The people of one program: who is on call by its rota, and whom a text can reach.

    ``rota`` is None while nobody has made one: then everybody is told. ``active`` has a care role;
    ``reachable`` also a number. ``team_of`` is a reachable person's care team.
    """

    program_id: int
    rota: rules.Rota | None
    active: frozenset[int]
    reachable: frozenset[int]
    directors: tuple[int, ...]
    team_of: dict[int, int]

    def on_call(self, *, now: datetime) -> tuple[int, ...]:
        """Who is on call by the rota and can be reached, in the order in which they are told."""
        if self.rota is None:
            return ()
        return tuple(user for user in rules.on_call(self.rota, now=now) if user in self.reachable)

    def gaps(self, *, since: datetime, until: datetime) -> list[Gap]:
        """The stretches with fewer than two people whom a text reaches; somebody without a number covers nothing."""
        if self.rota is None:
            return [Gap(since, until, rules.COVER)]

        def able(people: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(user for user in people if user in self.reachable)

        rota = replace(
            self.rota,
            turns=tuple(able(turn) for turn in self.rota.turns),
            overrides=tuple(replace(one, people=able(one.people)) for one in self.rota.overrides),
        )
        return rules.gaps(rota, since=since, until=until)


def staffing_of(program_ids: Iterable[int], *, now: datetime) -> dict[int, Staffing]:
    """The staffing of each program, overrides that are over left out."""
    ids = list(program_ids)
    programs = programs_by_id(ids)
    rotas = rotas_of({pk: ZoneInfo(program.zone) for pk, program in programs.items()}, since=now - LOOK_BACK)
    phones = staff_phones(program_ids=ids)
    roles = users_by_role(program_ids=ids)
    found = {}
    for pk in ids:
        here = roles.get(pk, {})
        active = frozenset(user for role in CARE_ROLES for user in here.get(role, ()))
        teams = {user: team for (program, user), (_, team) in phones.items() if program == pk and user in active}
        found[pk] = Staffing(
            program_id=pk,
            rota=rotas.get(pk),
            active=active,
            reachable=frozenset(teams),
            directors=tuple(sorted(here.get(Role.MEDICAL_DIRECTOR, ()))),
            team_of=teams,
        )
    return found


def rotas_of(zones: dict[int, ZoneInfo], *, since: datetime) -> dict[int, rules.Rota]:
    """The rota of each program that has one, with its overrides that end after ``since``."""
    newest: dict[int, Rota] = {}
    for rota in Rota.objects.filter(program_id__in=list(zones)).order_by("program_id", "-pk").distinct("program_id"):
        newest[rota.program_id] = rota
    turns: dict[int, dict[int, list[int]]] = {}
    for turn in RotaTurn.objects.filter(rota__in=list(newest.values())).order_by("rota_id", "week", "rank"):
        turns.setdefault(turn.rota_id, {}).setdefault(turn.week, []).append(turn.user_id)
    overrides: dict[int, list[rules.Override]] = {}
    rows = RotaOverride.objects.filter(program_id__in=list(zones), cancelled_at__isnull=True, ends_at__gt=since)
    for row in rows.order_by("pk"):
        people = tuple(user for user in (row.first_id, row.second_id) if user is not None)
        overrides.setdefault(row.program_id, []).append(rules.Override(row.starts_at, row.ends_at, people))
    found = {}
    for program_id, rota in newest.items():
        weeks = turns.get(rota.pk, {})
        found[program_id] = rules.Rota(
            zone=zones[program_id],
            anchor=rota.anchor,
            turns=tuple(tuple(weeks.get(week, ())) for week in range(max(weeks, default=-1) + 1)),
            hand_over=rota.hand_over,
            overrides=tuple(overrides.get(program_id, ())),
        )
    # Somebody may take over before a rota was ever made: that is a rota of one stretch.
    for program_id, found_overrides in overrides.items():
        if program_id not in found:
            found[program_id] = rules.Rota(
                zone=zones[program_id], anchor=rules.SOME_MONDAY, turns=(), overrides=tuple(found_overrides)
            )
    return found


def programs_with_rota(program_ids: Iterable[int]) -> list[int]:
    """Of these programs the ones that have made a rota."""
    rows = Rota.objects.filter(program_id__in=list(program_ids)).order_by("program_id")
    return list(rows.values_list("program_id", flat=True).distinct())


def override_rows(*, program_id: int, since: datetime) -> list[RotaOverride]:
    """The overrides in force or to come, the earliest first."""
    rows = RotaOverride.objects.filter(program_id=program_id, cancelled_at__isnull=True, ends_at__gt=since)
    return list(rows.order_by("starts_at", "pk"))


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Concerns that wait for somebody to take them, by program: counts and the oldest, nothing about anybody."""

    program_id: int
    waiting: int
    told_everybody: int  # that went round to everybody and still wait
    oldest_at: datetime | None


def unanswered(program_ids: Iterable[int]) -> list[Unanswered]:
    """What waits in each program; one that has been told to everybody needs somebody to look."""
    found: dict[int, Unanswered] = {pk: Unanswered(pk, 0, 0, None) for pk in program_ids}
    rows = Escalation.objects.filter(program_id__in=list(found), phase=Phase.WAITING.value, told__gt=0)
    for program_id, level, begun_at in rows.values_list("program_id", "level", "begun_at"):
        one = found[program_id]
        found[program_id] = Unanswered(
            program_id,
            one.waiting + 1,
            one.told_everybody + (level > rules.STEPS_BEFORE_EVERYBODY),
            begun_at if one.oldest_at is None else min(one.oldest_at, begun_at),
        )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class RotaPerson:
    """Somebody of the care team, or of the rota. ``name`` is '' where no team has one; ``role`` '' after leaving."""

    user_id: int
    name: str
    role: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class OverrideFacts:
    """An override in force or to come; ``people`` first and second, empty for a gap on purpose."""

    id: int
    program_id: int
    starts_at: datetime
    ends_at: datetime
    people: tuple[int, ...]
    reason: OverrideReason
    made_by_id: int


@dataclass(frozen=True, slots=True)
class RotaView:
    """The rota of one program from now to the end of the next week.

    ``rota`` is None while there is nothing at all; it has no turns while somebody only took over. ``weeks``
    are the rest of this one and the next. ``gaps`` count only people whom a text reaches.
    """

    program_id: int
    program_name: str
    zone: str
    rota: rules.Rota | None
    weeks: tuple[list[Stretch], list[Stretch]]
    gaps: list[Gap]
    people: dict[int, RotaPerson]
    overrides: list[OverrideFacts]
    unanswered: Unanswered


def rota_views(program_ids: Iterable[int], *, now: datetime) -> list[RotaView]:
    """What the page and the API show of each program, ascending by id. No patient is in it."""
    ids = sorted(program_ids)
    programs, staffing, roles = programs_by_id(ids), staffing_of(ids, now=now), users_by_role(program_ids=ids)
    waiting = {one.program_id: one for one in unanswered(ids)}
    found = []
    for pk in ids:
        of_here, zone = staffing[pk], ZoneInfo(programs[pk].zone)
        shown = of_here.rota or rules.Rota(zone=zone, anchor=rules.SOME_MONDAY, turns=())
        next_week, end = rules.hand_overs(shown, now=now, count=2)
        overrides = [_facts(row) for row in override_rows(program_id=pk, since=now)]
        on_it = {user for turn in shown.turns for user in turn}
        on_it |= {user for row in overrides for user in row.people}
        names = staff_names(program_ids=[pk])
        role_of = {user: role.value for role in CARE_ROLES_BY_RANK for user in roles.get(pk, {}).get(role, ())}
        people = [
            RotaPerson(user, names.get(user, ""), role_of.get(user, ""), user in of_here.reachable)
            for user in of_here.active | on_it
        ]
        found.append(
            RotaView(
                program_id=pk,
                program_name=programs[pk].name,
                zone=programs[pk].zone,
                rota=of_here.rota,
                weeks=(
                    rules.stretches(shown, since=now, until=next_week),
                    rules.stretches(shown, since=next_week, until=end),
                ),
                gaps=of_here.gaps(since=now, until=end),
                people={each.user_id: each for each in sorted(people, key=lambda one: (one.name, one.user_id))},
                overrides=overrides,
                unanswered=waiting[pk],
            )
        )
    return found


def _facts(row: RotaOverride) -> OverrideFacts:
    people = tuple(user for user in (row.first_id, row.second_id) if user is not None)
    reason = OverrideReason(row.reason)
    return OverrideFacts(row.pk, row.program_id, row.starts_at, row.ends_at, people, reason, row.made_by_id)
