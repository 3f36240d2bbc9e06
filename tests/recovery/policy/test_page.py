"""The page of all numbers: who reads it, who signs on it, and that it works without scripts."""

import html
import re

import pytest

from backend.models import PolicyOverride
from backend.rules.roles import Role
from backend.services import people
from recovery.rules.flags import FLAG_RULES, signed_columns
from recovery.rules.policy import DEFAULT_VERSION, default_policy, numbers
from recovery.rules.standing import standing
from recovery.rules.states import FlagKind
from recovery.selectors.policy import policy_for, rules_for, unsigned_of
from tests.recovery.api.clinic import signed_in


@pytest.fixture
def director(clinic, now):
    user = people.create_staff(email="md@example.test", roles={clinic.north.pk: [Role.MEDICAL_DIRECTOR]}, now=now)
    return signed_in(user)


def text_of(answer):
    return html.unescape(answer.content.decode())


def number_path(clinic, key="craving_high_at"):
    return f"/care/policy/{clinic.north.pk}/{key}/"


def values(clinic, open_scope):
    with open_scope(clinic.north.pk):
        return policy_for(clinic.north.pk), unsigned_of([clinic.north.pk])[clinic.north.pk]


def test_the_care_team_reads_every_number_with_unit_source_and_state(clinic):
    page = text_of(signed_in(clinic.coordinator).get("/care/policy/"))
    for number in numbers(default_policy()):
        assert f'id="{number.key}"' in page
        assert number.source in page
        assert number.unit in page or isinstance(number.value, bool)
    for kind, rule in FLAG_RULES.items():
        assert f'id="flag:{kind.value}"' in page
        assert rule.source in page
    for row in standing().values():
        assert f'id="{row.key}"' in page
        assert row.says in page and row.source in page
    total = len(numbers(default_policy())) + len(FLAG_RULES) + len(standing())
    assert f"{total} in all, {total} not signed. Version {DEFAULT_VERSION}:" in page
    assert "it runs with numbers that nobody signed" in page
    assert "<form" not in page.split('<main id="main"')[1]
    assert "Change</a>" not in page


def test_staff_find_it_in_the_navigation(clinic):
    assert 'href="/care/policy/"' in text_of(signed_in(clinic.coordinator).get("/care/"))


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        pytest.param("phone", "get", "/care/policy/", 403, id="patient-reads"),
        pytest.param("operator", "get", "/care/policy/", 403, id="operator-reads"),
        pytest.param("coordinator", "get", "/care/policy/{north}/craving_high_at/", 403, id="coordinator-form"),
        pytest.param("clinician", "get", "/care/policy/{north}/craving_high_at/", 403, id="clinician-form"),
        pytest.param("clinician", "post", "/care/policy/{north}/craving_high_at/", 403, id="clinician-changes"),
        pytest.param("clinician", "post", "/care/policy/{north}/sign/", 403, id="clinician-signs"),
        pytest.param("southern", "get", "/care/policy/?program={north}", 404, id="another-program"),
        pytest.param("southern", "post", "/care/policy/{north}/sign/", 403, id="coordinator-elsewhere-signs"),
    ],
)
def test_who_may_not(clinic, open_scope, who, method, path, status):
    body = {"read": "yes", "seen": DEFAULT_VERSION, "keys": "due_at_dsl", "value": "9", "reason": "x"}
    answer = getattr(signed_in(getattr(clinic, who)), method)(
        path.format(north=clinic.north.pk), body if method == "post" else {}
    )
    assert answer.status_code == status
    with open_scope(clinic.north.pk):
        assert not PolicyOverride.objects.exists()


def test_a_director_of_another_program_finds_nothing(clinic, now):
    user = people.create_staff(email="md2@example.test", roles={clinic.south.pk: [Role.MEDICAL_DIRECTOR]}, now=now)
    browser = signed_in(user)
    assert browser.get(number_path(clinic)).status_code == 404
    assert browser.post(f"/care/policy/{clinic.north.pk}/sign/", {"read": "yes"}).status_code == 404


def test_the_director_changes_a_number_with_a_reason(clinic, director, open_scope):
    form = text_of(director.get(number_path(clinic)))
    seen = re.search(r'name="seen" value="([^"]+)"', form).group(1)
    assert "8 points of 10" in form and "1 to 10" in form
    answer = director.post(number_path(clinic), {"value": "9", "reason": "too many calls", "seen": seen})
    assert answer["Location"] == f"/care/policy/?program={clinic.north.pk}&done=changed"
    page = text_of(director.get(answer["Location"]))
    assert "Changed and signed." in page
    assert "The program's own; the default is 8." in page
    assert "md@example.test" in page
    assert "too many calls" in text_of(director.get(number_path(clinic)))
    policy, unsigned = values(clinic, open_scope)
    assert policy.craving_high_at == 9
    assert "craving_high_at" not in unsigned


