"""The API of patients' phones (me) and of care teams (care)."""

from django.urls import path

from recovery.api import check_urls, visit_urls
from recovery.api.around import EndPersonView, PeopleView, PersonView, ReachView, RewardsView
from recovery.api.checklists import AnswerChecklistView, ChecklistListView, SignChecklistView
from recovery.api.checks import (
    CareChallengeView,
    CareLabView,
    CareProcedureView,
    CareReversalView,
    CareScreenView,
    OwnProcedureView,
    OwnReversalView,
    OwnTestsView,
)
from recovery.api.conditions import ConditionListView, ConditionView, EndConditionView, VoidConditionView
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
from recovery.api.holds import (
    BackView,
    ExpectedView,
    LiftHoldView,
    OrderHoldView,
    SafetyView,
    SettleView,
    StayView,
    UnderstoodView,
    VoidStayView,
)
from recovery.api.injections import InjectionView
from recovery.api.journal import CopingView, EntryListView, EntryView, SkillUseView
from recovery.api.learning import CardView, HelpView, ModuleListView, ModuleReadView
from recovery.api.measures import MeasuresView
from recovery.api.places import CheckPlaceView, OwnPlacesView, PlaceListView, PlaceView, WithdrawPlaceView
from recovery.api.plans import EndGoalView, GoalListView, GoalView, OwnPlanView, PlanVersionView
from recovery.api.prompts import (
    CarePauseView,
    CarePromptsView,
    CareResumeView,
    OwnPauseView,
    OwnPromptsView,
    OwnResumeView,
)
from recovery.api.questions import (
    AnswerView,
    DeclineQuestionsView,
    FinishQuestionsView,
    QuestionsListView,
    QuestionsView,
)
from recovery.api.rota import EndOverrideView, OverrideView, RotaListView, RotaWeeksView, TakeOverView
from recovery.api.side_effects import CareSideEffectView, SideEffectListView, SideEffectView
from recovery.api.statements import CareStatementView, StatementListView, StatementView
from recovery.api.support import (
    CareTherapyView,
    MeetingListView,
    MeetingView,
    NeedListView,
    NeedView,
    TherapyListView,
)
from recovery.api.tasks import FinishTaskView, TaskListView
from recovery.api.today import TodayView
from recovery.api.triggers import TriggerListView, TriggerView

