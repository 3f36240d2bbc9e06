"""Letting the days of a trial pass, through the services that serve live patients.

The clock is made up: each study day the morning's ticks run, then the day's facts are written. Day 0
lies years ahead on purpose: a sweep or a worker that runs beside the replay works with the real time,
at which nothing of these people is due, so it cannot touch them.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from backend.access import Actor
from backend.db import programs
from backend.rules.consent import ConsentKind
from backend.rules.roles import Role
from backend.rules.wall_time import to_utc
from backend.services import people as people_services
from backend.services import seal
from backend.services.consents import give_consent
from backend.services.programs import close_program
from config.replay.loader import LAST_DAY, Person, Trial
from config.replay.provider import Silent
from config.ticks import all_ticks
from recovery.rules.states import Indication, OpioidHistory, ReportSource, Statement
from recovery.selectors.records import open_treatments
from recovery.selectors.replayed import origins
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.patients import NewPatient, enrol
from recovery.services.regimens import NewRegimen, start_regimens
from reminders.services import dispatch, reconcile, senders

ZONE = "America/New_York"
DAY_ZERO = date(2035, 1, 1)
MORNING = time(10, 30)
"""After the visits' texts of the day fell due (10:00 and up to ten minutes), so that one run sends them."""
FACTS = time(14)
EVENING = time(19)
"""After the questions of the evening fell due (18:00 and up to ten minutes)."""
SENDING = ("dispatch_due", "reconcile")
"""Ticks that run again before the facts and in the evening: what is due at noon must not wait for the next morning."""
EVERY_DAY = {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
INJECTION = "naltrexone_injection"
CONSENT_WORDING = "replay-1"
ACTOR = Actor(user_id=None, route="replay_trial")

Ticks = list[tuple[str, Callable[[datetime], object]]]


def instant(day: int, at: time) -> datetime:
    """The instant of a local time on a study day."""
    return to_utc(DAY_ZERO + timedelta(days=day), at, ZoneInfo(ZONE))


@dataclass(slots=True)
class Replay:
    """One run: a program of its own and the people in it. ``until`` is the last study day to play, at most 168."""

    trial: Trial
    until: int = LAST_DAY
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    provider: Silent = field(default_factory=Silent)
    program_id: int = 0
    patient_ids: dict[str, int] = field(default_factory=dict)
    treatment_ids: dict[str, int] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return f"replay-{self.run}"

    @property
    def last_day(self) -> date:
        """The date of the last study day that is played."""
        return DAY_ZERO + timedelta(days=self.until)

    @property
    def ends_at(self) -> datetime:
        """The last instant that is played."""
        return instant(self.until, EVENING)

    def enrol(self, *, now: datetime) -> None:
        """Make the program and load the people; nobody has a regimen yet. ``now`` is the real time, for the program."""
        program = people_services.create_program(
            slug=self.slug,
            name=f"Trial replay {self.run}",
            neutral_name="Replay",
            zone=ZONE,
            clinic_hours=EVERY_DAY,
            phone="+12025550100",
            now=now,
        )
        self.program_id = program.pk
        # What a flag tells is told to somebody, as it would be.
        staff = people_services.create_staff(
            email=f"{self.slug}@replay.invalid", roles={program.pk: [Role.COORDINATOR]}, now=now
        )
        senders.register_sender(
            program_id=program.pk, address=f"replay:{self.run}", provider=self.provider.name, segments_per_second=1e6
        )
        begin = instant(0, time(0))
        with programs([program.pk]):
            team = people_services.create_team(
                program_id=program.pk, name="Replay", members={staff.pk: ("Replay", "+12025550101")}, now=now
            )
            enrol(
                actor=ACTOR,
                program_id=program.pk,
                people=[
                    self._new_patient(number, person, team.pk)
                    for number, person in enumerate(self.trial.people, start=1)
                ],
                now=begin,
            )
            self.patient_ids = origins(program_ids=[program.pk])
            opened = open_treatments(self.patient_ids.values())
            self.treatment_ids = {who: opened[pk].pk for who, pk in self.patient_ids.items() if pk in opened}
            for person in self.trial.people:
                if person.injected:
                    give_consent(
                        actor=ACTOR,
                        program_id=program.pk,
                        patient_id=self.patient_ids[person.who],
                        kind=ConsentKind.SMS,
                        wording_version=CONSENT_WORDING,
                        now=begin,
                    )

    def days(self) -> Iterator[int]:
        """Play one day after the other, up to and with ``until``; yields each day that is over."""
        ticks = self._ticks()

        def send(now: datetime) -> None:
            for name, run in ticks:
                if name in SENDING:
                    run(now)

        for day in range(self.until + 1):
            now = instant(day, MORNING)
            for _, run in ticks:
                run(now)
            send(instant(day, FACTS))
            self._facts(day, now=instant(day, FACTS))
            send(instant(day, EVENING))
            yield day
        while seal.seal_audit(program_ids=[self.program_id]):
            pass

    def close(self, *, now: datetime) -> None:
        """Close the program: its rows stay, nothing works on them any more. Safe to repeat."""
        if self.program_id:
            close_program(actor=ACTOR, program_id=self.program_id, now=now)

    @staticmethod
    def _new_patient(number: int, person: Person, team_id: int) -> NewPatient:
        return NewPatient(
            name=f"Participant {number}",
            # Numbers of the range that is kept for fiction, for those who are reminded of visits.
            phone=f"+1{201 + number // 100:03d}55501{number % 100:02d}" if person.injected else "",
            zone=ZONE,
            indication=Indication.OPIOID.value,
            opioid_history=OpioidHistory.KNOWN.value,
            external_ref=person.who,
            team_id=team_id,
            treatment_from=DAY_ZERO if person.arm else None,
        )

    def _ticks(self) -> Ticks:
        """The ticks of the clinic, for this program only, with a provider that sends nothing."""
        ids = [self.program_id]
        own: dict[str, Callable[[datetime], object]] = {
            "dispatch_due": lambda now: dispatch.dispatch_due(program_ids=ids, now=now, provider=self.provider),
            "reconcile": lambda now: reconcile.reconcile(program_ids=ids, now=now, provider=self.provider),
        }

        def usual(run: Callable[[list[int], datetime], object]) -> Callable[[datetime], object]:
            return lambda now: run(ids, now)

        return [(tick.name, own.get(tick.name) or usual(tick.run)) for tick in all_ticks()]

    def _facts(self, day: int, *, now: datetime) -> None:
        """What happened that day: who was randomised, who was injected, who was given a dose."""
        with programs([self.program_id]):
            if starting := self.trial.randomised.get(day):
                start_regimens(actor=ACTOR, regimens=[self._regimen(person, day) for person in starting], now=now)
            if given := self.trial.injections.get(day):
                record_injections(
                    actor=ACTOR,
                    injections=[
                        GivenInjection(
                            client_id=self._id("injection", who, day),
                            patient_id=self.patient_ids[who],
                            given_on=DAY_ZERO + timedelta(days=day),
                            medicine=INJECTION,
                            dose_mg=mg,
                        )
                        for who, mg in given
                    ],
                    now=now,
                )
            if taken := self.trial.doses.get(day):
                report_doses(
                    actor=ACTOR,
                    statements=[
                        DoseStatement(
                            client_id=self._id("dose", who, day),
                            patient_id=self.patient_ids[who],
                            statement=Statement.TAKEN.value,
                            source=ReportSource.OBSERVED.value,
                            dosing_day=DAY_ZERO + timedelta(days=day),
                            dose_mg=mg,
                        )
                        for who, mg in taken
                    ],
                    now=now,
                )

    def _regimen(self, person: Person, day: int) -> NewRegimen:
        return NewRegimen(
            treatment_id=self.treatment_ids[person.who],
            kind="xr_im_28d" if person.injected else "observed_daily",
            starts_on=DAY_ZERO + timedelta(days=day),
            last_day=None if person.injected else self.last_day,
            reminders=person.injected,
        )

    def _id(self, kind: str, who: str, day: int) -> UUID:
        return uuid5(UUID(int=0), f"{self.run}:{kind}:{who}:{day}")
