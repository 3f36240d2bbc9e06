"""The faults of M 6 that are built: each provokes, heals, waits for outcomes and says what is wrong.

A play returns what it found against us, beyond what the rig asks after every play (the
provider's ledger and the invariants I1 to I10). Seeds vary sizes, moments and orders.
"""

import hashlib
import signal
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from tests.faults.rig import ACCOUNT, DUE, OLD_TOKEN, OUR_NUMBER, SERVICE, TOKEN, Cell, phone

Play = Callable[[Cell], list[str] | None]
MANY = 20
FEW = 3


@dataclass(frozen=True)
class Fault:
    title: str
    play: Play
    seeds: int


FAULTS: dict[str, Fault] = {}


def fault(name: str, title: str, *, seeds: int = FEW) -> Callable[[Play], Play]:
    def add(play: Play) -> Play:
        FAULTS[name] = Fault(title, play, seeds)
        return play

    return add


def crash_and_heal(cell: Cell, place: str, *, receipts: str = "", state: str = "") -> list[str]:
    """A sweep dies at ``place`` with the wave in hand; another one takes over."""
    how = receipts or cell.dice.choice(["normal", "never"])
    cell.fake.receipts(how=how)
    cell.move_to(DUE)
    nth = 1 if cell.processes.environment["SEND_CONNECTIONS"] == "12" else cell.dice.choice([1, 2])
    cell.start("sweep-armed", crash_at=f"{place}:{nth}")
    cell.start("web")
    cell.crashed("sweep-armed")
    cell.start("sweep")
    cell.settle(state=state or ("delivered" if how == "normal" else ""))
    return cell.each_left_once()


# --- a process dies at each step of the protocol --------------------------------------------------


@fault("F1", "kill -9 after planning, before the claim", seeds=MANY)
def killed_after_planning(cell: Cell) -> list[str]:
    # Receipts of nothing yet, so the owner may take the plan away and let a sweep of the cell make it again.
    cell.change("DELETE FROM reminders_message")
    cell.start("sweep-first")
    cell.start("web")
    cell.wait(lambda: len(cell.wave()) == len(cell.world.patient_ids), "the wave planned")
    cell.processes.kill("sweep-first")
    cell.move_to(DUE)
    cell.start("sweep")
    cell.settle(state="delivered")
    return cell.each_left_once()


@fault("F2", "kill -9 after the claim was committed", seeds=MANY)
def killed_after_claim(cell: Cell) -> list[str]:
    return crash_and_heal(cell, cell.dice.choice(["after_claim_commit", "after_settle_commit"]))


@fault("F3", "kill -9 after sending was committed, before a byte left", seeds=MANY)
def killed_before_bytes(cell: Cell) -> list[str]:
    found = crash_and_heal(cell, "after_sending_commit")
    again = [row for row in cell.wave() if row["attempts"] == 2]
    if not again:
        found.append("nothing was sent a second time, so the crash hit nothing")
    return found


@fault("F4", "kill -9 after the provider took it, before its answer was read", seeds=MANY)
def killed_before_answer(cell: Cell) -> list[str]:
    how = cell.dice.choice(["normal", "never"])
    cell.fake.receipts(how=how, step_s=cell.dice.choice([0.02, 1.0]))
    cell.fake.script("create", delay_after_s=0.8)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep-doomed")
    wanted = cell.dice.randint(1, 3)
    cell.wait(lambda: cell.sent_by_fake() >= wanted, "the provider having some texts")
    cell.processes.kill("sweep-doomed")
    cell.fake.heal()
    cell.start("sweep")
    cell.settle(state="delivered" if how == "normal" else "")
    return cell.each_left_once()


@fault("F5", "kill -9 after the answer, before the commit", seeds=MANY)
def killed_after_answer(cell: Cell) -> list[str]:
    return crash_and_heal(cell, "after_send") + only_what_never_left(cell)


@fault("F6", "kill -9 after the commit, before the task was acknowledged", seeds=MANY)
def killed_after_commit(cell: Cell) -> list[str]:
    cell.own_valkey()
    cell.fake.receipts(how="normal")
    cell.move_to(DUE)
    cell.start("worker-armed", crash_at="after_result_commit", WORKER_CONCURRENCY="1")
    cell.start("beat", "web")
    cell.wait(lambda: cell.sent_by_fake() > 0, "the worker sending")
    cell.processes.kill("worker-armed")
    cell.start("worker")
    cell.settle(state="delivered")
    return cell.each_left_once()


# --- the provider lies ----------------------------------------------------------------------------


def provider_fault(cell: Cell, *, times: int = 6, how: str = "", **what: object) -> list[str]:
    how = how or cell.dice.choice(["normal", "never"])
    cell.fake.receipts(how=how)
    cell.fake.script("create", times=times, skip=cell.dice.randint(0, 3), **what)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    cell.settle(state="delivered" if how == "normal" else "")
    return cell.each_left_once()


@fault("F7", "the provider takes it and resets the socket", seeds=MANY)
def reset_after(cell: Cell) -> list[str]:
    return provider_fault(cell, reset="after") + one_try_each(cell)


