"""The main path of a dose, an injection and a craving, through the services alone."""

import uuid
from datetime import UTC, date, datetime, timedelta

from recovery.models import CoverEvent, Dose, Flag, Treatment
from recovery.selectors.records import live_flags, next_injection_visit, open_treatment
from recovery.services.cover import advance_bands
from recovery.services.cravings import log_craving
from recovery.services.doses import DoseStatement, close_doses, report_doses
from recovery.services.flags import NewOutreach, close_flag
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.regimens import extend_doses, start_regimen


def test_a_tablet_from_the_regimen_to_the_worklist(program, staff, patient, now):
    treatment = open_treatment(patient)
    start_regimen(actor=staff, treatment=treatment, kind="oral_daily", starts_on=date(2026, 3, 3), now=now)
    days = sorted(Dose.objects.values_list("dosing_day", flat=True))
    assert days[0] == date(2026, 3, 3)
    assert days[-1] == date(2026, 3, 6)
    assert extend_doses(program_ids=[program], now=now) == 0

    [result] = report_doses(
        actor=staff,
        statements=[
            DoseStatement(client_id=uuid.uuid4(), patient_id=patient.pk, statement="taken", source="sms", taken_at=now)
        ],
        now=now,
    )
    assert result.state == "taken"

    for later in range(1, 9):
        at = now + timedelta(days=later)
        extend_doses(program_ids=[program], now=at)
        advance_bands(program_ids=[program], now=at)
        close_doses(program_ids=[program], now=at)
    [flag] = live_flags(patient.pk)
    assert (flag.kind, flag.severity) == ("silence", "amber_plus")
    assert flag.evidence["run"] == 7
    assert flag.evidence["last_answer"] == "2026-03-03"

    close_flag(
        actor=staff,
        flag_id=flag.pk,
        outcome="reached",
        note="Said all is well",
        outreach=NewOutreach(channel="call", outcome="reached"),
        now=now + timedelta(days=8),
    )
    assert live_flags(patient.pk) == []


def test_an_injection_given_late_returns(program, staff, patient, now):
    def give(day, at):
        [result] = record_injections(
            actor=staff,
            injections=[
                GivenInjection(
                    client_id=uuid.uuid4(),
                    patient_id=patient.pk,
                    given_on=day,
                    medicine="naltrexone_injection",
                    dose_mg=380,
                )
            ],
            now=at,
        )
        return result

    first = give(date(2026, 3, 3), now)
    assert first.next_due_on == date(2026, 3, 31)
    for later in range(1, 37):
        advance_bands(program_ids=[program], now=now + timedelta(days=later))
    [flag] = live_flags(patient.pk)
    assert (flag.kind, flag.severity) == ("injection_late", "red")
    give(date(2026, 4, 8), now + timedelta(days=36))
    flag.refresh_from_db()
    assert flag.status == "returned"
    assert list(CoverEvent.objects.order_by("at", "id").values_list("band", "dsl", "returned_from")) == [
        ("covered", 0, ""),
        ("due_soon", 21, ""),
        ("due", 28, ""),
        ("overdue_1", 29, ""),
        ("overdue_4", 32, ""),
        ("overdue_8", 36, ""),
        ("covered", 36, "overdue_8"),
    ]
    assert next_injection_visit(patient.pk).due_on == date(2026, 5, 6)
    assert Treatment.objects.get().cover_from == date(2026, 4, 8)


def test_a_high_craving_is_a_flag_in_the_same_transaction(program, staff, patient, now):
    log, is_new = log_craving(actor=staff, patient=patient, client_id=uuid.uuid4(), intensity=9, felt_at=now, now=now)
    assert is_new
    assert log.local_day == date(2026, 3, 3)
    [flag] = Flag.objects.all()
    assert (flag.kind, flag.severity) == ("craving_high", "amber")
    assert flag.opened_at == datetime(2026, 3, 3, 15, tzinfo=UTC)
