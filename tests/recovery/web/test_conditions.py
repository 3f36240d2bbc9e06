"""What else a person lives with: kept by staff, beside the checklist it bears on, in the export."""

import json
import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from backend.access import NOBODY
from backend.db import programs
from backend.models import AuditEvent
from recovery.models import Condition
from recovery.rules.checklists import ITEM, ChecklistCause, ChecklistKind
from recovery.rules.conditions import CONDITIONS, ConditionKind
from recovery.rules.medicines import Medicine
from recovery.selectors.records import open_treatment
from recovery.services.checklists import NewChecklist, open_checklists
from tests.recovery.api.clinic import refused, send, signed_in
from tests.recovery.own.test_pages import ident, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(clinic):
    return f"/care/patients/{clinic.patient.pk}/conditions/"


def rows(clinic):
    with programs([clinic.north.pk]):
        return list(Condition.objects.order_by("pk"))


def test_row_42_a_condition_is_recorded_ended_and_voided(clinic, coordinator, page):
    form = ident(kind="depression", since="2019-05-01", note="since the accident")
    assert coordinator.post(f"{page}record/", form).status_code == 302
    coordinator.post(f"{page}record/", form)  # a double tap
    coordinator.post(f"{page}record/", ident(kind="anxiety"))
    first, second = rows(clinic)
    seen = text(coordinator.get(page))
    assert "Depression" in seen and "since the accident" in seen and "does not treat it" in seen
    assert coordinator.post(f"{page}end/", {"entry_id": first.pk, "ended_on": "2026-03-01"}).status_code == 302
    assert coordinator.post(f"{page}void/", {"entry_id": second.pk}).status_code == 302
    first, second = rows(clinic)
    assert (first.ended_on, first.ended_by_id) == (date(2026, 3, 1), clinic.coordinator.pk)
    assert second.voided_at is not None
    seen = text(coordinator.get(page))
    assert "None is known." in seen and "entered in error" in seen
    with programs([clinic.north.pk]):
        noted = set(AuditEvent.objects.filter(action__startswith="condition.").values_list("action", flat=True))
    assert noted == {"condition.recorded", "condition.ended", "condition.voided"}


