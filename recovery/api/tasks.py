"""Work that waits for a role, and how it ends."""

from collections import defaultdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.pagination import OffsetQuery, offset_page
from backend.api.serializers import AwareDateTimeField, StrictSerializer, WordField
from backend.api.views import ApiView
from backend.rules.roles import Access
from backend.services import audit
from recovery.api.fields import CodeField, NoteField
from recovery.rules.records import OutreachChannel, OutreachOutcome, TaskStatus
from recovery.rules.states import Role
from recovery.rules.tasks import TaskKind
from recovery.selectors.tasks import WhenDue, Whose, open_tasks
from recovery.services.flags import NewOutreach
from recovery.services.tasks import finish_task


class TaskRowSerializer(serializers.Serializer):
    """One open task with what doing it needs. `words` say what is to be done, `detail` about what."""

    task_id = serializers.IntegerField()
    patient_id = serializers.IntegerField()
    patient_number = serializers.IntegerField()
    program_id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    kind = WordField(TaskKind)
    role = WordField(Role, name="WorkRole")
    words = serializers.CharField(source="rule.words")
    detail = serializers.CharField(allow_blank=True)
    outcomes = serializers.ListField(child=serializers.CharField(), source="rule.outcomes")
    due_at = AwareDateTimeField()
    when_due = WordField(WhenDue)
    created_at = AwareDateTimeField()
    flag_id = serializers.IntegerField(allow_null=True)
    may_end = serializers.BooleanField(help_text="Whether the signed-in person may end it.")


class TaskPageSerializer(serializers.Serializer):
    """Soonest due first. `count` is the length of the whole list."""

    items = TaskRowSerializer(many=True)
    count = serializers.IntegerField(min_value=0)


class TaskSerializer(serializers.Serializer):
    """Where a task stands after the act."""

    id = serializers.IntegerField()
    patient_id = serializers.IntegerField()
    kind = WordField(TaskKind)
    status = WordField(TaskStatus)
    outcome = serializers.CharField()
    done_at = AwareDateTimeField(allow_null=True)


class TaskListView(ApiView):
    """GET /api/v1/care/tasks/ - the work that waits, by due time."""

    access = Access.CARE_TEAM

    class Query(OffsetQuery):
        whose = WordField(Whose, default=Whose.MINE.value, help_text="Of one's own roles, or everybody's.")

    @extend_schema(operation_id="listTasks", responses=TaskPageSerializer)
    def get(self, request: Request) -> Response:
        """The open tasks of the programs that the signed-in person works in.

        Every read is audited, for each patient shown.
        """
        rows = open_tasks(
            program_ids=self.actor.programs_for(Access.CARE_TEAM),
            now=clock.now(),
            viewer=self.actor,
            whose=Whose(self.query["whose"]),
        )
        page = offset_page(rows, limit=self.query["limit"], offset=self.query["offset"])
        self._audit(page["items"])
        return Response(TaskPageSerializer(page).data)

    def _audit(self, shown: list[Any]) -> None:
        seen: dict[int, list[tuple[int | None, str, int | None]]] = defaultdict(list)
        for row in shown:
            seen[row.program_id].append((row.patient_id, "task", row.task_id))
        for program_id, objects in seen.items():
            audit.record_many(actor=self.actor, action="tasks.read", program_id=program_id, objects=objects)


class FinishTaskView(ApiView):
    """POST /api/v1/care/tasks/{task_id}/done/"""

    access = Access.CARE_TEAM

    class Input(StrictSerializer):
        class Contact(StrictSerializer):
            """A contact that was made with it, or an attempt."""

            channel = WordField(OutreachChannel)
            outcome = WordField(OutreachOutcome)
            at = AwareDateTimeField(allow_null=True, default=None, help_text="Not in the future; null: just now.")
            note = NoteField()

        outcome = CodeField(
            max_length=40, allow_blank=False, default=serializers.empty, help_text="One of the task's `outcomes`."
        )
        note = NoteField()
        outreach = Contact(allow_null=True, default=None)

    @extend_schema(operation_id="finishTask", responses=TaskSerializer)
    def post(self, request: Request, task_id: int) -> Response:
        """End a task with what came of it. 409 when it is done already, 403 when only a prescriber may end it."""
        given = self.data()
        contact = given.pop("outreach")
        task = finish_task(
            actor=self.actor,
            task_id=task_id,
            now=clock.now(),
            outreach=NewOutreach(**contact) if contact else None,
            **given,
        )
        return Response(TaskSerializer(task).data)
