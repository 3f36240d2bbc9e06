"""Questionnaires and their answers behind both walls; answers are append-only (C 5, S 12)."""

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
    ("recovery_instrumentform", "patient_id", "recovery_patient"),
    ("recovery_instrumentanswer", "patient_id", "recovery_patient"),
    ("recovery_instrumentanswer", "form_id", "recovery_instrumentform"),
    ("recovery_instrumentanswer", "supersedes_id", "recovery_instrumentanswer"),
]
TABLES = [
    ("recovery_instrumentform", "patient_id"),
    ("recovery_instrumentformevent", "patient_id"),
    ("recovery_instrumentanswer", "patient_id"),
]
APPEND_ONLY = ["recovery_instrumentformevent", "recovery_instrumentanswer"]


class Migration(quick_migration.Migration):

    dependencies = [
        ('backend', '0003_history_without_exceptions'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('recovery', '0003_holds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='InstrumentForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('instrument', models.CharField(max_length=12)),
                ('version', models.CharField(max_length=12)),
                ('language', models.CharField(max_length=2)),
                ('status', models.CharField(max_length=12)),
                ('reason', models.CharField(max_length=12)),
                ('due_on', models.DateField(help_text="Dosing day in the patient's zone")),
                ('asked_at', models.DateTimeField()),
                ('asked', models.JSONField(default=list)),
                ('facts', models.JSONField(default=dict)),
                ('filled_by', models.CharField(blank=True, max_length=8)),
                ('source', models.CharField(blank=True, max_length=10)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('answered_at', models.DateTimeField(blank=True, help_text='The latest answer', null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('safety_at', models.DateTimeField(blank=True, null=True)),
                ('safety_red_at', models.DateTimeField(blank=True, null=True)),
                ('passed_on', models.JSONField(default=list)),
                ('settled_at', models.DateTimeField(blank=True, help_text='When everything was passed on', null=True)),
                ('policy_version', models.CharField(blank=True, max_length=40)),
                ('score', backend.fields.SealedField(blank=True, help_text='JSON', null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('started_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='InstrumentAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('item', models.CharField(max_length=40)),
                ('value', backend.fields.SealedField(blank=True, help_text="JSON; null is 'would rather not say'", null=True)),
                ('answered_at', models.DateTimeField()),
                ('source', models.CharField(max_length=10)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('supersedes', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.instrumentanswer')),
                ('form', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='recovery.instrumentform')),
            ],
        ),
        migrations.CreateModel(
            name='InstrumentFormEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('client_id', models.UUIDField()),
                ('instrument', models.CharField(max_length=12)),
                ('version', models.CharField(max_length=12)),
                ('language', models.CharField(max_length=2)),
                ('status', models.CharField(max_length=12)),
                ('reason', models.CharField(max_length=12)),
                ('due_on', models.DateField(help_text="Dosing day in the patient's zone")),
                ('asked_at', models.DateTimeField()),
                ('asked', models.JSONField(default=list)),
                ('facts', models.JSONField(default=dict)),
                ('filled_by', models.CharField(blank=True, max_length=8)),
                ('source', models.CharField(blank=True, max_length=10)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('answered_at', models.DateTimeField(blank=True, help_text='The latest answer', null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('safety_at', models.DateTimeField(blank=True, null=True)),
                ('safety_red_at', models.DateTimeField(blank=True, null=True)),
                ('passed_on', models.JSONField(default=list)),
                ('settled_at', models.DateTimeField(blank=True, help_text='When everything was passed on', null=True)),
                ('policy_version', models.CharField(blank=True, max_length=40)),
                ('score', backend.fields.SealedField(blank=True, help_text='JSON', null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.instrumentform')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('started_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='instrumentform',
            index=models.Index(fields=['program', 'patient', 'instrument', '-due_on'], name='instrumentform_by_patient'),
        ),
        migrations.AddIndex(
            model_name='instrumentform',
            index=models.Index(condition=models.Q(('safety_at__isnull', False), ('safety_red_at__isnull', True), ('status', 'started')), fields=['safety_at'], name='instrumentform_to_watch'),
        ),
        migrations.AddIndex(
            model_name='instrumentform',
            index=models.Index(condition=models.Q(('answered_at__isnull', False), ('settled_at__isnull', True)), fields=['answered_at'], name='instrumentform_to_settle'),
        ),
        migrations.AddIndex(
            model_name='instrumentform',
            index=models.Index(condition=models.Q(('status__in', ['due', 'started'])), fields=['program', 'due_on'], name='instrumentform_open'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='instrumentform_program_id'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='instrumentform_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['due', 'started'])), fields=('patient', 'instrument'), name='instrumentform_one_open_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.UniqueConstraint(condition=models.Q(('reason', 'scheduled')), fields=('patient', 'instrument', 'due_on'), name='instrumentform_scheduled_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(('instrument__in', ['daily', 'month', 'phq2', 'phq9', 'audit_c', 'cage', 'cssrs', 'pacs', 'bam'])), name='instrumentform_instrument'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['due', 'started', 'finished', 'unfinished', 'not_today', 'passed', 'withdrawn'])), name='instrumentform_status'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['scheduled', 'follow_up', 'chosen'])), name='instrumentform_reason'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'es'])), name='instrumentform_language'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(('filled_by', ''), ('filled_by__in', ['patient', 'staff']), _connector='OR'), name='instrumentform_filled_by'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), ('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import']), _connector='OR'), name='instrumentform_source'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('started_at__isnull', False), ('status__in', ['started', 'finished', 'unfinished']), models.Q(('filled_by', ''), _negated=True), models.Q(('source', ''), _negated=True)), models.Q(models.Q(('status__in', ['started', 'finished', 'unfinished']), _negated=True), ('started_at__isnull', True)), _connector='OR'), name='instrumentform_begun_by_someone'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('status', 'finished')), models.Q(models.Q(('status', 'finished'), _negated=True), ('finished_at__isnull', True)), _connector='OR'), name='instrumentform_finished_at'),
        ),
        migrations.AddConstraint(
            model_name='instrumentform',
            constraint=models.CheckConstraint(condition=models.Q(('safety_red_at__isnull', True), ('safety_at__isnull', False), _connector='OR'), name='instrumentform_red_after_safety'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='instrumentform',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_instrumentformevent" ("answered_at", "asked", "asked_at", "client_id", "due_on", "facts", "filled_by", "finished_at", "id", "instrument", "language", "passed_on", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "policy_version", "program_id", "reason", "safety_at", "safety_red_at", "score", "settled_at", "source", "started_at", "started_by_id", "status", "uid", "version") VALUES (NEW."answered_at", NEW."asked", NEW."asked_at", NEW."client_id", NEW."due_on", NEW."facts", NEW."filled_by", NEW."finished_at", NEW."id", NEW."instrument", NEW."language", NEW."passed_on", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."policy_version", NEW."program_id", NEW."reason", NEW."safety_at", NEW."safety_red_at", NEW."score", NEW."settled_at", NEW."source", NEW."started_at", NEW."started_by_id", NEW."status", NEW."uid", NEW."version"); RETURN NULL;', hash='95e6caf3801312820ef72c66681b9005253b2c32', operation='INSERT', pgid='pgtrigger_insert_insert_2c6d6', table='recovery_instrumentform', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='instrumentform',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_instrumentformevent" ("answered_at", "asked", "asked_at", "client_id", "due_on", "facts", "filled_by", "finished_at", "id", "instrument", "language", "passed_on", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "policy_version", "program_id", "reason", "safety_at", "safety_red_at", "score", "settled_at", "source", "started_at", "started_by_id", "status", "uid", "version") VALUES (NEW."answered_at", NEW."asked", NEW."asked_at", NEW."client_id", NEW."due_on", NEW."facts", NEW."filled_by", NEW."finished_at", NEW."id", NEW."instrument", NEW."language", NEW."passed_on", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."policy_version", NEW."program_id", NEW."reason", NEW."safety_at", NEW."safety_red_at", NEW."score", NEW."settled_at", NEW."source", NEW."started_at", NEW."started_by_id", NEW."status", NEW."uid", NEW."version"); RETURN NULL;', hash='c76403b11624d9c447572f62a67f864cb4bdb23f', operation='UPDATE', pgid='pgtrigger_update_update_3396c', table='recovery_instrumentform', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='instrumentanswer',
            index=models.Index(fields=['program', 'patient', 'form', 'id'], name='instrumentanswer_by_form'),
        ),
        migrations.AddConstraint(
            model_name='instrumentanswer',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='instrumentanswer_program_id'),
        ),
        migrations.AddConstraint(
            model_name='instrumentanswer',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='instrumentanswer_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='instrumentanswer',
            constraint=models.UniqueConstraint(condition=models.Q(('supersedes__isnull', True)), fields=('form', 'item'), name='instrumentanswer_first_once'),
        ),
        migrations.AddConstraint(
            model_name='instrumentanswer',
            constraint=models.UniqueConstraint(fields=('supersedes',), name='instrumentanswer_superseded_once'),
        ),
        migrations.AddConstraint(
            model_name='instrumentanswer',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='instrumentanswer_source'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='instrumentformevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='00db7fecab3dde20ed8d08ad29243774890cf773', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2d723', table='recovery_instrumentformevent', when='BEFORE')),
        ),
        *[migrations.RunSQL(link(*row), migrations.RunSQL.noop) for row in LINKS],
        *[migrations.RunSQL(protect(*row), migrations.RunSQL.noop) for row in TABLES],
        *[migrations.RunSQL(revoke(t, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in APPEND_ONLY],
        migrations.RunSQL(revoke("recovery_instrumentform", "DELETE, TRUNCATE"), migrations.RunSQL.noop),
    ]
