"""Programs, accounts, who is what where, and care teams.

Program, User and Membership stand outside row-level security: they are the doors by
which a request finds its program. They hold no patient's name and no number in clear;
a staff member's sign-in address is the one exception (contract 6).
"""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from backend.rules.roles import Role


class Program(models.Model):
    """A treatment program: its zone, hours, neutral name and the number that patients call."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    neutral_name = models.CharField(max_length=30, help_text="The only name in texts; says nothing of treatment.")
    zone = models.CharField(max_length=64, help_text="IANA zone")
    clinic_hours = models.JSONField(default=dict, help_text='{"mon": ["08:00", "17:00"], ...}; absent = closed')
    holidays = models.JSONField(default=list, help_text='["2026-12-25", ...]')
    phone = models.CharField(max_length=20, blank=True, help_text="E.164 of the clinic's own line")
    country = models.CharField(max_length=2, default="US")
    night_on_call = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(slug="") & ~Q(name="") & ~Q(zone=""), name="program_named"),
        ]

    def __str__(self) -> str:
        return self.slug


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    """An account. A patient's has a random username and no e-mail."""

    username = models.CharField(max_length=64, unique=True)
    email = models.EmailField(null=True, blank=True, unique=True, help_text="Staff sign-in address only")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    objects = UserManager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(username=""), name="user_has_username")]

    def __str__(self) -> str:
        return f"user {self.pk}"


class Membership(models.Model):
    """What an account is in a program. ``patient_id`` is set for patients only, and is their own row."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20)
    patient_id = models.BigIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "program", "role"], name="membership_once"),
            models.UniqueConstraint(
                fields=["program", "patient_id"],
                condition=Q(patient_id__isnull=False),
                name="one_account_per_patient",
            ),
            models.CheckConstraint(condition=Q(role__in=[r.value for r in Role]), name="membership_role"),
            models.CheckConstraint(
                condition=Q(role=Role.PATIENT.value, patient_id__isnull=False)
                | (~Q(role=Role.PATIENT.value) & Q(patient_id__isnull=True)),
                name="membership_patient_is_own",
            ),
        ]


class CareTeam(models.Model):
    """A group of staff who share a panel of patients."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "name"], name="careteam_name_once"),
            models.UniqueConstraint(fields=["program", "id"], name="careteam_program_id"),
        ]


class CareTeamMember(SealedModel):
    """A staff member in a team, with the name that colleagues and patients see.

    ``phone`` (E.164, for notices when on call) is sealed under the program's own key.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    team = models.ForeignKey(CareTeam, models.CASCADE, related_name="members", db_constraint=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    phone = SealedField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="careteam_member_once")]