@fault("F8", "the provider answers 500 after it took it", seeds=MANY)
def error_after(cell: Cell) -> list[str]:
    what = cell.dice.choice([{"status": 500}, {"status": 503}, {"status": 502, "code": 20500}])
    return provider_fault(cell, accept=True, **what) + one_try_each(cell)


@fault("F9", "the provider never answers", seeds=MANY)
def never_answers(cell: Cell) -> list[str]:
    # Half of the seeds: it has it. The others: it never took it.
    if cell.dice.random() < 0.5:
        return provider_fault(cell, never=True) + one_try_each(cell)
    return provider_fault(cell, delay_s=30)


def only_what_never_left(cell: Cell) -> list[str]:
    """What the provider had is not tried again. The other half of the connections may have been about to post."""
    had = {hashlib.sha256(text["token"].encode()).digest() for text in cell.fake.ledger() if text["left"]}
    again = cell.rows(
        "SELECT message_id, number, token_digest FROM reminders_attempt a WHERE number < "
        "(SELECT max(number) FROM reminders_attempt b WHERE b.message_id = a.message_id)"
    )
    found = [
        f"message {row['message_id']} was tried again after try {row['number']} had left"
        for row in again
        if bytes(row["token_digest"]) in had
    ]
    connections = int(cell.processes.environment["SEND_CONNECTIONS"])
    most = connections - connections // 2
    return found + ([f"{len(again)} were tried again, at most {most} were on their way"] if len(again) > most else [])


def one_try_each(cell: Cell) -> list[str]:
    return [f"message {row['id']} was tried {row['attempts']} times" for row in cell.wave() if row["attempts"] != 1]


@fault("F10", "the provider's list is down while it is needed", seeds=MANY)
def list_down(cell: Cell) -> list[str]:
    cell.fake.receipts(how="never")
    cell.fake.script("create", reset="after")
    cell.fake.script("list", **cell.dice.choice([{"reset": "before"}, {"status": 503}, {"body": "html"}]))
    cell.move_to(DUE)
    cell.start("sweep")
    cell.wait(lambda: all(row["state"] == "unknown" for row in cell.wave()), "the wave unknown")
    looked = len(cell.fake.requests("list"))
    cell.wait(lambda: len(cell.fake.requests("list")) > looked + 24, "it asking again and again")
    if cell.dice.random() < 0.5:
        cell.fake.heal()
        cell.settle()
        return cell.each_left_once() + one_try_each(cell)
    cell.jump(hours=3)
    cell.settle()
    return cell.ended_as("unknown") + one_try_each(cell)


@fault("F11", "the callback comes before our commit", seeds=MANY)
def early_callback(cell: Cell) -> list[str]:
    cell.fake.receipts(how="early", step_s=0.01)
    cell.fake.script("create", delay_after_s=cell.dice.choice([0.1, 0.4]))
    cell.move_to(DUE)
    cell.start("web")
    if cell.dice.random() < 0.5:
        cell.start("sweep")
    else:
        cell.start("sweep-armed", crash_at="after_send")
        cell.crashed("sweep-armed")
        cell.start("sweep")
    cell.settle(state="delivered")
    return cell.each_left_once() + one_try_each(cell)


