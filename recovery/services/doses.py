"""What people say about doses, and the end of a dosing day (contract 1).

Reports are append-only and never merged; the state of a dose follows the latest. Not reported is not missed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from backend.access import Actor
from backend.db import programs
from backend.errors import DomainError, IdReused, InFuture, NotFound
from backend.rules import wall_time
from backend.selectors.keys import data_keys
from backend.services import audit
from recovery.models import DoseReport, Patient
from recovery.rules.dose_state import DaySlot, Report, disagreement, is_backfilled, reported, slot_for_report
from recovery.rules.gates import ANTAGONISTS, EVERY_ANTAGONIST
from recovery.rules.states import DoseState, FlagKind, ReportSource, Statement, Timeliness
from recovery.services import close_together, silence, sql, stated_gap, under_hold
from recovery.services.flag_rows import end_many

_LOOK_BACK_DAYS = 60  # the longest cycle that a regimen can have
_NOON = datetime.min.time().replace(hour=12)
_LARGEST_MG = Decimal("99999.99")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseStatement:
    """What somebody says about one dose.

    The dose is ``dose_id``, or the slot of ``dosing_day``, or the one that ``taken_at`` fills; without any
    of them, today's. ``taken_at`` None means the time was not stated. ``client_id`` is made where the
    statement was made, so that a repeat finds the first. ``unplanned``: nothing was planned for it, as in targeted
    use (C 1 row 17); it fills no slot, not even of another medicine of that day.
    """

    client_id: UUID
    patient_id: int
    statement: str
    source: str
    dose_id: int | None = None
    dosing_day: date | None = None
    taken_at: datetime | None = None
    dose_mg: Decimal | float | None = None
    reason: str = ""
    note: str = ""
    unplanned: bool = False


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What became of one statement. ``state`` is the dose's state now.

    ``dose_id`` None: the dose was not planned; it is recorded all the same.
    """

    report_id: int
    dose_id: int | None
    is_new: bool
    state: DoseState


@dataclass(frozen=True, slots=True)
class ClosedDoses:
    """How many doses a run closed, and whose."""

    closed: int
    patient_ids: frozenset[int]


class BadReport(DomainError):
    code = "bad-report"


@dataclass(slots=True)
class _Slot:
    """A dose while statements of one batch are applied to it."""

    id: int
    program_id: int
    patient_id: int
    dosing_day: date
    due_at: datetime
    closes_at: datetime
    day_ends_at: datetime
    state: DoseState


class _Place(NamedTuple):
    """Where a person's reports go."""

    program_id: int
    zone: str


class _Choice(NamedTuple):
    """What a statement is about: a dose, or a day on which none was planned."""

    slot: _Slot | None
    on_day: date


@transaction.atomic
def report_doses(*, actor: Actor, statements: Sequence[DoseStatement], now: datetime) -> list[ReportResult]:
    """Store what was said about doses, in the order given, and bring their states up to date.

    Safe to repeat by (patient, ``client_id``): the first answer comes again. No gate refuses a record. A later
    report supersedes an earlier one of the same source; sources that disagree are marked, never merged.
    An answer ends the patient's silence. All or nothing.

    Raises NotFound for a dose or a patient that is not there or is somebody else's, IdReused when an id comes
    with other content, InFuture beyond the allowed clock skew, BadReport.
    """
    if not statements:
        return []
    for statement in statements:
        _check(statement, now)
    places = _locked_patients({s.patient_id for s in statements})
    known = _known_reports(statements)
    fresh: dict[tuple[int, UUID], DoseStatement] = {}
    for statement in statements:
        key = (statement.patient_id, statement.client_id)
        if key in known:
            _refuse_unless_same(known[key], statement)
        elif key in fresh:
            if fresh[key] != statement:
                raise IdReused("This id was used before with other content.", field="client_id")
        else:
            fresh[key] = statement
    chosen = _choose_doses(list(fresh.values()), places, now)
    stored = _store(actor, list(fresh.values()), chosen, places, now)
    states = _bring_up_to_date({slot.id: slot for slot, _ in chosen.values() if slot is not None})
    answered = {statement.patient_id for statement in fresh.values()}
    if answered:
        silence.end_for_answers(actor=actor, patients={pk: places[pk].program_id for pk in answered}, now=now)
    by_text = {s.patient_id for s in fresh.values() if s.source == ReportSource.SMS}
    end_many(actor=actor, patient_ids=by_text, kinds=[FlagKind.CONTACT_LOST], note_key="answered_by_text", now=now)
    close_together.look(actor=actor, taken=_taken_late(fresh.values(), chosen, places), now=now)
    # Last, when the whole batch has been read (S 6).
    stated_gap.judge(actor=actor, said_no=_said_no(fresh.values(), chosen, places), now=now)

    results = []
    for statement in statements:
        key = (statement.patient_id, statement.client_id)
        if key in known:
            row = known[key]
            state = states.get(row["dose_id"]) or DoseState(row["dose__state"] or row["statement"])
            results.append(ReportResult(row["id"], row["dose_id"], False, state))
        else:
            slot = chosen[key].slot
            state = DoseState(statement.statement) if slot is None else states[slot.id]
            results.append(ReportResult(stored[key], None if slot is None else slot.id, True, state))
    return results


