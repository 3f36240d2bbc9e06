"""What is held about a person, handed to them and to their care team."""

import json
import uuid

import pytest

from backend.access import NOBODY
from backend.db import programs
from backend.models import AuditEvent
from backend.rules.consent import ConsentKind
from backend.selectors.people import actor_of
from backend.services.consents import give_consent
from backend.services.keys import shred_key
from recovery.models import Outreach
from recovery.rules.records import OutreachChannel, OutreachOutcome
from recovery.selectors.export import all_sections
from recovery.services import flags
from tests.recovery.api.clinic import refused, send, signed_in, stamp


@pytest.fixture
def told(clinic):
    """The patient has said something, staff have written something about it, and a neighbour has, too."""
    phone, other = signed_in(clinic.phone), signed_in(clinic.neighbour_phone)
    for client, note in ((phone, "after the call with Sam"), (other, "a neighbour's words")):
        body = {"intensity": 4, "felt_at": stamp(clinic.now), "substance": "opioid", "note": note}
        assert send(client, "PUT", f"/api/v1/me/cravings/{uuid.uuid4()}/", body).status_code == 201
    with programs([clinic.north.pk]):
        flags.record_outreach(
            actor=actor_of(user_id=clinic.coordinator.pk),
            program_id=clinic.north.pk,
            patient_id=clinic.patient.pk,
            outreach=flags.NewOutreach(
                channel=OutreachChannel.CALL, outcome=OutreachOutcome.REACHED, note="sounds tired; ask the team"
            ),
            now=clinic.now,
        )
        give_consent(
            actor=NOBODY,
            program_id=clinic.north.pk,
            patient_id=clinic.patient.pk,
            kind=ConsentKind.SMS,
            wording_version="1",
            now=clinic.now,
        )
    return clinic


def exported(client, path="/api/v1/me/export/"):
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    return json.loads(answer.content)


def test_a_person_gets_their_own_record_whole(told):
    made = exported(signed_in(told.phone))
    found = made["sections"]
    assert set(found) == {section.name for section in all_sections()}
    assert found["person"][0]["name"] == "Ada Longname"
    assert found["person"][0]["phone"] == "+12125550101"
    assert [row["note"] for row in found["cravings"]] == ["after the call with Sam"]
    assert found["cravings"][0]["felt_at"] == "2026-03-03T15:00:00Z"
    assert len(found["doses"]) == len(told.doses)
    assert found["doses"][0]["dose_mg"] == "50.00"
    assert [row["kind"] for row in found["consents"]] == ["sms"]
    assert found["flags"][0]["sentence"] != ""


def test_what_staff_write_for_staff_is_only_in_the_staffs_export(told):
    own = exported(signed_in(told.phone))
    staff = exported(signed_in(told.coordinator), f"/care/patients/{told.patient.pk}/export/")
    assert "sounds tired" not in json.dumps(own)
    assert [row["outcome"] for row in own["sections"]["contacts"]] == ["reached"]
    assert [row["note"] for row in staff["sections"]["contacts"]] == ["sounds tired; ask the team"]


def test_nobody_else_is_in_it(told):
    for made in (
        exported(signed_in(told.phone)),
        exported(signed_in(told.coordinator), f"/care/patients/{told.patient.pk}/export/"),
    ):
        text = json.dumps(made)
        assert "a neighbour's words" not in text
        assert "Ben Other" not in text


def test_each_export_is_written_down(told):
    exported(signed_in(told.phone))
    exported(signed_in(told.coordinator), f"/care/patients/{told.patient.pk}/export/")
    with programs([told.north.pk]):
        written = AuditEvent.objects.filter(action="record.exported", patient_id=told.patient.pk).order_by("pk")
        assert [row.actor_id for row in written] == [told.phone.pk, told.coordinator.pk]
        assert "cravings" in written[0].fields
        assert "injections" not in written[0].fields


def test_who_may_not_have_it(told):
    path = f"/care/patients/{told.patient.pk}/export/"
    assert signed_in(told.southern).get(path).status_code == 404
    assert signed_in(told.phone).get(path).status_code == 403
    refused(signed_in(told.coordinator).get("/api/v1/me/export/"), 403, "not-allowed")


def test_what_was_destroyed_stays_destroyed(told):
    with programs([told.north.pk]):
        shred_key(program_id=told.north.pk, patient_id=told.patient.pk, reason="asked", now=told.now)
        assert Outreach.objects.filter(patient=told.patient).exists()
    staff = exported(signed_in(told.coordinator), f"/care/patients/{told.patient.pk}/export/")
    assert staff["sections"]["person"][0]["name"] == ""
    assert [row["note"] for row in staff["sections"]["cravings"]] == [""]
