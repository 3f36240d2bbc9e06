from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Wires what must go up the stack, and the checks that stop a bad start."""

    name = "config"

    def ready(self) -> None:
        from backend import ports
        from config import checks  # noqa: F401  (registers the checks)
        from reminders.selectors import export
        from reminders.services.seen import note_seen

        ports.fill(note_seen=note_seen)
        ports.add_export_sections(export.SECTIONS)
