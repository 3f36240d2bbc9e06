"""Laboratory values, screens, challenges, procedures, checklists, planned stops and after-care (S 3, 10, 13, 18)."""

import backend.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from backend import quick_migration
from django.db import migrations, models


from backend.walls import link, protect, revoke

LINKS = [
    ("recovery_labresult", "patient_id", "recovery_patient"),
    ("recovery_urinescreen", "patient_id", "recovery_patient"),
    ("recovery_challenge", "patient_id", "recovery_patient"),
    ("recovery_procedure", "patient_id", "recovery_patient"),
    ("recovery_reversalagent", "patient_id", "recovery_patient"),
    ("recovery_checklist", "patient_id", "recovery_patient"),
    ("recovery_checklistanswer", "patient_id", "recovery_patient"),
    ("recovery_plannedstop", "patient_id", "recovery_patient"),
    ("recovery_aftercare", "patient_id", "recovery_patient"),
    ("recovery_urinescreen", "confirms_id", "recovery_urinescreen"),
    ("recovery_checklist", "treatment_id", "recovery_treatment"),
    ("recovery_checklistanswer", "checklist_id", "recovery_checklist"),
    ("recovery_plannedstop", "treatment_id", "recovery_treatment"),
    ("recovery_aftercare", "treatment_id", "recovery_treatment"),
]
WITH_HISTORY = [
    "recovery_labresult",
    "recovery_urinescreen",
    "recovery_challenge",
    "recovery_procedure",
    "recovery_checklist",
    "recovery_plannedstop",
]
TABLES = [
    *WITH_HISTORY,
    *[f"{table}event" for table in WITH_HISTORY],
    "recovery_reversalagent",
    "recovery_checklistanswer",
    "recovery_aftercare",
]
APPEND_ONLY = [
    *[f"{table}event" for table in WITH_HISTORY],
    "recovery_checklistanswer",
]
NEVER_DELETED = [*WITH_HISTORY, "recovery_reversalagent", "recovery_aftercare"]

# What was measured stays as it was measured: only who read it, where it stands and that it was an error is written.
COLUMNS = {
    "recovery_labresult": "reviewed_by_id, reviewed_at, voided_at",
    "recovery_urinescreen": "reading, read_by_id, read_at, voided_at",
    "recovery_challenge": "voided_at",
    "recovery_reversalagent": "voided_at",
    "recovery_procedure": "planned_on, opioid_expected, status, hold_from, hold_set_by_id, hold_set_at, hold_begun_at, "
    "ended_at, voided_at",
}


def only(table: str, columns: str) -> str:
    return f"""
DO $$ DECLARE g text; BEGIN
  FOR g IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
           WHERE table_schema = 'public' AND table_name = '{table}' AND grantee <> current_user
  LOOP
    EXECUTE format('REVOKE UPDATE ON {table} FROM %I', g);
    EXECUTE format('GRANT UPDATE ({columns}) ON {table} TO %I', g);
  END LOOP;
END $$;
"""


# Tasks were written for a role of staff; they are for a role of work.
ROLE_OF_WORK = "UPDATE recovery_task SET role = 'prescriber' WHERE role = 'clinician'"


