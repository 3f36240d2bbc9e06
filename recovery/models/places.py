"""Where people meet: a program's own list."""

from django.db import models
from django.db.models import Q

from recovery.models.base import one_of
from recovery.rules.support import MeetingKind


class MeetingPlace(models.Model):
    """A meeting that a program tells its patients of, with where that is known from and when somebody checked it.

    It holds nothing of a person. ``client_id`` is made with the form, so that a double tap is one row.
    """

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    client_id = models.UUIDField()
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    times = models.CharField(max_length=200, help_text="When it meets, in words")
    place = models.CharField(max_length=200, blank=True, help_text="Empty for one that meets online only")
    online = models.BooleanField(default=False)
    language = models.CharField(max_length=2, help_text="Language of the meeting")
    phone = models.CharField(max_length=16, blank=True)
    source = models.CharField(max_length=200, help_text="Where it is known from")
    reviewed_on = models.DateField(help_text="Somebody checked then that it meets")
    reviewed_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "client_id"], name="meetingplace_client_id_once"),
            one_of("kind", MeetingKind, "meetingplace_kind"),
            models.CheckConstraint(condition=Q(language__in=["en", "es"]), name="meetingplace_language"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(times="") & ~Q(source=""), name="meetingplace_says_what_when_and_whence"
            ),
            models.CheckConstraint(condition=~Q(place="") | Q(online=True), name="meetingplace_is_somewhere"),
        ]
        indexes = [
            models.Index(
                fields=["program", "kind", "name"],
                condition=Q(withdrawn_at__isnull=True),
                name="meetingplace_listed",
            )
        ]
