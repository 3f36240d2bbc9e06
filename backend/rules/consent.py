"""What a patient can agree to, and the state of that agreement."""

from enum import StrEnum


class ConsentKind(StrEnum):
    TREATMENT = "treatment"
    SMS = "sms"
    PUSH = "push"
    EMAIL = "email"
    SUPPORTER = "supporter"


def in_force(*, given_at: object | None, revoked_at: object | None) -> bool:
    """A consent counts from when it was given until it is revoked."""
    return given_at is not None and revoked_at is None
