"""A person's own plan, goals, journal, side effects, meetings, needs and what was read, behind both walls."""

import backend.fields
import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from backend import quick_migration
from django.db import migrations, models

from backend.walls import link, protect, revoke


LINKS = [
    ("recovery_journalentry", "patient_id", "recovery_patient"),
    ("recovery_skilluse", "patient_id", "recovery_patient"),
    ("recovery_skilluse", "trigger_id", "recovery_triggerentry"),
    ("recovery_readreceipt", "patient_id", "recovery_patient"),
    ("recovery_planversion", "patient_id", "recovery_patient"),
    ("recovery_patientgoal", "patient_id", "recovery_patient"),
    ("recovery_sideeffectreport", "patient_id", "recovery_patient"),
    ("recovery_sideeffectreport", "first_id", "recovery_sideeffectreport"),
    ("recovery_sideeffectreport", "injection_id", "recovery_injection"),
    ("recovery_meetinglog", "patient_id", "recovery_patient"),
    ("recovery_therapyvisit", "patient_id", "recovery_patient"),
    ("recovery_therapyvisit", "appointment_id", "recovery_appointment"),
    ("recovery_need", "patient_id", "recovery_patient"),
    ("recovery_need", "task_id", "recovery_task"),
]
APPEND_ONLY = [
    "recovery_journalentry",
    "recovery_skilluse",
    "recovery_readreceipt",
    "recovery_planversion",
    "recovery_patientgoalevent",
    "recovery_sideeffectreport",
    "recovery_meetinglog",
    "recovery_therapyvisit",
    "recovery_need",
]
TABLES = [*APPEND_ONLY, "recovery_patientgoal"]


