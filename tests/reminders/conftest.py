"""People who are texted, and a phone company that does what a test tells it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest

from backend.access import NOBODY
from backend.rules.consent import ConsentKind
from backend.services.consents import give_consent
from recovery.selectors.records import open_treatment
from recovery.services.regimens import start_regimen
from reminders.models import Message
from reminders.providers.base import Outgoing, Query
from reminders.rules.reconcile import Listed
from reminders.rules.retry import Outcome, Result
from reminders.services import dispatch, escalations, planning
from tests.recovery.conftest import (  # noqa: F401 - fixtures
    clinic,
    clinic_of_module,
    make_patient,
    make_program,
    make_staff,
    open_scope,
    patient,
    phone,
    program,
    staff,
)


@dataclass
class PhoneCompany:
    """Takes every text unless told otherwise; keeps what it took and lists it."""

    name: str = "fake"
    receipt: str = ""
    service: str | None = "MG1"
    sids: str = "SM"
    answers: list[Result] = field(default_factory=list)  # for the next texts, then accepted
    loses: bool = False  # takes the text, and its answer never comes
    deaf: bool = False  # the text never arrives, and nobody knows
    silent_list: bool = False
    sent: list[Outgoing] = field(default_factory=list)
    listed: list[tuple[str, Listed]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    before_sending: Callable[[Sequence[Outgoing]], None] = lambda _: None

    def send_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> list[Result]:
        self.before_sending(batch)
        return [self._take(one, now) for one in batch]

    def _take(self, one: Outgoing, now: datetime) -> Result:
        if self.deaf:
            return Result(Outcome.UNKNOWN)
        if self.answers:
            return self.answers.pop(0)
        self.sent.append(one)
        sid = f"{self.sids}{len(self.sent):032d}"
        self.listed.append((one.to, Listed(sid=sid, created_at=now, body=one.body, service=self.service)))
        return Result(Outcome.UNKNOWN) if self.loses else Result(Outcome.ACCEPTED, sid=sid)

    def find(self, queries: Sequence[Query]) -> list[list[Listed] | None]:
        if self.silent_list:
            return [None for _ in queries]
        return [[listed for to, listed in self.listed if to == query.to] for query in queries]

    def cancel(self, sids: Sequence[str]) -> list[bool]:
        self.cancelled += sids
        return [True for _ in sids]

    @property
    def bodies(self) -> list[str]:
        return [one.body for one in self.sent]


@pytest.fixture
def company() -> PhoneCompany:
    return PhoneCompany()


@pytest.fixture
def agree(now: datetime) -> Callable[[Any], None]:
    """Gives a patient's consent to texts."""

    def give(person: Any) -> None:
        give_consent(
            actor=NOBODY,
            program_id=person.program_id,
            patient_id=person.pk,
            kind=ConsentKind.SMS,
            wording_version="sms-1",
            now=now,
        )

    return give


@pytest.fixture
def on_tablets(staff: Any, now: datetime) -> Callable[..., Any]:  # noqa: F811 - the fixture
    """Starts daily tablets at the given local times, the first one on 3 March; returns the regimen."""

    def start(person: Any, *times: str, **changes: Any) -> Any:
        values = {"kind": "oral_daily", "starts_on": date(2026, 3, 3), "now": now, **changes}
        return start_regimen(actor=staff, treatment=open_treatment(person), times=times or ("10:00",), **values)

    return start


@pytest.fixture
def texted(patient: Any, agree: Callable[[Any], None], on_tablets: Callable[..., Any]) -> Any:  # noqa: F811
    """A patient who agreed to texts, with a tablet due at 10:00 local on 3 March (15:00 UTC)."""
    agree(patient)
    on_tablets(patient)
    return patient


@pytest.fixture
def plan(program: int, now: datetime) -> Callable[..., int]:  # noqa: F811
    """The ticks that plan texts to patients and notices to staff, at ``now`` unless told otherwise."""
    return lambda at=now: (
        planning.plan_messages(program_ids=[program], now=at) + escalations.escalate(program_ids=[program], now=at)
    )


@pytest.fixture
def send(program: int, company: PhoneCompany) -> Callable[..., dispatch.Counts]:  # noqa: F811
    """The dispatch tick at an instant."""

    def run(at: datetime, **changes: Any) -> dispatch.Counts:
        return dispatch.dispatch_due(program_ids=[program], now=at, provider=company, **changes)

    return run


@pytest.fixture
def states() -> Callable[[], list[tuple[str, str, str]]]:
    """Every message as (step, state, why), in the order of time."""
    return lambda: list(Message.objects.order_by("due_at", "pk").values_list("step", "state", "why"))
