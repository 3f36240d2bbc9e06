"""What a stated fact was answered, so that a repeat gets the first answer again."""

from backend import quick_migration
from django.db import migrations, models


class Migration(quick_migration.Migration):

    dependencies = [
        ('recovery', '0008_people_around'),
    ]

    operations = [
        migrations.AddField(
            model_name='statedfact',
            name='answer',
            field=models.CharField(db_default='thanks', default='thanks', help_text='Key of the text that answered it', max_length=30),
        ),
        migrations.AddField(
            model_name='statedfact',
            name='call_by',
            field=models.DateTimeField(blank=True, help_text='When the answer promised a call by', null=True),
        ),
    ]
