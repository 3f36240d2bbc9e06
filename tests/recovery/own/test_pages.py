"""The patient's further pages and the staff's plan page: written on a phone, seen by staff, in the export."""

import json
import re
import uuid
from html import unescape

import pytest

from backend.db import programs
from backend.models import AuditEvent
from recovery.models import Flag, JournalEntry, Patient, PatientGoal, PlanVersion, ReadReceipt, Task
from recovery.web.own_plan_words import WORDS
from tests.recovery.api.clinic import signed_in

pytestmark = pytest.mark.django_db

PAGES = ["/me/plan/", "/me/learn/", "/me/learn/how/", "/me/card/", "/me/help/", "/me/body/", "/me/ahead/"]


def text(answer) -> str:
    """What a person reads."""
    return unescape(re.sub(r"(?s)<[^>]+>", " ", answer.content.decode().split("<body")[1]))


def ident(**more):
    return {"client_id": str(uuid.uuid4()), **more}


def staff_page(clinic, coordinator):
    answer = coordinator.get(f"/care/patients/{clinic.patient.pk}/plan/")
    assert answer.status_code == 200
    return text(answer)


def export(clinic):
    return json.loads(signed_in(clinic.phone).get("/api/v1/me/export/").content)["sections"]


def test_a_plan_from_the_phone_to_staff_and_export(clinic, phone, coordinator):
    form = ident(
        reasons="my daughter", exit="say I work early", name_0="Ray", phone_0="555 0100",
        strategy_physical="rest", shared=["exit", "people"],
    )  # fmt: skip
    assert phone.post("/me/plan/save/", form)["Location"] == "/me/plan/?done=plan"
    phone.post("/me/plan/save/", form)  # a double tap
    with programs([clinic.north.pk]):
        assert PlanVersion.objects.count() == 1
    seen = staff_page(clinic, coordinator)
    assert "say I work early" in seen and "Ray, 555 0100" in seen
    assert "my daughter" not in seen and "Some parts are kept to themselves." in seen
    own = text(phone.get("/me/plan/"))
    assert "my daughter" in own
    assert export(clinic)["plan"][0]["reasons"] == "my daughter"


def test_what_could_not_be_saved_stays_in_the_form(clinic, phone):
    answer = phone.post("/me/plan/save/", ident(reasons="do not lose this", phone_0="555"))
    assert answer.status_code == 422 and "do not lose this" in text(answer)
    with programs([clinic.north.pk]):
        assert not PlanVersion.objects.exists()


def test_a_goal_from_the_phone_is_looked_at_with_staff(clinic, phone, coordinator):
    phone.post("/me/plan/goal/", ident(goal="alcohol_reduction", words="weekends only"))
    assert "Drink less" in staff_page(clinic, coordinator)
    with programs([clinic.north.pk]):
        goal = PatientGoal.objects.get()
    path = f"/care/patients/{clinic.patient.pk}/plan/look/"
    assert coordinator.post(path, {"goal_id": goal.pk}).status_code == 422
    assert coordinator.post(path, {"goal_id": goal.pk, "review_on": "2026-03-03"}).status_code == 422
    assert coordinator.post(path, {"goal_id": goal.pk, "review_on": "2026-06-01"}).status_code == 302
    assert phone.post("/me/plan/goal-end/", {"goal_id": goal.pk, "outcome": "reached"}).status_code == 302
    with programs([clinic.north.pk]):
        goal.refresh_from_db()
        assert (str(goal.review_on), goal.outcome) == ("2026-06-01", "reached")
    assert phone.post("/me/plan/goal/", ident(goal="life")).status_code == 422
    assert export(clinic)["goals"][0]["words"] == "weekends only"


def test_the_journal_is_ones_own_unless_shared(clinic, phone, coordinator):
    phone.post("/me/plan/write/", ident(words="only for me"))
    phone.post("/me/plan/write/", ident(words="you may read this", shared="on"))
    seen = staff_page(clinic, coordinator)
    assert "you may read this" in seen and "only for me" not in seen
    assert "only for me" in text(phone.get("/me/plan/"))
    assert phone.post("/me/plan/write/", ident(words="")).status_code == 422
    with programs([clinic.north.pk]):
        assert JournalEntry.objects.count() == 2
    staffs = coordinator.get(f"/care/patients/{clinic.patient.pk}/export/").content.decode()
    assert "you may read this" in staffs and "only for me" not in staffs


