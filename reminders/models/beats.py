"""When each tick last ran, and by whom: what a watchdog reads. Outside row-level security: it names no one."""

from django.db import models


class TickRun(models.Model):
    """The last run of one tick by one kind of runner (sweep, worker)."""

    tick = models.CharField(max_length=30)
    runner = models.CharField(max_length=12)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=120, blank=True, help_text="Exception class only")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tick", "runner"], name="tickrun_once")]
