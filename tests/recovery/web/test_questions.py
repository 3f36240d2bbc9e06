"""Questionnaires on the phone and on the staff's page; the red path from the answer to the closed concern."""

import re
import uuid
from datetime import timedelta

import pytest

from backend.db import programs
from backend.models import AuditEvent, Program
from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.services import people
from recovery.models import CravingLog, Flag, InstrumentAnswer, InstrumentForm, Patient
from recovery.services import policy
from recovery.services.instruments_ticks import make_due, watch_forms
from tests.recovery.api.clinic import signed_in


@pytest.fixture
def works(clinic, now):
    """North works on Tuesdays and Wednesdays, and its director switched item 9 and the safety questions on."""
    Program.objects.filter(pk=clinic.north.pk).update(
        clinic_hours={"tue": ["08:00", "17:00"], "wed": ["08:00", "17:00"]}
    )
    user = people.create_staff(
        email=f"{uuid.uuid4().hex}@example.test", roles={clinic.north.pk: [Role.MEDICAL_DIRECTOR]}, now=now
    )
    with programs([clinic.north.pk]):
        policy.override_numbers(
            actor=actor_of(user_id=user.pk),
            program_id=clinic.north.pk,
            values={"phq9_on_phone": True, "cssrs_on_phone": True, "free_text_on_phone": True},
            reason="read in hours",
            now=now,
        )


def text(response):
    page = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", page).replace("&#x27;", "'")


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]+)"', page.content.decode()).group(1)


class Questions:
    """Somebody's phone, going through questions one page at a time, as forms without scripts do."""

    def __init__(self, client):
        self.client = client

    def begin(self, instrument):
        self.path = f"/me/questions/{uuid.uuid4()}/"
        answer = self.client.post(f"{self.path}begin/", {"instrument": instrument})
        assert answer["Location"] == self.path
        return self.client.get(self.path)

    def answer(self, **said):
        page = self.client.get(self.path)
        form = {"client_id": hidden(page, "client_id"), "item": hidden(page, "item"), **said}
        answer = self.client.post(f"{self.path}answer/", form)
        assert answer.status_code == 302, answer.content
        return self.client.get(answer["Location"])


@pytest.fixture
def questions(phone):
    return Questions(phone)


def test_the_red_path_from_item_9_to_a_closed_concern(clinic, questions, coordinator, works, time_machine):
    page = questions.begin("phq9")
    assert "Little interest or pleasure in doing things" in text(page)
    assert "Your care team reads this today. It is not for emergencies." in text(page)
    for _ in range(8):
        page = questions.answer(value="1")
    assert "Thoughts that you would be better off dead" in text(page)
    page = questions.answer(value="2")
    # Nine answers: finished, and the person reads what happens next, honest about the hour.
    assert "Thank you for telling us. We would like to talk with you today. 988 is there any time." in text(page)
    assert 'href="tel:988"' in page.content.decode()
    row = text(coordinator.get("/care/"))
    assert "Thoughts of death or self-harm: item 9 of the PHQ-9 is 2 of 3, Tuesday 3 March" in row
    assert "PHQ-9 is 10 of 27, at or above 10" in row

    # The follow-up waits; it is begun, answered with a yes and left: red, with 15 minutes to answer.
    waiting = text(questions.client.get("/me/questions/"))
    assert "Safety questions" in waiting
    with programs([clinic.north.pk]):
        form = InstrumentForm.objects.get(instrument="cssrs")
    questions.path = f"/me/questions/{form.client_id}/"
    questions.client.post(f"{questions.path}begin/", {"instrument": "cssrs"})
    page = questions.answer(value="1")
    assert "Thank you for telling us." in text(page)
    later = clinic.now + timedelta(minutes=16)
    time_machine.move_to(later, tick=False)
    watch_forms(program_ids=[clinic.north.pk], now=later)
    with programs([clinic.north.pk]):
        flag = Flag.objects.get(kind="suicide_thoughts")
        assert (flag.severity, flag.respond_by) == ("red", later + timedelta(minutes=15))
    rows = signed_in(clinic.coordinator).get("/care/").content.decode()
    assert "the form was not finished within 15 minutes" in rows
    first = re.search(r'<li[^>]*class="[^"]*sev-([a-z_]+)', rows).group(1)
    assert first == "red"

    clinician = signed_in(clinic.clinician)
    closed = clinician.post(
        f"/care/flags/{flag.pk}/close/", {"outcome": "reached", "channel": "call", "result": "reached", "note": "safe"}
    )
    assert closed.status_code == 302
    with programs([clinic.north.pk]):
        flag.refresh_from_db()
        assert (flag.status, flag.outcome) == ("closed", "reached")


