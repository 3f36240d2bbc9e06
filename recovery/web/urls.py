"""Addresses of the pages of care and of a patient's own page. None says what the program treats."""

from django.urls import path

from recovery.web import export, flags, measures, own, patient, people, policy, tasks, worklist

urlpatterns = [
    path("care/", worklist.worklist_page, name="worklist"),
    path("care/list/", worklist.worklist_list, name="worklist-list"),
    path("care/flags/<int:flag_id>/own/", flags.own, name="flag-own"),
    path("care/flags/<int:flag_id>/release/", flags.release, name="flag-release"),
    path("care/flags/<int:flag_id>/snooze/", flags.snooze, name="flag-snooze"),
    path("care/flags/<int:flag_id>/close/", flags.close, name="flag-close"),
    path("care/flags/<int:flag_id>/confirm/", flags.confirm, name="flag-confirm"),
    path("care/tasks/", tasks.tasks_page, name="tasks"),
    path("care/tasks/<int:task_id>/done/", tasks.task_done, name="task-done"),
    path("care/patients/<int:patient_id>/", patient.patient_page, name="patient"),
    path("care/patients/<int:patient_id>/flags/", patient.patient_flags, name="patient-flags"),
    path("care/patients/<int:patient_id>/doses/<int:dose_id>/", patient.record_dose, name="patient-dose"),
    path("care/patients/<int:patient_id>/given/", patient.record_injection, name="patient-given"),
    path("care/patients/<int:patient_id>/contact/", patient.record_contact, name="patient-contact"),
    path("care/patients/<int:patient_id>/people/", people.people_page, name="patient-people"),
    path("care/patients/<int:patient_id>/people/<slug:act>/", people.people_act, name="patient-people-act"),
    path("care/patients/<int:patient_id>/measures/", measures.measures_page, name="patient-measures"),
    path("care/measures/", measures.program_page, name="measures"),
    path("care/patients/<int:patient_id>/export/", export.export_page, name="patient-export"),
    path("care/policy/", policy.policy_page, name="policy"),
    path("care/policy/<int:program_id>/sign/", policy.sign, name="policy-sign"),
    path("care/policy/<int:program_id>/<str:key>/", policy.one, name="policy-one"),
    path("me/", own.own_page, name="own"),
    path("me/today/<int:dose_id>/", own.report, name="own-report"),
    path("me/scale/", own.scale, name="own-scale"),
    path("me/moment/", own.moment, name="own-moment"),
]
