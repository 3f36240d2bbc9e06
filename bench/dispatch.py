"""Due -> accepted with every safeguard on, against a Celery task for each patient and against a bare client.

The same texts go to a provider on loopback that answers at once, and to one that takes 100 ms. Ours runs as
many worker processes as there are cores, each calling the service that a worker's tick calls: consent, opt-out,
window, caps, one question for each phone, decryption, the two-step claim and audit all on; the token bucket off.
Celery runs with its defaults (a process for each core); the bare client has as many processes and connections
as ours and writes nothing down. Every round has people of its own.
"""

import os
from pathlib import Path
from typing import Any

from bench.support import report
from bench.support.fake_provider import ACCOUNT, SERVICE, FakeProvider, fake_provider
from bench.support.rivals import Rival, rivals, together
from bench.support.senders import AUTH_TOKEN
from bench.support.servers import ground
from bench.support.stats import figure, ratios

DELAYS = {"": 0.0, "_100ms": 0.1}
CONNECTIONS = 50
BAR_NAIVE, BAR_BARE, BAR_RSS_MB = 20, 0.6, 300
BATCH = 250
NAIVE_SAMPLE = {"": 300, "_100ms": 60}


def main(argv: list[str]) -> int:
    options = report.parser("dispatch", __doc__, patients=1_500)
    options.add_argument("--processes", type=int, default=_cores(), help="of ours and of the bare client: %(default)s")
    options.add_argument("--connections", type=int, default=CONNECTIONS, help="of each process: %(default)s")
    options.add_argument("--batch", type=int, default=BATCH, help="rows that ours claims at once: %(default)s")
    options.add_argument("--concurrency", type=int, help="of Celery's worker; its own default is one for each core")
    options = options.parse_args(argv)
    say = report.progress(options.json)
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
        from bench.support import celery_naive

        log = Path(os.environ["VAR_DIR"]) / "celery.log"
        with (
            celery_naive.workers(concurrency=options.concurrency, log=log) as celery,
            rivals(*["bench.support.senders:ours"] * options.processes) as ours,
            rivals(*["bench.support.senders:bare"] * options.processes) as bare,
        ):
            run = _Run(options, provider, celery, ours, bare, base, say)
            for number in range(options.rounds + 1):
                run.round(number)
        about = base.about | {
            "rounds": str(options.rounds),
            "patients": options.patients,
            "processes": options.processes,
            "connections": options.connections,
            "batch": options.batch,
            "celery_concurrency": options.concurrency or "default",
        }
    say("")
    return _publish(run, about, as_json=options.json)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Run:
    """The rounds and what they found: texts a second of each way at each delay."""

    def __init__(
        self,
        options: Any,
        provider: FakeProvider,
        celery: Any,
        ours: list[Rival],
        bare: list[Rival],
        base: Any,
        say: Any,
    ) -> None:
        self._options, self._provider, self._celery, self._base, self._say = options, provider, celery, base, say
        self._ours, self._bare = ours, bare
        self._people = 0
        self.rates: dict[str, list[float]] = {
            f"{way}{delay}": [] for way in ("ours", "naive", "bare") for delay in DELAYS
        }
        self.rss: list[float] = []
        self.shares: list[float] = []

    def round(self, number: int) -> None:
        """Each way at each delay once, in turning order; round 0 warms connections and caches, uncounted."""
        from bench.support import people

        now = people.NOW
        for place, delay in enumerate(DELAYS):
            wanted = {
                "ours": self._options.patients,
                "naive": min(NAIVE_SAMPLE[delay], self._options.patients),
            }
            programs = {}
            for way, count in wanted.items():
                self._say(f"round {number} of {self._options.rounds}: {count} people for {way}{delay}")
                programs[way] = people.make_program(f"{way}-{number}-{place}")
                people.make_reachable(programs[way], count, now=now, first_number=self._people)
                self._people += count
                due = people.plan_texts(programs[way], now=now)
                if due != count:
                    raise RuntimeError(f"{due} of {count} texts are due: the bench and the planner disagree.")
            self._base.analyze()
            ways = ["ours", "naive", "bare"]
            turn = (number + place) % len(ways)
            for way in ways[turn:] + ways[:turn]:
                self._say(f"round {number} of {self._options.rounds}: {way}{delay}")
                before = self._provider.counts()[place]
                seconds, count = self._send(way, place, now.isoformat(), programs, wanted)
                after = self._provider.counts()[place]
                arrived = after["distinct"] - before["distinct"]
                if (after["posts"] - before["posts"], arrived) != (count, count):
                    raise RuntimeError(f"{way}: {count} texts, {arrived} different ones arrived.")
                if number:
                    self.rates[f"{way}{delay}"].append(count / seconds)

    def _send(
        self, way: str, place: int, now: str, programs: dict[str, int], wanted: dict[str, int]
    ) -> tuple[float, int]:
        url = self._provider.urls[place]
        if way == "naive":
            count = wanted[way]
            return self._celery.send(program_id=programs[way], now=now, base_url=url, count=count), count
        count = wanted["ours"]
        if way == "bare":
            each = [count // len(self._bare) + (n < count % len(self._bare)) for n in range(len(self._bare))]
            orders = [{"base_url": url, "count": n, "connections": self._options.connections} for n in each]
            seconds, answers = together(self._bare, orders)
        else:
            orders = [{"program_id": programs[way], "now": now, "base_url": url}] * len(self._ours)
            seconds, answers = together(self._ours, orders)
            self.rss.append(max(answer.peak_rss_mb for answer in answers))
            self.shares.append(min(answer.result["accepted"] for answer in answers) / count)
        accepted = sum(answer.result["accepted"] for answer in answers)
        if accepted != count:
            raise RuntimeError(f"{way}: {accepted} of {count} texts were accepted: {[a.result for a in answers]}")
        return seconds, count


def _publish(run: _Run, about: dict[str, Any], *, as_json: bool) -> int:
    rates = run.rates
    lines = []
    for delay, says in zip(DELAYS, ("", ", provider takes 100 ms"), strict=True):
        ours = rates[f"ours{delay}"]
        naive, bare = ratios(ours, rates[f"naive{delay}"]), ratios(ours, rates[f"bare{delay}"])
        lines += [
            report.Line(f"ratio_naive{delay}", f"ours / Celery task a patient{says}", naive, least=BAR_NAIVE, digits=1),
            report.Line(f"ratio_bare_client{delay}", f"ours / bare client{says}", bare, least=BAR_BARE),
            report.Line(f"texts_per_second{delay}", f"ours, texts a second{says}", figure(ours), digits=0),
            report.Line(
                f"naive_texts_per_second{delay}",
                f"Celery, texts a second{says}",
                figure(rates[f"naive{delay}"]),
                digits=0,
            ),
            report.Line(
                f"bare_client_texts_per_second{delay}",
                f"bare client, texts a second{says}",
                figure(rates[f"bare{delay}"]),
                digits=0,
            ),
        ]
    lines.append(
        report.Line("peak_rss_mb", "ours, peak memory of a process in MB", figure(run.rss), most=BAR_RSS_MB, digits=0)
    )
    lines.append(report.Line("least_share", "ours, share of the process that sent least", figure(run.shares)))
    notes = [
        f"Celery sent a sample of {NAIVE_SAMPLE['']} and, at 100 ms, {NAIVE_SAMPLE['_100ms']} texts a round, in the "
        "same tables. Its workers keep no lease, no caps and no way to find out what became of an unanswered text.",
    ]
    return report.publish(lines=lines, about=about, notes=notes, as_json=as_json)