@fault("F12", "callbacks out of order, doubled, a thousand at once", seeds=MANY)
def callbacks_in_any_order(cell: Cell) -> list[str]:
    cell.fake.receipts(how=cell.dice.choice(["shuffled", "doubled"]), retries=5)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    cell.settle(state="delivered")
    sent = cell.fake.repeat_receipts(times=1000 // (2 * len(cell.world.patient_ids)))
    found = cell.each_left_once()
    double = cell.rows(
        "SELECT sid, status FROM reminders_providerevent GROUP BY sid, status, error_code HAVING count(*) > 1"
    )
    if double:
        found.append(f"{len(double)} receipts are stored twice")
    if any(row["state"] != "delivered" for row in cell.wave()):
        found.append(f"after {sent} repeated receipts a text is no longer delivered")
    return found


# --- what the provider says ----------------------------------------------------------------------------


@fault("F13", "no callback ever comes")
def no_callback(cell: Cell) -> list[str]:
    cell.fake.receipts(how="never")
    cell.move_to(DUE)
    cell.start("sweep")
    cell.settle(state="accepted")
    found = cell.each_left_once()
    cell.jump(hours=24, minutes=1)
    cell.wait(lambda: all(row["state"] == "sent" and row["ended_at"] for row in cell.wave()), "the wave called sent")
    cell.settle()  # what else fell due in that day
    return found


@fault("F14", "429 with Retry-After for a minute")
def throttled(cell: Cell) -> list[str]:
    cell.fake.script("create", code=20429, retry_after=7)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    begun = cell.now()
    for _ in range(3):
        cell.wait(
            lambda: all(row["state"] == "planned" and row["send_after"] > cell.now() for row in cell.wave()),
            "every text waiting for its time",
        )
        cell.jump(seconds=20)
    asked, lasted = len(cell.fake.requests("create")), (cell.now() - begun).total_seconds()
    most = len(cell.world.patient_ids) * (lasted / 7 + 1)
    cell.fake.heal()
    cell.jump(seconds=30)
    cell.settle(state="delivered")
    flood = [f"{asked} requests in {lasted:.0f} s of 429, at most {most:.0f} expected"] if asked > most else []
    return cell.each_left_once() + flood


@fault("F15", "the account is refused, then works again")
def account_refused(cell: Cell) -> list[str]:
    cell.fake.script("create", code=20003)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    circuit_opens(cell)
    asked = len(cell.fake.requests("create"))
    cell.jump(minutes=10)
    cell.wait(lambda: len(cell.fake.requests("create")) > asked, "a probe")
    circuit_opens(cell)
    probes = len(cell.fake.requests("create")) - asked
    found = [f"{probes} requests while the circuit was open"] if probes > 3 else []
    if any(row["state"] != "planned" for row in cell.wave()):
        found.append("a text did not wait")
    blamed = cell.one("SELECT count(*) FROM reminders_optout") + cell.one("SELECT count(*) FROM recovery_flag")
    cell.fake.heal()
    cell.jump(minutes=5)
    cell.settle(state="delivered")
    return found + cell.each_left_once() + ([f"{blamed} people were blamed for it"] if blamed else [])


def circuit_opens(cell: Cell) -> None:
    """Until the breaker, which all runners share, lets nobody through."""
    cell.wait(lambda: cell.rows("SELECT 1 FROM reminders_circuit WHERE state = 'open'"), "the circuit opening")


@fault("F16", "21610: the provider knows of an opt-out that we do not")
def opted_out_there(cell: Cell) -> list[str]:
    cell.fake.set(opted_out=[phone(2)])
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    cell.settle()
    stopped = cell.world.patient_ids[2]
    cell.wait(lambda: not cell.rows(
        "SELECT id FROM reminders_message WHERE patient_id = %s AND state = 'planned'", stopped
    ), "what waited for the number ended")  # fmt: skip
    mine = [row for row in cell.wave() if row["patient_id"] == stopped]
    found = [] if (mine[0]["state"], mine[0]["why"]) == ("failed", "21610") else [f"it is {mine[0]['state']}"]
    if cell.one("SELECT count(*) FROM reminders_optout WHERE source = 'provider' AND ended_at IS NULL") != 1:
        found.append("no opt-out was written")
    if len(cell.fake.ledger()) != len(cell.world.patient_ids) - 1:
        found.append("the others were not all sent to")
    return found


@fault("F17", "a bad number")
def bad_number(cell: Cell) -> list[str]:
    cell.fake.script("create", to=phone(4), code=cell.dice.choice([21211, 21614, 30006]))
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    cell.settle()
    [mine] = [row for row in cell.wave() if row["patient_id"] == cell.world.patient_ids[4]]
    found = [] if mine["state"] == "failed" and mine["attempts"] == 1 else [f"it is {mine['state']}"]
    return found + ([] if len(cell.fake.ledger()) == len(cell.world.patient_ids) - 1 else ["others were harmed"])


@fault("F18", "the carrier filters what we send")
def filtered(cell: Cell) -> list[str]:
    """The first texts go one by one, so that those after the third can be kept back."""
    cell.processes.environment |= {"SEND_CONNECTIONS": "1", "DISPATCH_BATCH": "1"}
    cell.fake.script("create", times=3, skip=cell.dice.randint(0, 3), code=30007)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    cell.settle()
    stopped = cell.rows("SELECT name, reason FROM reminders_stop WHERE kind = 'template' AND ended_at IS NULL")
    found = [] if len(stopped) == 1 else [f"{len(stopped)} templates are stopped"]
    ends = [f"{row['state']}:{row['why']}" for row in cell.wave()]
    if ends.count("failed:30007") != 3 or "suppressed:template_stopped" not in ends:
        found.append(f"the wave ended as {sorted(ends)}")
    if cell.one("SELECT count(*) FROM reminders_optout"):
        found.append("somebody was opted out for it")
    return found


@fault("F19", "an odd body with 200: HTML, empty, 2 MB, not UTF-8, a list")
def odd_body(cell: Cell) -> list[str]:
    kinds = ["html", "empty", "huge", "not_utf8", "list"]
    return provider_fault(cell, body=kinds[cell.seed % len(kinds)]) + one_try_each(cell)


@fault("F20", "the provider is down over the peak")
def down_over_the_peak(cell: Cell) -> list[str]:
    cell.fake.set(listening=False)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    circuit_opens(cell)
    if cell.seed % 2:
        cell.jump(minutes=30)
        cell.fake.set(listening=True)
        cell.jump(minutes=11)
        cell.settle(state="delivered")
        return cell.each_left_once()
    cell.jump(hours=6)
    cell.fake.set(listening=True)
    cell.settle()
    return cell.ended_as("expired")


@fault("F73", "the provider cannot be reached")
def unreachable(cell: Cell) -> list[str]:
    cell.fake.set(listening=False)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    circuit_opens(cell)
    cell.fake.set(listening=True)
    cell.jump(minutes=11)
    cell.settle(state="delivered")
    return cell.each_left_once()


# --- the broker -------------------------------------------------------------------------------------------


def with_broker(cell: Cell, harm: Callable[[], None], *, often: bool = False) -> list[str]:
    """Worker, beat and sweep run; the broker is harmed while the wave goes out."""
    cell.own_valkey()
    cell.fake.script("create", delay_s=0.1)
    cell.start("worker", "beat", "sweep", "web")
    cell.wait(
        lambda: cell.rows("SELECT 1 FROM reminders_tickrun WHERE runner = 'sweep' AND tick = 'seal_audit'"),
        "the sweep ticking",
    )
    harm()
    cell.move_to(DUE)

    def all_out() -> bool:
        if often:
            harm()
        return all(row["state"] == "delivered" for row in cell.wave())

    cell.wait(all_out, "the wave delivered")
    cell.settle(state="delivered")
    return cell.each_left_once()


def broker(cell: Cell) -> "redis.Redis":  # type: ignore[name-defined]  # noqa: F821
    import redis

    return redis.Redis.from_url(cell.processes.environment["REDIS_URL"], socket_timeout=5)


@fault("F21", "Valkey is gone")
def broker_gone(cell: Cell) -> list[str]:
    return with_broker(cell, lambda: cell.processes.kill("valkey"))


@fault("F22", "FLUSHALL again and again")
def broker_flushed(cell: Cell) -> list[str]:
    return with_broker(cell, lambda: broker(cell).flushall(), often=True)


@fault("F23", "Valkey is killed and comes back empty")
def broker_restarted(cell: Cell) -> list[str]:
    def restart() -> None:
        port = int(cell.processes.environment["REDIS_URL"].split(":")[2].split("/")[0])
        cell.processes.kill("valkey")
        cell.own_valkey(port=port)

    return with_broker(cell, restart)


@fault("F24", "Valkey is full and takes no writes")
def broker_full(cell: Cell) -> list[str]:
    def fill() -> None:
        broker(cell).config_set("maxmemory-policy", "noeviction")
        broker(cell).config_set("maxmemory", "1")

    return with_broker(cell, fill)


@fault("F25", "every task is delivered five times", seeds=MANY)
def five_times(cell: Cell) -> list[str]:
    from celery import Celery

    cell.own_valkey()
    cell.move_to(DUE)
    cell.start("worker", WORKER_CONCURRENCY="3")
    cell.start("web")
    app = Celery(broker=cell.processes.environment["REDIS_URL"])

    def publish() -> bool:
        if broker(cell).llen("celery") < 60:
            for task in ("reminders.tasks.dispatch_due", "reminders.tasks.reconcile", "config.tasks.seal_audit"):
                for _ in range(5):
                    app.send_task(task, ignore_result=True)
        return all(row["state"] == "delivered" for row in cell.wave())

    cell.wait(publish, "the wave delivered")
    app.close()
    return cell.each_left_once() + one_try_each(cell)


@fault("F26", "every Celery message is dropped", seeds=MANY)
def messages_dropped(cell: Cell) -> list[str]:
    cell.own_valkey()
    cell.start("beat", "sweep", "web")  # nobody takes from the queue
    cell.move_to(DUE)
    cell.settle(state="delivered")
    return cell.each_left_once() + one_try_each(cell)


# --- several runners, stopped runners --------------------------------------------------------------------


@fault("F28", "two beats and three sweeps at once", seeds=MANY)
def everybody_at_once(cell: Cell) -> list[str]:
    cell.fake.script("create", delay_s=0.2, times=8)
    cell.start("sweep-1", "sweep-2", "sweep-3")
    if cell.seed % 2 == 0:
        cell.own_valkey()
        cell.start("worker", "beat-1", "beat-2")
    cell.start("web")
    cell.wait(
        lambda: cell.one("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", cell.database) > 2,
        "several runners connected",
    )
    cell.move_to(DUE)
    cell.settle(state="delivered")
    return cell.each_left_once()


@fault("F29", "beat is dead", seeds=MANY)
def no_beat(cell: Cell) -> list[str]:
    cell.own_valkey()
    cell.start("worker", "sweep", "web")
    cell.move_to(DUE)
    cell.settle(state="delivered")
    return cell.each_left_once() + one_try_each(cell)


@fault("F30", "a runner stands still and comes back", seeds=MANY)
def standing_still(cell: Cell) -> list[str]:
    cell.start("web")
    if cell.seed % 2:  # with texts committed to the wire, and not one byte of them on it
        cell.move_to(DUE)
        cell.start("sweep-frozen", crash_at="stop@after_sending_commit")
        cell.wait(lambda: cell.processes.stands_still("sweep-frozen"), "it standing still")
    else:
        cell.fake.script("create", delay_s=0.3)
        cell.move_to(DUE)
        cell.start("sweep-frozen")
        wanted = cell.dice.randint(1, 4)
        cell.wait(lambda: len(cell.fake.requests("create")) >= wanted, "it sending")
        cell.processes.signal("sweep-frozen", signal.SIGSTOP)
        cell.fake.heal()
    cell.start("sweep")
    cell.settle(state="delivered")
    cell.processes.signal("sweep-frozen", signal.SIGCONT)
    before = cell.one("SELECT finished_at FROM reminders_tickrun WHERE tick = 'dispatch_due'")
    cell.wait(
        lambda: cell.one("SELECT finished_at FROM reminders_tickrun WHERE tick = 'dispatch_due'") > before,
        "ticks going on",
    )
    cell.processes.kill("sweep")
    before = cell.one("SELECT finished_at FROM reminders_tickrun WHERE tick = 'dispatch_due'")
    cell.wait(
        lambda: cell.one("SELECT finished_at FROM reminders_tickrun WHERE tick = 'dispatch_due'") > before,
        "the one that stood still ticking again",
    )
    cell.settle(state="delivered")
    return cell.each_left_once()


@fault("F64", "SIGTERM under load, again and again")
def asked_to_stop(cell: Cell) -> list[str]:
    cell.fake.script("create", delay_s=0.2)
    cell.move_to(DUE)
    cell.start("web")
    found = []
    for number in range(3):
        name = f"sweep-{number}"
        before = len(cell.fake.requests("create"))
        cell.start(name)
        cell.wait(lambda before=before: len(cell.fake.requests("create")) > before or not cell.waits(), "it sending")
        was_sending = len(cell.fake.requests("create")) > before
        cell.processes.signal(name, signal.SIGTERM)
        cell.wait(lambda name=name: cell.processes.has_died(name), "it ending when asked", 20)
        status = cell.processes.forget(name)
        # One that has nothing to do may be asked before it listens; one that sends finishes what it posted.
        if was_sending and status != 0:
            found.append(f"{name} ended with {status}")
    cell.fake.heal()
    cell.start("sweep")
    cell.settle(state="delivered")
    return found + cell.each_left_once()


# --- the database ----------------------------------------------------------------------------------------


@fault("F31", "PostgreSQL goes away in mid-send and comes back", seeds=MANY)
def database_gone(cell: Cell) -> list[str]:
    cell.fake.script("create", delay_s=0.3)
    with cell.wire() as wire:
        cell.start("web")
        cell.move_to(DUE)
        cell.start("sweep")
        wanted = cell.dice.randint(1, 4)
        cell.wait(lambda: len(cell.fake.requests("create")) >= wanted, "it sending")
        wire.refuses = True
        wire.cut_all()
        cell.wait(lambda: cell.sent_by_fake() >= wanted, "the provider having taken something")
        cell.fake.heal()
        wire.refuses = False
        cell.settle()
        return cell.each_left_once()


@fault("F32", "the connection is lost at a COMMIT", seeds=MANY)
def lost_at_commit(cell: Cell) -> list[str]:
    with cell.wire() as wire:
        wire.where = cell.dice.choice(["before", "after"])
        cell.start("web")
        cell.start("sweep")
        cell.wait(
            lambda: cell.rows("SELECT 1 FROM reminders_tickrun WHERE tick = 'seal_audit'"), "the sweep having ticked"
        )
        found = []
        for _ in range(4):
            wire.cut_at_commit = cell.dice.randint(1, 6)
            if cell.now() < DUE:
                cell.move_to(DUE)
            cell.wait(lambda: wire.cut_at_commit == 0, "a commit to cut")
        if not wire.cuts:
            found.append("nothing was cut")
        cell.settle()
        return found + cell.each_left_once()


@fault("F33", "rows locked by others, in the other order", seeds=MANY)
def locked_by_others(cell: Cell) -> list[str]:
    import psycopg

    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep-1", "sweep-2")
    until_sent = len(cell.world.patient_ids)
    for _ in range(6):
        ids = [row["id"] for row in cell.wave()]
        cell.dice.shuffle(ids)
        try:
            with psycopg.connect(cell.servers.at(cell.database, owner=True)) as other:
                for pk in ids[:6]:
                    other.execute("SELECT id FROM reminders_message WHERE id = %s FOR UPDATE", [pk])
        except psycopg.errors.DeadlockDetected:
            continue
    cell.settle(state="delivered")
    assert cell.sent_by_fake() >= until_sent
    return cell.each_left_once()


@fault("F37", "a webhook while the database is down")
def hook_without_database(cell: Cell) -> list[str]:
    with cell.wire() as wire:
        cell.start("web")
        wire.refuses = True
        wire.cut_all()
        sid = "SM" + uuid.UUID(int=cell.dice.getrandbits(128)).hex
        first = cell.fake.text_us(cell, phone(1), "please stop texting me", sid=sid)["answers"]
        wire.refuses = False
        cell.wait(
            lambda: cell.fake.text_us(cell, phone(1), "please stop texting me", sid=sid)["answers"] == [200],
            "the repeated hook taken",
        )
    found = [] if 500 <= first[0] < 600 else [f"with no database the hook answered {first[0]}"]
    if cell.one("SELECT count(*) FROM reminders_optout WHERE ended_at IS NULL") != 1:
        found.append("the opt-out was lost")
    if cell.one("SELECT count(*) FROM reminders_inboundmessage") != 1:
        found.append("the text is not stored once")
    return found


# --- webhooks ----------------------------------------------------------------------------------------------


def inbound_form(sender: str, body: str, sid: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "Body": body,
        "From": sender,
        "MessageSid": sid,
        "MessagingServiceSid": SERVICE,
        "To": OUR_NUMBER,
    }


@fault("F38", "webhooks unsigned, wrongly signed, altered")
def forged_hooks(cell: Cell) -> list[str]:
    cell.start("web")
    form = inbound_form(phone(1), "STOP", "SM" + "a" * 32)
    tries = {
        "unsigned": cell.hook("/hooks/twilio/sms", form, token=""),
        "another token": cell.hook("/hooks/twilio/sms", form, token="guess"),
        "signed for https": cell.hook("/hooks/twilio/sms", form, url=cell.url.replace("http:", "https:")),
        "signed for another path": cell.hook("/hooks/twilio/sms", form, url=cell.url + "/"),
        "rubbish": cell.hook("/hooks/twilio/sms", form, token="", **{"X-Twilio-Signature": "rubbish"}),
        "a forwarded host": cell.hook(
            "/hooks/twilio/sms", form, url="https://evil.invalid", **{"X-Forwarded-Host": "evil.invalid"}
        ),
        "status, unsigned": cell.hook("/hooks/twilio/status/guess", {"MessageSid": "SM1"}, token=""),
    }
    found = [f"{name}: answered {status}" for name, status in tries.items() if status != 403]
    if cell.one("SELECT count(*) FROM reminders_inboundmessage") or cell.one("SELECT count(*) FROM reminders_optout"):
        found.append("a forged hook left a row")
    if cell.hook("/hooks/twilio/sms", form) != 200:
        found.append("the true one was refused")
    return found


@fault("F39", "a valid webhook again and again, and days later")
def replayed_hooks(cell: Cell) -> list[str]:
    cell.move_to(DUE)
    cell.start("sweep", "web")
    cell.settle(state="delivered")
    sid = "SM" + "b" * 32
    cell.fake.text_us(cell, phone(1), "1", sid=sid, times=30)
    cell.wait(lambda: cell.one("SELECT count(*) FROM reminders_inboundmessage WHERE result <> ''") == 1, "it worked")
    found = []
    if cell.one("SELECT count(*) FROM recovery_dosereport") != 1:
        found.append("one answer made another number of reports than one")
    cell.jump(days=4)
    states = {row["id"]: row["state"] for row in cell.wave()}
    cell.fake.text_us(cell, phone(1), "1", sid=sid, times=5)
    cell.fake.repeat_receipts(times=2)
    if {row["id"]: row["state"] for row in cell.wave()} != states:
        found.append("old receipts changed something")
    if cell.one("SELECT count(*) FROM recovery_dosereport") != 1:
        found.append("an old answer made a report")
    return found


@fault("F40", "the token is rotated")
def rotated_token(cell: Cell) -> list[str]:
    cell.start("web", TWILIO_AUTH_TOKEN_OLD=OLD_TOKEN)
    answers = [
        cell.hook("/hooks/twilio/sms", inbound_form(phone(n), "hello", f"SM{n:032d}"), token=token)
        for n, token in enumerate([TOKEN, OLD_TOKEN, "another"])
    ]
    return [] if answers == [200, 200, 403] else [f"new, old, foreign: {answers}"]


@fault("F41", "STOP with texts planned, in the wire and queued at the provider", seeds=MANY)
def stop_in_flight(cell: Cell) -> list[str]:
    cell.fake.set(hold=True)
    cell.fake.script("create", delay_after_s=0.5)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")
    wanted = cell.dice.randint(1, 6)
    cell.wait(lambda: cell.sent_by_fake() >= wanted, "some texts queued at the provider")
    who = cell.dice.sample(range(len(cell.world.patient_ids)), 6)
    words = ["STOP", "please stop texting me", "STOP PLEASE", "no more texts", "leave me alone", "para"]
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda at: cell.fake.text_us(cell, phone(who[at]), words[at]), range(6)))
    found = [f"STOP was answered {one['answers']}" for one in said if one["answers"] != [200]]
    cell.fake.heal()
    cell.wait(lambda: not cell.rows("SELECT 1 FROM reminders_inboundmessage WHERE result = ''"), "every STOP worked")
    cell.settle()
    cell.jump(seconds=6)
    # A text that was on the wire when they wrote is taken back too, as soon as it is known.
    stopped = {cell.world.patient_ids[at] for at in who}
    cell.wait(
        lambda: (
            not cell.rows(
                "SELECT 1 FROM reminders_message WHERE state = 'accepted' AND patient_id = ANY (%s) "
                "AND message_class <> 'opt_out_confirm'",
                list(stopped),
            )
        ),
        "what was queued for them taken back",
        15,
    )
    cell.fake.set(hold=False)
    cell.wait(
        lambda: all(row["state"] == "delivered" for row in cell.wave() if row["patient_id"] not in stopped),
        "the others' texts delivered",
    )
    return found


