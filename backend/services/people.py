"""Programs, accounts, teams and sign-in links."""

import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from backend.access import NOBODY
from backend.crypto import token_digest
from backend.db import programs
from backend.errors import DomainError
from backend.models import CareTeam, CareTeamMember, Membership, Program, SignInLink, User
from backend.rules.roles import Role
from backend.services import audit
from backend.services.keys import program_key


class BadZone(DomainError):
    code = "unknown-zone"


class LinkNotValid(DomainError):
    code = "link-not-valid"
    status = 404


_PLACES = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def known_zone(name: str) -> str:
    """Return the name if it is an IANA zone of a place. Raises BadZone.

    Names without a place (UTC, Etc/GMT+5, US/Eastern, EST5EDT) are refused: nobody lives in them, Etc/GMT+5 lies
    west of Greenwich, and a patient in UTC is a mistake that nobody would see (F50).
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        found = False
    else:
        found = name.partition("/")[0] in _PLACES
    if not found:
        raise BadZone("This is not the IANA time zone of a place, such as America/New_York.", field="zone")
    return name


@transaction.atomic
def create_program(
    *,
    slug: str,
    name: str,
    neutral_name: str,
    zone: str,
    now: datetime,
    clinic_hours: dict[str, list[str]] | None = None,
    holidays: list[str] | None = None,
    phone: str = "",
    country: str = "US",
    night_on_call: bool = False,
) -> Program:
    """Make a program. ``clinic_hours`` default to weekdays 08:00-17:00 local."""
    hours = clinic_hours or {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    return Program.objects.create(
        slug=slug,
        name=name,
        neutral_name=neutral_name,
        zone=known_zone(zone),
        clinic_hours=hours,
        holidays=holidays or [],
        phone=phone,
        country=country,
        night_on_call=night_on_call,
        created_at=now,
    )


@transaction.atomic
def create_staff(*, email: str, roles: dict[int, list[Role]], now: datetime) -> User:
    """Make a staff account, or add roles to the one with this address. ``roles`` by program id."""
    user, _ = User.objects.get_or_create(
        email=email.strip().lower(), defaults={"username": secrets.token_hex(16), "created_at": now}
    )
    if not user.password:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    for program_id, names in roles.items():
        for role in names:
            Membership.objects.get_or_create(user=user, program_id=program_id, role=role.value)
    return user


@transaction.atomic
def create_patient_account(*, program_id: int, patient_id: int, now: datetime) -> User:
    """Make a patient's account: a random username, no address, the role of their own row only."""
    user = User(username=secrets.token_hex(16), created_at=now)
    user.set_unusable_password()
    user.save()
    Membership.objects.create(user=user, program_id=program_id, role=Role.PATIENT.value, patient_id=patient_id)
    return user


@transaction.atomic
def create_team(*, program_id: int, name: str, members: dict[int, tuple[str, str]], now: datetime) -> CareTeam:
    """Make a care team. ``members``: user id -> (name that colleagues see, E.164 phone or '')."""
    team = CareTeam.objects.create(program_id=program_id, name=name)
    key = program_key(program_id=program_id, now=now)
    for user_id, (member_name, phone) in members.items():
        member = CareTeamMember(program_id=program_id, team=team, user_id=user_id, name=member_name)
        member.seal(key, phone=phone)
        member.save()
    return team


@transaction.atomic
def make_sign_in_link(*, user_id: int, now: datetime) -> str:
    """Make a link that signs this account in once; returns its path. Only a digest is stored."""
    token = secrets.token_urlsafe(24)
    SignInLink.objects.create(
        digest=token_digest(token),
        user_id=user_id,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.SIGN_IN_LINK_SECONDS),
    )
    return f"/s/{token}/"


@transaction.atomic
def use_sign_in_link(*, token: str, now: datetime) -> User:
    """Spend a link and return its account. Raises LinkNotValid when used, expired or unknown, alike."""
    link = (
        SignInLink.objects.select_for_update()
        .select_related("user")
        .filter(digest=token_digest(token), used_at__isnull=True, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if link is None:
        raise LinkNotValid("This link has been used or has expired. Please ask for a new one.")
    link.used_at = now
    link.save(update_fields=["used_at"])
    with programs([]):  # an event outside any program
        audit.record(
            actor=NOBODY, action="sign_in.link_used", program_id=None, object_kind="user", object_id=link.user_id
        )
    return link.user
