"""The patient's own page, in both languages."""

import json
import re
import uuid
from html import unescape
from pathlib import Path

import pytest

from backend.db import programs
from recovery.models import CravingLog, Dose, DoseReport, Flag, Patient, TriggerEntry
from recovery.rules.flags import FLAG_RULES
from recovery.rules.states import FlagKind, Severity
from recovery.services.flags import raise_flag
from recovery.web import happened_words, own_words
from tests.recovery.api.clinic import signed_in

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


def raise_all(clinic, kinds, severity=None):
    with programs([clinic.north.pk]):
        for kind in kinds:
            raise_flag(
                program_id=clinic.north.pk,
                patient_id=clinic.patient.pk,
                treatment_id=None,
                kind=kind,
                severity=severity or FLAG_RULES[kind].severity,
                evidence={},
                policy_version="test",
                now=clinic.now,
            )


def plain(answer):
    return unescape(re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1]))


@pytest.mark.parametrize(
    ("language", "there", "gone"),
    [
        pytest.param("en", "We are working on what you need.", "Please check with us or a pharmacist", id="english"),
        pytest.param("es", "Estamos viendo cómo conseguir", "consulte con nosotros o en una farmacia", id="spanish"),
    ],
)
def test_a_live_concern_says_what_comes_next_until_it_is_closed(clinic, phone, coordinator, language, there, gone):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language=language)
    assert there in plain(phone.get("/me/"))
    assert gone not in plain(phone.get("/me/"))
    raise_all(clinic, [FlagKind.INTERACTING_MEDICINE])
    assert gone in plain(phone.get("/me/"))
    coordinator.post(f"/care/flags/{clinic.flag.pk}/own/")
    coordinator.post(f"/care/flags/{clinic.flag.pk}/close/", {"outcome": "reached"})
    with programs([clinic.north.pk]):
        assert Flag.objects.get(pk=clinic.flag.pk).status == "closed"
    assert there not in plain(phone.get("/me/"))


def test_results_and_what_others_said_never_reach_the_page(clinic, phone):
    before = plain(phone.get("/me/"))
    raise_all(clinic, [kind for kind, rule in FLAG_RULES.items() if rule.text is None])
    assert plain(phone.get("/me/")) == before


def test_all_at_once_the_page_names_no_kind_and_the_api_gives_the_same_words(clinic, phone):
    raise_all(clinic, FlagKind, Severity.RED)
    page = plain(phone.get("/me/"))
    today = json.loads(phone.get("/api/v1/me/today/").content)
    words = [notice["words"].replace("+12125550100", "(212) 555-0100") for notice in today["notices"]]
    assert len(words) > 15
    assert [each for each in words if each not in page] == []
    assert "tel:988" in phone.get("/me/").content.decode()
    assert set(today["notices"][0]) == {"words", "next_step"}
    for word in ("naltrexon", "craving has", "screen", "supporter", "positive"):
        assert word not in page.lower().replace("how strong is the craving right now?", "")
    assert json.loads(signed_in(clinic.neighbour_phone).get("/api/v1/me/today/").content)["notices"] == []
