"""The API of patients' phones (me) and of care teams (care)."""

from django.urls import path

from recovery.api.around import EndPersonView, PeopleView, PersonView, ReachView, RewardsView
from recovery.api.cravings import CravingListView, CravingView
from recovery.api.doses import CareDoseReportView, DoseReportView
from recovery.api.export import OwnExportView
from recovery.api.flags import (
    CloseFlagView,
    ConfirmFlagView,
    OwnFlagView,
    ReleaseFlagView,
    SnoozeFlagView,
    WorklistView,
)
from recovery.api.injections import InjectionView
from recovery.api.tasks import FinishTaskView, TaskListView
from recovery.api.today import TodayView
from recovery.api.triggers import TriggerListView, TriggerView

urlpatterns = [
    path("me/today/", TodayView.as_view(), name="api-today"),
    path("me/dose-reports/<uuid:client_id>/", DoseReportView.as_view(), name="api-dose-report"),
    path("me/cravings/", CravingListView.as_view(), name="api-cravings"),
    path("me/cravings/<uuid:client_id>/", CravingView.as_view(), name="api-craving"),
    path("me/triggers/", TriggerListView.as_view(), name="api-triggers"),
    path("me/triggers/<uuid:client_id>/", TriggerView.as_view(), name="api-trigger"),
    path("me/people/", PeopleView.as_view(), name="api-people"),
    path("me/people/<uuid:client_id>/", PersonView.as_view(), name="api-person"),
    path("me/people/<int:supporter_id>/end/", EndPersonView.as_view(), name="api-person-end"),
    path("me/reach/", ReachView.as_view(), name="api-reach"),
    path("me/rewards/", RewardsView.as_view(), name="api-rewards"),
    path("me/export/", OwnExportView.as_view(), name="api-export"),
    path("care/worklist/", WorklistView.as_view(), name="api-worklist"),
    path("care/flags/<int:flag_id>/own/", OwnFlagView.as_view(), name="api-flag-own"),
    path("care/flags/<int:flag_id>/release/", ReleaseFlagView.as_view(), name="api-flag-release"),
    path("care/flags/<int:flag_id>/snooze/", SnoozeFlagView.as_view(), name="api-flag-snooze"),
    path("care/flags/<int:flag_id>/close/", CloseFlagView.as_view(), name="api-flag-close"),
    path("care/flags/<int:flag_id>/confirm/", ConfirmFlagView.as_view(), name="api-flag-confirm"),
    path("care/tasks/", TaskListView.as_view(), name="api-tasks"),
    path("care/tasks/<int:task_id>/done/", FinishTaskView.as_view(), name="api-task-done"),
    path(
        "care/patients/<int:patient_id>/injections/<uuid:client_id>/",
        InjectionView.as_view(),
        name="api-injection",
    ),
    path(
        "care/patients/<int:patient_id>/dose-reports/<uuid:client_id>/",
        CareDoseReportView.as_view(),
        name="api-care-dose-report",
    ),
]
