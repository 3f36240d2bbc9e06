"""Due -> accepted with every safeguard on, against the ordinary ways and a bare client; what safety costs and buys.

The same texts go to a provider on loopback that answers at once, and to one that takes 100 ms. Ours runs as
many worker processes as there are cores, each calling the service that a worker's tick calls: consent, opt-out,
window, caps, one question for each phone, decryption, the two-step claim and audit all on; the token bucket off.
Celery runs with its defaults (a process for each core), fed by a task for each patient, by a row for each patient in
django-celery-beat, or by an ETA for each text; APScheduler is one process with its own ten threads. The bare client
has as many processes and connections as ours and writes nothing down. Every round has people of its own.

Then what each safeguard of ours costs, each left out alone; and what each way loses or doubles when two ticks meet
and when a worker is killed with -9 in the middle. ``--only`` runs one of the three parts. The ways (b) to (d) need
the packages in requirements-bench.txt.
"""

import importlib.util
import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.support import NOW, losses, report, safeguards
from bench.support.fake_provider import ACCOUNT, SERVICE, FakeProvider, fake_provider
from bench.support.rivals import environment, rivals, together
from bench.support.senders import AUTH_TOKEN
from bench.support.servers import ground
from bench.support.stats import figure, ratios

DELAYS = {"": 0.0, "_100ms": 0.1}
CONNECTIONS = 50
BAR_NAIVE, BAR_BARE, BAR_RSS_MB = 20, 0.6, 300
BATCH = 250
SAMPLE = {"": 300, "_100ms": 60}
LOSS_SAMPLE = 120
PARTS = ("rates", "safeguards", "losses")
NAMES = {
    "ours": "ours",
    "naive": "Celery, a task a patient",
    "beat": "django-celery-beat, a row a patient",
    "eta": "Celery ETA",
    "apscheduler": "APScheduler",
    "bare_client": "bare client",
}
EXTRA = {"beat": "django_celery_beat", "apscheduler": "apscheduler"}
MISSING = "without {}: install requirements-bench.txt (pip install --require-hashes -r requirements-bench.txt)"


def main(argv: list[str]) -> int:
    options = report.parser("dispatch", __doc__, patients=1_500)
    options.add_argument("--processes", type=int, default=_cores(), help="of ours and of the bare client: %(default)s")
    options.add_argument("--connections", type=int, default=CONNECTIONS, help="of each process: %(default)s")
    options.add_argument("--batch", type=int, default=BATCH, help="rows that ours claims at once: %(default)s")
    options.add_argument("--concurrency", type=int, help="of Celery's worker; its own default is one for each core")
    options.add_argument("--only", choices=PARTS, action="append", help="run this part; may be given again")
    options = options.parse_args(argv)
    say = report.progress(options.json)
    missing = [way for way, package in EXTRA.items() if importlib.util.find_spec(package) is None]
    notes = [MISSING.format(" and ".join(NAMES[way] for way in missing))] if missing else []
    say("starting servers")
    with (
        fake_provider(list(DELAYS.values())) as provider,
        ground(
            SMS_PROVIDER="twilio",
            TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=AUTH_TOKEN,
            TWILIO_MESSAGING_SERVICE_SID=SERVICE,
            TWILIO_BASE_URL=provider.urls[0],
            SEND_CONNECTIONS=str(options.connections),
            DISPATCH_BATCH=str(options.batch),
        ) as base,
    ):
        if "beat" not in missing:
            from bench.support import beat_rows

            beat_rows.make_tables(base.owner_url)
        if "apscheduler" not in missing:
            from bench.support import apscheduler_jobs

            apscheduler_jobs.make_table(base.owner_url)
        crowd = _Crowd(base)
        lines: list[report.Line] = []
        for part in options.only or PARTS:
            lines += PART[part](options, provider, crowd, missing, say)
        about = base.about | {
            "rounds": str(options.rounds),
            "patients": options.patients,
            "processes": options.processes,
            "connections": options.connections,
            "batch": options.batch,
            "celery_concurrency": options.concurrency or "default",
        }
    say("")
    notes.append(
        f"The ordinary ways sent a sample of {SAMPLE['']} and, at 100 ms, {SAMPLE['_100ms']} texts a round, in the "
        "same tables. They keep no lease, no caps and no way to find out what became of an unanswered text."
    )
    return report.publish(lines=lines, about=about, notes=notes, as_json=options.json)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Crowd:
    """Programs with people whose texts are due; everybody has a number of their own."""

    def __init__(self, base: Any) -> None:
        self._base, self._people = base, 0

    def program(self, slug: str, count: int) -> int:
        from bench.support import people

        program_id = people.make_program(slug)
        people.make_reachable(program_id, count, now=people.NOW, first_number=self._people)
        self._people += count
        if (due := people.plan_texts(program_id, now=people.NOW)) != count:
            raise RuntimeError(f"{due} of {count} texts are due: the bench and the planner disagree.")
        return program_id

    def settled(self) -> str:
        """What seeding left behind is put in order; returns the instant of the round."""
        self._base.analyze()
        return NOW.isoformat()