@fault("F42", "opt-outs in any wording, and odd bytes")
def any_wording(cell: Cell) -> list[str]:
    cell.start("web")
    corpus = [
        "please stop texting me", "STOP PLEASE", "para ya", "stop 🛑", "no more", "wrong number",
        "x" * 100_000, "stop\x00now", "\u202epots\u202c", "S̷T̷O̷P̷", "", " ", "🙂" * 50, "\ud7ff\uffff",
    ]  # fmt: skip
    found = []
    for number, body in enumerate(corpus):
        sid = f"SM{number:032d}"
        answer = cell.hook("/hooks/twilio/sms", inbound_form(phone(number % 12), body, sid))
        if answer != 200:
            found.append(f"text {number} was answered {answer}")
        elif not cell.rows("SELECT 1 FROM reminders_inboundmessage WHERE sid = %s", sid):
            found.append(f"text {number} is lost")
    if cell.one("SELECT count(*) FROM reminders_inboundmessage WHERE opted_out") < 6:
        found.append("a plain wish to stop was not heard")
    return found


@fault("F43", "STOP from a number of two patients, and from an unknown one")
def shared_number(cell: Cell) -> list[str]:
    from recovery.services.patients import NewPatient, enrol

    with cell.django():
        from backend.db import programs
        from backend.selectors.people import actor_of

        with programs([cell.world.program_id]):
            enrol(
                actor=actor_of(user_id=cell.world.coordinator_id),
                program_id=cell.world.program_id,
                people=[NewPatient(name="Twin", phone=phone(0), zone="America/New_York", indication="alcohol")],
                now=cell.now(),
            )
    cell.start("web")
    cell.fake.text_us(cell, phone(0), "STOP")
    cell.fake.text_us(cell, "+12025559999", "STOP")
    cell.move_to(DUE)
    cell.start("sweep")
    cell.settle()
    found = []
    stopped = [row for row in cell.wave() if row["state"] == "suppressed" and row["why"] == "opted_out"]
    if [row["patient_id"] for row in stopped] != [cell.world.patient_ids[0]]:
        found.append(f"{len(stopped)} texts were stopped")
    if cell.one("SELECT count(*) FROM reminders_optout WHERE ended_at IS NULL") != 2:
        found.append("two numbers opted out, and other rows say so")
    return found


