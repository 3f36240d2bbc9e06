"""Who has agreed to what. Needs an open scope."""

from collections.abc import Iterable

from django.db.models import QuerySet

from backend.models import Consent
from backend.rules.consent import ConsentKind


def in_force(*kinds: ConsentKind) -> QuerySet[Consent]:
    """Agreements of one of these kinds that stand, for use inside an Exists; ``patient_id`` says whose."""
    return Consent.objects.filter(kind__in=[kind.value for kind in kinds], revoked_at__isnull=True)


def patients_with_consent(*, kind: ConsentKind, patient_ids: Iterable[int]) -> set[int]:
    """Which of these patients have an agreement of this kind in force."""
    return set(
        Consent.objects.filter(kind=kind.value, patient_id__any=list(patient_ids), revoked_at__isnull=True).values_list(
            "patient_id", flat=True
        )
    )