def test_at_night_nobody_is_promised_a_call(clinic, works, time_machine):
    time_machine.move_to(clinic.now + timedelta(hours=12), tick=False)
    questions = Questions(signed_in(clinic.phone))
    page = questions.begin("cssrs")
    assert "We read this at 8:00 AM on Wednesday 4 March. It is not for emergencies." in text(page)
    questions.answer(value="0")
    questions.answer(value="1")
    questions.answer(value="0")
    page = questions.answer(value="1")
    told = text(page)
    assert (
        "You matter. Please call or text 988 now. For danger call 911. We read this at 8:00 AM on Wednesday 4 March."
    ) in told
    assert "contact you" not in told
    with programs([clinic.north.pk]):
        assert Flag.objects.get(kind="suicide_risk").severity == "red"


def test_the_daily_minute_one_question_a_screen(clinic, questions, works):
    make_due(program_ids=[clinic.north.pk], now=clinic.now)
    day = questions.client.get("/me/")
    assert "Questions are waiting for you" in text(day)
    with programs([clinic.north.pk]):
        form = InstrumentForm.objects.get(instrument="daily", patient_id=clinic.patient.pk)
    questions.path = f"/me/questions/{form.client_id}/"
    assert "Begin" in text(questions.client.get(questions.path))
    questions.client.post(f"{questions.path}begin/", {"instrument": "daily"})
    first = questions.client.get(questions.path)
    assert "Question 1 of" in text(first)
    assert len(re.findall(r'<button[^>]*name="value"', first.content.decode())) == 11
    page = first
    for said in ({"value": "6"}, {"value": "3"}, {"value": "1"}, {"rather_not": "1"}, {"value": "7"}, {"value": "2"}):
        page = questions.answer(**said)
    assert "In your own words" in text(page)
    page = questions.answer(written="the old corner")
    assert "Thank you. That is all." in text(page)
    with programs([clinic.north.pk]):
        log = CravingLog.objects.get()
        assert (log.intensity, log.confidence) == (6, 3)


def test_a_double_tap_is_one_answer_and_going_back_corrects(clinic, questions):
    questions.begin("month")
    page = questions.client.get(questions.path)
    form = {"client_id": hidden(page, "client_id"), "item": hidden(page, "item"), "value": "0"}
    for _ in range(2):
        assert questions.client.post(f"{questions.path}answer/", form).status_code == 302
    back = questions.client.get(f"{questions.path}?item=use_days")
    assert "You answered: 0" in text(back)
    again = {"client_id": hidden(back, "client_id"), "item": "use_days", "value": "1"}
    questions.client.post(f"{questions.path}answer/", again)
    with programs([clinic.north.pk]):
        assert InstrumentAnswer.objects.filter(item="use_days").count() == 2


@pytest.mark.parametrize(
    "said", [{}, {"value": ""}, {"value": "31"}, {"value": "-1"}, {"value": "1.5"}, {"value": "²"}]
)
def test_what_is_no_answer_says_so_and_stores_nothing(clinic, questions, said):
    page = questions.begin("month")
    form = {"client_id": hidden(page, "client_id"), "item": "use_days", **said}
    answer = questions.client.post(f"{questions.path}answer/", form)
    assert answer.status_code == 422
    assert "Nothing was saved." in text(answer)
    with programs([clinic.north.pk]):
        assert not InstrumentAnswer.objects.exists()


def test_not_today_takes_it_off_the_list(clinic, questions):
    make_due(program_ids=[clinic.north.pk], now=clinic.now)
    with programs([clinic.north.pk]):
        form = InstrumentForm.objects.get(instrument="daily", patient_id=clinic.patient.pk)
    questions.client.post(f"/me/questions/{form.client_id}/not-today/")
    assert "Your daily minute" not in text(questions.client.get("/me/questions/"))


def test_the_frame_is_spanish_and_the_questions_are_where_they_are_licensed(clinic, questions, works):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language="es")
    page = text(questions.begin("phq9"))
    assert "Poco interés o placer en hacer cosas" in page
    assert "Pregunta 1 de 9" in page and "Prefiero no decirlo" in page
    assert "Su equipo lee esto hoy." in page
    for english in ("Question ", "rather not", "Several days"):
        assert english not in page


@pytest.mark.parametrize("path", ["/me/questions/", "one", "done"])
def test_the_emergency_lines_are_on_every_page(questions, works, path):
    if path != "/me/questions/":
        questions.begin("cssrs")
        path = questions.path
    page = questions.client.get(path).content.decode()
    assert 'href="tel:911"' in page and 'href="tel:988"' in page


