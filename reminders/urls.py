"""Addresses of hooks (no slash at the end) and of pages about messages."""

from django.urls import URLPattern, URLResolver, path

from reminders.api import hooks, numbers
from reminders.web import inbox, pages, patient_texts, switches

urlpatterns: list[URLPattern | URLResolver] = [
    path("hooks/twilio/status/<str:token>", hooks.twilio_status, name="twilio-status"),
    path("hooks/twilio/sms", hooks.twilio_sms, name="twilio-sms"),
    path("care/patients/<int:patient_id>/messages/", pages.patient_messages, name="patient-messages"),
    path("care/patients/<int:patient_id>/texts/", patient_texts.texts_page, name="patient-texts"),
    path("care/patients/<int:patient_id>/texts/<slug:act>/", patient_texts.texts_act, name="patient-texts-act"),
    path(
        "api/v1/care/patients/<int:patient_id>/number-verified/",
        numbers.NumberVerifiedView.as_view(),
        name="api-number-verified",
    ),
    path("care/inbox/", inbox.inbox_page, name="inbox"),
    path("care/inbox/<int:inbound_id>/", inbox.inbox_done, name="inbox-done"),
    path("care/texts/", switches.texts_page, name="texts"),
    path("care/texts/off/", switches.off, name="texts-off"),
    path("care/texts/missed/", switches.missed_page, name="texts-missed"),
    path("care/texts/<int:stop_id>/on/", switches.on, name="texts-on"),
    path("outbox/", pages.outbox, name="outbox"),
    path("outbox/reply", pages.outbox_reply, name="outbox-reply"),
]
