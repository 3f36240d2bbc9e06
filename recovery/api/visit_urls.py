"""The API of what is ordered and of visits."""

from django.urls import path

from recovery.api.regimens import RegimenChangeView, RegimenChoicesView, RegimenStopView, RegimensView
from recovery.api.visits import (
    AnotherTimeView,
    BridgeView,
    CareTabletsView,
    ConfirmVisitView,
    GivenElsewhereView,
    InjectionVerifyView,
    InjectionVoidView,
    OwnTabletsView,
    OwnVisitsView,
    VisitEndView,
    VisitMoveView,
    VisitSupplyView,
    VisitsView,
)

_PATIENT = "care/patients/<int:patient_id>/"
_VISIT = _PATIENT + "visits/<int:visit_id>/"
_REGIMEN = _PATIENT + "regimens/<int:regimen_id>/"
_INJECTION = _PATIENT + "injections/<int:injection_id>/"

urlpatterns = [
    path("me/visits/", OwnVisitsView.as_view(), name="api-own-visits"),
    path("me/visits/<int:visit_id>/confirm/", ConfirmVisitView.as_view(), name="api-visit-confirm"),
    path("me/visits/<int:visit_id>/another-time/", AnotherTimeView.as_view(), name="api-visit-another-time"),
    path("me/visits/elsewhere/<uuid:client_id>/", GivenElsewhereView.as_view(), name="api-visit-elsewhere"),
    path("me/tablets/<uuid:client_id>/", OwnTabletsView.as_view(), name="api-own-tablets"),
    path(_PATIENT + "regimens/", RegimensView.as_view(), name="api-regimens"),
    path(_PATIENT + "regimen-choices/", RegimenChoicesView.as_view(), name="api-regimen-choices"),
    path(_REGIMEN + "change/", RegimenChangeView.as_view(), name="api-regimen-change"),
    path(_REGIMEN + "stop/", RegimenStopView.as_view(), name="api-regimen-stop"),
    path(_PATIENT + "visits/", VisitsView.as_view(), name="api-visits"),
    path(_VISIT + "move/", VisitMoveView.as_view(), name="api-visit-move"),
    path(_VISIT + "end/", VisitEndView.as_view(), name="api-visit-end"),
    path(_VISIT + "supply/", VisitSupplyView.as_view(), name="api-visit-supply"),
    path(_INJECTION + "verify/", InjectionVerifyView.as_view(), name="api-injection-verify"),
    path(_INJECTION + "void/", InjectionVoidView.as_view(), name="api-injection-void"),
    path(_PATIENT + "tablets/<uuid:client_id>/", CareTabletsView.as_view(), name="api-tablets"),
    path(_PATIENT + "bridge/", BridgeView.as_view(), name="api-bridge"),
]
