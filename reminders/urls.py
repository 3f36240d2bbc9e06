"""Addresses of hooks (no slash at the end) and of pages about messages."""

from django.urls import URLPattern, URLResolver, path

from reminders.api import devices, hooks, numbers
from reminders.web import inbox, own_wake, pages, patient_texts, switches

urlpatterns: list[URLPattern | URLResolver] = [
    path("hooks/twilio/status/<str:token>", hooks.twilio_status, name="twilio-status"),
    path("api/v1/me/devices/", devices.DeviceListView.as_view(), name="api-me-devices"),
    path("api/v1/me/devices/<uuid:client_id>/", devices.DeviceView.as_view(), name="api-me-device"),
    path("api/v1/me/first-channel/", devices.FirstChannelView.as_view(), name="api-me-first-channel"),
    path("api/v1/me/seen/", devices.SeenView.as_view(), name="api-me-seen"),
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
    path("me/wake/", own_wake.own_wake, name="own-wake"),
    path("me/wake/first/", own_wake.first, name="own-wake-first"),
    path("me/wake/<uuid:client_id>/stop/", own_wake.stop, name="own-wake-stop"),
    path("mail/<str:token>/", own_wake.confirm_mail, name="mail-confirm"),
    path("sw.js", own_wake.service_worker, name="service-worker"),
    path("outbox/", pages.outbox, name="outbox"),
    path("outbox/reply", pages.outbox_reply, name="outbox-reply"),
]
