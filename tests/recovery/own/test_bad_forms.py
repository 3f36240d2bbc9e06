"""What cannot be saved from the phone: said at its field in the person's language, kept as typed, nothing stored."""

import re
import uuid
from datetime import date
from html import unescape

import pytest

from backend.access import NOBODY
from backend.db import programs
from backend.services import people
from recovery.models import (
    CravingLog,
    DoseReport,
    InstrumentAnswer,
    JournalEntry,
    MeetingLog,
    Need,
    Patient,
    PatientGoal,
    PlanVersion,
    SideEffectReport,
    StatedFact,
    TabletCount,
    TriggerEntry,
)
from recovery.models.injections import Injection
from recovery.selectors.records import open_treatment
from recovery.services.regimens import start_regimen
from recovery.web.own_fields import MESSAGES
from tests.recovery.api.clinic import signed_in
from tests.recovery.own.test_pages import ident

pytestmark = pytest.mark.django_db

STORED = (
    CravingLog, DoseReport, InstrumentAnswer, JournalEntry, MeetingLog, Need, PatientGoal, PlanVersion,
    SideEffectReport, StatedFact, TabletCount, TriggerEntry, Injection,
)  # fmt: skip
LONG = "x" * 2001
NUL = "one\x00two"
NUMBER, LIST = "Please choose a whole number from 0 to 10.", "Please choose one of these."
TOO_LONG, BROKEN = "at most 2000 characters", "Something in here cannot be saved."
DAY, FUTURE, WRITE = "Please enter a day that exists.", "This day has not come yet.", "Please write something here."

