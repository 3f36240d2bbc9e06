"""The faults of M 6 that the ground makes: redelivery, the disk, slow statements, backups, old code, logs."""

import contextlib
import os
import signal
import subprocess
import sys
import tarfile
import threading
from datetime import timedelta
from io import BytesIO

import psycopg
import requests
from psycopg.rows import dict_row

from tests import servers as test_servers
from tests.faults.plays import fault
from tests.faults.rig import DUE, Cell
from tests.journeys.harness import ROOT


@fault("F27", "a stopped worker's messages are delivered again", seeds=20)
def redelivered(cell: Cell) -> list[str]:
    cell.own_valkey()
    quick = {"BROKER_VISIBILITY_SECONDS": "1", "WORKER_CONCURRENCY": "1"}
    cell.fake.script("create", delay_s=0.3, times=6)
    cell.start("worker-1", "worker-2", **quick)
    cell.start("beat", "web")
    cell.move_to(DUE)
    wanted = cell.dice.randint(0, 4)
    cell.wait(lambda: cell.sent_by_fake() >= wanted, "some texts sent")
    cell.processes.signal("worker-1", signal.SIGSTOP)
    cell.settle(state="delivered")
    cell.processes.signal("worker-1", signal.SIGCONT)
    cell.settle(state="delivered")
    return cell.each_left_once()


_FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
"""
_FULL_AT = {
    "the attempt": "CREATE TRIGGER full_disk BEFORE INSERT ON reminders_attempt EXECUTE FUNCTION disk_is_full()",
    "the answer": "CREATE TRIGGER full_disk BEFORE UPDATE ON reminders_attempt EXECUTE FUNCTION disk_is_full()",
    "the claim": "CREATE TRIGGER full_disk BEFORE UPDATE ON reminders_message EXECUTE FUNCTION disk_is_full()",
}


@fault("F34", "the database says that its disk is full")
def disk_full(cell: Cell) -> list[str]:
    at = list(_FULL_AT)[cell.seed % len(_FULL_AT)]
    table = "reminders_message" if at == "the claim" else "reminders_attempt"
    cell.change(_FULL)
    cell.change(_FULL_AT[at])
    cell.fake.receipts(how="never")
    cell.move_to(DUE)
    cell.start("sweep", "web")
    log = cell.processes.folder / "sweep.log"
    cell.wait(lambda: "from DiskFull" in log.read_text(), "the sweep meeting it")
    found = []
    if at != "the answer" and (sent := cell.sent_by_fake()):
        found.append(f"{sent} texts left that could not be written down")
    cell.wait(lambda: log.read_text().count("from DiskFull") > 2, "it trying again")
    cell.change(f"DROP TRIGGER full_disk ON {table}")
    cell.settle()
    return found + cell.each_left_once()


@fault("F35", "a statement timeout, and many rows that are overdue")
def statements_time_out(cell: Cell) -> list[str]:
    many = 120_000
    cell.change(
        "INSERT INTO reminders_message (program_id, patient_id, audience, subject_kind, subject_id, slot_on, step, "
        "channel, message_class, acute, own_time, priority, template, template_version, language, values, "
        "is_question, due_at, send_after, expires_at, state, why, attempts, crashes, claimed_by, provider, "
        "provider_sid, provider_rank, looks, question_open, created_at) "
        "SELECT m.program_id, m.patient_id, m.audience, m.subject_kind, 1000000 + n, m.slot_on - 30, m.step, "
        "m.channel, m.message_class, false, false, m.priority, m.template, m.template_version, m.language, m.values, "
        "false, m.due_at - interval '30 days', m.send_after - interval '30 days', m.expires_at - interval '30 days', "
        "'planned', '', 0, 0, '', '', '', 0, 0, false, m.created_at - interval '30 days' "
        "FROM generate_series(1, %s) n CROSS JOIN (SELECT * FROM reminders_message ORDER BY id LIMIT 1) m",
        many,
    )
    cell.move_to(DUE)
    cell.start("sweep", PGOPTIONS="-c statement_timeout=3s")
    cell.start("web")
    cell.settle(state="delivered", patience_s=240)
    left = cell.one("SELECT count(*) FROM reminders_message WHERE subject_id > 1000000 AND ended_at IS NULL")
    return cell.each_left_once() + ([f"{left} overdue rows have no outcome"] if left else [])


@fault("F36", "the database is put back to an hour ago")
def restored_backup(cell: Cell) -> list[str]:
    """A copy of the database stands for the backup: the same rows, without pg_dump's time."""
    cell.start("sweep-before", "web")
    cell.wait(lambda: len(cell.wave()) == len(cell.world.patient_ids), "the wave planned")
    for name in ("sweep-before", "web"):
        cell.processes.kill(name)
    backed_up_at = cell.now()
    cell._rows.close()
    backup = test_servers.clone(cell.servers, cell.database)
    _connect(cell)
    cell.move_to(DUE)
    cell.start("web", "sweep-lost")
    wanted = cell.dice.choice([1, 4, len(cell.world.patient_ids)])
    cell.wait(lambda: cell.sent_by_fake() >= wanted, "some texts sent")
    for name in ("sweep-lost", "web"):
        cell.processes.kill(name)
    sent_before = {text["to"] for text in cell.fake.ledger()}
    cell._rows.close()
    cell.wait(cell.drop, "the lost database dropped")
    _put_in_place(cell, backup)
    _connect(cell)
    argv = [sys.executable, "manage.py", "restored", "--since", backed_up_at.isoformat()]
    done = subprocess.run(argv, cwd=ROOT, env=cell.processes.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    cell.start("web", "sweep")
    cell.forgotten_tokens = True
    # What left is found; the rest is not known to have left, and is not tried again.
    cell.wait(lambda: all(row["state"] != "planned" for row in cell.wave()), "nothing of the wave planned")
    accepted = lambda: sum(row["state"] in ("accepted", "sent", "delivered") for row in cell.wave())  # noqa: E731
    cell.wait(lambda: accepted() == len(sent_before), "what had left found at the provider")
    cell.move_to(DUE + timedelta(hours=3, minutes=1))
    cell.settle()
    found = cell.ended_as("accepted", "sent", "delivered", "unknown")
    for number in sent_before:
        first = [text for text in cell.fake.ledger() if text["to"] == number]
        within = [text for text in first if text["created_at"] < (DUE + timedelta(hours=1)).isoformat()]
        if len(within) != 1:
            found.append(f"a number got {len(within)} texts for one slot")
    return found


def _connect(cell: Cell) -> None:
    url = cell.servers.at(cell.database, owner=True)
    cell._rows = psycopg.connect(url, autocommit=True, row_factory=dict_row)


def _put_in_place(cell: Cell, backup: str) -> None:
    """Put the copy in the place of the cell's database, under its name."""
    with psycopg.connect(cell.servers.at("postgres", owner=True), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{backup}" RENAME TO "{cell.database}"')


@fault("F63", "old code runs on the new schema while the new web serves")
def old_worker_new_web(cell: Cell) -> list[str]:
    old = _previous_code(cell)
    argv = [sys.executable, "manage.py", "sweep"]
    cell.processes.run("sweep-old", argv, {}, cwd=old)
    cell.start("web")
    cell.move_to(DUE)
    cell.settle(state="delivered")
    cell.start("sweep")
    cell.processes.kill("sweep-old")
    cell.settle(state="delivered")
    log = (cell.processes.folder / "sweep-old.log").read_text()
    found = ["old code failed on the new schema: " + log[-1500:]] if "tick failed" in log else []
    return found + cell.each_left_once()


def _previous_code(cell: Cell) -> "os.PathLike[str]":
    """The code as it was before the newest migration, unpacked."""

    def git(*arguments: str) -> bytes:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, timeout=60)
        assert done.returncode == 0, f"this fault needs the history of the checkout: {done.stderr.decode()[-300:]}"
        return done.stdout

    newest = git("log", "-1", "--format=%H", "--diff-filter=A", "--", "*/migrations/0*.py").decode().strip()
    assert newest, "this fault needs the history of the checkout"
    folder = cell.folder / "old"
    with tarfile.open(fileobj=BytesIO(git("archive", f"{newest}~1"))) as archive:
        archive.extractall(folder, filter="data")
    return folder


@fault("F72", "nobody reads the log")
def log_sink_dead(cell: Cell) -> list[str]:
    reads, writes = os.pipe()
    try:
        cell.start("web", "sweep", stderr=writes)
        _fill(writes)
        session = requests.Session()
        statuses = [session.get(f"{cell.url}/api/v1/me/today/", timeout=20).status_code for _ in range(300)]
        cell.move_to(DUE)
        cell.settle(state="delivered")
    finally:
        drain = threading.Thread(target=_drain, args=(reads,), daemon=True)
        drain.start()
        for name in ("web", "sweep"):
            cell.processes.kill(name)
        os.close(writes)
        drain.join(10)
    found = [] if set(statuses) == {401} else [f"answers were {sorted(set(statuses))}"]
    return found + cell.each_left_once()


def _fill(pipe: int) -> None:
    """Until not a byte more fits. Whether a write waits is a property of the pipe, shared with the processes."""
    os.set_blocking(pipe, False)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(pipe, b"x" * size)
    os.set_blocking(pipe, True)


def _drain(pipe: int) -> None:
    while os.read(pipe, 65536):
        pass
    os.close(pipe)
