"""Addresses of hooks (no slash at the end) and of pages about messages."""

from django.urls import URLPattern, URLResolver, path

from reminders.api import hooks
from reminders.web import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("hooks/twilio/status/<str:token>", hooks.twilio_status, name="twilio-status"),
    path("hooks/twilio/sms", hooks.twilio_sms, name="twilio-sms"),
    path("care/patients/<int:patient_id>/messages/", pages.patient_messages, name="patient-messages"),
    path("outbox/", pages.outbox, name="outbox"),
    path("outbox/reply", pages.outbox_reply, name="outbox-reply"),
]