CASES = [
    # A craving of 11, a word, a half, a confidence outside its scale, an overlong note, a NUL
    pytest.param("/me/scale/", {"intensity": "11", "note": "keep"}, "intensity", NUMBER, "keep", id="craving-of-11"),
    pytest.param("/me/scale/", {"intensity": "-1", "note": "keep"}, "intensity", NUMBER, "keep", id="craving-below-0"),
    pytest.param("/me/scale/", {"intensity": "4.5", "note": "keep"}, "intensity", NUMBER, "keep", id="craving-of-4.5"),
    pytest.param("/me/scale/", {"note": "keep"}, "intensity", NUMBER, "keep", id="craving-not-chosen"),
    pytest.param(
        "/me/scale/",
        {"intensity": "4", "confidence": "11", "note": "keep"},
        "confidence",
        NUMBER,
        "keep",
        id="confidence-of-11",
    ),
    pytest.param("/me/scale/", {"intensity": "4", "note": LONG}, "note", TOO_LONG, LONG, id="craving-note-too-long"),
    pytest.param("/me/scale/", {"intensity": "4", "note": NUL}, "note", BROKEN, "onetwo", id="craving-note-with-nul"),
    pytest.param(
        "/me/moment/", {"kind": "emotional", "note": "keep"}, "origin", LIST, "keep", id="moment-from-nowhere"
    ),
    pytest.param(
        "/me/moment/", {"origin": "internal", "kind": "x", "note": "keep"}, "kind", LIST, "keep", id="moment-of-no-kind"
    ),
    pytest.param(
        "/me/moment/",
        {"origin": "internal", "kind": "emotional", "intensity": "11", "note": "keep"},
        "strength",
        NUMBER,
        "keep",
        id="moment-of-11",
    ),
    pytest.param(
        "/me/moment/",
        {"origin": "internal", "kind": "emotional", "note": NUL},
        "note",
        BROKEN,
        "onetwo",
        id="moment-with-nul",
    ),
    # Something happened
    pytest.param("/me/happened/", {"kind": "x", "note": "keep"}, "kind", LIST, "keep", id="nothing-that-happens"),
    pytest.param(
        "/me/happened/",
        {"kind": "new_medicine", "taken": "no", "note": "keep"},
        "medicine",
        WRITE,
        "keep",
        id="medicine-without-name",
    ),
    pytest.param(
        "/me/happened/", {"kind": "new_medicine", "medicine": "keep"}, "taken", LIST, "keep", id="medicine-taken-or-not"
    ),
    pytest.param(
        "/me/happened/",
        {"kind": "new_medicine", "medicine": "keep" * 40},
        "medicine",
        "at most 120",
        "keepkeep",
        id="medicine-too-long",
    ),
    pytest.param(
        "/me/happened/", {"kind": "cough", "fever": "some", "note": "keep"}, "fever", LIST, "keep", id="fever-of-some"
    ),
    pytest.param("/me/happened/", {"kind": "cough", "note": NUL}, "note", BROKEN, "onetwo", id="happened-with-nul"),
    # Side effects
    pytest.param("/me/body/", {"note": "keep"}, "effect", LIST, "keep", id="effect-not-chosen"),
    pytest.param(
        "/me/body/",
        {"effect": "nausea", "strength": "11", "note": "keep"},
        "strength",
        LIST,
        "keep",
        id="strength-of-11",
    ),
    pytest.param(
        "/me/body/",
        {"effect": "nausea", "began_on": "2026-03-04", "note": "keep"},
        "since",
        FUTURE,
        "keep",
        id="effect-tomorrow",
    ),
    pytest.param(
        "/me/body/",
        {"effect": "nausea", "began_on": "2026-02-30", "note": "keep"},
        "since",
        DAY,
        "keep",
        id="effect-on-30-february",
    ),
    pytest.param(
        "/me/body/", {"effect": "nausea", "note": LONG}, "body-note", TOO_LONG, LONG, id="effect-note-too-long"
    ),
    # The plan
    pytest.param("/me/plan/save/", {"reasons": NUL, "exit": "keep"}, "reasons", BROKEN, "keep", id="plan-with-nul"),
    pytest.param(
        "/me/plan/save/",
        {"phone_0": "555 keep"},
        "name_0",
        "Please add the name.",
        "555 keep",
        id="person-without-name",
    ),
    pytest.param(
        "/me/plan/save/",
        {"strategy_physical": LONG, "exit": "keep"},
        "strategy_physical",
        TOO_LONG,
        "keep",
        id="strategy-too-long",
    ),
    pytest.param("/me/plan/goal/", {"goal": "life"}, "goal-words", WRITE, "", id="goal-without-words"),
    pytest.param("/me/plan/goal/", {"goal": "x", "words": "keep"}, "goal", LIST, "keep", id="no-such-goal"),
    pytest.param("/me/plan/write/", {"words": LONG}, "journal", TOO_LONG, LONG, id="journal-too-long"),
    pytest.param("/me/plan/write/", {"words": NUL}, "journal", BROKEN, "onetwo", id="journal-with-nul"),
    pytest.param(
        "/me/plan/meeting/",
        {"kind": "na", "attended_on": "2026-03-04"},
        "meeting-day",
        FUTURE,
        "2026-03-04",
        id="meeting-tomorrow",
    ),
    pytest.param(
        "/me/plan/meeting/",
        {"kind": "x", "attended_on": "2026-03-01"},
        "meeting-kind",
        LIST,
        "2026-03-01",
        id="no-such-meeting",
    ),
    pytest.param("/me/plan/need/", {"kind": "yacht", "note": "keep"}, "need-kind", LIST, "keep", id="no-such-need"),
    # Visits
    pytest.param("/me/visits/left/", {"tablets": "5000"}, "tablets", "from 0 to 1000", "5000", id="5000-left"),
    pytest.param("/me/visits/left/", {"tablets": "-1"}, "tablets", "from 0 to 1000", "-1", id="fewer-than-none"),
    pytest.param("/me/visits/elsewhere/", {"given_on": "soon"}, "given", DAY, "soon", id="given-soon"),
]


def stored(clinic):
    with programs([clinic.north.pk]):
        return [model.objects.count() for model in STORED]


@pytest.mark.parametrize("path", sorted({case.values[0] for case in CASES}))
def test_it_is_said_at_the_field_and_what_was_typed_stays(clinic, phone, path):
    before = stored(clinic)
    for case in CASES:
        place, form, field, says, keeps = case.values
        if place != path:
            continue
        answer = phone.post(path, ident(**form))
        assert answer.status_code == 422, case.id
        page = unescape(answer.content.decode())
        [message] = re.findall(rf'<small class="wrong" id="{field}-wrong">([^<]*)</small>', page)
        assert says in message, case.id
        assert re.search(rf'aria-describedby="[^"]*\b{field}-wrong"', page), case.id
        assert keeps in page, case.id
        assert "\x00" not in page, case.id
    assert stored(clinic) == before


