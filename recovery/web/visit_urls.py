"""Addresses of the pages of orders, visits and enrolment."""

from django.urls import path

from recovery.web import enrolment, orders, visits

_PATIENT = "care/patients/<int:patient_id>/"
_VISIT = _PATIENT + "visits/<int:visit_id>/"
_GIVEN = _PATIENT + "visits/given/<int:injection_id>/"

urlpatterns = [
    path("care/enrol/", enrolment.enrol, name="enrol"),
    path("care/closings/", visits.closings, name="closings"),
    path(_PATIENT + "treatment/", enrolment.treatment, name="treatment"),
    path(_PATIENT + "treatment/history/", enrolment.opioid_history, name="opioid-history"),
    path(_PATIENT + "regimens/", orders.regimens_page, name="regimens"),
    path(_PATIENT + "regimens/new/<slug:kind>/", orders.regimen_new, name="regimen-new"),
    path(_PATIENT + "regimens/<int:regimen_id>/change/", orders.regimen_change, name="regimen-change"),
    path(_PATIENT + "regimens/<int:regimen_id>/stop/", orders.regimen_stop, name="regimen-stop"),
    path(_PATIENT + "visits/", visits.visits_of, name="visits"),
    path(_PATIENT + "visits/book/", visits.book, name="visit-book"),
    path(_PATIENT + "visits/tablets/", visits.tablets, name="visit-tablets"),
    path(_PATIENT + "visits/bridge/", visits.bridge, name="visit-bridge"),
    path(_VISIT + "move/", visits.move, name="visit-move"),
    path(_VISIT + "end/", visits.end, name="visit-end"),
    path(_VISIT + "supply/", visits.set_supply, name="visit-supply"),
    path(_GIVEN + "verify/", visits.verify, name="visit-verify"),
    path(_GIVEN + "void/", visits.void, name="visit-void"),
    path("me/visits/", visits.own, name="own-visits"),
    path("me/visits/left/", visits.own_count, name="own-visit-left"),
    path("me/visits/elsewhere/", visits.own_elsewhere, name="own-visit-elsewhere"),
    path("me/visits/<int:visit_id>/<slug:said>/", visits.own_say, name="own-visit-say"),
]