class Migration(quick_migration.Migration):

    dependencies = [
        ('backend', '0003_history_without_exceptions'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('recovery', '0005_checks'),
    ]

    operations = [
        migrations.CreateModel(
            name='PatientGoal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('about', models.CharField(max_length=10)),
                ('aim', models.CharField(blank=True, help_text='Empty for a goal of life', max_length=12)),
                ('words', backend.fields.SealedField(blank=True, null=True)),
                ('review_on', models.DateField(help_text="In the patient's zone")),
                ('review_asked_for', models.DateField(blank=True, help_text='The review day that a task was made for', null=True)),
                ('set_at', models.DateTimeField()),
                ('source', models.CharField(max_length=10)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(blank=True, max_length=12)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
        ),
        migrations.CreateModel(
            name='PatientGoalEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('client_id', models.UUIDField()),
                ('about', models.CharField(max_length=10)),
                ('aim', models.CharField(blank=True, help_text='Empty for a goal of life', max_length=12)),
                ('words', backend.fields.SealedField(blank=True, null=True)),
                ('review_on', models.DateField(help_text="In the patient's zone")),
                ('review_asked_for', models.DateField(blank=True, help_text='The review day that a task was made for', null=True)),
                ('set_at', models.DateTimeField()),
                ('source', models.CharField(max_length=10)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(blank=True, max_length=12)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.patientgoal')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PlanVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('number', models.PositiveIntegerField(help_text='1 for the first, then one more each time')),
                ('reasons', backend.fields.SealedField(blank=True, null=True)),
                ('exit', backend.fields.SealedField(blank=True, help_text='How to leave an event', null=True)),
                ('people', backend.fields.SealedField(blank=True, help_text='JSON: [[name, phone], ...]', null=True)),
                ('stress', backend.fields.SealedField(blank=True, null=True)),
                ('strategies', backend.fields.SealedField(blank=True, help_text='JSON: {kind of trigger: what to do}', null=True)),
                ('shared', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list, size=None)),
                ('made_at', models.DateTimeField()),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
        ),
        migrations.CreateModel(
            name='ReadReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('module', models.CharField(max_length=40)),
                ('version', models.PositiveSmallIntegerField()),
                ('language', models.CharField(max_length=2)),
                ('read_at', models.DateTimeField()),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
        ),
        migrations.CreateModel(
            name='SideEffectReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('effect', models.CharField(max_length=12)),
                ('strength', models.CharField(max_length=10)),
                ('signs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                ('still_there', models.BooleanField()),
                ('began_on', models.DateField(help_text="In the patient's zone")),
                ('said_on', models.DateField(help_text='The local day of the report')),
                ('received_at', models.DateTimeField()),
                ('source', models.CharField(max_length=10)),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('first', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.sideeffectreport')),
                ('injection', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.injection')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
        ),
        migrations.CreateModel(
            name='SkillUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('skill', models.CharField(help_text='Key in the coping library', max_length=40)),
                ('helped', models.BooleanField(blank=True, null=True)),
                ('used_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('trigger', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.triggerentry')),
            ],
        ),
        migrations.CreateModel(
            name='TherapyVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('kind', models.CharField(max_length=12)),
                ('with_whom', backend.fields.SealedField(blank=True, null=True)),
                ('made_at', models.DateTimeField()),
                ('appointment', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='therapy', to='recovery.appointment')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
        ),
        migrations.CreateModel(
            name='JournalEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('written_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('shared', models.BooleanField(help_text='The person lets the team read it')),
                ('words', backend.fields.SealedField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
            options={
                'indexes': [models.Index(fields=['program', 'patient', '-written_at'], name='journalentry_by_patient')],
                'constraints': [models.UniqueConstraint(fields=('program', 'id'), name='journalentry_program_id'), models.UniqueConstraint(fields=('patient', 'client_id'), name='journalentry_client_id_once'), models.CheckConstraint(condition=models.Q(('words__isnull', False)), name='journalentry_has_words')],
            },
        ),
        migrations.CreateModel(
            name='MeetingLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('kind', models.CharField(max_length=12)),
                ('online', models.BooleanField(default=False)),
                ('attended_on', models.DateField(help_text="In the patient's zone")),
                ('helped', models.BooleanField(blank=True, null=True)),
                ('received_at', models.DateTimeField()),
                ('source', models.CharField(max_length=10)),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
            options={
                'indexes': [models.Index(fields=['program', 'patient', '-attended_on'], name='meetinglog_by_patient')],
                'constraints': [models.UniqueConstraint(fields=('program', 'id'), name='meetinglog_program_id'), models.UniqueConstraint(fields=('patient', 'client_id'), name='meetinglog_client_id_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['na', 'aa', 'smart', 'mindful', 'family', 'peer', 'other'])), name='meetinglog_kind'), models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='meetinglog_source')],
            },
        ),
        migrations.CreateModel(
            name='Need',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('kind', models.CharField(max_length=12)),
                ('stated_at', models.DateTimeField()),
                ('source', models.CharField(max_length=10)),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('task', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='needs', to='recovery.task')),
            ],
            options={
                'indexes': [models.Index(fields=['program', 'patient', '-stated_at'], name='need_by_patient')],
                'constraints': [models.UniqueConstraint(fields=('program', 'id'), name='need_program_id'), models.UniqueConstraint(fields=('patient', 'client_id'), name='need_client_id_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['housing', 'work', 'legal', 'transport', 'food', 'safety'])), name='need_kind'), models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='need_source')],
            },
        ),
        migrations.AddIndex(
            model_name='patientgoal',
            index=models.Index(fields=['program', 'patient', '-set_at'], name='patientgoal_by_patient'),
        ),
        migrations.AddIndex(
            model_name='patientgoal',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['review_on'], name='patientgoal_to_review'),
        ),
        migrations.AddConstraint(
            model_name='patientgoal',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='patientgoal_program_id'),
        ),
        migrations.AddConstraint(
            model_name='patientgoal',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='patientgoal_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='patientgoal',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), models.Q(('about', 'life'), _negated=True)), fields=('patient', 'about'), name='patientgoal_one_per_substance'),
        ),
        migrations.AddConstraint(
            model_name='patientgoal',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='patientgoal_source'),
        ),
        migrations.AddConstraint(
            model_name='patientgoal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('about', 'opioid'), ('aim', 'abstinence')), models.Q(('about', 'alcohol'), ('aim__in', ['abstinence', 'reduction'])), models.Q(('about', 'life'), ('aim', ''), ('words__isnull', False)), _connector='OR'), name='patientgoal_aim'),
        ),
        migrations.AddConstraint(
            model_name='patientgoal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('outcome', '')), models.Q(('ended_at__gte', models.F('set_at')), ('outcome__in', ['reached', 'changed', 'set_aside'])), _connector='OR'), name='patientgoal_ended_with_outcome'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='patientgoal',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_patientgoalevent" ("about", "aim", "client_id", "ended_at", "id", "outcome", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "review_asked_for", "review_on", "set_at", "source", "uid", "words") VALUES (NEW."about", NEW."aim", NEW."client_id", NEW."ended_at", NEW."id", NEW."outcome", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."program_id", NEW."review_asked_for", NEW."review_on", NEW."set_at", NEW."source", NEW."uid", NEW."words"); RETURN NULL;', hash='4c409be59fdece1b3863298f57c39b42e85516b5', operation='INSERT', pgid='pgtrigger_insert_insert_e5730', table='recovery_patientgoal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='patientgoal',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_patientgoalevent" ("about", "aim", "client_id", "ended_at", "id", "outcome", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "review_asked_for", "review_on", "set_at", "source", "uid", "words") VALUES (NEW."about", NEW."aim", NEW."client_id", NEW."ended_at", NEW."id", NEW."outcome", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."program_id", NEW."review_asked_for", NEW."review_on", NEW."set_at", NEW."source", NEW."uid", NEW."words"); RETURN NULL;', hash='a9d7d45772207fc6085fb840d5f800e3d90b66c4', operation='UPDATE', pgid='pgtrigger_update_update_c87f9', table='recovery_patientgoal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='patientgoalevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b9e6fc279756ba2383553e67e06f60cdaba7d77a', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_3d305', table='recovery_patientgoalevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='planversion',
            index=models.Index(fields=['program', 'patient', '-number'], name='planversion_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='planversion',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='planversion_program_id'),
        ),
        migrations.AddConstraint(
            model_name='planversion',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='planversion_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='planversion',
            constraint=models.UniqueConstraint(fields=('patient', 'number'), name='planversion_number_once'),
        ),
        migrations.AddConstraint(
            model_name='planversion',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='planversion_from_one'),
        ),
        migrations.AddConstraint(
            model_name='planversion',
            constraint=models.CheckConstraint(condition=models.Q(('shared__contained_by', ['reasons', 'exit', 'people', 'stress', 'strategies'])), name='planversion_shared_parts'),
        ),
        migrations.AddIndex(
            model_name='readreceipt',
            index=models.Index(fields=['program', 'patient'], name='readreceipt_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='readreceipt',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='readreceipt_program_id'),
        ),
        migrations.AddConstraint(
            model_name='readreceipt',
            constraint=models.UniqueConstraint(fields=('patient', 'module', 'version'), name='readreceipt_once'),
        ),
        migrations.AddConstraint(
            model_name='readreceipt',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'es']), models.Q(('module', ''), _negated=True)), name='readreceipt_named'),
        ),
        migrations.AddIndex(
            model_name='sideeffectreport',
            index=models.Index(fields=['program', 'patient', '-received_at'], name='sideeffectreport_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='sideeffectreport_program_id'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='sideeffectreport_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.CheckConstraint(condition=models.Q(('effect__in', ['nausea', 'vomiting', 'headache', 'tiredness', 'dizziness', 'sleep', 'appetite', 'stomach', 'muscles', 'nervous', 'mood', 'fall', 'site', 'cough', 'liver', 'allergy', 'other'])), name='sideeffectreport_effect'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.CheckConstraint(condition=models.Q(('strength__in', ['mild', 'moderate', 'severe'])), name='sideeffectreport_strength'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='sideeffectreport_source'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.CheckConstraint(condition=models.Q(('signs__contained_by', ['sore', 'itch', 'redness', 'intense_pain', 'hard_area', 'large_swelling', 'lump', 'blister', 'open_wound', 'dark_scab', 'spreading', 'hard_to_breathe', 'fever'])), name='sideeffectreport_signs'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.CheckConstraint(condition=models.Q(('signs', []), ('effect__in', ['site', 'cough']), _connector='OR'), name='sideeffectreport_signs_of'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.CheckConstraint(condition=models.Q(('began_on__lte', models.F('said_on'))), name='sideeffectreport_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='sideeffectreport',
            constraint=models.CheckConstraint(condition=models.Q(('injection__isnull', True), ('effect', 'site'), _connector='OR'), name='sideeffectreport_injection'),
        ),
        migrations.AddIndex(
            model_name='skilluse',
            index=models.Index(fields=['program', 'patient', '-used_at'], name='skilluse_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='skilluse',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='skilluse_program_id'),
        ),
        migrations.AddConstraint(
            model_name='skilluse',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='skilluse_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='skilluse',
            constraint=models.CheckConstraint(condition=models.Q(('skill', ''), _negated=True), name='skilluse_names_one'),
        ),
        migrations.AddIndex(
            model_name='therapyvisit',
            index=models.Index(fields=['program', 'patient'], name='therapyvisit_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='therapyvisit',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='therapyvisit_program_id'),
        ),
        migrations.AddConstraint(
            model_name='therapyvisit',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='therapyvisit_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='therapyvisit',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['cbt', 'mi', 'met', 'tsf', 'mbrp', 'family', 'group', 'other'])), name='therapyvisit_kind'),
        ),
            *[migrations.RunSQL(link(*row), migrations.RunSQL.noop) for row in LINKS],
        *[migrations.RunSQL(protect(table, "patient_id"), migrations.RunSQL.noop) for table in TABLES],
        *[migrations.RunSQL(revoke(t, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in APPEND_ONLY],
        migrations.RunSQL(revoke("recovery_patientgoal", "DELETE, TRUNCATE"), migrations.RunSQL.noop),
    ]
