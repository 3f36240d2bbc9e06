"""The API of enrolling and of what staff do with recorded tests."""

from django.urls import path

from recovery.api.check_acts import (
    CareTestsView,
    ReadScreenView,
    ReviewLabView,
    VoidChallengeView,
    VoidLabView,
    VoidScreenView,
)
from recovery.api.enrolment import EnrolView, OpioidHistoryView

_PATIENT = "care/patients/<int:patient_id>/"
_LAB = _PATIENT + "lab-results/<int:entry_id>/"
_SCREEN = _PATIENT + "urine-screens/<int:entry_id>/"

urlpatterns = [
    path("care/programs/<int:program_id>/patients/<uuid:client_id>/", EnrolView.as_view(), name="api-enrol"),
    path(_PATIENT + "opioid-history/", OpioidHistoryView.as_view(), name="api-opioid-history"),
    path(_PATIENT + "tests/", CareTestsView.as_view(), name="api-tests"),
    path(_LAB + "review/", ReviewLabView.as_view(), name="api-lab-review"),
    path(_LAB + "void/", VoidLabView.as_view(), name="api-lab-void"),
    path(_SCREEN + "read/", ReadScreenView.as_view(), name="api-screen-read"),
    path(_SCREEN + "void/", VoidScreenView.as_view(), name="api-screen-void"),
    path(_PATIENT + "challenges/<int:entry_id>/void/", VoidChallengeView.as_view(), name="api-challenge-void"),
]
