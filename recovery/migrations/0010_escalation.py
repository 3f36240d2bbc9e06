"""The rota in versions, its overrides, and where the telling of each concern stands (C 7, S 15)."""

import django.db.models.deletion
from django.conf import settings
from backend import quick_migration
from django.db import migrations, models

from backend.walls import link, protect, revoke

LINKS = [
    ("recovery_rotaturn", "rota_id", "recovery_rota"),
    ("recovery_escalation", "patient_id", "recovery_patient"),
    ("recovery_escalation", "flag_id", "recovery_flag"),
]
TABLES = [
    ("recovery_rota", None),
    ("recovery_rotaturn", None),
    ("recovery_rotaoverride", None),
    ("recovery_escalation", "patient_id"),
]
APPEND_ONLY = ["recovery_rota", "recovery_rotaturn"]
NEVER_DELETED = ["recovery_rotaoverride", "recovery_escalation"]

class Migration(quick_migration.Migration):

    dependencies = [
        ('backend', '0003_history_without_exceptions'),
        ('recovery', '0009_what_a_statement_was_answered'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rota',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('anchor', models.DateField(help_text='The Monday on which the first turn begins')),
                ('hand_over', models.TimeField(help_text='Local, on Mondays')),
                ('made_at', models.DateTimeField()),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
        ),
        migrations.CreateModel(
            name='RotaOverride',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=12)),
                ('made_at', models.DateTimeField()),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('cancelled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('first', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('second', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RotaTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.PositiveSmallIntegerField(help_text='0 for the first turn of the circle')),
                ('rank', models.PositiveSmallIntegerField()),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
                ('rota', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='turns', to='recovery.rota')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phase', models.CharField(max_length=10)),
                ('response_s', models.PositiveIntegerField(help_text='Within which somebody must have taken it')),
                ('next_at', models.DateTimeField(blank=True, null=True)),
                ('level', models.PositiveSmallIntegerField(default=0, help_text='Steps taken in this round')),
                ('told', models.PositiveIntegerField(default=0, help_text='Steps taken in all')),
                ('begun_at', models.DateTimeField()),
                ('last_told_at', models.DateTimeField(blank=True, null=True)),
                ('flag', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.flag')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recovery.patient')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backend.program')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('phase', 'closed'), _negated=True), fields=['next_at'], name='escalation_due')],
                'constraints': [models.UniqueConstraint(fields=('flag',), name='escalation_one_per_flag'), models.CheckConstraint(condition=models.Q(('phase__in', ['waiting', 'owned', 'snoozed', 'closed'])), name='escalation_phase'), models.CheckConstraint(condition=models.Q(models.Q(('next_at__isnull', True), ('phase', 'closed')), models.Q(models.Q(('phase', 'closed'), _negated=True), ('next_at__isnull', False)), _connector='OR'), name='escalation_has_a_timer'), models.CheckConstraint(condition=models.Q(models.Q(('phase', 'owned'), _negated=True), ('owner__isnull', False), _connector='OR'), name='escalation_owned_by_someone'), models.CheckConstraint(condition=models.Q(models.Q(('phase__in', ['waiting', 'closed']), _negated=True), ('owner__isnull', True), _connector='OR'), name='escalation_waits_for_nobody')],
            },
        ),
        migrations.AddConstraint(
            model_name='rota',
            constraint=models.UniqueConstraint(fields=('program', 'id'), name='rota_program_id'),
        ),
        migrations.AddConstraint(
            model_name='rota',
            constraint=models.CheckConstraint(condition=models.Q(('anchor__iso_week_day', 1)), name='rota_begins_on_a_monday'),
        ),
        migrations.AddIndex(
            model_name='rotaoverride',
            index=models.Index(condition=models.Q(('cancelled_at__isnull', True)), fields=['program', 'ends_at'], name='rotaoverride_in_force'),
        ),
        migrations.AddConstraint(
            model_name='rotaoverride',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['take_over', 'swap', 'holiday', 'ill', 'other'])), name='rotaoverride_reason'),
        ),
        migrations.AddConstraint(
            model_name='rotaoverride',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__lt', models.F('ends_at'))), name='rotaoverride_times_in_order'),
        ),
        migrations.AddConstraint(
            model_name='rotaoverride',
            constraint=models.CheckConstraint(condition=models.Q(('second__isnull', True), models.Q(('first__isnull', False), models.Q(('first', models.F('second')), _negated=True)), _connector='OR'), name='rotaoverride_two_people'),
        ),
        migrations.AddConstraint(
            model_name='rotaoverride',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', True), ('cancelled_by__isnull', True)), models.Q(('cancelled_at__isnull', False), ('cancelled_by__isnull', False)), _connector='OR'), name='rotaoverride_cancelled_by'),
        ),
        migrations.AddConstraint(
            model_name='rotaturn',
            constraint=models.UniqueConstraint(fields=('rota', 'week', 'rank'), name='rotaturn_one_per_rank'),
        ),
        migrations.AddConstraint(
            model_name='rotaturn',
            constraint=models.UniqueConstraint(fields=('rota', 'week', 'user'), name='rotaturn_once_a_week'),
        ),
        migrations.AddConstraint(
            model_name='rotaturn',
            constraint=models.CheckConstraint(condition=models.Q(('rank__gte', 1), ('rank__lte', 4)), name='rotaturn_rank'),
        ),
        *[migrations.RunSQL(link(*row), migrations.RunSQL.noop) for row in LINKS],
        *[migrations.RunSQL(protect(*row), migrations.RunSQL.noop) for row in TABLES],
        *[migrations.RunSQL(revoke(t, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in APPEND_ONLY],
        *[migrations.RunSQL(revoke(t, "DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in NEVER_DELETED],
    ]