def test_somebody_elses_questions_are_not_there(clinic, questions):
    questions.begin("month")
    neighbour = signed_in(clinic.neighbour_phone)
    assert neighbour.get(questions.path).status_code == 404
    form = {"client_id": str(uuid.uuid4()), "item": "use_days", "value": "1"}
    assert neighbour.post(f"{questions.path}answer/", form).status_code == 404
    assert signed_in(clinic.coordinator).get(questions.path).status_code in (403, 404)


# --- staff ---


def page_of(clinic):
    return f"/care/patients/{clinic.patient.pk}/questionnaires/"


def test_staff_fill_one_in_and_read_scores_and_answers(clinic, coordinator):
    fill = coordinator.get(f"{page_of(clinic)}fill/cssrs/")
    assert "Have you wished you were dead" in text(fill)
    form = {"client_id": hidden(fill, "client_id"), "i-cssrs_1": "1", "i-cssrs_2": "0", "i-cssrs_6": "0"}
    saved = coordinator.post(f"{page_of(clinic)}fill/cssrs/", form)
    assert saved["Location"].endswith("?done=questionnaire")
    page = text(coordinator.get(page_of(clinic)))
    assert "C-SSRS screener" in page
    assert "safety answer" in page
    assert "Yes to safety questions: wish to be dead" in text(coordinator.get("/care/"))
    with programs([clinic.north.pk]):
        stored = InstrumentForm.objects.get(instrument="cssrs")
    assert "wished you were dead" not in page  # single answers are a read of their own
    answers = text(coordinator.get(f"{page_of(clinic)}{stored.pk}/"))
    assert "Yes (1)" in answers
    with programs([clinic.north.pk]):
        reads = set(AuditEvent.objects.filter(patient_id=clinic.patient.pk).values_list("action", flat=True))
    assert {"questionnaire.scores_read", "questionnaire.answers_read"} <= reads


def test_scores_are_drawn_with_a_table_beside_them(clinic, coordinator):
    for said in ("0", "1"):
        answers = {"client_id": str(uuid.uuid4()), "i-audit_1": said, "i-audit_2": "2", "i-audit_3": "2"}
        assert coordinator.post(f"{page_of(clinic)}fill/audit_c/", answers).status_code == 302
    page = coordinator.get(page_of(clinic)).content.decode()
    assert 'role="img" aria-label="AUDIT-C, 0 to 12: 2 answers; the latest is 5' in page
    assert "at or above both cuts" in page and "below both cuts" in page
    assert "Read as a table" in page


def test_a_wrong_number_is_named_and_what_was_typed_stays(clinic, coordinator):
    form = {"client_id": str(uuid.uuid4()), "i-pacs_1": "3", "i-pacs_2": "7"}
    answer = coordinator.post(f"{page_of(clinic)}fill/pacs/", form)
    assert answer.status_code == 422
    assert "Nothing was saved." in text(answer)
    assert '<option value="3" selected>' in answer.content.decode()
    with programs([clinic.north.pk]):
        assert not InstrumentForm.objects.filter(instrument="pacs").exists()


def test_what_staff_left_open_is_gone_on_with(clinic, coordinator):
    same = str(uuid.uuid4())
    first = coordinator.post(f"{page_of(clinic)}fill/phq9/", {"client_id": same, "i-phq_1": "1"})
    assert first["Location"].endswith("?done=questionnaire-open")
    again = coordinator.get(f"{page_of(clinic)}fill/phq9/?form={same}")
    assert '<option value="1" selected>' in again.content.decode()
    whole = {"client_id": same} | {f"i-phq_{number}": "1" for number in range(1, 9)} | {"i-phq_9": "0"}
    done = coordinator.post(f"{page_of(clinic)}fill/phq9/", whole)
    assert done["Location"].endswith("?done=questionnaire")
    assert "8 of 27" in text(coordinator.get(page_of(clinic)))


def test_a_form_begun_on_the_phone_is_not_filled_by_staff(clinic, coordinator):
    path = f"{page_of(clinic)}fill/phq2/"
    assert coordinator.get(f"{path}?form={clinic.questions.client_id}").status_code == 404
    answer = coordinator.post(path, {"client_id": str(uuid.uuid4()), "i-phq_1": "1", "i-phq_2": "1"})
    assert answer.status_code == 422
    assert "begun already" in text(answer)


@pytest.mark.parametrize("path", ["", "fill/phq9/", "fill/nothing/", "fill/daily/"])
def test_strangers_and_unknown_forms(clinic, path):
    southern, ours = signed_in(clinic.southern), signed_in(clinic.coordinator)
    assert southern.get(page_of(clinic) + path).status_code == 404
    assert ours.get(page_of(clinic) + path).status_code == (404 if path == "fill/nothing/" else 200)