def test_what_was_tried_is_counted_on_both_pages(clinic, phone, coordinator):
    for helped in ("true", "false"):
        phone.post("/me/learn/tried/", ident(skill="walk", helped=helped))
    phone.post(
        "/me/moment/",
        ident(origin="internal", kind="emotional", tag="stress", tried="breathe", helped="true"),
    )
    own = text(phone.get("/me/learn/"))
    assert "Tried 2, helped 1" in own
    seen = staff_page(clinic, coordinator)
    assert re.search(r"Walk for ten minutes\s+2\s+1\s+1", seen)
    assert re.search(r"Breathe slowly\s+1\s+1\s+0", seen) and re.search(r"Stress\s+1 time", seen)
    assert {row["skill"] for row in export(clinic)["skills_tried"]} == {"walk"}


def test_a_meeting_and_a_therapy_visit_on_both_pages(clinic, phone, coordinator):
    phone.post("/me/plan/meeting/", ident(kind="smart", attended_on="2026-03-02", helped="true"))
    assert phone.post("/me/plan/meeting/", ident(kind="smart", attended_on="2026-03-04")).status_code == 422
    path = f"/care/patients/{clinic.patient.pk}/plan/therapy/"
    booked = ident(kind="cbt", day="2026-03-06", time="10:00", with_whom="Dr. Osei")
    assert coordinator.post(path, booked).status_code == 302
    assert coordinator.post(path, ident(kind="cbt", day="2026-03-02", time="10:00")).status_code == 422
    seen = staff_page(clinic, coordinator)
    assert "SMART Recovery" in seen and "Dr. Osei" in seen
    own = text(phone.get("/me/plan/"))
    assert "Dr. Osei" in own and "10:00 AM" in own
    assert export(clinic)["therapy"][0]["kind"] == "cbt" and export(clinic)["meetings"][0]["kind"] == "smart"


def test_a_side_effect_from_the_phone_reaches_staff_and_export(clinic, phone, coordinator):
    answer = phone.post("/me/body/", ident(effect="liver", note="since Sunday"))
    assert answer["Location"] == "/me/body/?answer=call_today"
    told = text(phone.get(answer["Location"]))
    assert "Call us today." in told
    assert "since Sunday" in staff_page(clinic, coordinator)
    assert "Symptoms that may come from the liver were reported" in text(coordinator.get("/care/"))
    assert export(clinic)["side_effects"][0]["effect"] == "liver"
    assert phone.post("/me/body/", ident(effect="nausea", began_on="2026-03-04")).status_code == 422
    assert phone.post("/me/body/", ident()).status_code == 422


def test_it_is_asked_again_and_answered_with_one_tap(clinic, phone, time_machine):
    phone.post("/me/body/", ident(effect="nausea", strength="moderate", began_on="2026-02-18"))
    assert "Is it still there?" not in text(phone.get("/me/body/"))
    time_machine.move_to("2026-03-04T15:00:00Z", tick=False)
    phone = signed_in(clinic.phone)
    assert "We have a short question for you" in text(phone.get("/me/"))
    page = phone.get("/me/body/").content.decode()
    [first_id] = re.findall(r'name="first_id" value="(\d+)"', page)
    phone.post("/me/body/", ident(effect="nausea", strength="moderate", first_id=first_id, still_there="yes"))
    with programs([clinic.north.pk]):
        assert Flag.objects.get(kind="side_effect_lasting").evidence["days"] == 14
    assert "Is it still there?" not in text(phone.get("/me/body/"))
    assert "We have a short question for you" not in text(phone.get("/me/"))


def test_a_need_is_work_for_the_coordinator(clinic, phone, coordinator):
    phone.post("/me/plan/need/", ident(kind="housing", note="until May"))
    assert "Help with a place to stay" in text(coordinator.get("/care/tasks/"))
    assert "until May" in staff_page(clinic, coordinator)
    assert "somebody is looking into it" in text(phone.get("/me/plan/"))
    with programs([clinic.north.pk]):
        assert Task.objects.get(kind="need_housing").role == "coordinator"
    assert export(clinic)["needs"][0]["note"] == "until May"


