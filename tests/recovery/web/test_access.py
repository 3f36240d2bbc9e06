"""Who may open which page, and that a stranger's record does not exist."""

import pytest
from django.test import Client

from backend.services import people
from tests.recovery.api.clinic import signed_in


def of(clinic, path):
    return path.format(
        patient=clinic.patient.pk,
        flag=clinic.flag.pk,
        dose=clinic.doses[0].pk,
        southern=clinic.southern_flag.pk,
        stranger=clinic.stranger.pk,
    )


CARE_PAGES = [
    "/care/",
    "/care/list/",
    "/care/tasks/",
    "/care/patients/{patient}/",
    "/care/patients/{patient}/flags/",
    "/care/patients/{patient}/given/",
    "/care/patients/{patient}/tests/",
    "/care/patients/{patient}/checklists/",
    "/care/patients/{patient}/doses/{dose}/",
    "/care/flags/{flag}/close/",
    "/care/flags/{flag}/snooze/",
]


@pytest.mark.parametrize("path", CARE_PAGES)
def test_a_patient_cannot_open_the_pages_of_care(clinic, phone, path):
    answer = phone.get(of(clinic, path))
    assert answer.status_code == 403
    assert b"Longname" not in answer.content


@pytest.mark.parametrize("path", CARE_PAGES)
def test_staff_of_the_program_can(clinic, coordinator, path):
    assert coordinator.get(of(clinic, path)).status_code == 200


@pytest.mark.parametrize("path", [path for path in CARE_PAGES if "{" in path])
def test_staff_of_another_program_find_nothing(clinic, path):
    answer = signed_in(clinic.southern).get(of(clinic, path))
    assert answer.status_code == 404
    assert b"Longname" not in answer.content


@pytest.mark.parametrize("act", ["own", "release", "confirm", "close", "snooze"])
def test_staff_of_another_program_change_nothing(clinic, act):
    before = clinic.rows()
    answer = signed_in(clinic.southern).post(f"/care/flags/{clinic.flag.pk}/{act}/", {"outcome": "reached"})
    assert answer.status_code == 404
    assert clinic.rows() == before


def test_each_program_sees_its_own_list(clinic, coordinator):
    assert b"Ada Longname" in coordinator.get("/care/").content
    southern = signed_in(clinic.southern).get("/care/").content
    assert b"Cora Stranger" in southern
    assert b"Ada Longname" not in southern


@pytest.mark.parametrize("path", ["/me/", "/me/moment/"])
def test_staff_have_no_page_of_their_own(coordinator, path):
    assert coordinator.get(path).status_code == 403


def test_a_patient_cannot_answer_for_somebody_else(clinic, phone):
    before = clinic.rows()
    said = {"client_id": "7a4d8a3e-0000-4000-8000-000000000001", "said": "yes"}
    answer = phone.post(f"/me/today/{clinic.neighbour_dose.pk}/", said)
    assert answer.status_code == 404
    assert clinic.rows() == before


@pytest.mark.parametrize("path", ["/care/", "/me/", "/"])
def test_without_an_account_one_is_asked_to_sign_in(db, path):
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    ("who", "start"),
    [pytest.param("coordinator", "/care/", id="staff"), pytest.param("phone", "/me/", id="patient")],
)
def test_each_role_starts_at_its_own_page(clinic, who, start):
    assert signed_in(getattr(clinic, who)).get("/")["Location"] == start


def test_a_link_is_spent_by_the_button_and_not_by_a_preview(clinic):
    link = people.make_sign_in_link(user_id=clinic.phone.pk, now=clinic.now)
    preview = Client()
    assert preview.get(link).status_code == 200
    assert preview.get("/me/").status_code == 302

    person = Client()
    assert person.post(link)["Location"] == "/me/"
    assert person.get("/me/").status_code == 200

    assert Client().post(link).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        pytest.param("/care/patients/1/", "/care/patients/1/", id="a-path-of-ours"),
        pytest.param("https://elsewhere.example/", "/care/", id="another-site"),
        pytest.param("//elsewhere.example/", "/care/", id="another-site-without-scheme"),
        pytest.param("/\\elsewhere.example/", "/care/", id="backslash"),
        pytest.param("javascript:alert(1)", "/care/", id="script"),
    ],
)
def test_the_way_on_stays_on_this_site(clinic, wanted, got):
    link = people.make_sign_in_link(user_id=clinic.coordinator.pk, now=clinic.now)
    assert Client().post(link, {"next": wanted})["Location"] == got


def test_a_pasted_link_leads_to_its_page(db):
    answer = Client().post(
        "/sign-in/", {"link": "https://x.example/s/abcdefghijklmnopqrstuvwxyz012345/", "next": "/me/"}
    )
    assert answer["Location"] == "/s/abcdefghijklmnopqrstuvwxyz012345/?next=%2Fme%2F"
    assert Client().post("/sign-in/", {"link": "hello"}).status_code == 400


def test_signing_out_ends_it(phone):
    assert phone.post("/sign-out/")["Location"] == "/sign-in/"
    assert phone.get("/me/").status_code == 302


def test_pages_with_facts_stay_in_no_cache(clinic, coordinator, phone):
    for browser, path in (
        (coordinator, "/care/"),
        (coordinator, f"/care/patients/{clinic.patient.pk}/"),
        (phone, "/me/"),
    ):
        assert "no-store" in browser.get(path)["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/care/", "/care/patients/{patient}/", "/me/", "/me/moment/", "/sign-in/", "/nothing/"]
)
def test_no_title_says_what_is_treated(clinic, coordinator, phone, path):
    browser = phone if path.startswith("/me/") else coordinator
    page = browser.get(of(clinic, path)).content.decode()
    title = page.split("<title>")[1].split("</title>")[0].lower()
    words = ("naltrexone", "opioid", "alcohol", "recovery", "craving", "dose", "injection", "treatment", "longname")
    assert not any(word in title for word in words)