# --- rates ------------------------------------------------------------------------------------------------


class _Rates:
    """The rounds and what they found: texts a second of each way at each delay."""

    def __init__(self, options: Any, provider: FakeProvider, crowd: _Crowd, missing: list[str], say: Any) -> None:
        self._options, self._provider, self._crowd, self._say = options, provider, crowd, say
        self.ways = [way for way in NAMES if way not in missing]
        self.rates: dict[str, list[float]] = defaultdict(list)
        self.rss: list[float] = []
        self.shares: list[float] = []
        self._send: dict[str, Callable[[int, str, str, int], float]] = {
            "ours": self._ours,
            "bare_client": self._bare,
            "naive": self._naive,
            "eta": self._eta,
            "beat": self._beat,
            "apscheduler": self._apscheduler,
        }

    def measure(self) -> None:
        from bench.support import celery_naive
        from bench.support.beat_rows import SETTINGS

        log = Path(os.environ["VAR_DIR"]) / "celery.log"
        with ExitStack() as stack:
            self.celery = stack.enter_context(celery_naive.workers(concurrency=self._options.concurrency, log=log))
            many = self._options.processes
            self.ours = stack.enter_context(rivals(*["bench.support.senders:ours"] * many))
            self.bare = stack.enter_context(rivals(*["bench.support.senders:bare"] * many))
            if "apscheduler" in self.ways:
                [self.jobs] = stack.enter_context(rivals("bench.support.apscheduler_jobs:jobs"))
            if "beat" in self.ways:
                with environment(DJANGO_SETTINGS_MODULE=SETTINGS):
                    [self.beat] = stack.enter_context(rivals("bench.support.beat_rows:beat"))
            for number in range(self._options.rounds + 1):
                self._round(number)

    def _round(self, number: int) -> None:
        """Each way at each delay once, in turning order; round 0 warms connections and caches, uncounted."""
        for place, delay in enumerate(DELAYS):
            few = min(SAMPLE[delay], self._options.patients)
            wanted = {way: self._options.patients if way in ("ours", "bare_client") else few for way in self.ways}
            programs = {}
            for way in self.ways:
                if way != "bare_client":
                    self._say(f"round {number} of {self._options.rounds}: {wanted[way]} people for {way}{delay}")
                    programs[way] = self._crowd.program(f"{way}-{number}-{place}", wanted[way])
            now = self._crowd.settled()
            turn = (number + place) % len(self.ways)
            for way in self.ways[turn:] + self.ways[:turn]:
                self._say(f"round {number} of {self._options.rounds}: {way}{delay}")
                before = self._provider.counts()[place]
                count = wanted[way]
                seconds = self._send[way](programs.get(way, 0), now, self._provider.urls[place], count)
                after = self._provider.counts()[place]
                arrived = after["distinct"] - before["distinct"]
                if (after["posts"] - before["posts"], arrived) != (count, count):
                    raise RuntimeError(f"{way}: {count} texts, {arrived} different ones arrived.")
                if number:
                    self.rates[f"{way}{delay}"].append(count / seconds)

    def _ours(self, program_id: int, now: str, url: str, count: int) -> float:
        orders = [{"program_id": program_id, "now": now, "base_url": url}] * len(self.ours)
        seconds, answers = together(self.ours, orders)
        self.rss.append(max(answer.peak_rss_mb for answer in answers))
        self.shares.append(min(answer.result["accepted"] for answer in answers) / count)
        return _all_accepted(seconds, answers, count)

    def _bare(self, program_id: int, now: str, url: str, count: int) -> float:
        each = [count // len(self.bare) + (n < count % len(self.bare)) for n in range(len(self.bare))]
        orders = [{"base_url": url, "count": n, "connections": self._options.connections} for n in each]
        return _all_accepted(*together(self.bare, orders), count)

    def _naive(self, program_id: int, now: str, url: str, count: int) -> float:
        return self.celery.send(program_id=program_id, now=now, base_url=url, count=count)

    def _eta(self, program_id: int, now: str, url: str, count: int) -> float:
        return self.celery.send_with_eta(program_id=program_id, now=now, base_url=url, count=count)

    def _beat(self, program_id: int, now: str, url: str, count: int) -> float:
        """From the first tick on; beat has read its rows before."""
        self.beat.run(step="prepare", program_id=program_id, now=now, base_url=url)
        seconds = self.celery.timed(
            lambda: self.beat.order(step="tick", count=count), program_id=program_id, count=count
        )
        self.beat.answer()
        self.beat.run(step="clear")
        return seconds

    def _apscheduler(self, program_id: int, now: str, url: str, count: int) -> float:
        """From the instant of the jobs on, and with a patience that its default does not have."""
        at = self.jobs.run(step="queue", program_id=program_id, now=now, base_url=url, grace_s=None).result
        found = self.jobs.run(step="run", count=count).result
        if found["done"] != count:
            raise RuntimeError(f"APScheduler: {found} of {count} jobs.")
        return found["last"] - at


def _all_accepted(seconds: float, answers: Any, count: int) -> float:
    accepted = sum(answer.result["accepted"] for answer in answers)
    if accepted != count:
        raise RuntimeError(f"{accepted} of {count} texts were accepted: {[a.result for a in answers]}")
    return seconds


def _rates(options: Any, provider: FakeProvider, crowd: _Crowd, missing: list[str], say: Any) -> list[report.Line]:
    run = _Rates(options, provider, crowd, missing, say)
    run.measure()
    bars = {"naive": BAR_NAIVE, "bare_client": BAR_BARE}
    lines = []
    for delay, says in zip(DELAYS, ("", ", provider takes 100 ms"), strict=True):
        ours = run.rates[f"ours{delay}"]
        for way in run.ways[1:]:
            found = ratios(ours, run.rates[f"{way}{delay}"])
            digits = 2 if way == "bare_client" else 1
            says_it = f"ours / {NAMES[way]}{says}"
            lines.append(report.Line(f"ratio_{way}{delay}", says_it, found, least=bars.get(way), digits=digits))
        for way in run.ways:
            key = f"texts_per_second{delay}" if way == "ours" else f"{way}_texts_per_second{delay}"
            found = figure(run.rates[f"{way}{delay}"])
            lines.append(report.Line(key, f"{NAMES[way]}, texts a second{says}", found, digits=0))
    lines.append(
        report.Line("peak_rss_mb", "ours, peak memory of a process in MB", figure(run.rss), most=BAR_RSS_MB, digits=0)
    )
    lines.append(report.Line("least_share", "ours, share of the process that sent least", figure(run.shares)))
    return lines


# --- what each safeguard costs ------------------------------------------------------------------------------


def _safeguards(options: Any, provider: FakeProvider, crowd: _Crowd, missing: list[str], say: Any) -> list[report.Line]:
    steps = [safeguards.FULL, *safeguards.STEPS]
    spent: dict[str, list[float]] = defaultdict(list)
    parts: dict[str, list[float]] = defaultdict(list)
    count = max(1, options.patients // 3)
    with rivals("bench.support.safeguards:run") as [sender]:
        for number in range(options.rounds + 1):
            programs = {}
            for step in steps:
                say(f"round {number} of {options.rounds}: {count} people without {step}")
                programs[step] = crowd.program(f"safe-{step}-{number}".replace("_", "-"), count)
            now = crowd.settled()
            for step in steps[number % len(steps) :] + steps[: number % len(steps)]:
                sent = sender.run(step=step, program_id=programs[step], now=now, base_url=provider.urls[0]).result
                if sent["accepted"] != count:
                    raise RuntimeError(f"Without {step} {sent['accepted']} of {count} texts were accepted.")
                if number:
                    spent[step].append(sent["python_us"] + sent["postgresql_us"])
                    parts[step].append(sent["postgresql_us"])
    full = spent[safeguards.FULL]
    lines = [
        report.Line("text_us", "ours, processor time of a text with everything on, µs", figure(full), digits=0),
        report.Line("text_postgresql_us", "of it PostgreSQL, µs", figure(parts[safeguards.FULL]), digits=0),
    ]
    for step, says in safeguards.STEPS.items():
        saved = figure([all_on - less for all_on, less in zip(full, spent[step], strict=True)])
        lines.append(report.Line(f"cost_{step}_us", f"{says}, µs a text", saved, digits=0))
    return lines


# --- what is lost and doubled ---------------------------------------------------------------------------------


def _losses(options: Any, provider: FakeProvider, crowd: _Crowd, missing: list[str], say: Any) -> list[report.Line]:
    log = Path(os.environ["VAR_DIR"]) / "celery.log"
    ahead_s = (NOW - datetime.now(UTC)).total_seconds()
    count = min(LOSS_SAMPLE, options.patients)
    with fake_provider([], keeper=(losses.DELAY_S, ahead_s)) as keeper:

        def cell_of(program_id: int) -> losses.Cell:
            return losses.Cell(keeper, program_id, count, NOW.isoformat(), ahead_s, log)

        return _loss_lines(options, crowd, missing, say, cell_of, count)


def _loss_lines(
    options: Any,
    crowd: _Crowd,
    missing: list[str],
    say: Any,
    cell_of: Callable[[int], losses.Cell],
    count: int,
) -> list[report.Line]:
    lines = []
    for way, run in losses.WAYS.items():
        if way in missing:
            continue
        for fault, says in losses.FAULTS.items():
            found = []
            for number in range(min(options.rounds, 3)):
                say(f"{NAMES[way]}: {says}, {number + 1}")
                program_id = crowd.program(f"loss-{way}-{fault}-{number}", count)
                found.append(run(cell_of(program_id), fault))
            bar = 0 if way == "ours" else None
            name = f"{NAMES[way]}, {says}, of {count}:"
            for what in ("lost", "doubled", "hour_late"):
                values = figure([getattr(one, what) for one in found])
                if what != "hour_late" or values.hi:
                    key, about = f"{way}_{fault}_{what}", what.replace("_", " ")
                    lines.append(report.Line(key, f"{name} {about}", values, most=bar, digits=0))
    return lines


PART = {"rates": _rates, "safeguards": _safeguards, "losses": _losses}