def _taken_late(
    statements: Iterable[DoseStatement], chosen: dict[tuple[int, UUID], _Choice], places: dict[int, _Place]
) -> list[close_together.TakenLate]:
    found = []
    for statement in statements:
        slot, at = chosen[statement.patient_id, statement.client_id].slot, statement.taken_at
        zone = places[statement.patient_id].zone
        if slot is not None and at is not None and slot.dosing_day < wall_time.dosing_day(at, zone):
            found.append(close_together.TakenLate(slot.id, at))
    return found


def _said_no(
    statements: Iterable[DoseStatement], chosen: dict[tuple[int, UUID], _Choice], places: dict[int, _Place]
) -> list[stated_gap.SaidNo]:
    days: dict[int, set[date]] = {}
    no: set[int] = set()
    for statement in statements:
        slot, on_day = chosen[statement.patient_id, statement.client_id]
        days.setdefault(statement.patient_id, set()).add(on_day if slot is None else slot.dosing_day)
        if statement.statement != Statement.TAKEN:
            no.add(statement.patient_id)
    return [stated_gap.SaidNo(pk, places[pk].program_id, frozenset(days[pk])) for pk in sorted(no)]


def _check(statement: DoseStatement, now: datetime) -> None:
    if statement.statement not in set(Statement):
        raise BadReport("Say taken, skipped or missed.", field="statement")
    if statement.source not in set(ReportSource):
        raise BadReport("There is no such source.", field="source")
    if len(statement.reason) > 20:
        raise BadReport("A reason is a word of at most 20 characters.", field="reason")
    if statement.dose_mg is not None and not 0 < Decimal(str(statement.dose_mg)) <= _LARGEST_MG:
        raise BadReport("A dose must be above 0 mg.", field="dose_mg")
    if statement.unplanned and (statement.dose_id is not None or statement.statement != Statement.TAKEN):
        raise BadReport("Only a dose that was taken and that nothing names is unplanned.", field="unplanned")
    if statement.taken_at is None:
        return
    if statement.statement != Statement.TAKEN:
        raise BadReport("Only a dose that was taken has a time.", field="taken_at")
    if statement.taken_at.tzinfo is None:
        raise BadReport("A time needs its zone.", field="taken_at")
    if statement.taken_at > now + timedelta(seconds=settings.CLOCK_SKEW_SECONDS):
        raise InFuture("A dose cannot be reported before it is taken.", field="taken_at")


def _locked_patients(patient_ids: set[int]) -> dict[int, _Place]:
    """The patients, locked: reports on one come one after the other."""
    rows = (
        Patient.objects.select_for_update(no_key=True)
        .filter(pk__any=list(patient_ids))
        .order_by("pk")
        .values_list("pk", "program_id", "zone")
    )
    places = {pk: _Place(program_id, zone) for pk, program_id, zone in rows}
    if len(places) < len(patient_ids):
        raise NotFound
    return places


def _known_reports(statements: Sequence[DoseStatement]) -> dict[tuple[int, UUID], dict[str, Any]]:
    rows = DoseReport.objects.filter(
        patient_id__any=list({s.patient_id for s in statements}),
        client_id__any=list({s.client_id for s in statements}),
    ).values(
        "id",
        "uid",
        "program_id",
        "patient_id",
        "client_id",
        "dose_id",
        "on_day",
        "dose__state",
        "statement",
        "source",
        "taken_at",
        "dose_mg",
        "reason",
        "note",
    )
    return {(row["patient_id"], row["client_id"]): dict(row) for row in rows}