class Migration(quick_migration.Migration):

    dependencies = [
        ('backend', '0003_history_without_exceptions'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('recovery', '0004_questionnaires'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Challenge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('done_on', models.DateField()),
                ('route', models.CharField(max_length=15)),
                ('result', models.CharField(max_length=12)),
                ('repeat_on', models.DateField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ChallengeEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('done_on', models.DateField()),
                ('route', models.CharField(max_length=15)),
                ('result', models.CharField(max_length=12)),
                ('repeat_on', models.DateField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.challenge')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Checklist',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=10)),
                ('cause', models.CharField(max_length=20)),
                ('medicine', models.CharField(max_length=40)),
                ('status', models.CharField(default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('signed_at', models.DateTimeField(blank=True, null=True)),
                ('expires_on', models.DateField(blank=True, null=True)),
                ('policy_version', models.CharField(blank=True, max_length=40)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('signed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('treatment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.treatment')),
            ],
        ),
        migrations.CreateModel(
            name='ChecklistAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('item', models.CharField(help_text='Code in the list of items', max_length=40)),
                ('value', models.CharField(max_length=20)),
                ('reason', backend.fields.SealedField(blank=True, help_text='Why it is signed over, where the answer speaks against it', null=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('checklist', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='recovery.checklist')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
        ),
        migrations.CreateModel(
            name='ChecklistEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=10)),
                ('cause', models.CharField(max_length=20)),
                ('medicine', models.CharField(max_length=40)),
                ('status', models.CharField(default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('signed_at', models.DateTimeField(blank=True, null=True)),
                ('expires_on', models.DateField(blank=True, null=True)),
                ('policy_version', models.CharField(blank=True, max_length=40)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.checklist')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('signed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('treatment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.treatment')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LabResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('analyte', models.CharField(max_length=12)),
                ('value', models.DecimalField(decimal_places=2, max_digits=9)),
                ('unit', models.CharField(max_length=12)),
                ('upper_limit', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('is_baseline', models.BooleanField(default=False, help_text="The person's own value when well (S 13)")),
                ('taken_on', models.DateField()),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reviewed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='LabResultEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('analyte', models.CharField(max_length=12)),
                ('value', models.DecimalField(decimal_places=2, max_digits=9)),
                ('unit', models.CharField(max_length=12)),
                ('upper_limit', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('is_baseline', models.BooleanField(default=False, help_text="The person's own value when well (S 13)")),
                ('taken_on', models.DateField()),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.labresult')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('reviewed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PlannedStop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('planned_for', models.DateField()),
                ('reason', models.CharField(max_length=20)),
                ('counselled_at', models.DateTimeField(blank=True, help_text='The overdose talk was held', null=True)),
                ('decided_at', models.DateTimeField()),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('treatment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.treatment')),
            ],
        ),
        migrations.CreateModel(
            name='PlannedStopEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('planned_for', models.DateField()),
                ('reason', models.CharField(max_length=20)),
                ('counselled_at', models.DateTimeField(blank=True, help_text='The overdose talk was held', null=True)),
                ('decided_at', models.DateTimeField()),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('decided_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.plannedstop')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('treatment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.treatment')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Procedure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('source', models.CharField(max_length=10)),
                ('kind', models.CharField(max_length=10)),
                ('planned_on', models.DateField()),
                ('opioid_expected', models.CharField(max_length=8)),
                ('status', models.CharField(default='planned', max_length=10)),
                ('hold_from', models.DateField(blank=True, null=True)),
                ('hold_set_at', models.DateTimeField(blank=True, null=True)),
                ('hold_begun_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('hold_set_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ProcedureEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('source', models.CharField(max_length=10)),
                ('kind', models.CharField(max_length=10)),
                ('planned_on', models.DateField()),
                ('opioid_expected', models.CharField(max_length=8)),
                ('status', models.CharField(default='planned', max_length=10)),
                ('hold_from', models.DateField(blank=True, null=True)),
                ('hold_set_at', models.DateTimeField(blank=True, null=True)),
                ('hold_begun_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('hold_set_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.procedure')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ReversalAgent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('source', models.CharField(max_length=10)),
                ('on_day', models.DateField(help_text='Local day it was spoken of')),
                ('offered', models.BooleanField(help_text='Whether it was offered on that day')),
                ('has_it', models.CharField(max_length=8)),
                ('expires_on', models.DateField(blank=True, null=True)),
                ('trained', models.BooleanField(blank=True, help_text='Somebody close knows how to use it', null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='UrineScreen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('taken_on', models.DateField()),
                ('panel', models.CharField(max_length=15)),
                ('method', models.CharField(max_length=20)),
                ('stage', models.CharField(max_length=12)),
                ('results', models.JSONField(help_text='Result by analyte, for those that were tested')),
                ('reading', models.CharField(blank=True, max_length=15)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('confirms', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.urinescreen')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('read_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='UrineScreenEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('taken_on', models.DateField()),
                ('panel', models.CharField(max_length=15)),
                ('method', models.CharField(max_length=20)),
                ('stage', models.CharField(max_length=12)),
                ('results', models.JSONField(help_text='Result by analyte, for those that were tested')),
                ('reading', models.CharField(blank=True, max_length=15)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('confirms', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.urinescreen')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.urinescreen')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('read_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('recorded_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AfterCare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(max_length=15)),
                ('cover_ended_on', models.DateField(help_text='The first day without cover')),
                ('until', models.DateField(help_text='Inclusive')),
                ('next_contact_on', models.DateField(blank=True, null=True)),
                ('contacts_asked', models.PositiveSmallIntegerField(default=0)),
                ('opened_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end', models.CharField(blank=True, max_length=15)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('treatment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.treatment')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['next_contact_on'], name='aftercare_contact_due'), models.Index(fields=['program', 'patient'], name='aftercare_by_patient')],
                'constraints': [models.UniqueConstraint(fields=('program', 'id'), name='aftercare_program_id'), models.UniqueConstraint(fields=('treatment', 'cover_ended_on'), name='aftercare_once_per_end_of_cover'), models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('patient',), name='aftercare_one_at_a_time'), models.CheckConstraint(condition=models.Q(('cause__in', ['planned_stop', 'closed', 'discontinued'])), name='aftercare_cause'), models.CheckConstraint(condition=models.Q(('end__in', ['', 'over', 'covered_again', 'by_staff'])), name='aftercare_end'), models.CheckConstraint(condition=models.Q(models.Q(('end', ''), ('ended_at__isnull', True)), models.Q(('ended_at__isnull', False), models.Q(('end', ''), _negated=True)), _connector='OR'), name='aftercare_ended_with_a_reason'), models.CheckConstraint(condition=models.Q(('until__gte', models.F('cover_ended_on'))), name='aftercare_days_in_order')],
            },
        ),
        migrations.AddIndex(
            model_name='challenge',
            index=models.Index(fields=['program', 'patient', '-done_on'], name='challenge_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='challenge_program_id'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='challenge_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('route__in', ['subcutaneous', 'intramuscular', 'intravenous', 'nasal', 'tablet'])), name='challenge_route'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('result__in', ['passed', 'failed', 'inconclusive'])), name='challenge_result'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(('repeat_on__isnull', True), ('repeat_on__gte', models.F('done_on')), _connector='OR'), name='challenge_repeat_after'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='challenge',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_challengeevent" ("client_id", "done_on", "id", "note", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "recorded_at", "recorded_by_id", "repeat_on", "result", "route", "uid", "voided_at") VALUES (NEW."client_id", NEW."done_on", NEW."id", NEW."note", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."repeat_on", NEW."result", NEW."route", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='65a05c3559b6f672ff998b4149ae8412c5e10cc8', operation='INSERT', pgid='pgtrigger_insert_insert_5dc50', table='recovery_challenge', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='challenge',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_challengeevent" ("client_id", "done_on", "id", "note", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "recorded_at", "recorded_by_id", "repeat_on", "result", "route", "uid", "voided_at") VALUES (NEW."client_id", NEW."done_on", NEW."id", NEW."note", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."repeat_on", NEW."result", NEW."route", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='2a30ae3947c0e62ffc5c30deabe614fe538e34a0', operation='UPDATE', pgid='pgtrigger_update_update_dff52', table='recovery_challenge', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='challengeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='71e93ec147ec02e12bb2621d273f4e2fc3b8dd8e', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_07c8b', table='recovery_challengeevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='checklist',
            index=models.Index(fields=['program', 'patient', '-opened_at'], name='checklist_by_patient'),
        ),
        migrations.AddIndex(
            model_name='checklist',
            index=models.Index(condition=models.Q(('status', 'signed')), fields=['expires_on'], name='checklist_to_expire'),
        ),
        migrations.AddConstraint(
            model_name='checklist',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='checklist_program_id'),
        ),
        migrations.AddConstraint(
            model_name='checklist',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['open', 'signed'])), fields=('patient', 'kind'), name='checklist_one_live_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='checklist',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['start', 'restart'])), name='checklist_kind'),
        ),
        migrations.AddConstraint(
            model_name='checklist',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['start', 'late_band', 'stated_gap', 'reported_use', 'failed_challenge', 'ordered', 'expired'])), name='checklist_cause'),
        ),
        migrations.AddConstraint(
            model_name='checklist',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['open', 'signed', 'used', 'expired', 'overtaken', 'cancelled'])), name='checklist_status'),
        ),
        migrations.AddConstraint(
            model_name='checklist',
            constraint=models.CheckConstraint(condition=models.Q(('medicine__in', ['naltrexone_tablet', 'naltrexone_injection', 'naltrexone_implant', 'buprenorphine_sublingual', 'sublocade', 'brixadi_weekly', 'brixadi_monthly', 'methadone', 'acamprosate', 'disulfiram', 'other'])), name='checklist_medicine'),
        ),
        migrations.AddConstraint(
            model_name='checklist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['signed', 'used']), ('expires_on__isnull', False), ('signed_at__isnull', False), ('signed_by__isnull', False)), models.Q(('signed_at__isnull', False), ('status', 'expired')), ('status__in', ['open', 'overtaken', 'cancelled']), _connector='OR'), name='checklist_signed_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='checklist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('status__in', ['open', 'signed'])), models.Q(models.Q(('status__in', ['open', 'signed']), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='checklist_ended_at'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='checklist',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_checklistevent" ("cause", "ended_at", "expires_on", "id", "kind", "medicine", "opened_at", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "policy_version", "program_id", "signed_at", "signed_by_id", "status", "treatment_id") VALUES (NEW."cause", NEW."ended_at", NEW."expires_on", NEW."id", NEW."kind", NEW."medicine", NEW."opened_at", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."policy_version", NEW."program_id", NEW."signed_at", NEW."signed_by_id", NEW."status", NEW."treatment_id"); RETURN NULL;', hash='cccf3dd95044a4dcb09fdfadce3e11ce579d7aa8', operation='INSERT', pgid='pgtrigger_insert_insert_1a5d7', table='recovery_checklist', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='checklist',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_checklistevent" ("cause", "ended_at", "expires_on", "id", "kind", "medicine", "opened_at", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "policy_version", "program_id", "signed_at", "signed_by_id", "status", "treatment_id") VALUES (NEW."cause", NEW."ended_at", NEW."expires_on", NEW."id", NEW."kind", NEW."medicine", NEW."opened_at", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."policy_version", NEW."program_id", NEW."signed_at", NEW."signed_by_id", NEW."status", NEW."treatment_id"); RETURN NULL;', hash='fc53f168ff429be7f81adc03ed36b108474fc467', operation='UPDATE', pgid='pgtrigger_update_update_a5bd7', table='recovery_checklist', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='checklistanswer',
            index=models.Index(fields=['checklist', 'item', '-id'], name='checklistanswer_latest'),
        ),
        migrations.AddConstraint(
            model_name='checklistanswer',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='checklistanswer_program_id'),
        ),
        migrations.AddConstraint(
            model_name='checklistanswer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('item', ''), _negated=True), models.Q(('value', ''), _negated=True)), name='checklistanswer_says_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='checklistevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7c6f6eadee834820e8e22f1f39686f9abea86e33', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_e3b91', table='recovery_checklistevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='labresult',
            index=models.Index(fields=['program', 'patient', '-taken_on'], name='labresult_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='labresult_program_id'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='labresult_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.CheckConstraint(condition=models.Q(('analyte__in', ['alt', 'ast', 'bilirubin', 'ggt', 'platelets', 'egfr'])), name='labresult_analyte'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.CheckConstraint(condition=models.Q(('unit__in', ['u_per_l', 'mg_per_dl', 'umol_per_l', 'giga_per_l', 'ml_per_min'])), name='labresult_unit'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.CheckConstraint(condition=models.Q(('value__gte', 0)), name='labresult_value_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.CheckConstraint(condition=models.Q(('upper_limit__isnull', True), ('upper_limit__gt', 0), _connector='OR'), name='labresult_limit_positive'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at__isnull', True), ('reviewed_by__isnull', True)), models.Q(('reviewed_at__isnull', False), ('reviewed_by__isnull', False)), _connector='OR'), name='labresult_reviewed_by_somebody'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labresult',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_labresultevent" ("analyte", "client_id", "id", "is_baseline", "note", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "recorded_at", "recorded_by_id", "reviewed_at", "reviewed_by_id", "taken_on", "uid", "unit", "upper_limit", "value", "voided_at") VALUES (NEW."analyte", NEW."client_id", NEW."id", NEW."is_baseline", NEW."note", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."reviewed_at", NEW."reviewed_by_id", NEW."taken_on", NEW."uid", NEW."unit", NEW."upper_limit", NEW."value", NEW."voided_at"); RETURN NULL;', hash='5d6ad81635e265e1ebd05545b5d45e6121ae3412', operation='INSERT', pgid='pgtrigger_insert_insert_97169', table='recovery_labresult', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labresult',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_labresultevent" ("analyte", "client_id", "id", "is_baseline", "note", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "recorded_at", "recorded_by_id", "reviewed_at", "reviewed_by_id", "taken_on", "uid", "unit", "upper_limit", "value", "voided_at") VALUES (NEW."analyte", NEW."client_id", NEW."id", NEW."is_baseline", NEW."note", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."reviewed_at", NEW."reviewed_by_id", NEW."taken_on", NEW."uid", NEW."unit", NEW."upper_limit", NEW."value", NEW."voided_at"); RETURN NULL;', hash='49f26581c6ae73c566aa2796ebbd72b95ec05abd', operation='UPDATE', pgid='pgtrigger_update_update_1865f', table='recovery_labresult', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labresultevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='865700452fef2e4f00b9cfe30458896a15425b52', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_71b59', table='recovery_labresultevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='plannedstop',
            index=models.Index(fields=['program', 'patient', 'planned_for'], name='plannedstop_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='plannedstop',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='plannedstop_program_id'),
        ),
        migrations.AddConstraint(
            model_name='plannedstop',
            constraint=models.UniqueConstraint(condition=models.Q(('cancelled_at__isnull', True)), fields=('treatment',), name='plannedstop_one_per_treatment'),
        ),
        migrations.AddConstraint(
            model_name='plannedstop',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['feels_stable', 'side_effects', 'other_medicine', 'pregnancy', 'procedure', 'moving_away', 'own_choice', 'other'])), name='plannedstop_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plannedstop',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_plannedstopevent" ("cancelled_at", "counselled_at", "decided_at", "decided_by_id", "id", "note", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_for", "program_id", "reason", "treatment_id", "uid") VALUES (NEW."cancelled_at", NEW."counselled_at", NEW."decided_at", NEW."decided_by_id", NEW."id", NEW."note", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."planned_for", NEW."program_id", NEW."reason", NEW."treatment_id", NEW."uid"); RETURN NULL;', hash='2989061018e157cc5959fe3a748df0965792f9c7', operation='INSERT', pgid='pgtrigger_insert_insert_b8f43', table='recovery_plannedstop', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plannedstop',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_plannedstopevent" ("cancelled_at", "counselled_at", "decided_at", "decided_by_id", "id", "note", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_for", "program_id", "reason", "treatment_id", "uid") VALUES (NEW."cancelled_at", NEW."counselled_at", NEW."decided_at", NEW."decided_by_id", NEW."id", NEW."note", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."planned_for", NEW."program_id", NEW."reason", NEW."treatment_id", NEW."uid"); RETURN NULL;', hash='619068f7222fad952a87a198acfdeaac0bc24ede', operation='UPDATE', pgid='pgtrigger_update_update_dbe90', table='recovery_plannedstop', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plannedstopevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='53f25f9721e555cc08d705b1c53622ad7e56297c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f85b1', table='recovery_plannedstopevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='procedure',
            index=models.Index(fields=['program', 'patient', 'planned_on'], name='procedure_by_patient'),
        ),
        migrations.AddIndex(
            model_name='procedure',
            index=models.Index(condition=models.Q(('hold_begun_at__isnull', True), ('hold_from__isnull', False), ('status', 'planned')), fields=['hold_from'], name='procedure_hold_to_begin'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='procedure_program_id'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='procedure_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='procedure_source'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['surgery', 'dental', 'scope', 'birth', 'other'])), name='procedure_kind'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.CheckConstraint(condition=models.Q(('opioid_expected__in', ['yes', 'no', 'unknown'])), name='procedure_opioid_expected'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['planned', 'done', 'cancelled'])), name='procedure_status'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('hold_from__isnull', True), ('hold_set_at__isnull', True), ('hold_set_by__isnull', True)), models.Q(('hold_from__isnull', False), ('hold_set_at__isnull', False), ('hold_set_by__isnull', False)), _connector='OR'), name='procedure_hold_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.CheckConstraint(condition=models.Q(('hold_begun_at__isnull', True), ('hold_from__isnull', False), _connector='OR'), name='procedure_hold_has_a_day'),
        ),
        migrations.AddConstraint(
            model_name='procedure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('status', 'planned')), models.Q(models.Q(('status', 'planned'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='procedure_ended_at'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='procedure',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_procedureevent" ("client_id", "ended_at", "hold_begun_at", "hold_from", "hold_set_at", "hold_set_by_id", "id", "kind", "note", "opioid_expected", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_on", "program_id", "recorded_at", "recorded_by_id", "source", "status", "uid", "voided_at") VALUES (NEW."client_id", NEW."ended_at", NEW."hold_begun_at", NEW."hold_from", NEW."hold_set_at", NEW."hold_set_by_id", NEW."id", NEW."kind", NEW."note", NEW."opioid_expected", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."planned_on", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."source", NEW."status", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='73068beb129c576031f32eac5f5a67b2a6978d7a', operation='INSERT', pgid='pgtrigger_insert_insert_a975c', table='recovery_procedure', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='procedure',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_procedureevent" ("client_id", "ended_at", "hold_begun_at", "hold_from", "hold_set_at", "hold_set_by_id", "id", "kind", "note", "opioid_expected", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_on", "program_id", "recorded_at", "recorded_by_id", "source", "status", "uid", "voided_at") VALUES (NEW."client_id", NEW."ended_at", NEW."hold_begun_at", NEW."hold_from", NEW."hold_set_at", NEW."hold_set_by_id", NEW."id", NEW."kind", NEW."note", NEW."opioid_expected", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."planned_on", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."source", NEW."status", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='771c72016d270951ced78c935c20c1b272a27115', operation='UPDATE', pgid='pgtrigger_update_update_8c1b1', table='recovery_procedure', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='procedureevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2314cf8543455e537fcd9f8c36a6217abc33e6b5', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_70d44', table='recovery_procedureevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='reversalagent',
            index=models.Index(fields=['program', 'patient', '-on_day'], name='reversalagent_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='reversalagent',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='reversalagent_program_id'),
        ),
        migrations.AddConstraint(
            model_name='reversalagent',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='reversalagent_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='reversalagent',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='reversalagent_source'),
        ),
        migrations.AddConstraint(
            model_name='reversalagent',
            constraint=models.CheckConstraint(condition=models.Q(('has_it__in', ['yes', 'no', 'unknown'])), name='reversalagent_has_it'),
        ),
        migrations.AddConstraint(
            model_name='reversalagent',
            constraint=models.CheckConstraint(condition=models.Q(('expires_on__isnull', True), ('has_it', 'yes'), _connector='OR'), name='reversalagent_expires_if_there'),
        ),
        migrations.AddIndex(
            model_name='urinescreen',
            index=models.Index(fields=['program', 'patient', '-taken_on'], name='urinescreen_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='urinescreen',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='urinescreen_program_id'),
        ),
        migrations.AddConstraint(
            model_name='urinescreen',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='urinescreen_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='urinescreen',
            constraint=models.CheckConstraint(condition=models.Q(('panel__in', ['opiates_only', 'basic', 'extended', 'laboratory'])), name='urinescreen_panel'),
        ),
        migrations.AddConstraint(
            model_name='urinescreen',
            constraint=models.CheckConstraint(condition=models.Q(('method__in', ['immunoassay', 'mass_spectrometry', 'other'])), name='urinescreen_method'),
        ),
        migrations.AddConstraint(
            model_name='urinescreen',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['presumptive', 'confirmed'])), name='urinescreen_stage'),
        ),
        migrations.AddConstraint(
            model_name='urinescreen',
            constraint=models.CheckConstraint(condition=models.Q(('reading__in', ['', 'use', 'prescribed', 'false_positive', 'unclear'])), name='urinescreen_reading'),
        ),
        migrations.AddConstraint(
            model_name='urinescreen',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('read_at__isnull', True), ('read_by__isnull', True), ('reading', '')), models.Q(('read_at__isnull', False), ('read_by__isnull', False), models.Q(('reading', ''), _negated=True)), _connector='OR'), name='urinescreen_read_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='urinescreen',
            constraint=models.CheckConstraint(condition=models.Q(('results', {}), _negated=True), name='urinescreen_tests_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='urinescreen',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_urinescreenevent" ("client_id", "confirms_id", "id", "method", "note", "panel", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "read_at", "read_by_id", "reading", "recorded_at", "recorded_by_id", "results", "stage", "taken_on", "uid", "voided_at") VALUES (NEW."client_id", NEW."confirms_id", NEW."id", NEW."method", NEW."note", NEW."panel", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."program_id", NEW."read_at", NEW."read_by_id", NEW."reading", NEW."recorded_at", NEW."recorded_by_id", NEW."results", NEW."stage", NEW."taken_on", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='02cf702552173b8e7cf1db77b7e659f3e33265e9', operation='INSERT', pgid='pgtrigger_insert_insert_1e113', table='recovery_urinescreen', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='urinescreen',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_urinescreenevent" ("client_id", "confirms_id", "id", "method", "note", "panel", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "read_at", "read_by_id", "reading", "recorded_at", "recorded_by_id", "results", "stage", "taken_on", "uid", "voided_at") VALUES (NEW."client_id", NEW."confirms_id", NEW."id", NEW."method", NEW."note", NEW."panel", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."program_id", NEW."read_at", NEW."read_by_id", NEW."reading", NEW."recorded_at", NEW."recorded_by_id", NEW."results", NEW."stage", NEW."taken_on", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='8958f654db4fa0ace5299573ea8f451247da0960', operation='UPDATE', pgid='pgtrigger_update_update_fbabb', table='recovery_urinescreen', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='urinescreenevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='f9213720b77a7f4df0e1545fc2869ef93ec9ad2f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_fedb5', table='recovery_urinescreenevent', when='BEFORE')),
        ),
        *[migrations.RunSQL(link(*row), migrations.RunSQL.noop) for row in LINKS],
        *[migrations.RunSQL(protect(table, "patient_id"), migrations.RunSQL.noop) for table in TABLES],
        *[migrations.RunSQL(revoke(t, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in APPEND_ONLY],
        *[migrations.RunSQL(revoke(t, "DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in NEVER_DELETED],
        *[migrations.RunSQL(only(*row), migrations.RunSQL.noop) for row in COLUMNS.items()],
        migrations.RunSQL(ROLE_OF_WORK, migrations.RunSQL.noop),
    ]