def test_a_module_is_read_with_a_receipt(clinic, phone, coordinator):
    page = text(phone.get("/me/learn/overdose/"))
    assert "Sources: MG-V" in page and "read again by 22 May 2027" in page
    for _ in range(2):
        assert phone.post("/me/learn/overdose/")["Location"] == "/me/learn/?done=read"
    with programs([clinic.north.pk]):
        assert ReadReceipt.objects.get().module == "overdose"
        assert AuditEvent.objects.filter(action="module.read").count() == 1
    assert "read today" in staff_page(clinic, coordinator)
    assert phone.get("/me/learn/no-such/").status_code == 404
    assert export(clinic)["modules_read"][0]["module"] == "overdose"


def test_help_shows_verified_lines_only_and_the_card_names_the_medicine(clinic, phone):
    page = text(phone.get("/me/help/"))
    assert "Call 911" in page and "741741" in page and "Checked 22 November 2026" in page
    assert "Never Use Alone" not in page and "SafeSpot" not in page
    card = phone.get("/me/card/")
    assert "naltrexone" in text(card) and "Ada Longname" in text(card)
    title = re.search(r"<title>(.*?)</title>", card.content.decode()).group(1)
    assert title == "Your day · Holdfast" and card["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param("en", ["Call 911", "Call or text 988", "Help"], id="english"),
        pytest.param("es", ["Llame al 911", "Llame o escriba al 988", "Ayuda"], id="spanish"),
    ],
)
def test_every_page_has_its_language_the_crisis_line_and_a_way_to_help(clinic, phone, language, words):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language=language)
    english = [phrase for name, phrase in WORDS["en"].items() if phrase != WORDS["es"][name] and len(phrase) > 6]
    for path in PAGES:
        answer = phone.get(path)
        page = text(answer)
        assert [word for word in words if word not in page] == [], path
        assert f'lang="{language}"' in answer.content.decode() and 'href="/me/help/"' in answer.content.decode()
        if language == "es":
            assert [phrase for phrase in english if phrase in page] == [], path


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_page_but_the_card_names_a_medicine_and_none_advises_or_blames(clinic, phone, language):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language=language)
    page = " ".join(text(phone.get(path)) for path in PAGES if path != "/me/card/").lower()
    for word in (
        "naltrex", "vivitrol", "addict", "adicto", "relapse", "recaída", " mg", "take your", "tome su",
        "do not take", "you should", "debe tomar", "ada longname",
    ):  # fmt: skip
        assert word not in page


def test_every_word_exists_in_both_languages_and_is_asked_for():
    from pathlib import Path

    assert set(WORDS["en"]) == set(WORDS["es"])
    folder = Path(__file__).resolve().parents[3] / "recovery"
    asked = " ".join(path.read_text() for path in (folder / "templates" / "recovery").glob("own_*.html"))
    names = set(re.findall(r"\bw\.([a-z0-9_]+)", asked))
    assert names <= set(WORDS["en"])


def test_staff_record_for_somebody_and_are_refused_what_cannot_be(clinic, coordinator):
    base = f"/care/patients/{clinic.patient.pk}/plan"
    assert coordinator.post(f"{base}/side-effect/", ident(effect="cough", signs=["fever"])).status_code == 302
    assert coordinator.post(f"{base}/side-effect/", ident(effect="nausea", signs=["fever"])).status_code == 422
    assert coordinator.post(f"{base}/need/", ident(kind="food")).status_code == 302
    assert coordinator.post(f"{base}/need/", ident()).status_code == 422
    assert coordinator.post(f"{base}/goal/", ident(goal="opioid")).status_code == 302
    assert coordinator.post(f"{base}/goal/", ident(goal="life")).status_code == 422
    assert coordinator.post(f"{base}/nothing/", ident()).status_code == 404
    seen = staff_page(clinic, coordinator)
    assert "Cough" in seen and "staff" in seen and "No opioids" in seen
    assert signed_in(clinic.southern).get(f"{base}/").status_code == 404
    assert signed_in(clinic.phone).get(f"{base}/").status_code == 403
