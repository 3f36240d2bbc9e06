"""What else a person lives with, and a program's own list of meetings (C 1 rows 30, 42, 96, 121-125; S 13)."""

import backend.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from backend import quick_migration
from django.db import migrations, models

from backend.walls import link, protect, revoke

EVENTS = "recovery_conditionevent"
TABLES = [("recovery_condition", "patient_id"), (EVENTS, "patient_id"), ("recovery_meetingplace", None)]

# What was recorded stays as it was recorded: only that it ended, that it was an error, and who checked it is written.
COLUMNS = {
    "recovery_condition": "ended_on, ended_by_id, voided_at",
    "recovery_meetingplace": "reviewed_on, reviewed_by_id, withdrawn_at",
}


def only(table, columns):
    return f"""
    DO $$ DECLARE g text; BEGIN
      FOR g IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
               WHERE table_schema = 'public' AND table_name = '{table}' AND grantee <> current_user
      LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM %I', g);
        EXECUTE format('GRANT UPDATE ({columns}) ON {table} TO %I', g);
      END LOOP;
    END $$;
    """


class Migration(quick_migration.Migration):

    dependencies = [
        ('backend', '0003_history_without_exceptions'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('recovery', '0011_prompts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Condition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('kind', models.CharField(max_length=20)),
                ('since', models.DateField(blank=True, help_text='As far as known', null=True)),
                ('ended_on', models.DateField(blank=True, null=True)),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ConditionEvent',
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
                ('kind', models.CharField(max_length=20)),
                ('since', models.DateField(blank=True, help_text='As far as known', null=True)),
                ('ended_on', models.DateField(blank=True, null=True)),
                ('ended_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.condition')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MeetingPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('client_id', models.UUIDField()),
                ('kind', models.CharField(max_length=10)),
                ('name', models.CharField(max_length=120)),
                ('times', models.CharField(help_text='When it meets, in words', max_length=200)),
                ('place', models.CharField(blank=True, help_text='Empty for one that meets online only', max_length=200)),
                ('online', models.BooleanField(default=False)),
                ('language', models.CharField(help_text='Language of the meeting', max_length=2)),
                ('phone', models.CharField(blank=True, max_length=16)),
                ('source', models.CharField(help_text='Where it is known from', max_length=200)),
                ('reviewed_on', models.DateField(help_text='Somebody checked then that it meets')),
                ('made_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('reviewed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='condition',
            index=models.Index(fields=['program', 'patient'], name='condition_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='condition_program_id'),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='condition_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_on__isnull', True), ('voided_at__isnull', True), models.Q(('kind', 'other'), _negated=True)), fields=('patient', 'kind'), name='condition_stands_once'),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['acute_hepatitis', 'liver_failure', 'cirrhosis', 'viral_hepatitis', 'kidney_disease', 'bleeding_disorder', 'low_platelets', 'polymer_allergy', 'chronic_pain', 'seizures', 'lung_disease', 'depression', 'anxiety', 'trauma', 'bipolar', 'psychosis', 'personality', 'eating', 'other'])), name='condition_kind'),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.CheckConstraint(condition=models.Q(('ended_on__isnull', True), ('since__isnull', True), ('ended_on__gte', models.F('since')), _connector='OR'), name='condition_days_in_order'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='condition',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_conditionevent" ("client_id", "ended_by_id", "ended_on", "id", "kind", "note", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "recorded_at", "recorded_by_id", "since", "uid", "voided_at") VALUES (NEW."client_id", NEW."ended_by_id", NEW."ended_on", NEW."id", NEW."kind", NEW."note", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."since", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='47f3137263b4b919bf10dca2149997db44d99e43', operation='INSERT', pgid='pgtrigger_insert_insert_8def5', table='recovery_condition', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='condition',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_conditionevent" ("client_id", "ended_by_id", "ended_on", "id", "kind", "note", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "recorded_at", "recorded_by_id", "since", "uid", "voided_at") VALUES (NEW."client_id", NEW."ended_by_id", NEW."ended_on", NEW."id", NEW."kind", NEW."note", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."since", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='fc0b6ab41b943d7aaa29a49217b93eab9df71a2a', operation='UPDATE', pgid='pgtrigger_update_update_dbb3c', table='recovery_condition', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='conditionevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1bcbcbad2e6887a9b47a13c6bc905a04951d7948', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_73065', table='recovery_conditionevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='meetingplace',
            index=models.Index(condition=models.Q(('withdrawn_at__isnull', True)), fields=['program', 'kind', 'name'], name='meetingplace_listed'),
        ),
        migrations.AddConstraint(
            model_name='meetingplace',
            constraint=models.UniqueConstraint(fields=('program', 'client_id'), name='meetingplace_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='meetingplace',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['na', 'aa', 'smart', 'mindful', 'family', 'peer', 'other'])), name='meetingplace_kind'),
        ),
        migrations.AddConstraint(
            model_name='meetingplace',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'es'])), name='meetingplace_language'),
        ),
        migrations.AddConstraint(
            model_name='meetingplace',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('times', ''), _negated=True), models.Q(('source', ''), _negated=True)), name='meetingplace_says_what_when_and_whence'),
        ),
        migrations.AddConstraint(
            model_name='meetingplace',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('place', ''), _negated=True), ('online', True), _connector='OR'), name='meetingplace_is_somewhere'),
        ),
        migrations.RunSQL(link("recovery_condition", "patient_id", "recovery_patient"), migrations.RunSQL.noop),
        *[migrations.RunSQL(protect(*row), migrations.RunSQL.noop) for row in TABLES],
        migrations.RunSQL(revoke(EVENTS, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop),
        *[migrations.RunSQL(only(*row), migrations.RunSQL.noop) for row in COLUMNS.items()],
    ]
