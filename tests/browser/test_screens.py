"""What people see, at the widths and in the light that they see it in."""

import pytest

from tests.browser.conftest import keep

FULL = pytest.mark.full  # a second look: the page is seen in another case, or by axe on the narrowest phone
CASES = [
    pytest.param("", "/sign-in/", 360, False, id="sign-in"),
    pytest.param("empty", "/care/", 1200, False, id="worklist-empty"),
    pytest.param("one", "/care/", 1200, False, id="worklist-one"),
    pytest.param("one", "/care/", 320, True, id="worklist-one-narrow-dark", marks=FULL),
    pytest.param("many", "/care/", 1200, False, id="worklist-many"),
    pytest.param("many", "/care/", 360, False, id="worklist-many-narrow", marks=FULL),
    pytest.param("many", "/care/", 1200, True, id="worklist-many-dark", marks=FULL),
    pytest.param("long", "/care/", 320, False, id="worklist-long-name"),
    pytest.param("one", "patient_page", 1200, False, id="patient"),
    pytest.param("one", "patient_page", 360, True, id="patient-narrow-dark", marks=FULL),
    pytest.param("long", "long_page", 320, False, id="patient-long-name"),
    pytest.param("one", "people_page", 1200, False, id="people"),
    pytest.param("one", "people_page", 320, True, id="people-narrow-dark", marks=FULL),
    pytest.param("one", "texts_page", 320, True, id="patient-texts-narrow-dark", marks=FULL),
    pytest.param("one", "measures_page", 360, False, id="measures", marks=FULL),
    pytest.param("one", "/care/measures/", 320, True, id="measures-program-narrow-dark", marks=FULL),
    pytest.param("injected", "injected_page", 1200, False, id="patient-injected"),
    pytest.param("director", "/care/policy/", 1200, False, id="numbers"),
    pytest.param("director", "/care/policy/", 320, True, id="numbers-narrow-dark", marks=FULL),
    pytest.param("director", "/care/texts/", 1200, False, id="texts"),
    pytest.param("director", "/care/texts/", 320, True, id="texts-narrow-dark", marks=FULL),
    pytest.param("director", "/care/texts/missed/", 360, False, id="texts-missed"),
    pytest.param("one", "/care/inbox/", 1200, False, id="inbox", marks=FULL),
    pytest.param("one", "/care/inbox/", 320, True, id="inbox-narrow-dark"),
    pytest.param("empty", "/care/inbox/", 360, False, id="inbox-empty", marks=FULL),
    pytest.param("on_duty", "/care/rota/", 1200, False, id="rota", marks=FULL),
    pytest.param("on_duty", "/care/rota/", 320, True, id="rota-narrow-dark"),
    pytest.param("one", "/care/health/", 1200, False, id="health", marks=FULL),
    pytest.param("one", "/care/health/", 320, True, id="health-narrow-dark"),
    pytest.param("director", "one_number", 360, False, id="one-number", marks=FULL),
    pytest.param("director", "one_concern", 320, True, id="one-concern-narrow-dark"),
    pytest.param("injected", "injected_given", 320, True, id="given-narrow-dark"),
    pytest.param("injected", "injected_given", 1200, False, id="given", marks=FULL),
    pytest.param("patient", "/me/", 360, False, id="own"),
    pytest.param("patient", "/me/", 320, True, id="own-narrow-dark", marks=FULL),
    pytest.param("patient_es", "/me/", 320, False, id="own-spanish", marks=FULL),
    pytest.param("patient", "/me/moment/", 360, False, id="own-moment", marks=FULL),
    pytest.param("patient_late", "/me/questions/", 360, False, id="own-questions", marks=FULL),
    pytest.param("patient_late", "own_question", 320, True, id="own-question-narrow-dark", marks=FULL),
    pytest.param("patient_late", "own_safety", 360, False, id="own-safety-question", marks=FULL),
    pytest.param("patient_es", "own_question_es", 320, False, id="own-question-spanish", marks=FULL),
    pytest.param("injected", "questionnaires", 1200, False, id="questionnaires"),
    pytest.param("injected", "questionnaires", 320, True, id="questionnaires-narrow-dark", marks=FULL),
    pytest.param("injected", "questionnaire_fill", 360, False, id="questionnaire-fill", marks=FULL),
    pytest.param("patient_quiet", "/me/", 360, False, id="own-quiet"),
    pytest.param("held", "held_page", 1200, False, id="safety"),
    pytest.param("held", "held_page", 320, True, id="safety-narrow-dark", marks=FULL),
    pytest.param("patient_held", "/me/", 360, False, id="own-hold", marks=FULL),
    pytest.param("patient_held", "/me/happened/", 320, True, id="own-happened-narrow-dark", marks=FULL),
    pytest.param("prescriber", "/care/tasks/", 320, True, id="tasks-narrow-dark"),
    pytest.param("prescriber", "injected_tests", 320, True, id="tests-narrow-dark"),
    pytest.param("prescriber", "injected_checklists", 360, False, id="checklists-narrow"),
    pytest.param("prescriber", "injected_visits", 1200, False, id="visits"),
    pytest.param("prescriber", "injected_visits", 320, True, id="visits-narrow-dark", marks=FULL),
    pytest.param("prescriber", "injected_orders", 360, False, id="orders"),
    pytest.param("prescriber", "injected_order", 320, False, id="order"),
    pytest.param("injected", "injected_treatment", 360, True, id="treatment"),
    pytest.param("injected", "/care/enrol/", 320, False, id="enrol"),
    pytest.param("patient_late", "/me/visits/", 320, False, id="own-visits"),
    pytest.param("patient_late", "/me/", 360, False, id="own-visit-passed", marks=FULL),
    pytest.param("patient", "/me/plan/", 360, False, id="own-plan"),
    pytest.param("patient_es", "/me/plan/", 320, True, id="own-plan-spanish-narrow-dark", marks=FULL),
    pytest.param("patient", "/me/ahead/", 360, False, id="own-ahead"),
    pytest.param("patient_es", "/me/ahead/", 320, True, id="own-ahead-spanish-narrow-dark", marks=FULL),
    pytest.param("one", "conditions_page", 1200, False, id="conditions", marks=FULL),
    pytest.param("one", "conditions_page", 320, True, id="conditions-narrow-dark", marks=FULL),
    pytest.param("one", "/care/meetings/", 320, True, id="meetings-narrow-dark", marks=FULL),
    pytest.param("patient", "/me/learn/", 360, False, id="own-learn"),
    pytest.param("patient", "/me/body/", 320, False, id="own-body", marks=FULL),
    pytest.param("patient", "/me/help/", 320, True, id="own-help-narrow-dark"),
    pytest.param("patient", "/me/card/", 360, False, id="own-card"),
    pytest.param("patient", "/me/wake/", 320, True, id="own-wake-narrow-dark"),
    pytest.param("one", "plan_page", 1200, False, id="plan"),
    pytest.param("one", "plan_page", 320, True, id="plan-narrow-dark", marks=FULL),
]


@pytest.mark.parametrize(("who", "path", "width", "dark"), CASES)
def test_page_fits_and_names_nothing(look, site, request, who, path, width, dark):
    page = look(who, site.links.get(path, path), width=width, dark=dark)
    keep(page, request.node.callspec.id, full=who not in ("many", "director") and not path.startswith("/me/"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    title = page.title().lower()
    assert "holdfast" in title
    assert not any(word in title for word in ("recovery", "craving", "dose", "naltrexone", "opioid", "injection"))
