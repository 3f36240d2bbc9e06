"""What a person is told while answering: no promise that nobody keeps (contract 3, S 4)."""

from datetime import UTC, datetime

import pytest

from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.instruments.safety import danger_of
from recovery.rules.instruments.telling import Danger, Staffing, clock_words, told, when_read
from recovery.rules.policy import default_policy
from recovery.rules.words import Language

EN, ES = Language.ENGLISH, Language.SPANISH
ZONE = "America/New_York"
MORNING = datetime(2026, 3, 4, 13, 0, tzinfo=UTC)  # Wednesday, 08:00


def staffing(*, open_now=False, night=False, opens_at=MORNING, country="US"):
    return Staffing(open_now=open_now, night_on_call=night, opens_at=opens_at, zone=ZONE, country=country)


OPEN, NIGHT, CLOSED = staffing(open_now=True), staffing(night=True), staffing()
NEVER, ABROAD = staffing(opens_at=None), staffing(country="IE")


@pytest.mark.parametrize(
    ("danger", "who", "language", "text"),
    [
        pytest.param(
            Danger.THOUGHTS,
            OPEN,
            EN,
            "Thank you for telling us. We would like to talk with you today. 988 is there any time.",
            id="thoughts-open",
        ),
        pytest.param(
            Danger.THOUGHTS,
            NIGHT,
            EN,
            "Thank you for telling us. We would like to talk with you soon. 988 is there any time.",
            id="thoughts-staffed-night",
        ),
        pytest.param(
            Danger.THOUGHTS,
            CLOSED,
            EN,
            "Thank you for telling us. Please call or text 988 now. For danger call 911. "
            "We read this at 8:00 AM on Wednesday 4 March.",
            id="thoughts-nobody-there",
        ),
        pytest.param(
            Danger.RISK,
            OPEN,
            EN,
            "You matter. Please call or text 988 now. For danger call 911. Someone will contact you.",
            id="risk-open",
        ),
        pytest.param(
            Danger.RISK,
            CLOSED,
            EN,
            "You matter. Please call or text 988 now. For danger call 911. "
            "We read this at 8:00 AM on Wednesday 4 March.",
            id="risk-nobody-there",
        ),
        pytest.param(
            Danger.RISK, NEVER, EN, "You matter. Please call or text 988 now. For danger call 911.", id="no-hours"
        ),
        pytest.param(
            Danger.RISK,
            CLOSED,
            ES,
            "Usted nos importa. Por favor, llame o escriba al 988 ahora. Si hay peligro, llame al 911. "
            "Leemos esto a las 8:00 a. m. del miércoles 4 de marzo.",
            id="spanish",
        ),
        pytest.param(
            Danger.RISK,
            ABROAD,
            EN,
            "You matter. Please call your local emergency number now. We read this at 8:00 AM on Wednesday 4 March.",
            id="another-country",
        ),
    ],
)
def test_what_is_told_after_a_safety_answer(danger, who, language, text):
    assert told(danger, who, zone=ZONE, language=language) == text


@pytest.mark.parametrize("danger", list(Danger))
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("who", [CLOSED, NEVER], ids=["closed", "never"])
def test_where_nobody_is_there_nobody_is_promised(danger, language, who):
    text = told(danger, who, zone=ZONE, language=language)
    for promise in ("contact you", "talk with you", "comunicará", "hablar con usted"):
        assert promise not in text
    assert "988" in text and "911" in text


@pytest.mark.parametrize(
    ("who", "language", "text"),
    [
        pytest.param(OPEN, EN, "Your care team reads this today. It is not for emergencies.", id="open"),
        pytest.param(
            CLOSED, EN, "We read this at 8:00 AM on Wednesday 4 March. It is not for emergencies.", id="closed"
        ),
        pytest.param(
            NIGHT,
            EN,
            "Urgent answers are read day and night, the others at 8:00 AM on Wednesday 4 March. "
            "It is not for emergencies.",
            id="night",
        ),
        pytest.param(NEVER, EN, "", id="never"),
        pytest.param(OPEN, ES, "Su equipo lee esto hoy. No es para emergencias.", id="spanish"),
    ],
)
def test_when_answers_are_read(who, language, text):
    assert when_read(who, zone=ZONE, language=language) == text


@pytest.mark.parametrize(
    ("hour", "english", "spanish"),
    [
        pytest.param(13, "8:00 AM on Wednesday 4 March", "a las 8:00 a. m. del miércoles 4 de marzo", id="morning"),
        pytest.param(18, "1:00 PM on Wednesday 4 March", "a la 1:00 p. m. del miércoles 4 de marzo", id="one"),
        pytest.param(17, "12:00 PM on Wednesday 4 March", "a las 12:00 p. m. del miércoles 4 de marzo", id="noon"),
    ],
)
def test_the_hour_is_said_in_the_persons_own_zone(hour, english, spanish):
    instant = MORNING.replace(hour=hour)
    assert (clock_words(instant, ZONE, EN), clock_words(instant, ZONE, ES)) == (english, spanish)


@pytest.mark.parametrize(
    ("instrument", "answers", "danger"),
    [
        pytest.param(InstrumentKey.PHQ9, {"phq_9": 0}, None, id="item-9-none"),
        pytest.param(InstrumentKey.PHQ9, {"phq_9": 1}, Danger.THOUGHTS, id="item-9"),
        pytest.param(InstrumentKey.CSSRS, {"cssrs_1": 0, "cssrs_2": 0}, None, id="no"),
        pytest.param(InstrumentKey.CSSRS, {"cssrs_1": 1}, Danger.THOUGHTS, id="wish"),
        pytest.param(InstrumentKey.CSSRS, {"cssrs_2": 1, "cssrs_5": 1}, Danger.RISK, id="plan"),
        pytest.param(InstrumentKey.DAILY, {"mood": 0}, None, id="daily"),
    ],
)
def test_what_answers_say_of_danger(instrument, answers, danger):
    assert danger_of(instrument, answers, policy=default_policy()) is danger