@pytest.mark.parametrize(
    ("form", "says"),
    [
        pytest.param({}, "Choose one.", id="nothing"),
        pytest.param({"kind": "flu"}, "not one of the available choices", id="no_choice"),
        pytest.param({"kind": "other"}, "Say which one it is.", id="other_without_a_word"),
        pytest.param({"kind": "anxiety", "since": "2026-03-04"}, "still to come", id="future"),
        pytest.param({"kind": "anxiety", "since": "1850-03-04"}, "This day cannot be.", id="before_anybody"),
        pytest.param({"kind": "anxiety", "note": "x" * 2001}, "at most 2000", id="long"),
        pytest.param({"kind": "anxiety", "note": "a\x00b"}, "Null characters", id="nul"),
        pytest.param({"kind": "cirrhosis"}, "stands on the list already", id="twice"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_what_was_typed_stays(clinic, coordinator, page, form, says):
    coordinator.post(f"{page}record/", ident(kind="cirrhosis"))
    answer = coordinator.post(
        f"{page}record/", ident(**{"note": "keep this" if form.get("kind") != "other" else "", **form})
    )
    assert answer.status_code == 422
    assert says in text(answer)
    if "note" not in form and form.get("kind") != "other":
        assert "keep this</textarea>" in answer.content.decode()
    assert len(rows(clinic)) == 1


def test_it_cannot_end_before_it_began_nor_tomorrow_nor_twice(clinic, coordinator, page):
    coordinator.post(f"{page}record/", ident(kind="seizures", since="2026-02-01"))
    [row] = rows(clinic)
    for day in ("2026-01-31", "2026-03-04", "", "soon"):
        assert coordinator.post(f"{page}end/", {"entry_id": row.pk, "ended_on": day}).status_code == 422
    api = f"/api/v1{page}{row.pk}/end/"
    assert send(coordinator, "POST", api, {"ended_on": "2026-03-03"}).status_code == 200
    refused(send(coordinator, "POST", api, {"ended_on": "2026-03-03"}), 409, "conflict")


def test_the_database_holds_one_that_stands(clinic):
    with programs([clinic.north.pk]):
        made = {"program_id": clinic.north.pk, "patient_id": clinic.patient.pk, "recorded_at": clinic.now}
        Condition.objects.create(client_id=uuid.uuid4(), kind="trauma", **made)
        with pytest.raises(IntegrityError), transaction.atomic():
            Condition.objects.create(client_id=uuid.uuid4(), kind="trauma", **made)
        with pytest.raises(IntegrityError), transaction.atomic():
            days = {"since": date(2026, 1, 2), "ended_on": date(2026, 1, 1)}
            Condition.objects.create(client_id=uuid.uuid4(), kind="eating", **made, **days)


def test_s13_it_stands_beside_the_checklist_that_asks_about_it(clinic, coordinator, page):
    with programs([clinic.north.pk]):
        new = NewChecklist(
            program_id=clinic.north.pk,
            patient_id=clinic.patient.pk,
            treatment_id=open_treatment(clinic.patient).pk,
            kind=ChecklistKind.START,
            cause=ChecklistCause.START,
            medicine=Medicine.NALTREXONE_INJECTION,
            facts={},
        )
        open_checklists(checklists=[new], now=clinic.now, actor=NOBODY)
    checklist = f"/care/patients/{clinic.patient.pk}/checklists/"
    assert "On the list of conditions" not in text(coordinator.get(checklist))
    coordinator.post(f"{page}record/", ident(kind="low_platelets"))
    coordinator.post(f"{page}record/", ident(kind="anxiety"))
    seen = text(coordinator.get(checklist))
    assert "On the list of conditions: Low platelets." in " ".join(seen.split())


def test_a_patient_reads_it_in_the_export_without_the_note_of_staff(clinic, coordinator, page):
    coordinator.post(f"{page}record/", ident(kind="kidney_disease", note="for us"))
    own = json.loads(signed_in(clinic.phone).get("/api/v1/me/export/").content)["sections"]["conditions"]
    assert own[0]["kind"] == "kidney_disease"
    assert "for us" not in json.dumps(own)
    assert "for us" in coordinator.get(f"/care/patients/{clinic.patient.pk}/export/").content.decode()


def test_the_api_lists_records_and_refuses_strangers(clinic, coordinator):
    path = f"/api/v1/care/patients/{clinic.patient.pk}/conditions/"
    made = json.loads(send(coordinator, "PUT", f"{path}{uuid.uuid4()}/", {"kind": "cirrhosis"}).content)
    refused(send(coordinator, "PUT", f"{path}{uuid.uuid4()}/", {"kind": "cirrhosis"}), 400, "bad-record")
    [item] = json.loads(send(coordinator, "GET", path).content)["items"]
    assert item == made and item["stands"] is True
    southern = signed_in(clinic.southern)
    refused(send(southern, "GET", path), 404, "not-found")
    refused(send(southern, "POST", f"{path}{made['id']}/void/", {}), 404, "not-found")
    refused(send(signed_in(clinic.phone), "GET", path), 403, "not-allowed")
    neighbours = path.replace(str(clinic.patient.pk), str(clinic.neighbour.pk))
    refused(send(coordinator, "POST", f"{neighbours}{made['id']}/void/", {}), 404, "not-found")
    assert send(coordinator, "POST", f"{path}{made['id']}/void/", {}).status_code == 200
    assert clinic.now - timedelta(days=1) < rows(clinic)[0].voided_at


@pytest.mark.parametrize("kind", ConditionKind)
def test_every_condition_has_a_name_a_source_and_a_real_item(kind):
    rule = CONDITIONS[kind]
    assert rule.name and rule.source
    assert rule.item == "" or rule.item in ITEM
