"""When a program's clinic works, in the shape that rules take."""

from collections.abc import Iterable
from datetime import date, time

from backend.selectors.people import programs_by_id
from recovery.rules.flags import ClinicHours

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def clinics(program_ids: Iterable[int]) -> dict[int, ClinicHours]:
    """The clinic of each program: zone, hours and holidays."""
    return {
        pk: ClinicHours(
            zone=program.zone,
            open_hours={
                number: (time.fromisoformat(hours[0]), time.fromisoformat(hours[1]))
                for number, name in enumerate(_WEEKDAYS)
                if (hours := program.clinic_hours.get(name))
            },
            holidays=frozenset(date.fromisoformat(day) for day in program.holidays),
        )
        for pk, program in programs_by_id(program_ids).items()
    }
