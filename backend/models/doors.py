"""Doors outside row-level security: how a person is found before their program is known.

They hold keyed fingerprints only: no name, no number, no token in clear.
"""

from django.db import models

from backend.models.people import User


class LoginIndex(models.Model):
    """A keyed fingerprint of a phone number or address -> the account that signs in with it."""

    digest = models.BinaryField(max_length=16, unique=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)


class SignInLink(models.Model):
    """A sign-in link that works once. Only the token's digest is stored."""

    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