def _refuse_unless_same(row: dict[str, Any], statement: DoseStatement) -> None:
    mg = None if statement.dose_mg is None else round(Decimal(str(statement.dose_mg)), 2)
    same = (
        row["statement"] == statement.statement
        and row["source"] == statement.source
        and row["taken_at"] == statement.taken_at
        and row["dose_mg"] == mg
        and row["reason"] == statement.reason
        and statement.dose_id in (None, row["dose_id"])
        and statement.dosing_day in (None, row["on_day"])
        and not (statement.unplanned and row["dose_id"] is not None)
    )
    if same and (statement.note or row["note"]):
        key = data_keys(program_id=row["program_id"], patient_ids=[row["patient_id"]])[row["patient_id"]]
        said = DoseReport(uid=row["uid"], note=row["note"]).opened(key, "note")
        same = said == statement.note
    if not same:
        raise IdReused("This id was used before with other content.", field="client_id")


_BY_DAY = """
SELECT d.id, d.program_id, d.patient_id, d.dosing_day, d.due_at, d.closes_at, d.day_ends_at, d.state
FROM recovery_dose d
JOIN (SELECT DISTINCT * FROM unnest(%(programs)s::bigint[], %(patients)s::bigint[], %(days)s::date[])
    AS u (program_id, patient_id, day)) u
  ON d.program_id = u.program_id AND d.patient_id = u.patient_id AND d.dosing_day = u.day
ORDER BY d.id FOR NO KEY UPDATE OF d
"""
_BEFORE = """
SELECT d.id, d.program_id, d.patient_id, d.dosing_day, d.due_at, d.closes_at, d.day_ends_at, d.state
FROM unnest(%(programs)s::bigint[], %(patients)s::bigint[], %(days)s::date[]) AS u (program_id, patient_id, day)
CROSS JOIN LATERAL (
  SELECT * FROM recovery_dose x
  WHERE x.program_id = u.program_id AND x.patient_id = u.patient_id AND x.dosing_day < u.day
    AND x.dosing_day >= u.day - %(look_back)s AND x.state <> 'cancelled'
  ORDER BY x.dosing_day DESC, x.ordinal DESC LIMIT 1
) d
"""


def _choose_doses(
    statements: Sequence[DoseStatement], places: dict[int, _Place], now: datetime
) -> dict[tuple[int, UUID], _Choice]:
    """The dose that each statement is about. Slots fill one after the other within a batch."""
    slots: dict[int, _Slot] = {}
    _remember(
        slots,
        sql.rows(
            "SELECT id, program_id, patient_id, dosing_day, due_at, closes_at, day_ends_at, state FROM recovery_dose "
            "WHERE id = ANY (%s::bigint[]) ORDER BY id FOR NO KEY UPDATE",
            [[s.dose_id for s in statements if s.dose_id is not None]],
        ),
    )
    open_day = {s: _day_of(s, places[s.patient_id].zone, now) for s in statements if s.dose_id is None}
    planned = [s for s in open_day if not s.unplanned]
    if planned:
        wanted = {
            "programs": [places[s.patient_id].program_id for s in planned],
            "patients": [s.patient_id for s in planned],
            "days": [open_day[s] for s in planned],
        }
        _remember(slots, sql.rows(_BY_DAY, wanted))
        days = {(slot.patient_id, slot.dosing_day) for slot in slots.values() if slot.state is not DoseState.CANCELLED}
        bare = [
            (s.patient_id, day)
            for s, day in ((s, open_day[s]) for s in planned)
            if s.statement == Statement.TAKEN and (s.patient_id, day) not in days
        ]
        if bare:
            found = sql.rows(
                _BEFORE,
                {
                    "programs": [places[p].program_id for p, _ in bare],
                    "patients": [p for p, _ in bare],
                    "days": [d for _, d in bare],
                    "look_back": _LOOK_BACK_DAYS,
                },
            )
            _remember(slots, found)
    of_patient: dict[int, list[_Slot]] = {}
    for each in sorted(slots.values(), key=lambda each: each.due_at):
        of_patient.setdefault(each.patient_id, []).append(each)

    chosen = {}
    for statement in statements:
        zone = places[statement.patient_id].zone
        slot: _Slot | None
        if statement.dose_id is not None:
            slot = slots.get(statement.dose_id)
            if slot is not None and slot.patient_id != statement.patient_id:
                slot = None
        elif statement.unplanned:
            slot = None
        else:
            slot = _slot_for(statement, open_day[statement], of_patient.get(statement.patient_id, []), zone)
        if slot is None and (statement.dose_id is not None or statement.statement != Statement.TAKEN):
            raise NotFound("There is no dose to report on.")
        on_day = open_day.get(statement) or (slot.dosing_day if slot is not None else None)
        assert on_day is not None
        latest = max(on_day, slot.dosing_day) if slot is not None else on_day
        if latest > wall_time.dosing_day(now + timedelta(seconds=settings.CLOCK_SKEW_SECONDS), zone):
            raise InFuture("The day of this dose has not begun.", field="dosing_day")
        if slot is not None:
            slot.state = DoseState(statement.statement)
        chosen[statement.patient_id, statement.client_id] = _Choice(slot, on_day)
    return chosen


