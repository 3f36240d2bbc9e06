"""The screens in use: by mouse, by keyboard, without scripts, without a connection."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import keep

PAGES = [
    pytest.param("", "/sign-in/", id="sign-in"),
    pytest.param("empty", "/care/", id="worklist-empty"),
    pytest.param("long", "/care/", id="worklist"),
    pytest.param("one", "patient_page", id="patient"),
    pytest.param("one", "people_page", id="people"),
    pytest.param("one", "texts_page", id="patient-texts"),
    pytest.param("one", "measures_page", id="measures"),
    pytest.param("one", "/care/measures/", id="measures-program"),
    pytest.param("injected", "injected_page", id="patient-injected"),
    pytest.param("injected", "injected_form", id="injection-form"),
    pytest.param("director", "/care/policy/", id="numbers"),
    pytest.param("director", "one_number", id="one-number"),
    pytest.param("patient_es", "/me/", id="own"),
    pytest.param("patient_es", "/me/moment/", id="own-moment"),
    pytest.param("patient", "/me/plan/", id="own-plan"),
    pytest.param("patient_es", "/me/ahead/", id="own-ahead"),
    pytest.param("one", "conditions_page", id="conditions"),
    pytest.param("one", "/care/meetings/", id="meetings"),
    pytest.param("patient_es", "/me/body/", id="own-body"),
    pytest.param("one", "plan_page", id="plan"),
    pytest.param("held", "held_page", id="safety"),
    pytest.param("patient_held", "/me/", id="own-hold"),
    pytest.param("patient_held", "/me/happened/", id="own-happened"),
    pytest.param("patient_es", "/me/questions/", id="own-questions"),
    pytest.param("patient_es", "own_question_es", id="own-question"),
    pytest.param("patient_late", "own_safety", id="own-safety-question"),
    pytest.param("injected", "questionnaires", id="questionnaires"),
    pytest.param("injected", "questionnaire_fill", id="questionnaire-fill"),
]


# A box is hit through the label around it.
FINGERS = (
    "button, .button, summary, select, .scale label, .picks label, label:has(> [type=checkbox]),"
    " input:not([type=hidden], [type=radio], label > [type=checkbox])"
)
TOO_LOW = "found => found.filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML)"


def address(site, path):
    return site.links["injected_page"] + "given/" if path == "injected_form" else site.links.get(path, path)


@pytest.mark.parametrize(
    "dark", [pytest.param(True, id="dark"), pytest.param(False, id="light", marks=pytest.mark.full)]
)
@pytest.mark.parametrize(("who", "path"), PAGES)
def test_on_the_narrowest_phone_axe_finds_nothing_and_fingers_hit(look, site, who, path, dark):
    page = look(who, address(site, path), width=320, dark=dark)
    found = Axe().run(page)
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.eval_on_selector_all(FINGERS, TOO_LOW) == []


def test_a_coordinator_closes_a_row_without_leaving_the_page(look):
    page = look("many", "/care/")
    heading = page.get_by_role("heading", level=1)
    before = int(heading.inner_text().split()[0])
    first = page.locator("ul.rows > li").first
    gone = first.get_attribute("id")
    first.get_by_role("link", name=re.compile("^Close")).click()
    form = page.get_by_role("form", name=re.compile("^Close"))
    form.get_by_role("button", name="Close it").click()
    expect(form).to_contain_text("Choose how this ended.")
    form.get_by_label("How did it end?").select_option("plan_made")
    form.get_by_label("Contact", exact=True).select_option("call")
    form.get_by_label("What came of the contact").select_option("reached")
    form.get_by_role("button", name="Close it").click()
    expect(page.locator("#notice")).to_have_text("Closed.")
    expect(heading).to_have_text(f"{before - 1} to look at")
    expect(page.locator(f"#{gone}")).to_have_count(0)
    assert page.url.endswith("/care/")
    # The keyboard is on the row that took its place, not back at the top.
    assert page.evaluate("document.activeElement.closest('ul.rows > li') !== null")


def test_a_row_is_worked_with_the_keyboard_alone(look):
    page = look("many", "/care/")
    row = page.locator("ul.rows > li").nth(3)
    row.get_by_role("link", name=re.compile("^Snooze")).focus()
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name=re.compile("^Snooze"))
    expect(form.get_by_label("Wake it on the morning of")).to_be_focused()
    form.get_by_role("link", name="Not now").press("Enter")
    expect(form).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('ul.rows > li') !== null")


def test_a_refresh_does_not_take_away_what_is_being_typed(look):
    page = look("many", "/care/")
    row = page.locator("ul.rows > li").nth(5)
    row.get_by_role("link", name=re.compile("^Close")).click()
    note = page.get_by_role("form").get_by_label("Note (optional)")
    note.fill("She asked to be called after four.")
    with page.expect_response(lambda answer: "/care/list/" in answer.url):
        page.locator("ul.rows > li").nth(6).get_by_role("button", name=re.compile("^Take on")).click()
    expect(page.locator("ul.rows > li").nth(6)).to_contain_text("You have this")
    expect(page.get_by_role("form").get_by_label("Note (optional)")).to_have_value("She asked to be called after four.")


def test_an_unchanged_list_polls_in_vain(look):
    page = look("empty", "/care/")
    page.clock.install()
    page.reload()
    with page.expect_response(lambda answer: "/care/list/" in answer.url) as answer:
        page.clock.fast_forward("00:20")
    assert answer.value.status == 304
    expect(page.get_by_text("Nobody is waiting")).to_be_visible()


def test_a_patient_answers_and_logs_a_number_with_one_thumb(look):
    page = look("patient", "/me/", width=360, height=740, has_touch=True)
    page.get_by_role("button", name=re.compile("^Done")).tap()
    expect(page.get_by_text("Thank you. It is noted.")).to_be_visible()
    expect(page.get_by_text("You told us: taken.")).to_be_visible()
    page.locator("label[for=n3]").tap()
    page.get_by_role("button", name="Save").tap()
    expect(page.get_by_text("If you would like to talk, call us.")).to_be_visible()
    expect(page.get_by_role("link", name="Call 911")).to_be_in_viewport()
    expect(page.get_by_role("link", name="Call or text 988")).to_be_in_viewport()


def test_without_a_connection_it_says_so_and_keeps_the_answer_on_the_page(look):
    page = look("patient_es", "/me/", width=360)
    page.locator("label[for=n4]").click()
    page.context.set_offline(True)
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_role("alert")).to_contain_text("Esto no se envió")
    page.context.set_offline(False)
    expect(page.locator("#n4")).to_be_checked()
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_text("Gracias. Está anotado.")).to_be_visible()


def test_what_cannot_be_is_marked_at_its_field_and_stays(look, request):
    page = look("patient_es", "/me/ahead/", width=320, dark=True)
    page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    page.locator("summary", has_text="Contarnos de una").click()
    page.get_by_label("Con sus propias palabras").fill("no perder esto")
    page.get_by_label("¿Qué día?").fill("2020-01-01")
    page.locator("form[action$='procedure/'] button").click()
    expect(page.locator("#procedure-kind-wrong")).to_have_text("Por favor, elija una de estas opciones.")
    expect(page.get_by_label("Con sus propias palabras")).to_have_value("no perder esto")
    expect(page.get_by_label("¿Qué día?")).to_have_value("2020-01-01")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    keep(page, request.node.name)


def test_everything_works_without_scripts(look, site):
    page = look("one", "/care/", java_script_enabled=False)
    page.get_by_role("button", name=re.compile("^Take on")).first.click()
    expect(page.get_by_text("You have taken this on.")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Close")).first.click()
    page.get_by_label("How did it end?").select_option("reached")
    page.get_by_role("button", name="Close it").click()
    expect(page.locator("#notice")).to_have_text("Closed.")

    own = look("patient_late", "/me/", width=360, java_script_enabled=False)
    own.locator("label[for=n2]").click()
    own.get_by_role("button", name="Save").click()
    expect(own.get_by_text("Thank you. It is noted.")).to_be_visible()


def test_an_injection_that_came_late_is_recorded_and_cover_begins_again(look, site):
    page = look("injected", site.links["injected_page"])
    page.get_by_role("link", name="Record what was given").click()
    page.get_by_label("Side").select_option("left")
    page.get_by_label("Lot", exact=True).fill("B77")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It is on the same side as the last one.").first).to_be_visible()
    expect(page.locator(".big")).to_have_text("Covered")
    expect(page.get_by_text("Its reason has ended. Please confirm.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Confirm")).click()
    expect(page.get_by_text("Its reason has ended. Please confirm.")).to_have_count(0)
    expect(page.get_by_text("Injection is")).to_have_count(0)
