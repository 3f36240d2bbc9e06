"""Every tick of the house, for those who call them: Celery's beat and workers, the sweep, the replay."""

from backend.ticks import Tick


def all_ticks() -> list[Tick]:
    """Every tick, in the order in which a day needs them."""
    # Each app's ticks reach its models, which exist once the apps are loaded.
    from config.tasks import TICKS as LAST
    from recovery.tasks import TICKS as CLINICAL
    from reminders.tasks import TICKS as ABOUT_MESSAGES

    return [*CLINICAL, *ABOUT_MESSAGES, *LAST]