urlpatterns = [
    *visit_urls.urlpatterns,
    *check_urls.urlpatterns,
    path("me/today/", TodayView.as_view(), name="api-today"),
    path("me/dose-reports/<uuid:client_id>/", DoseReportView.as_view(), name="api-dose-report"),
    path("me/cravings/", CravingListView.as_view(), name="api-cravings"),
    path("me/cravings/<uuid:client_id>/", CravingView.as_view(), name="api-craving"),
    path("me/triggers/", TriggerListView.as_view(), name="api-triggers"),
    path("me/triggers/<uuid:client_id>/", TriggerView.as_view(), name="api-trigger"),
    path("me/statements/", StatementListView.as_view(), name="api-statements"),
    path("me/statements/<uuid:client_id>/", StatementView.as_view(), name="api-statement"),
    path("me/people/", PeopleView.as_view(), name="api-people"),
    path("me/people/<uuid:client_id>/", PersonView.as_view(), name="api-person"),
    path("me/people/<int:supporter_id>/end/", EndPersonView.as_view(), name="api-person-end"),
    path("me/reach/", ReachView.as_view(), name="api-reach"),
    path("me/prompts/", OwnPromptsView.as_view(), name="api-prompts"),
    path("me/pauses/<uuid:client_id>/", OwnPauseView.as_view(), name="api-pause"),
    path("me/pauses/<uuid:client_id>/end/", OwnResumeView.as_view(), name="api-pause-end"),
    path("care/patients/<int:patient_id>/prompts/", CarePromptsView.as_view(), name="api-care-prompts"),
    path("care/patients/<int:patient_id>/pauses/<uuid:client_id>/", CarePauseView.as_view(), name="api-care-pause"),
    path(
        "care/patients/<int:patient_id>/pauses/<uuid:client_id>/end/",
        CareResumeView.as_view(),
        name="api-care-pause-end",
    ),
    path("me/rewards/", RewardsView.as_view(), name="api-rewards"),
    path("me/journal/", EntryListView.as_view(), name="api-journal"),
    path("me/journal/<uuid:client_id>/", EntryView.as_view(), name="api-journal-entry"),
    path("me/coping/", CopingView.as_view(), name="api-coping"),
    path("me/skills/<uuid:client_id>/", SkillUseView.as_view(), name="api-skill"),
    path("me/plan/", OwnPlanView.as_view(), name="api-plan"),
    path("me/plan/<uuid:client_id>/", PlanVersionView.as_view(), name="api-plan-version"),
    path("me/goals/", GoalListView.as_view(), name="api-goals"),
    path("me/goals/<uuid:client_id>/", GoalView.as_view(), name="api-goal"),
    path("me/goals/<int:goal_id>/end/", EndGoalView.as_view(), name="api-goal-end"),
    path("me/side-effects/", SideEffectListView.as_view(), name="api-side-effects"),
    path("me/side-effects/<uuid:client_id>/", SideEffectView.as_view(), name="api-side-effect"),
    path("me/meetings/", MeetingListView.as_view(), name="api-meetings"),
    path("me/meetings/<uuid:client_id>/", MeetingView.as_view(), name="api-meeting"),
    path("me/meeting-places/", OwnPlacesView.as_view(), name="api-own-meeting-places"),
    path("me/therapy/", TherapyListView.as_view(), name="api-therapy"),
    path("me/needs/", NeedListView.as_view(), name="api-needs"),
    path("me/needs/<uuid:client_id>/", NeedView.as_view(), name="api-need"),
    path("me/learn/", ModuleListView.as_view(), name="api-learn"),
    path("me/learn/<slug:code>/read/", ModuleReadView.as_view(), name="api-module-read"),
    path("me/help/", HelpView.as_view(), name="api-help"),
    path("me/card/", CardView.as_view(), name="api-card"),
    path("me/export/", OwnExportView.as_view(), name="api-export"),
    path("care/patients/<int:patient_id>/measures/", MeasuresView.as_view(), name="api-measures"),
    path("me/questions/", QuestionsListView.as_view(), name="api-questions"),
    path("me/questions/<uuid:client_id>/", QuestionsView.as_view(), name="api-question-form"),
    path("me/questions/<uuid:client_id>/answers/<uuid:answer_id>/", AnswerView.as_view(), name="api-question-answer"),
    path("me/questions/<uuid:client_id>/finish/", FinishQuestionsView.as_view(), name="api-question-finish"),
    path("me/questions/<uuid:client_id>/not-today/", DeclineQuestionsView.as_view(), name="api-question-decline"),
    path("care/rota/", RotaListView.as_view(), name="api-rota"),
    path("care/rota/overrides/", OverrideView.as_view(), name="api-rota-override"),
    path("care/rota/overrides/<int:override_id>/end/", EndOverrideView.as_view(), name="api-rota-override-end"),
    path("care/rota/take-over/", TakeOverView.as_view(), name="api-rota-take-over"),
    path("care/rota/weeks/", RotaWeeksView.as_view(), name="api-rota-weeks"),
    path("care/worklist/", WorklistView.as_view(), name="api-worklist"),
    path("care/flags/<int:flag_id>/own/", OwnFlagView.as_view(), name="api-flag-own"),
    path("care/flags/<int:flag_id>/release/", ReleaseFlagView.as_view(), name="api-flag-release"),
    path("care/flags/<int:flag_id>/snooze/", SnoozeFlagView.as_view(), name="api-flag-snooze"),
    path("care/flags/<int:flag_id>/close/", CloseFlagView.as_view(), name="api-flag-close"),
    path("care/flags/<int:flag_id>/confirm/", ConfirmFlagView.as_view(), name="api-flag-confirm"),
    path("care/patients/<int:patient_id>/safety/", SafetyView.as_view(), name="api-safety"),
    path("care/patients/<int:patient_id>/holds/", OrderHoldView.as_view(), name="api-hold-order"),
    path("care/holds/<int:hold_id>/understood/", UnderstoodView.as_view(), name="api-hold-understood"),
    path("care/holds/<int:hold_id>/lift/", LiftHoldView.as_view(), name="api-hold-lift"),
    path(
        "care/patients/<int:patient_id>/statements/<uuid:client_id>/",
        CareStatementView.as_view(),
        name="api-care-statement",
    ),
    path("care/patients/<int:patient_id>/stays/<uuid:client_id>/", StayView.as_view(), name="api-stay"),
    path("care/stays/<int:stay_id>/expected/", ExpectedView.as_view(), name="api-stay-expected"),
    path("care/stays/<int:stay_id>/back/", BackView.as_view(), name="api-stay-back"),
    path("care/stays/<int:stay_id>/settle/", SettleView.as_view(), name="api-stay-settle"),
    path("care/stays/<int:stay_id>/void/", VoidStayView.as_view(), name="api-stay-void"),
    path("me/tests/", OwnTestsView.as_view(), name="api-own-tests"),
    path("me/procedures/<uuid:client_id>/", OwnProcedureView.as_view(), name="api-own-procedure"),
    path("me/reversal-agents/<uuid:client_id>/", OwnReversalView.as_view(), name="api-own-reversal"),
    path("care/patients/<int:patient_id>/lab-results/<uuid:client_id>/", CareLabView.as_view(), name="api-lab"),
    path("care/patients/<int:patient_id>/urine-screens/<uuid:client_id>/", CareScreenView.as_view(), name="api-screen"),
    path(
        "care/patients/<int:patient_id>/challenges/<uuid:client_id>/", CareChallengeView.as_view(), name="api-challenge"
    ),
    path(
        "care/patients/<int:patient_id>/procedures/<uuid:client_id>/", CareProcedureView.as_view(), name="api-procedure"
    ),
    path(
        "care/patients/<int:patient_id>/reversal-agents/<uuid:client_id>/",
        CareReversalView.as_view(),
        name="api-reversal",
    ),
    path("care/patients/<int:patient_id>/checklists/", ChecklistListView.as_view(), name="api-checklists"),
    path(
        "care/patients/<int:patient_id>/checklists/<int:checklist_id>/answers/",
        AnswerChecklistView.as_view(),
        name="api-checklist-answers",
    ),
    path(
        "care/patients/<int:patient_id>/checklists/<int:checklist_id>/sign/",
        SignChecklistView.as_view(),
        name="api-checklist-sign",
    ),
    path("care/meeting-places/", PlaceListView.as_view(), name="api-meeting-places"),
    path("care/meeting-places/<uuid:client_id>/", PlaceView.as_view(), name="api-meeting-place"),
    path("care/meeting-places/<int:place_id>/checked/", CheckPlaceView.as_view(), name="api-meeting-place-checked"),
    path("care/meeting-places/<int:place_id>/withdraw/", WithdrawPlaceView.as_view(), name="api-meeting-place-off"),
    path("care/patients/<int:patient_id>/conditions/", ConditionListView.as_view(), name="api-conditions"),
    path("care/patients/<int:patient_id>/conditions/<uuid:client_id>/", ConditionView.as_view(), name="api-condition"),
    path(
        "care/patients/<int:patient_id>/conditions/<int:entry_id>/end/",
        EndConditionView.as_view(),
        name="api-condition-end",
    ),
    path(
        "care/patients/<int:patient_id>/conditions/<int:entry_id>/void/",
        VoidConditionView.as_view(),
        name="api-condition-void",
    ),
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
    path(
        "care/patients/<int:patient_id>/side-effects/<uuid:client_id>/",
        CareSideEffectView.as_view(),
        name="api-care-side-effect",
    ),
    path(
        "care/patients/<int:patient_id>/therapy/<uuid:client_id>/",
        CareTherapyView.as_view(),
        name="api-care-therapy",
    ),
]
