"""The patient's own page, in both languages."""

import re
import uuid
from pathlib import Path

import pytest

from backend.db import programs
from recovery.models import CravingLog, Dose, DoseReport, Patient, TriggerEntry
from recovery.web import happened_words, own_words

TEMPLATES = Path(__file__).resolve().parents[3] / "recovery" / "templates" / "recovery"


def hidden(page, name="client_id"):
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


def today_of(clinic):
    with programs([clinic.north.pk]):
        return Dose.objects.get(patient_id=clinic.patient.pk, dosing_day=clinic.now.date())


def test_done_is_one_tap_and_a_double_tap_is_one_report(clinic, phone):
    dose = today_of(clinic)
    page = phone.get("/me/").content.decode()
    form = {"client_id": hidden(page)[0], "said": "yes"}
    assert phone.post(f"/me/today/{dose.pk}/", form)["Location"] == "/me/?done=today-yes"
    phone.post(f"/me/today/{dose.pk}/", form)
    with programs([clinic.north.pk]):
        [report] = DoseReport.objects.filter(dose_id=dose.pk)
        assert (report.statement, report.source, report.taken_at) == ("taken", "app", None)
    assert "You told us: taken." in phone.get("/me/").content.decode()


def test_not_today_may_say_why_or_not(clinic, phone):
    dose = today_of(clinic)
    form = {"client_id": str(uuid.uuid4()), "said": "no", "reason": "no_supply"}
    phone.post(f"/me/today/{dose.pk}/", form)
    with programs([clinic.north.pk]):
        assert Dose.objects.get(pk=dose.pk).state == "skipped"
        assert DoseReport.objects.get(dose_id=dose.pk).reason == "no_supply"


def test_a_day_that_nobody_reported_can_be_answered_without_blame(clinic, phone):
    page = phone.get("/me/").content.decode()
    assert "Days we have not heard about" in page
    assert "missed" not in page.lower()
    past = clinic.doses[0]
    phone.post(f"/me/today/{past.pk}/", {"client_id": str(uuid.uuid4()), "said": "no"})
    with programs([clinic.north.pk]):
        assert Dose.objects.get(pk=past.pk).state == "missed"


def test_a_number_in_two_taps(clinic, phone, htmx):
    page = phone.get("/me/").content.decode()
    own_form = page.split('action="/me/scale/"')[1]
    form = {"client_id": hidden(own_form)[0], "intensity": "4"}
    answer = phone.post("/me/scale/", form, **htmx)
    assert "Thank you. It is noted." in answer.content.decode()
    assert "<title>" not in answer.content.decode()
    again = phone.post("/me/scale/", form, **htmx)
    assert again.status_code == 200
    with programs([clinic.north.pk]):
        [log] = CravingLog.objects.filter(patient_id=clinic.patient.pk)
        assert (log.intensity, log.confidence, log.source, log.substance) == (4, None, "app", "opioid")


def test_the_first_number_of_a_page_stands(clinic, phone):
    form = {"client_id": str(uuid.uuid4()), "intensity": "4"}
    phone.post("/me/scale/", form)
    assert phone.post("/me/scale/", form | {"intensity": "7"})["Location"] == "/me/?done=known"
    with programs([clinic.north.pk]):
        assert CravingLog.objects.get().intensity == 4


@pytest.mark.parametrize("number", ["", "11", "-1", "four", "4.5", "NaN"])
def test_what_is_no_number_says_so_and_stores_nothing(clinic, phone, number):
    answer = phone.post("/me/scale/", {"client_id": str(uuid.uuid4()), "intensity": number})
    assert answer.status_code == 422
    assert "Nothing was saved." in answer.content.decode()
    with programs([clinic.north.pk]):
        assert not CravingLog.objects.exists()


def test_a_moment_is_written_down(clinic, phone, htmx):
    form = {
        "client_id": str(uuid.uuid4()),
        "origin": "external",
        "kind": "environmental",
        "intensity": "6",
        "note": "x",
    }
    assert phone.post("/me/moment/", form, **htmx)["HX-Redirect"] == "/me/?done=moment"
    with programs([clinic.north.pk]):
        assert TriggerEntry.objects.get().intensity == 6
    assert phone.post("/me/moment/", {"client_id": str(uuid.uuid4())}).status_code == 422


@pytest.mark.parametrize("path", ["/me/", "/me/moment/"])
@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param("en", ["Call 911", "Call or text 988", 'lang="en"'], id="english"),
        pytest.param("es", ["Llame al 911", "Llame o escriba al 988", 'lang="es"'], id="spanish"),
    ],
)
def test_the_crisis_line_is_always_there(clinic, phone, path, language, words):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language=language)
    page = phone.get(path).content.decode()
    for each in words:
        assert each in page


def test_spanish_leaves_no_english_behind(clinic, phone):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language="es")
    page = phone.get("/me/").content.decode()
    shown = re.sub(r"<[^>]+>", " ", page.split("<body")[1])
    english = [
        text for key, text in own_words.TEXTS["en"].items() if text != own_words.TEXTS["es"][key] and len(text) > 3
    ]
    assert [text for text in english if text in shown] == []
    assert "Días de los que no sabemos" in page


def test_every_word_exists_in_both_languages():
    for table in (own_words.TEXTS, own_words.DONE, own_words.WRONG, happened_words.TEXTS):
        assert set(table["en"]) == set(table["es"])
    assert [code for code, _ in own_words.reasons("en")] == [code for code, _ in own_words.reasons("es")]
    assert all(len(code) <= 20 for code, _ in own_words.reasons("en"))


def test_every_word_that_the_pages_ask_for_exists():
    asked = {
        name for path in TEMPLATES.glob("*own*.html") for name in re.findall(r"\bt\.([a-z0-9_]+)", path.read_text())
    }
    assert asked - set(own_words.TEXTS["en"]) - set(happened_words.TEXTS["en"]) == set()


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_names_no_medicine_gives_no_advice_and_blames_nobody(clinic, phone, language):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language=language)
    page = re.sub(r"<[^>]+>", " ", phone.get("/me/").content.decode()).lower()
    for word in (
        "naltrexon",
        "opioid",
        "alcohol",
        "mg",
        "addict",
        "adicto",
        "relapse",
        "recaída",
        "fail",
        "you should",
        "debe tomar",
        "take your",
        "tome su",
        "ada longname",
    ):
        assert word not in page
