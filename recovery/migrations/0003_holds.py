"""Holds with their pages, stays, stated facts; doses taken under a hold (S 1-9)."""

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
    ("recovery_hold", "patient_id", "recovery_patient"),
    ("recovery_hold", "treatment_id", "recovery_treatment"),
    ("recovery_holdalarm", "patient_id", "recovery_patient"),
    ("recovery_holdalarm", "hold_id", "recovery_hold"),
    ("recovery_stay", "patient_id", "recovery_patient"),
    ("recovery_statedfact", "patient_id", "recovery_patient"),
]
TABLES = [
    ("recovery_hold", "patient_id"),
    ("recovery_holdevent", "patient_id"),
    ("recovery_holdalarm", "patient_id"),
    ("recovery_stay", "patient_id"),
    ("recovery_stayevent", "patient_id"),
    ("recovery_statedfact", "patient_id"),
]
APPEND_ONLY = ["recovery_holdevent", "recovery_holdalarm", "recovery_stayevent", "recovery_statedfact"]
NEVER_DELETED = ["recovery_hold", "recovery_stay"]

# What a hold is and when it was opened is never written again: only that it was understood, and its end.
HOLD_COLUMNS = """
DO $$ DECLARE g text; BEGIN
  FOR g IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
           WHERE table_schema = 'public' AND table_name = 'recovery_hold' AND grantee <> current_user
  LOOP
    EXECUTE format('REVOKE UPDATE ON recovery_hold FROM %I', g);
    EXECUTE format('GRANT UPDATE (evidence, next_alarm_at, understood_at, understood_by_id, lifted_at, lifted_by_id, '
      'lift_reason, note) ON recovery_hold TO %I', g);
  END LOOP;
END $$;
"""