def test_an_injection_elsewhere_is_not_told_before_it_is_given(clinic, phone):
    with programs([clinic.north.pk]):
        treatment = open_treatment(clinic.patient)
        start_regimen(actor=NOBODY, treatment=treatment, kind="xr_im_28d", starts_on=date(2026, 3, 1), now=clinic.now)
    before = stored(clinic)
    answer = phone.post("/me/visits/elsewhere/", ident(given_on="2026-03-04"))
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    assert f'<small class="wrong" id="given-wrong">{FUTURE}</small>' in page and 'value="2026-03-04"' in page
    assert stored(clinic) == before
    assert phone.post("/me/visits/elsewhere/", ident(given_on="2026-03-02")).status_code == 302


def test_it_is_said_in_spanish(clinic, phone):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language="es")
    page = unescape(phone.post("/me/scale/", ident(intensity="11")).content.decode())
    assert "Por favor, elija un número entero de 0 a 10." in page
    assert set(MESSAGES["en"]) == set(MESSAGES["es"])


@pytest.mark.parametrize("path", ["/me/scale/", "/me/moment/", "/me/happened/", "/me/body/", "/me/plan/write/"])
def test_an_id_that_is_none_stores_nothing(clinic, phone, path):
    before = stored(clinic)
    full = {"intensity": "4", "origin": "internal", "kind": "emotional", "effect": "nausea", "words": "w"}
    for client_id in ("", "x", "0", "a" * 5000):
        assert phone.post(path, {**full, "client_id": client_id}).status_code == 422
    assert stored(clinic) == before


def test_somebody_elses_dose_is_not_there(clinic, phone):
    before = stored(clinic)
    for dose_id in (clinic.neighbour_dose.pk, 999_999_999):
        for said in ("yes", "no"):
            assert phone.post(f"/me/today/{dose_id}/", ident(said=said)).status_code == 404
    assert stored(clinic) == before


def test_a_dose_is_answered_by_yes_or_no_and_a_short_reason(clinic, phone):
    before = stored(clinic)
    for form in ({"said": "maybe"}, {}, {"said": "no", "reason": "y" * 21}, {"said": "no", "reason": NUL}):
        assert phone.post(f"/me/today/{clinic.doses[3].pk}/", ident(**form)).status_code == 422
    assert stored(clinic) == before


def test_an_answer_outside_its_scale_is_refused_and_the_question_stays(clinic, phone):
    before = stored(clinic)
    path = f"/me/questions/{clinic.questions.client_id}/"
    item = re.findall(r'name="item" value="([^"]+)"', phone.get(path).content.decode())[0]
    for value in ("4", "11", "-1", "1.5", "x", "", "9" * 400, NUL):
        answer = phone.post(f"{path}answer/", ident(item=item, value=value))
        assert answer.status_code == 422, value
        assert "Nothing was saved." in answer.content.decode()
        assert f'name="item" value="{item}"' in answer.content.decode()
    assert stored(clinic) == before


def test_somebody_elses_questions_and_goal_are_not_there(clinic, phone):
    neighbour = signed_in(clinic.neighbour_phone)
    path = f"/me/questions/{clinic.questions.client_id}/"
    assert neighbour.get(path).status_code == 404
    assert neighbour.post(f"{path}answer/", ident(item="x", value="1")).status_code == 404
    phone.post("/me/plan/goal/", ident(goal="opioid"))
    with programs([clinic.north.pk]):
        goal = PatientGoal.objects.get()
    answer = neighbour.post("/me/plan/goal-end/", {"goal_id": goal.pk, "outcome": "reached"})
    assert answer.status_code == 404


def test_another_programs_patient_signs_in_to_their_own_page_alone(clinic, phone):
    user = people.create_patient_account(program_id=clinic.south.pk, patient_id=clinic.stranger.pk, now=clinic.now)
    assert signed_in(user).post(f"/me/today/{clinic.doses[3].pk}/", ident(said="yes")).status_code == 404
    assert signed_in(user).post("/me/scale/", {"client_id": uuid.uuid4(), "intensity": "3"}).status_code == 302
    with programs([clinic.north.pk]):
        assert not CravingLog.objects.filter(patient_id=clinic.patient.pk).exists()