@fault("F44", "STOP, START, STOP within a second")
def back_and_forth(cell: Cell) -> list[str]:
    cell.start("web")
    found = []
    for number, words in enumerate((["STOP", "START", "STOP"], ["STOP", "START"], ["START", "STOP", "STOP"])):
        for word in words:
            cell.fake.text_us(cell, phone(number), word)
    cell.start("sweep")
    cell.wait(lambda: not cell.rows("SELECT 1 FROM reminders_inboundmessage WHERE result = ''"), "every text worked")
    out = cell.rows(
        "SELECT p.id FROM reminders_optout o JOIN recovery_patient p ON p.phone_index = o.phone_index "
        "WHERE o.ended_at IS NULL ORDER BY p.id"
    )
    if [row["id"] for row in out] != [cell.world.patient_ids[0], cell.world.patient_ids[2]]:
        found.append(f"opted out are {[row['id'] for row in out]}")
    cell.move_to(DUE)
    cell.settle()
    return found


# --- races with people ---------------------------------------------------------------------------------------


def mid_flight(cell: Cell, act: Callable[[int], None], *, harm: int = 6) -> set[int]:
    """Do something to some patients while the wave goes out; returns their ids."""
    cell.fake.script("create", delay_s=0.2)
    cell.start("sweep", "web")
    who = set(cell.dice.sample(cell.world.patient_ids, harm))
    early = set(list(who)[: harm // 2])
    for patient_id in early:
        act(patient_id)
    cell.move_to(DUE)
    wanted = cell.dice.randint(0, 4)
    cell.wait(lambda: len(cell.fake.requests("create")) >= wanted, "it sending")
    for patient_id in who - early:
        act(patient_id)
    cell.fake.heal()
    cell.settle()
    return who


def as_staff(cell: Cell, act: Callable[..., object]) -> None:
    with cell.django():
        from backend.db import programs
        from backend.selectors.people import actor_of

        with programs([cell.world.program_id]):
            act(actor_of(user_id=cell.world.coordinator_id))


@fault("F53", "a schedule is edited while its slot is claimed")
def edited_in_flight(cell: Cell) -> list[str]:
    from recovery.models import Regimen
    from recovery.services.regimens import change_regimen

    def act(patient_id: int) -> None:
        def change(actor: object) -> None:
            [row] = Regimen.objects.filter(patient_id=patient_id, ends_at__isnull=True)
            change_regimen(actor=actor, regimen=row, times=("10:30",), now=cell.now())  # type: ignore[arg-type]

        as_staff(cell, change)

    mid_flight(cell, act)
    cell.wait(lambda: len(cell.wave()) == len(cell.world.patient_ids), "every slot planned")
    cell.jump(minutes=35)
    cell.settle()
    cell.wait(lambda: all(row["state"] != "planned" for row in cell.wave()), "the moved texts out")
    return cell.each_left_once()


@fault("F54", "exit, death and revoked consent in mid-flight")
def left_in_flight(cell: Cell) -> list[str]:
    from backend.rules.consent import ConsentKind
    from backend.services.consents import revoke_consent
    from recovery.models import Patient
    from recovery.services.patients import exit_patient

    begun: dict[int, object] = {}

    def act(patient_id: int) -> None:
        how = cell.dice.choice(["exited", "deceased", "consent"])
        begun[patient_id] = cell.now()

        def leave(actor: object) -> None:
            if how == "consent":
                revoke_consent(
                    actor=actor,  # type: ignore[arg-type]
                    program_id=cell.world.program_id,
                    patient_id=patient_id,
                    kind=ConsentKind.SMS,
                    now=cell.now(),
                )
            else:
                person = Patient.objects.get(pk=patient_id)
                exit_patient(actor=actor, patient=person, status=how, now=cell.now())  # type: ignore[arg-type]

        as_staff(cell, leave)

    who = mid_flight(cell, act)
    found = []
    for row in cell.wave():
        if row["patient_id"] not in who:
            continue
        at = begun[row["patient_id"]]
        if row["sending_at"] and row["sending_at"] > at + timedelta(seconds=5):  # type: ignore[operator]
            found.append(f"message {row['id']} left after its patient did")
        if not row["sending_at"] and row["state"] != "suppressed":
            found.append(f"message {row['id']} is {row['state']}")
    return found


@fault("F57", "a dose is reported just before its reminder")
def reported_in_flight(cell: Cell) -> list[str]:
    from recovery.models import Dose
    from recovery.services.doses import DoseStatement, report_doses

    def act(patient_id: int) -> None:
        def report(actor: object) -> None:
            dose = Dose.objects.filter(patient_id=patient_id, state="scheduled").order_by("due_at")[0]
            report_doses(
                actor=actor,  # type: ignore[arg-type]
                statements=[
                    DoseStatement(
                        client_id=uuid.uuid4(), patient_id=patient_id, statement="taken", source="app", dose_id=dose.pk
                    )
                ],
                now=cell.now(),
            )

        as_staff(cell, report)

    who = mid_flight(cell, act)
    found = []
    for row in cell.wave():
        answered = row["state"] == "suppressed" and row["why"] == "answered"
        if row["patient_id"] in who and not answered and not row["sending_at"]:
            found.append(f"message {row['id']} is {row['state']}:{row['why']}")
    cell.jump(minutes=70)
    cell.settle()
    again = cell.rows(
        "SELECT id FROM reminders_message WHERE step = '1.again' AND slot_on = '2026-03-03' AND sending_at IS NOT NULL "
        "AND patient_id = ANY (%s)",
        list(who),
    )
    return found + [f"message {row['id']} asked again after the answer" for row in again]


@fault("F62", "a poison row: its words cannot be made")
def poison(cell: Cell) -> list[str]:
    bad = cell.world.patient_ids[5]
    cell.change("UPDATE reminders_message SET template = 'no.such' WHERE patient_id = %s AND step = '1.first'", bad)
    cell.move_to(DUE)
    cell.start("web")
    cell.start("sweep")

    def ended() -> bool:
        cell.jump(seconds=30)
        return all(row["state"] == "failed" for row in cell.wave() if row["patient_id"] == bad)

    cell.wait(lambda: all(row["state"] == "delivered" for row in cell.wave() if row["patient_id"] != bad), "the others")
    cell.wait(ended, "the poison row failed")
    [mine] = [row for row in cell.wave() if row["patient_id"] == bad]
    return (
        [] if mine["why"] == "poison" and mine["attempts"] == 0 else [f"it is {mine['why']} after {mine['attempts']}"]
    )


@fault("F74", "many texts and receipts at once")
def flood(cell: Cell) -> list[str]:
    cell.start("web")
    count = 300

    def one(number: int) -> int:
        form = inbound_form(phone(number % 12), cell.dice.choice(["ok", "STOP", "thanks"]), f"SM{number:032d}")
        return cell.hook("/hooks/twilio/sms", form)

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(one, range(count)))
    found = [f"answered {status}" for status in sorted(set(answers)) if status not in (200, 503)]
    stored = cell.one("SELECT count(*) FROM reminders_inboundmessage")
    if stored != answers.count(200):
        found.append(f"{answers.count(200)} taken, {stored} stored")
    cell.start("sweep")
    cell.wait(lambda: not cell.rows("SELECT 1 FROM reminders_inboundmessage WHERE result = ''"), "every text worked")
    return found
