"""A sign of overdose can be stated (C 7)."""

from django.conf import settings
from backend import quick_migration
from django.db import migrations, models


class Migration(quick_migration.Migration):

    dependencies = [
        ('backend', '0003_history_without_exceptions'),
        ('recovery', '0012_conditions_and_meetings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='statedfact',
            name='statedfact_kind',
        ),
        migrations.AddConstraint(
            model_name='statedfact',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['opioid_used', 'new_medicine', 'drink', 'sick_after_dose', 'well_after_dose', 'liver_symptoms', 'allergic_reaction', 'cough', 'pregnant', 'breastfeeding', 'ran_out', 'wants_to_stop', 'feels_cured', 'severe_pain', 'vomited_dose', 'tablets_within_reach', 'overdose_sign', 'alcohol_withdrawal', 'disulfiram_reaction'])), name='statedfact_kind'),
        ),
    ]
