"""Visits: why one did not take place, supply, tablets at hand, bridges, closed days."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from backend import quick_migration
from django.db import migrations, models

from backend.walls import link, protect, revoke

LINKS = [
    ("recovery_appointment", "given_id", "recovery_injection"),
    ("recovery_tabletcount", "patient_id", "recovery_patient"),
    ("recovery_tabletcount", "treatment_id", "recovery_treatment"),
    ("recovery_oralbridge", "patient_id", "recovery_patient"),
    ("recovery_oralbridge", "treatment_id", "recovery_treatment"),
    ("recovery_oralbridge", "regimen_id", "recovery_regimen"),
    ("recovery_oralbridge", "after_injection_id", "recovery_injection"),
]
TABLES = [
    ("recovery_tabletcount", "patient_id"),
    ("recovery_oralbridge", "patient_id"),
    ("recovery_closingnotice", None),
]
APPEND_ONLY = ["recovery_tabletcount", "recovery_oralbridge"]
NEVER_DELETED = ["recovery_closingnotice"]


class Migration(quick_migration.Migration):

    dependencies = [
        ('backend', '0003_history_without_exceptions'),
        ("recovery", "0006_own_plan"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClosingNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('closed_on', models.DateField()),
                ('days_uncovered', models.PositiveSmallIntegerField(help_text='The most that any patient is left without cover')),
                ('patients', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='OralBridge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agreed_on', models.DateField(help_text='When the patient agreed')),
                ('ordered_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='TabletCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('client_id', models.UUIDField()),
                ('medicine', models.CharField(max_length=40)),
                ('kind', models.CharField(max_length=10)),
                ('on_day', models.DateField(help_text='Local day; a count is taken at its end')),
                ('tablets', models.PositiveSmallIntegerField()),
                ('tablet_mg', models.DecimalField(decimal_places=2, help_text='In one tablet', max_digits=7)),
                ('source', models.CharField(max_length=10)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='appointment',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='appointment',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='injection',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='injection',
            name='update_update',
        ),
        migrations.RemoveConstraint(
            model_name='appointment',
            name='appointment_status',
        ),
        migrations.RemoveConstraint(
            model_name='injection',
            name='injection_one_per_day',
        ),
        migrations.AddField(
            model_name='appointment',
            name='another_time_at',
            field=models.DateTimeField(blank=True, help_text='The patient asked for another time', null=True),
        ),
        migrations.AddField(
            model_name='appointment',
            name='confirmed_at',
            field=models.DateTimeField(blank=True, help_text='The patient said that the day suits', null=True),
        ),
        migrations.AddField(
            model_name='appointment',
            name='given',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='The injection that kept this visit', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.injection'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='reason',
            field=models.CharField(blank=True, db_default='', max_length=20),
        ),
        migrations.AddField(
            model_name='appointment',
            name='supply',
            field=models.CharField(blank=True, db_default='', max_length=10),
        ),
        migrations.AddField(
            model_name='appointment',
            name='supply_on',
            field=models.DateField(blank=True, help_text='Since when the medicine is there', null=True),
        ),
        migrations.AddField(
            model_name='appointmentevent',
            name='another_time_at',
            field=models.DateTimeField(blank=True, help_text='The patient asked for another time', null=True),
        ),
        migrations.AddField(
            model_name='appointmentevent',
            name='confirmed_at',
            field=models.DateTimeField(blank=True, help_text='The patient said that the day suits', null=True),
        ),
        migrations.AddField(
            model_name='appointmentevent',
            name='given',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='The injection that kept this visit', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='recovery.injection'),
        ),
        migrations.AddField(
            model_name='appointmentevent',
            name='reason',
            field=models.CharField(blank=True, db_default='', max_length=20),
        ),
        migrations.AddField(
            model_name='appointmentevent',
            name='supply',
            field=models.CharField(blank=True, db_default='', max_length=10),
        ),
        migrations.AddField(
            model_name='appointmentevent',
            name='supply_on',
            field=models.DateField(blank=True, help_text='Since when the medicine is there', null=True),
        ),
        migrations.AddField(
            model_name='injection',
            name='given_elsewhere',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='injection',
            name='partly_given',
            field=models.BooleanField(db_default=False, default=False, help_text='Moves no date until a prescriber says that it counts'),
        ),
        migrations.AddField(
            model_name='injection',
            name='verified_at',
            field=models.DateTimeField(blank=True, help_text='When a stated one was confirmed by staff', null=True),
        ),
        migrations.AddField(
            model_name='injection',
            name='verified_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='injection',
            name='void_reason',
            field=models.CharField(blank=True, db_default='', max_length=20),
        ),
        migrations.AddField(
            model_name='injection',
            name='voided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='injectionevent',
            name='given_elsewhere',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='injectionevent',
            name='partly_given',
            field=models.BooleanField(db_default=False, default=False, help_text='Moves no date until a prescriber says that it counts'),
        ),
        migrations.AddField(
            model_name='injectionevent',
            name='verified_at',
            field=models.DateTimeField(blank=True, help_text='When a stated one was confirmed by staff', null=True),
        ),
        migrations.AddField(
            model_name='injectionevent',
            name='verified_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='injectionevent',
            name='void_reason',
            field=models.CharField(blank=True, db_default='', max_length=20),
        ),
        migrations.AddField(
            model_name='injectionevent',
            name='voided_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appointment',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_appointmentevent" ("after_injection_id", "another_time_at", "confirmed_at", "created_at", "due_on", "ended_at", "given_id", "id", "kind", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "reason", "remind", "starts_at", "status", "supply", "supply_on", "treatment_id") VALUES (NEW."after_injection_id", NEW."another_time_at", NEW."confirmed_at", NEW."created_at", NEW."due_on", NEW."ended_at", NEW."given_id", NEW."id", NEW."kind", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."program_id", NEW."reason", NEW."remind", NEW."starts_at", NEW."status", NEW."supply", NEW."supply_on", NEW."treatment_id"); RETURN NULL;', hash='271fb0dc3b0066325ba7b6e718752235da2ba8c7', operation='INSERT', pgid='pgtrigger_insert_insert_afe2c', table='recovery_appointment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appointment',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_appointmentevent" ("after_injection_id", "another_time_at", "confirmed_at", "created_at", "due_on", "ended_at", "given_id", "id", "kind", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "reason", "remind", "starts_at", "status", "supply", "supply_on", "treatment_id") VALUES (NEW."after_injection_id", NEW."another_time_at", NEW."confirmed_at", NEW."created_at", NEW."due_on", NEW."ended_at", NEW."given_id", NEW."id", NEW."kind", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."program_id", NEW."reason", NEW."remind", NEW."starts_at", NEW."status", NEW."supply", NEW."supply_on", NEW."treatment_id"); RETURN NULL;', hash='e352d8f8d91afae1861ef907443fcf82192bd994', operation='UPDATE', pgid='pgtrigger_update_update_2b523', table='recovery_appointment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='injection',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "recovery_injectionevent" ("client_id", "dose_mg", "given_at", "given_elsewhere", "given_on", "id", "lot", "lot_expires_on", "medicine", "needle_inches", "note", "operator", "partly_given", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "recorded_at", "recorded_by_id", "site", "source", "treatment_id", "uid", "verified", "verified_at", "verified_by_id", "void_reason", "voided_at", "voided_by_id", "warnings", "with_open_gate") VALUES (NEW."client_id", NEW."dose_mg", NEW."given_at", NEW."given_elsewhere", NEW."given_on", NEW."id", NEW."lot", NEW."lot_expires_on", NEW."medicine", NEW."needle_inches", NEW."note", NEW."operator", NEW."partly_given", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."site", NEW."source", NEW."treatment_id", NEW."uid", NEW."verified", NEW."verified_at", NEW."verified_by_id", NEW."void_reason", NEW."voided_at", NEW."voided_by_id", NEW."warnings", NEW."with_open_gate"); RETURN NULL;', hash='c54a7384e9c734ffc8e754868f2528e37efaf594', operation='INSERT', pgid='pgtrigger_insert_insert_f7e80', table='recovery_injection', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='injection',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "recovery_injectionevent" ("client_id", "dose_mg", "given_at", "given_elsewhere", "given_on", "id", "lot", "lot_expires_on", "medicine", "needle_inches", "note", "operator", "partly_given", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "recorded_at", "recorded_by_id", "site", "source", "treatment_id", "uid", "verified", "verified_at", "verified_by_id", "void_reason", "voided_at", "voided_by_id", "warnings", "with_open_gate") VALUES (NEW."client_id", NEW."dose_mg", NEW."given_at", NEW."given_elsewhere", NEW."given_on", NEW."id", NEW."lot", NEW."lot_expires_on", NEW."medicine", NEW."needle_inches", NEW."note", NEW."operator", NEW."partly_given", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."program_id", NEW."recorded_at", NEW."recorded_by_id", NEW."site", NEW."source", NEW."treatment_id", NEW."uid", NEW."verified", NEW."verified_at", NEW."verified_by_id", NEW."void_reason", NEW."voided_at", NEW."voided_by_id", NEW."warnings", NEW."with_open_gate"); RETURN NULL;', hash='c24fd3f0b059ac361843af5cf392cbd2f50c00c9', operation='UPDATE', pgid='pgtrigger_update_update_e0d72', table='recovery_injection', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['planned', 'booked', 'kept', 'not_kept', 'not_given', 'cancelled'])), name='appointment_status'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['not_given', 'not_kept']), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='appointment_says_why'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('supply', ''), ('supply_on__isnull', True)), models.Q(('supply__in', ['ordered', 'approved', 'shipped', 'on_site']), ('supply_on__isnull', False)), _connector='OR'), name='appointment_supply'),
        ),
        migrations.AddConstraint(
            model_name='injection',
            constraint=models.UniqueConstraint(condition=models.Q(('voided_at__isnull', True)), fields=('patient', 'medicine', 'given_on', 'verified'), name='injection_one_per_day'),
        ),
        migrations.AddConstraint(
            model_name='injection',
            constraint=models.CheckConstraint(condition=models.Q(('void_reason__in', ['', 'wrong_patient', 'wrong_day', 'wrong_medicine', 'twice', 'not_given', 'other'])), name='injection_void_reason'),
        ),
        migrations.AddConstraint(
            model_name='injection',
            constraint=models.CheckConstraint(condition=models.Q(('void_reason', ''), ('voided_at__isnull', False), _connector='OR'), name='injection_void_reason_of_a_void'),
        ),
        migrations.AddField(
            model_name='closingnotice',
            name='program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program'),
        ),
        migrations.AddField(
            model_name='closingnotice',
            name='seen_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='oralbridge',
            name='after_injection',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.injection'),
        ),
        migrations.AddField(
            model_name='oralbridge',
            name='agreed_with',
            field=models.ForeignKey(help_text='Who spoke with them', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='oralbridge',
            name='ordered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='oralbridge',
            name='patient',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient'),
        ),
        migrations.AddField(
            model_name='oralbridge',
            name='program',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program'),
        ),
        migrations.AddField(
            model_name='oralbridge',
            name='regimen',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.regimen'),
        ),
        migrations.AddField(
            model_name='oralbridge',
            name='treatment',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.treatment'),
        ),
        migrations.AddField(
            model_name='tabletcount',
            name='patient',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient'),
        ),
        migrations.AddField(
            model_name='tabletcount',
            name='program',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program'),
        ),
        migrations.AddField(
            model_name='tabletcount',
            name='recorded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='tabletcount',
            name='treatment',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.treatment'),
        ),
        migrations.AddConstraint(
            model_name='closingnotice',
            constraint=models.UniqueConstraint(fields=('program', 'closed_on'), name='closingnotice_once_a_day'),
        ),
        migrations.AddIndex(
            model_name='oralbridge',
            index=models.Index(fields=['program', 'patient'], name='oralbridge_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='oralbridge',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='oralbridge_program_id'),
        ),
        migrations.AddConstraint(
            model_name='oralbridge',
            constraint=models.UniqueConstraint(fields=('regimen',), name='oralbridge_once_per_regimen'),
        ),
        migrations.AddIndex(
            model_name='tabletcount',
            index=models.Index(fields=['program', 'patient', '-on_day'], name='tabletcount_by_patient'),
        ),
        migrations.AddConstraint(
            model_name='tabletcount',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='tabletcount_program_id'),
        ),
        migrations.AddConstraint(
            model_name='tabletcount',
            constraint=models.UniqueConstraint(fields=('patient', 'client_id'), name='tabletcount_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='tabletcount',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['picked_up', 'counted'])), name='tabletcount_kind'),
        ),
        migrations.AddConstraint(
            model_name='tabletcount',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['app', 'sms', 'supporter', 'staff', 'observed', 'pharmacy', 'import'])), name='tabletcount_source'),
        ),
        migrations.AddConstraint(
            model_name='tabletcount',
            constraint=models.CheckConstraint(condition=models.Q(('tablet_mg__gt', 0)), name='tabletcount_mg_positive'),
        ),
        migrations.AddConstraint(
            model_name='tabletcount',
            constraint=models.CheckConstraint(condition=models.Q(('tablets__lte', 1000)), name='tabletcount_tablets'),
        ),
        migrations.AddConstraint(
            model_name='tabletcount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'picked_up'), _negated=True), ('tablets__gte', 1), _connector='OR'), name='tabletcount_picked_up_some'),
        ),
        *[migrations.RunSQL(link(*row), migrations.RunSQL.noop) for row in LINKS],
        *[migrations.RunSQL(protect(*row), migrations.RunSQL.noop) for row in TABLES],
        *[migrations.RunSQL(revoke(t, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in APPEND_ONLY],
        *[migrations.RunSQL(revoke(t, "DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in NEVER_DELETED],
    ]