class Migration(quick_migration.Migration):

    dependencies = [
        ('backend', '0003_history_without_exceptions'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('recovery', '0002_ground'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='dosereport',
            name='with_open_gate',
            field=models.BooleanField(db_default=False, default=False, help_text='Taken under an open hold (S 9)'),
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('medicine', models.CharField(help_text='What the person took when it was opened', max_length=40)),
                ('stops', models.CharField(max_length=40)),
                ('cause', models.CharField(max_length=40)),
                ('opened_at', models.DateTimeField()),
                ('from_next_window', models.BooleanField(default=False, help_text='A window that was open already goes on')),
                ('owner_role', models.CharField(max_length=20)),
                ('evidence', models.JSONField(default=dict)),
                ('policy_version', models.CharField(max_length=40)),
                ('call_by', models.DateTimeField(help_text='When the person was promised a call by')),
                ('next_alarm_at', models.DateTimeField(blank=True, help_text='When it pages again while it is open', null=True)),
                ('understood_at', models.DateTimeField(blank=True, help_text='Staff recorded that the person understood', null=True)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('lift_reason', models.CharField(blank=True, max_length=20)),
                ('note', backend.fields.SealedField(blank=True, help_text="Why it was ordered or lifted, in staff's words", null=True)),
                ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('treatment', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.treatment')),
                ('understood_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='HoldAlarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('to_role', models.CharField(max_length=20)),
                ('written_at', models.DateTimeField()),
                ('hold', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='recovery.hold')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
        ),
        migrations.CreateModel(
            name='HoldEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('medicine', models.CharField(help_text='What the person took when it was opened', max_length=40)),
                ('stops', models.CharField(max_length=40)),
                ('cause', models.CharField(max_length=40)),
                ('opened_at', models.DateTimeField()),
                ('from_next_window', models.BooleanField(default=False, help_text='A window that was open already goes on')),
                ('owner_role', models.CharField(max_length=20)),
                ('evidence', models.JSONField(default=dict)),
                ('policy_version', models.CharField(max_length=40)),
                ('call_by', models.DateTimeField(help_text='When the person was promised a call by')),
                ('understood_at', models.DateTimeField(blank=True, help_text='Staff recorded that the person understood', null=True)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('lift_reason', models.CharField(blank=True, max_length=20)),
                ('note', backend.fields.SealedField(blank=True, help_text="Why it was ordered or lifted, in staff's words", null=True)),
                ('lifted_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.hold')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('treatment', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.treatment')),
                ('understood_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='StatedFact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('kind', models.CharField(max_length=30)),
                ('details', models.JSONField(default=dict)),
                ('happened_on', models.DateField(help_text="Dosing day that it is about, in the patient's zone")),
                ('happened_at', models.DateTimeField(blank=True, help_text='As stated; null when not stated', null=True)),
                ('received_at', models.DateTimeField()),
                ('source', models.CharField(max_length=10)),
                ('medicine', backend.fields.SealedField(blank=True, help_text='Its name as stated', null=True)),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('reporter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Stay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('client_id', models.UUIDField()),
                ('place', models.CharField(max_length=12)),
                ('began_on', models.DateField(help_text="First day away, in the patient's zone")),
                ('expected_on', models.DateField(blank=True, help_text='Day on which release is expected', null=True)),
                ('ended_on', models.DateField(blank=True, help_text='Day on which the person was back', null=True)),
                ('opioids_inside', models.CharField(blank=True, max_length=8)),
                ('doses_inside', models.CharField(blank=True, max_length=8)),
                ('settled_at', models.DateTimeField(blank=True, help_text='Staff spoke with the person: prompts go on', null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='StayEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('client_id', models.UUIDField()),
                ('place', models.CharField(max_length=12)),
                ('began_on', models.DateField(help_text="First day away, in the patient's zone")),
                ('expected_on', models.DateField(blank=True, help_text='Day on which release is expected', null=True)),
                ('ended_on', models.DateField(blank=True, help_text='Day on which the person was back', null=True)),
                ('opioids_inside', models.CharField(blank=True, max_length=8)),
                ('doses_inside', models.CharField(blank=True, max_length=8)),
                ('settled_at', models.DateTimeField(blank=True, help_text='Staff spoke with the person: prompts go on', null=True)),
                ('recorded_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(blank=True, help_text='Entered in error; never deleted', null=True)),
                ('note', backend.fields.SealedField(blank=True, null=True)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='recovery.stay')),
                ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='backend.program')),
                ('recorded_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('settled_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(fields=['program', 'patient', '-opened_at'], name='hold_by_patient'),
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['next_alarm_at'], name='hold_to_alarm'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='hold_program_id'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('patient', 'stops', 'cause'), name='hold_one_open_per_cause'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['opioid_taken', 'opioid_prescribed', 'opioid_given_away', 'positive_screen', 'failed_challenge', 'withdrawal_symptoms', 'liver_symptoms', 'allergic_reaction', 'clinician_order', 'stated_gap', 'opioid_analgesia_begins', 'drink_on_disulfiram', 'pregnancy', 'breastfeeding', 'procedure_planned', 'silence', 'away', 'drink', 'late_band'])), name='hold_cause'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('medicine__in', ['naltrexone_tablet', 'naltrexone_injection', 'naltrexone_implant', 'buprenorphine_sublingual', 'sublocade', 'brixadi_weekly', 'brixadi_monthly', 'methadone', 'acamprosate', 'disulfiram', 'other'])), name='hold_medicine'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('stops__in', ['antagonist', 'naltrexone_tablet', 'naltrexone_injection', 'naltrexone_implant', 'buprenorphine_sublingual', 'sublocade', 'brixadi_weekly', 'brixadi_monthly', 'methadone', 'acamprosate', 'disulfiram', 'other'])), name='hold_stops'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('owner_role__in', ['coordinator', 'nurse', 'prescriber', 'on_call', 'medical_director'])), name='hold_owner_role'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lift_reason', ''), ('lifted_at__isnull', True), ('lifted_by__isnull', True)), models.Q(('lift_reason__in', ['checked_clear', 'result_read', 'symptoms_over', 'new_plan', 'stopped', 'in_error']), ('lifted_at__isnull', False), ('lifted_by__isnull', False)), _connector='OR'), name='hold_lifted_by_someone_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('understood_at__isnull', True), ('understood_by__isnull', True)), models.Q(('understood_at__isnull', False), ('understood_by__isnull', False)), _connector='OR'), name='hold_understood_recorded_by_someone'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('lifted_at__isnull', True), ('lifted_at__gte', models.F('opened_at')), _connector='OR'), name='hold_times_in_order'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lifted_at__isnull', True), ('next_alarm_at__isnull', False)), models.Q(('lifted_at__isnull', False), ('next_alarm_at__isnull', True)), _connector='OR'), name='hold_open_has_a_next_alarm'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='hold',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_holdevent" ("call_by", "cause", "evidence", "from_next_window", "id", "lift_reason", "lifted_at", "lifted_by_id", "medicine", "note", "opened_at", "opened_by_id", "owner_role", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "policy_version", "program_id", "stops", "treatment_id", "uid", "understood_at", "understood_by_id") VALUES (NEW."call_by", NEW."cause", NEW."evidence", NEW."from_next_window", NEW."id", NEW."lift_reason", NEW."lifted_at", NEW."lifted_by_id", NEW."medicine", NEW."note", NEW."opened_at", NEW."opened_by_id", NEW."owner_role", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."policy_version", NEW."program_id", NEW."stops", NEW."treatment_id", NEW."uid", NEW."understood_at", NEW."understood_by_id"); RETURN NULL;', hash='f0d3258dd125c3daff39df459eb50cd76bc72a81', operation='INSERT', pgid='pgtrigger_insert_insert_f2b5d', table='recovery_hold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='hold',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."call_by" IS DISTINCT FROM (NEW."call_by") OR OLD."cause" IS DISTINCT FROM (NEW."cause") OR OLD."evidence" IS DISTINCT FROM (NEW."evidence") OR OLD."from_next_window" IS DISTINCT FROM (NEW."from_next_window") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."lift_reason" IS DISTINCT FROM (NEW."lift_reason") OR OLD."lifted_at" IS DISTINCT FROM (NEW."lifted_at") OR OLD."lifted_by_id" IS DISTINCT FROM (NEW."lifted_by_id") OR OLD."medicine" IS DISTINCT FROM (NEW."medicine") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."opened_at" IS DISTINCT FROM (NEW."opened_at") OR OLD."opened_by_id" IS DISTINCT FROM (NEW."opened_by_id") OR OLD."owner_role" IS DISTINCT FROM (NEW."owner_role") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."policy_version" IS DISTINCT FROM (NEW."policy_version") OR OLD."program_id" IS DISTINCT FROM (NEW."program_id") OR OLD."stops" IS DISTINCT FROM (NEW."stops") OR OLD."treatment_id" IS DISTINCT FROM (NEW."treatment_id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."understood_at" IS DISTINCT FROM (NEW."understood_at") OR OLD."understood_by_id" IS DISTINCT FROM (NEW."understood_by_id"))', func='INSERT INTO "recovery_holdevent" ("call_by", "cause", "evidence", "from_next_window", "id", "lift_reason", "lifted_at", "lifted_by_id", "medicine", "note", "opened_at", "opened_by_id", "owner_role", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "policy_version", "program_id", "stops", "treatment_id", "uid", "understood_at", "understood_by_id") VALUES (NEW."call_by", NEW."cause", NEW."evidence", NEW."from_next_window", NEW."id", NEW."lift_reason", NEW."lifted_at", NEW."lifted_by_id", NEW."medicine", NEW."note", NEW."opened_at", NEW."opened_by_id", NEW."owner_role", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."policy_version", NEW."program_id", NEW."stops", NEW."treatment_id", NEW."uid", NEW."understood_at", NEW."understood_by_id"); RETURN NULL;', hash='3da31d4d9560e6dda309411cb244546a503d78bc', operation='UPDATE', pgid='pgtrigger_update_update_fcba5', table='recovery_hold', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='holdalarm',
            index=models.Index(fields=['program', '-at'], name='holdalarm_by_program'),
        ),
        migrations.AddConstraint(
            model_name='holdalarm',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='holdalarm_program_id'),
        ),
        migrations.AddConstraint(
            model_name='holdalarm',
            constraint=models.UniqueConstraint(fields=('hold', 'at', 'to_role'), name='holdalarm_once'),
        ),
        migrations.AddConstraint(
            model_name='holdalarm',
            constraint=models.CheckConstraint(condition=models.Q(('to_role__in', ['coordinator', 'nurse', 'prescriber', 'on_call', 'medical_director'])), name='holdalarm_to_role'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='holdevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fd552c7dcdd4495ac9110446b05d55605bfb5d82', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_fb998', table='recovery_holdevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='statedfact',
            index=models.Index(fields=['program', 'patient', '-received_at'], name='statedfact_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='statedfact',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='statedfact_program_id'),
        ),
        migrations.AddConstraint(
            model_name='statedfact',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='statedfact_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='statedfact',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['opioid_used', 'new_medicine', 'drink', 'sick_after_dose', 'well_after_dose', 'liver_symptoms', 'allergic_reaction', 'cough', 'pregnant', 'breastfeeding', 'ran_out', 'wants_to_stop', 'feels_cured', 'severe_pain', 'vomited_dose', 'tablets_within_reach', 'alcohol_withdrawal', 'disulfiram_reaction'])), name='statedfact_kind'),
        ),
        migrations.AddConstraint(
            model_name='statedfact',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='statedfact_source'),
        ),
        migrations.AddIndex(
            model_name='stay',
            index=models.Index(fields=['program', 'patient', '-began_on'], name='stay_by_patient'),
        ),
        migrations.AddIndex(
            model_name='stay',
            index=models.Index(condition=models.Q(('ended_on__isnull', True), ('voided_at__isnull', True)), fields=['expected_on'], name='stay_to_release'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='stay_program_id'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='stay_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.UniqueConstraint(condition=models.Q(('settled_at__isnull', True), ('voided_at__isnull', True)), fields=('patient',), name='stay_one_open_per_patient'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.CheckConstraint(condition=models.Q(('place__in', ['hospital', 'jail', 'residential'])), name='stay_place'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.CheckConstraint(condition=models.Q(('opioids_inside__in', ['', 'yes', 'no', 'unknown'])), name='stay_opioids_inside'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.CheckConstraint(condition=models.Q(('doses_inside__in', ['', 'yes', 'no', 'unknown'])), name='stay_doses_inside'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.CheckConstraint(condition=models.Q(('ended_on__isnull', True), ('ended_on__gte', models.F('began_on')), _connector='OR'), name='stay_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.CheckConstraint(condition=models.Q(('expected_on__isnull', True), ('expected_on__gte', models.F('began_on')), _connector='OR'), name='stay_expected_after'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('settled_by__isnull', True)), models.Q(('ended_on__isnull', False), ('settled_at__isnull', False), ('settled_by__isnull', False), models.Q(('opioids_inside', ''), _negated=True), models.Q(('doses_inside', ''), _negated=True)), _connector='OR'), name='stay_settled_with_answers'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stay',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_stayevent" ("began_on", "client_id", "doses_inside", "ended_on", "expected_on", "id", "note", "opioids_inside", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "program_id", "recorded_at", "recorded_by_id", "settled_at", "settled_by_id", "uid", "voided_at") VALUES (NEW."began_on", NEW."client_id", NEW."doses_inside", NEW."ended_on", NEW."expected_on", NEW."id", NEW."note", NEW."opioids_inside", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."place", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."settled_at", NEW."settled_by_id", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='07114a8912aaa8f1fabf845b99807577757deace', operation='INSERT', pgid='pgtrigger_insert_insert_8f2e4', table='recovery_stay', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stay',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_stayevent" ("began_on", "client_id", "doses_inside", "ended_on", "expected_on", "id", "note", "opioids_inside", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "program_id", "recorded_at", "recorded_by_id", "settled_at", "settled_by_id", "uid", "voided_at") VALUES (NEW."began_on", NEW."client_id", NEW."doses_inside", NEW."ended_on", NEW."expected_on", NEW."id", NEW."note", NEW."opioids_inside", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."place", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."settled_at", NEW."settled_by_id", NEW."uid", NEW."voided_at"); RETURN NULL;', hash='275c1430c947605df8e9fc51a114d00251a89500', operation='UPDATE', pgid='pgtrigger_update_update_dba10', table='recovery_stay', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stayevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='58b1a6ba8c45c9e3ec715486560f9875df7736c3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_3ab16', table='recovery_stayevent', when='BEFORE')),
        ),
        *[migrations.RunSQL(link(*row), migrations.RunSQL.noop) for row in LINKS],
        *[migrations.RunSQL(protect(*row), migrations.RunSQL.noop) for row in TABLES],
        *[migrations.RunSQL(revoke(t, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in APPEND_ONLY],
        *[migrations.RunSQL(revoke(t, "DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in NEVER_DELETED],
        migrations.RunSQL(HOLD_COLUMNS, migrations.RunSQL.noop),
    ]