@pytest.mark.parametrize(
    ("key", "sent", "said"),
    [
        pytest.param("craving_high_at", {"value": "11"}, "must lie in 1 to 10", id="outside"),
        pytest.param("craving_high_at", {"value": "8.5"}, "must be a whole number", id="not-whole"),
        pytest.param("craving_high_at", {"value": ""}, "Give a value.", id="empty"),
        pytest.param("craving_high_at", {"reason": ""}, "Say why, in a line.", id="no-reason"),
        pytest.param("overdue_4_from_dsl", {"value": "29"}, "must be above overdue_1_from_dsl", id="not-ascending"),
        pytest.param("hold_on_silence", {"value": "maybe"}, "Select a valid choice", id="switch"),
        pytest.param("flag:silence", {"response": "someday"}, "Select a valid choice", id="answer-time"),
        pytest.param("flag:suicide_risk", {"response": "weekly"}, "An emergency is not answered later", id="emergency"),
        pytest.param("flag:suicide_risk", {"severity": "amber"}, "this concern stays red", id="milder"),
        pytest.param("flag:silence", {"severity": "red"}, "Time and silence make no red", id="silence-red"),
        pytest.param("flag:positive_screen", {"owner": "nurse"}, "a prescriber&#x27;s", id="owner"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_stored(clinic, director, open_scope, key, sent, said):
    body = {"value": "9", "reason": "x", "seen": DEFAULT_VERSION}
    if key.startswith("flag:"):
        row = signed_columns(FLAG_RULES[FlagKind(key.removeprefix("flag:"))])
        body |= {name: value or "" for name, value in row.items()}
    answer = director.post(number_path(clinic, key), body | sent)
    assert answer.status_code == 422
    assert html.unescape(said) in text_of(answer)
    with open_scope(clinic.north.pk):
        assert not PolicyOverride.objects.exists()


def test_the_director_changes_how_severe_a_concern_is_whose_and_how_soon_it_is_answered(clinic, director, open_scope):
    path = number_path(clinic, "flag:silence")
    assert "Never below" in text_of(director.get(path))
    body = {"severity": "amber", "alcohol_only": "", "owner": "nurse", "response": "hours_4"}
    body |= {"reason": "small panel", "seen": DEFAULT_VERSION}
    assert director.post(path, body).status_code == 302
    page = text_of(director.get("/care/policy/"))
    assert "The program's own; the default is: Amber plus, coordinator, the same day." in page
    assert "Amber, nurse, within 4 hours" in text_of(director.get(path))
    with open_scope(clinic.north.pk):
        row = rules_for([clinic.north.pk])[clinic.north.pk].flags[FlagKind.SILENCE]
    assert (row.severity.value, row.owner.value, row.response.value) == ("amber", "nurse", "hours_4")


def test_a_section_is_signed_as_it_stands_after_reading(clinic, director, open_scope):
    page = text_of(director.get("/care/policy/"))
    section = page.split('id="s6"')[1].split("</section>")[0]
    keys = re.findall(r'name="keys" value="([^"]+)"', section)
    assert keys == ["pdc_threshold", "continuity_days", "continuity_gap_days", "persistence_gap_days"]
    path = f"/care/policy/{clinic.north.pk}/sign/"
    unread = director.post(path, {"keys": keys, "seen": DEFAULT_VERSION})
    assert unread.status_code == 400
    assert "Nothing was signed" in text_of(unread)
    assert director.post(path, {"keys": keys, "seen": DEFAULT_VERSION, "read": "yes"}).status_code == 302
    _, unsigned = values(clinic, open_scope)
    assert not set(keys) & set(unsigned)
    assert "All signed" in text_of(director.get("/care/policy/"))


def test_who_signs_what_has_changed_meanwhile_is_told_so(clinic, director, open_scope):
    body = {"value": "9", "reason": "x", "seen": DEFAULT_VERSION}
    assert director.post(number_path(clinic), body).status_code == 302
    late = director.post(
        f"/care/policy/{clinic.north.pk}/sign/", {"keys": "craving_high_at", "seen": DEFAULT_VERSION, "read": "yes"}
    )
    assert late.status_code == 409
    assert director.post(number_path(clinic), body).status_code == 409


def test_all_can_be_signed_on_the_page_and_production_has_nothing_to_say(clinic, director, open_scope, settings):
    path = f"/care/policy/{clinic.north.pk}/sign/"
    while forms := re.findall(
        r"(?s)<form method=\"post\" action=\"[^\"]+/sign/\">.*?</form>", text_of(director.get("/care/policy/"))
    ):
        body = {name: re.findall(rf'name="{name}" value="([^"]+)"', forms[0]) for name in ("keys", "seen", "read")}
        assert director.post(path, body).status_code == 302
    settings.PRODUCTION = True
    page = text_of(director.get("/care/policy/"))
    assert ", 0 not signed." in page
    assert "nobody signed" not in page


@pytest.mark.parametrize("key", ["nothing", "flag:nothing", "version", "flag:", "regimen:oral_daily"])
def test_a_number_that_is_not_there(clinic, director, key):
    assert director.get(number_path(clinic, key)).status_code == 404
