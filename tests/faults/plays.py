"""The faults of M 6 that are built: each provokes, heals, waits for outcomes and says what is wrong.

A play returns what it found against us, beyond what the rig asks after every play (the
provider's ledger and the invariants I1 to I10). Seeds vary sizes, moments and orders.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.rig import DUE, Cell

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
    return crash_and_heal(cell, "after_send") + one_try_each(cell)


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