def _remember(slots: dict[int, _Slot], rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        slots.setdefault(
            row[0],
            _Slot(row[0], row[1], row[2], row[3], row[4], row[5], row[6], DoseState(row[7])),
        )


def _day_of(statement: DoseStatement, zone: str, now: datetime) -> date:
    if statement.dosing_day is not None:
        return statement.dosing_day
    return wall_time.dosing_day(statement.taken_at or now, zone)


def _slot_for(statement: DoseStatement, day: date, slots: Sequence[_Slot], zone: str) -> _Slot | None:
    of_day = [slot for slot in slots if slot.dosing_day == day and slot.state is not DoseState.CANCELLED]
    if of_day and (statement.taken_at is None or statement.dosing_day is not None):
        # The day is named, not the time: the first that nobody spoke of, else the last one is corrected.
        silent = [slot for slot in of_day if slot.state not in _SAID]
        return silent[0] if silent else of_day[-1]
    if of_day or statement.statement == Statement.TAKEN:
        at = statement.taken_at
        if at is None or statement.dosing_day is not None:
            at = wall_time.to_utc(day, _NOON, zone)
        found = slot_for_report(
            [DaySlot(slot, slot.dosing_day, slot.due_at, slot.state) for slot in slots], taken_at=at, zone=zone
        )
        if found is not None:
            assert isinstance(found.key, _Slot)
            return found.key
    # A slot that the clinic cancelled and that was given all the same is a record like any other (S 9).
    cancelled = [slot for slot in slots if slot.dosing_day == day and slot.state is DoseState.CANCELLED]
    return cancelled[-1] if cancelled else None


_SAID = frozenset({DoseState.TAKEN, DoseState.SKIPPED, DoseState.MISSED})

_STORE = """
INSERT INTO recovery_dosereport (uid, program_id, patient_id, dose_id, on_day, client_id, statement, taken_at, dose_mg,
  source, reporter_id, reason, note, received_at, backfilled, with_open_gate, supersedes_id)
SELECT u.uid, u.program_id, u.patient_id, u.dose_id, u.on_day, u.client_id, u.statement, u.taken_at, u.mg, u.source,
  %(reporter)s::bigint, u.reason, u.note, %(now)s, u.backfilled, u.gated, before.id
FROM unnest(%(uid)s::uuid[], %(program)s::bigint[], %(patient)s::bigint[], %(dose)s::bigint[], %(on_day)s::date[],
  %(client)s::uuid[],
  %(statement)s::text[], %(taken_at)s::timestamptz[], %(mg)s::numeric[], %(source)s::text[], %(reason)s::text[],
  %(note)s::bytea[], %(backfilled)s::boolean[], %(gated)s::boolean[], %(first)s::boolean[]) WITH ORDINALITY
  AS u (uid, program_id, patient_id, dose_id, on_day, client_id, statement, taken_at, mg, source, reason, note,
    backfilled, gated, is_first, place)
LEFT JOIN LATERAL (
  SELECT r.id FROM recovery_dosereport r
  WHERE r.dose_id = u.dose_id AND r.source = u.source AND u.is_first
  ORDER BY r.received_at DESC, r.id DESC LIMIT 1
) before ON true
ORDER BY u.place
RETURNING id, patient_id, client_id
"""


def _store(
    actor: Actor,
    statements: Sequence[DoseStatement],
    chosen: dict[tuple[int, UUID], _Choice],
    places: dict[int, _Place],
    now: datetime,
) -> dict[tuple[int, UUID], int]:
    if not statements:
        return {}
    with_note = {s.patient_id for s in statements if s.note}
    keys = data_keys(patient_ids=with_note) if with_note else {}
    rows = []
    seen: set[tuple[int | None, str]] = set()
    for statement in statements:
        choice = chosen[statement.patient_id, statement.client_id]
        uid, note = uuid4(), None
        if statement.note:
            row = DoseReport(uid=uid)  # the uid binds the sealed note to its row
            row.seal(keys[statement.patient_id], note=statement.note)
            note = bytes(row.note)
        # Within one batch only the first of a source can name the report that stood before.
        place = (choice.slot.id if choice.slot else None, statement.source)
        rows.append((uid, note, statement, choice, place not in seen))
        seen.add(place)
    gated = under_hold.given(
        [
            under_hold.Given(
                key=s.client_id,
                patient_id=s.patient_id,
                dose_id=None if c.slot is None else c.slot.id,
                at=s.taken_at or (now if c.slot is None else min(now, c.slot.closes_at)),
            )
            for _, _, s, c, _ in rows
            if s.statement == Statement.TAKEN
        ]
    )
    stored = sql.rows(
        _STORE,
        {
            "uid": [uid for uid, *_ in rows],
            "program": [places[s.patient_id].program_id for _, _, s, *_ in rows],
            "patient": [s.patient_id for _, _, s, *_ in rows],
            "dose": [None if c.slot is None else c.slot.id for *_, c, _ in rows],
            "on_day": [c.on_day for *_, c, _ in rows],
            "client": [s.client_id for _, _, s, *_ in rows],
            "statement": [s.statement for _, _, s, *_ in rows],
            "taken_at": [s.taken_at for _, _, s, *_ in rows],
            "mg": [None if s.dose_mg is None else Decimal(str(s.dose_mg)) for _, _, s, *_ in rows],
            "source": [s.source for _, _, s, *_ in rows],
            "reason": [s.reason for _, _, s, *_ in rows],
            "note": [note for _, note, *_ in rows],
            "backfilled": [_is_late(c, places[s.patient_id].zone, now) for _, _, s, c, _ in rows],
            "gated": [s.client_id in gated for _, _, s, *_ in rows],
            "first": [is_first for *_, is_first in rows],
            "reporter": actor.user_id,
            "now": now,
        },
    )
    by_program: dict[int, list[tuple[int | None, str, int | None]]] = {}
    for pk, patient_id, _ in stored:
        by_program.setdefault(places[patient_id].program_id, []).append((patient_id, "dose_report", pk))
    for program_id, objects in by_program.items():
        audit.record_many(actor=actor, action="dose.reported", program_id=program_id, objects=objects)
    under_hold.tell(
        actor=actor,
        patients={s.patient_id: places[s.patient_id].program_id for s in statements if s.client_id in gated},
        now=now,
    )
    return {(patient_id, client_id): pk for pk, patient_id, client_id in stored}


def _is_late(choice: _Choice, zone: str, now: datetime) -> bool:
    ends = wall_time.day_end(choice.on_day, zone) if choice.slot is None else choice.slot.day_ends_at
    return is_backfilled(received_at=now, day_ends_at=ends)


_UPDATE = """
UPDATE recovery_dose d SET state = u.state, timeliness = u.timeliness, taken_at = u.taken_at, source = u.source,
  backfilled = u.backfilled, sources_differ = u.differ
FROM unnest(%(id)s::bigint[], %(state)s::text[], %(timeliness)s::text[], %(taken_at)s::timestamptz[],
  %(source)s::text[], %(backfilled)s::boolean[], %(differ)s::boolean[])
  AS u (id, state, timeliness, taken_at, source, backfilled, differ)
WHERE d.id = u.id
"""


def _bring_up_to_date(slots: dict[int, _Slot]) -> dict[int, DoseState]:
    """Write what the reports on these doses come to; returns their states."""
    if not slots:
        return {}
    reports: dict[int, list[Report]] = {}
    for pk, dose_id, statement, source, received_at, taken_at, supersedes in (
        DoseReport.objects.filter(dose_id__any=list(slots))
        .order_by("received_at", "id")
        .values_list("id", "dose_id", "statement", "source", "received_at", "taken_at", "supersedes_id")
    ):
        report = Report(Statement(statement), ReportSource(source), received_at, taken_at, pk, supersedes)
        reports.setdefault(dose_id, []).append(report)
    states: dict[int, DoseState] = {}
    columns: dict[str, list[Any]] = {
        name: [] for name in ("id", "state", "timeliness", "taken_at", "source", "backfilled", "differ")
    }
    for dose_id, said in sorted(reports.items()):
        slot = slots[dose_id]
        now_is = reported(said, closes_at=slot.closes_at, day_ends_at=slot.day_ends_at)
        assert now_is is not None  # the newest report always stands
        states[dose_id] = now_is.state
        columns["id"].append(dose_id)
        columns["state"].append(now_is.state.value)
        columns["timeliness"].append((now_is.timeliness or Timeliness.UNKNOWN).value)
        columns["taken_at"].append(now_is.taken_at)
        columns["source"].append(now_is.source.value)
        columns["backfilled"].append(now_is.backfilled)
        columns["differ"].append(bool(disagreement(said, day_ends_at=slot.day_ends_at)))
    sql.run(_UPDATE, columns)
    return states


_CLOSE = """
WITH over AS (
  SELECT id FROM recovery_dose WHERE state = 'scheduled' AND day_ends_at <= %(now)s
  ORDER BY day_ends_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), closed AS (
  UPDATE recovery_dose d SET state = 'not_reported', closed_at = %(now)s FROM over WHERE d.id = over.id
  RETURNING d.program_id, d.patient_id, d.dosing_day
)
SELECT patient_id, program_id, min(dosing_day), count(*) FROM closed GROUP BY patient_id, program_id
"""


_FIRST_OVER = "SELECT min(day_ends_at) FROM recovery_dose WHERE state = 'scheduled' AND day_ends_at <= %(now)s"

# It starts from the holds, which are few, so that the many doses nobody holds cost nothing. A hold that was lifted
# counts for the doses whose time it covered.
_HOLD = """
WITH held AS (
  SELECT d.id FROM recovery_hold h
  JOIN recovery_dose d ON d.program_id = h.program_id AND d.patient_id = h.patient_id AND d.dosing_day >= %(from)s
  JOIN recovery_regimen r ON r.id = d.regimen_id
  WHERE (h.lifted_at IS NULL OR h.lifted_at > d.due_at) AND h.opened_at < d.closes_at
    AND (NOT h.from_next_window OR d.opens_at >= h.opened_at)
    AND (h.stops = r.medicine OR (h.stops = %(every)s AND r.medicine = ANY (%(antagonists)s::text[])))
    AND d.state = 'scheduled' AND d.day_ends_at <= %(now)s AND (h.lifted_at IS NULL OR h.lifted_at > %(lifted)s)
  FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE recovery_dose d SET state = 'held', closed_at = %(now)s WHERE d.id IN (SELECT id FROM held)
RETURNING d.patient_id
"""


def _close_held(ids: Sequence[int], now: datetime) -> list[int]:
    """Close the doses that were under a hold as ``held``: no silence, and nobody asked. Returns whose."""
    with programs(ids):
        [(first,)] = sql.rows(_FIRST_OVER, {"now": now})
        if first is None:
            return []
        found = sql.rows(
            _HOLD,
            {
                "now": now,
                "from": (first - timedelta(days=3)).date(),
                "lifted": first - timedelta(days=3),
                "every": EVERY_ANTAGONIST,
                "antagonists": [medicine.value for medicine in ANTAGONISTS],
            },
        )
        return [patient_id for (patient_id,) in found]


def close_doses(*, program_ids: Iterable[int], now: datetime, limit: int = 50_000) -> ClosedDoses:
    """Close the dosing days that are over: what nobody reported becomes ``not_reported``, never missed.

    What was under a hold closes as ``held`` before. In the same transaction the patients touched are judged for
    silence (S 14). Works in batches of ``limit``
    doses, a transaction each, until nothing is left; safe to run twice, late, or in several places at once.
    """
    ids = list(program_ids)
    if not ids:
        return ClosedDoses(0, frozenset())
    held = _close_held(ids, now)
    total = len(held)
    touched: set[int] = set(held)
    while True:
        with programs(ids):
            found = sql.rows(_CLOSE, {"now": now, "limit": limit})
            if found:
                silence.judge_many(closed=[(row[0], row[1], row[2]) for row in found], now=now)
        closed = sum(count for *_, count in found)
        total += closed
        touched.update(patient for patient, *_ in found)
        if closed < limit:
            return ClosedDoses(total, frozenset(touched))
