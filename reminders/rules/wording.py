"""Every sentence that Holdfast can send, and the check that each one is discreet.

Pure: no Django, no database, no clock. Nothing that is not registered here can be
sent (M MSG-30, LAW-13). The texts are our own wording, after S 4 and the intent of
C 9: one segment, plain words, no drug, condition, clinic type or score, no shame.

Spanish keeps its accents. Where the letters of GSM-7 (é, ñ, ü, ¿, ¡ are among them;
á, í, ó, ú are not) allow it, a Spanish text is written with those alone and has 160
septets; one that needs another letter has 70 characters (S 21).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from string import Formatter
from types import MappingProxyType

from reminders.rules.states import Audience, Channel, MessageClass


class Language(StrEnum):
    """The languages that every template has."""

    EN = "en"
    ES = "es"


class Answer(StrEnum):
    """What a reply to a question means. The same digit means what was asked (contract 4)."""

    DONE = "done"
    NOT_TODAY = "not_today"
    LATER = "later"
    CONFIRM = "confirm"
    CHANGE = "change"
    ON_MY_WAY = "on_my_way"
    CANNOT_COME = "cannot_come"
    NEED_RIDE = "need_ride"
    CALL_ME = "call_me"
    NUMBER = "number"  # any whole number from 0 to 10
    OPT_IN = "opt_in"
    TAKE_OVER = "take_over"  # a staff member takes what the notice speaks of


@dataclass(frozen=True, slots=True)
class Template:
    """One registered text.

    ``answers`` maps the digit that the text offers to its meaning; empty means that it asks nothing. ``yes``
    and ``no`` say whether a spelled-out yes or no is as clear as a digit: "yes" to "Reply 1 if you need a
    ride" is not, so it goes to a person. ``grade`` is the highest school grade that the English may need.
    """

    key: str
    version: int
    message_class: MessageClass
    texts: Mapping[Language, str]
    audience: Audience = Audience.PATIENT
    answers: Mapping[str, Answer] = field(default_factory=dict)
    yes: Answer | None = None
    no: Answer | None = None
    grade: int = 6
    channel: Channel = Channel.SMS  # the one it is written for

    @property
    def is_question(self) -> bool:
        return bool(self.answers)

    @property
    def fields(self) -> frozenset[str]:
        """Names of the values that the text needs."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.texts[Language.EN]) if name)


class UnknownTemplate(KeyError):
    """A text was asked for that is not registered."""


class BadValue(ValueError):
    """A value is missing, not asked for, or not of its closed form. The message never holds the value."""


_DONE_OR_NOT = {"1": Answer.DONE, "2": Answer.NOT_TODAY}
_CALL = {"1": Answer.CALL_ME}


def _template(
    key: str,
    message_class: MessageClass,
    en: str,
    es: str,
    *,
    version: int = 1,
    audience: Audience = Audience.PATIENT,
    answers: Mapping[str, Answer] = MappingProxyType({}),
    yes: Answer | None = None,
    no: Answer | None = None,
    channel: Channel = Channel.SMS,
) -> Template:
    return Template(
        key=key,
        version=version,
        message_class=message_class,
        texts=MappingProxyType({Language.EN: en, Language.ES: es}),
        audience=audience,
        answers=MappingProxyType(dict(answers)),
        yes=yes,
        no=no,
        channel=channel,
    )


_ALL = (
    # What a person agreed to be asked about each day.
    _template(
        "dose.daily",
        MessageClass.DOSE,
        "Hello. It is time for your daily item. Reply 1 when done, 2 if not today.",
        "Hola. Es hora de lo de hoy. Responda 1 cuando lo haga, 2 si hoy no.",
        answers=_DONE_OR_NOT,
        yes=Answer.DONE,
    ),
    _template(
        "dose.next",
        MessageClass.DOSE,
        "Time for your next item of today. Reply 1 when done, 2 if not today.",
        "Es hora de lo siguiente de hoy. Responda 1 cuando lo haga, 2 si hoy no.",
        answers=_DONE_OR_NOT,
        yes=Answer.DONE,
    ),
    _template(
        "dose.day",
        MessageClass.DOSE,
        "Today is one of your days. Reply 1 when done, 2 if not today.",
        "Hoy le toca. Responda 1 cuando lo haga, 2 si hoy no.",
        answers=_DONE_OR_NOT,
        yes=Answer.DONE,
    ),
    _template(
        "dose.again",
        MessageClass.DOSE,
        "A short nudge about today's item. Reply 1 done, 2 not today, 3 ask me in 2 hours.",
        "Un aviso breve sobre lo de hoy. Responda 1 hecho, 2 hoy no, 3 para otro aviso en 2 horas.",
        answers={**_DONE_OR_NOT, "3": Answer.LATER},
        yes=Answer.DONE,
    ),
    _template(
        "dose.later",
        MessageClass.DOSE,
        "You asked us to check back. Reply 1 done, 2 not today.",
        "Usted nos pidió otro aviso. Responda 1 hecho, 2 hoy no.",
        answers=_DONE_OR_NOT,
        yes=Answer.DONE,
    ),
    # Visits.
    _template(
        "visit.week",
        MessageClass.VISIT,
        "You have a visit with us in one week. Reply 1 to confirm, 2 for another time.",
        "Tiene una visita con nosotros en una semana. Responda 1 para confirmar, 2 para otra hora.",
        answers={"1": Answer.CONFIRM, "2": Answer.CHANGE},
        yes=Answer.CONFIRM,
    ),
    _template(
        "visit.three_days",
        MessageClass.VISIT,
        "Your visit is in 3 days. Reply 1 to confirm, 2 to change it.",
        "Su visita es en 3 días. Responda 1 para confirmar, 2 para cambiarla.",
        answers={"1": Answer.CONFIRM, "2": Answer.CHANGE},
        yes=Answer.CONFIRM,
    ),
    _template(
        "visit.tomorrow",
        MessageClass.VISIT,
        "See you tomorrow. Reply 1 if you need help getting here.",
        "Nos vemos mañana. Responda 1 si necesita ayuda para llegar.",
        answers={"1": Answer.NEED_RIDE},
    ),
    _template(
        "visit.today",
        MessageClass.VISIT,
        "Your visit is today. Reply 1 on my way, 2 need a new time.",
        "Su visita es hoy. Responda 1 voy en camino, 2 necesito otra hora.",
        answers={"1": Answer.ON_MY_WAY, "2": Answer.CHANGE},
        yes=Answer.ON_MY_WAY,
    ),
    _template(
        "visit.open_until",
        MessageClass.VISIT,
        "You can come in until {hour} today. Reply 1 on my way, 2 not today.",
        "Hoy puede venir hasta {hour}. Responda 1 voy en camino, 2 hoy no puedo.",
        answers={"1": Answer.ON_MY_WAY, "2": Answer.CANNOT_COME},
        yes=Answer.ON_MY_WAY,
    ),
    _template(
        "visit.passed",
        MessageClass.VISIT,
        "Your visit time has passed. Reply 1 and we will call to find a new one.",
        "La hora de su visita ya es pasada. Responda 1 y le llamamos para buscar otra.",
        answers=_CALL,
        yes=Answer.CALL_ME,
    ),
    _template(
        "visit.this_week",
        MessageClass.VISIT,
        "We would like to find you a time this week. Reply 1 for a call, or call {number}.",
        "Queremos buscarle una hora esta semana. Responda 1 para que le llamemos, o llame al {number}.",
        answers=_CALL,
        yes=Answer.CALL_ME,
    ),
    # For a phone that others read: nothing is asked on it, since "1" could be anybody's (N21, contract 4).
    _template(
        "dose.plain",
        MessageClass.DOSE,
        "Hello. This is your reminder for today. No need to answer.",
        "Hola. Este es su aviso de hoy. No hace falta responder.",
    ),
    _template(
        "visit.week_plain",
        MessageClass.VISIT,
        "You have a visit with us in one week. To change it, please call us.",
        "Tiene una visita con nosotros en una semana. Para cambiarla, por favor llame.",
    ),
    _template(
        "visit.three_days_plain",
        MessageClass.VISIT,
        "Your visit is in 3 days. To change it, please call us.",
        "Su visita es en 3 días. Para cambiarla, por favor llame.",
    ),
    _template(
        "visit.tomorrow_plain",
        MessageClass.VISIT,
        "See you tomorrow. Please call us if you need help getting here.",
        "Nos vemos mañana. Por favor llame si necesita ayuda para llegar.",
    ),
    _template(
        "visit.today_plain",
        MessageClass.VISIT,
        "Your visit is today. To change it, please call us.",
        "Su visita es hoy. Para cambiarla, por favor llame.",
    ),
    _template(
        "visit.passed_plain",
        MessageClass.VISIT,
        "Your visit time has passed. Please call us to find a new one.",
        "La hora de su visita ya es pasada. Por favor llame para buscar otra.",
    ),
    _template(
        "hello.quiet",
        MessageClass.HELLO,
        "Hello from us. No need to answer. You can call us when you like.",
        "Hola de nuestra parte. No hace falta responder. Puede llamarnos cuando quiera.",
    ),
    # Check-ins and a friendly word.
    _template(
        "check_in.app",
        MessageClass.CHECK_IN,
        "Your one-minute check-in is in the app. No hurry, any time today is fine.",
        "Su pregunta de un minuto ya aparece en la app. Sin prisa, puede ser a cualquier hora de hoy.",
    ),
    _template(
        "check_in.more",
        MessageClass.CHECK_IN,
        "Your one-minute check-in and a few more questions are in the app. No hurry, any time today is fine.",
        "Su pregunta de un minuto y otras preguntas breves aparecen en la app. Puede ser a cualquier hora de hoy.",
    ),
    _template(
        "check_in.questions",
        MessageClass.CHECK_IN,
        "A few short questions are in the app. No hurry, any time this week is fine.",
        "Unas preguntas breves aparecen en la app. Sin prisa, puede ser cualquier momento de esta semana.",
    ),
    _template(
        "check_in.number",
        MessageClass.CHECK_IN,
        "Your number for today, 0 to 10? Reply with one number.",
        "¿Su cifra de hoy, de 0 a 10? Responda con una sola cifra.",
        answers={"0-10": Answer.NUMBER},
    ),
    _template(
        "hello.silence",
        MessageClass.HELLO,
        "We have not heard from you. Is anything in the way? Reply 1 for a call.",
        "No sabemos de usted. ¿Hay algo que le estorbe? Responda 1 para que le llamemos.",
        answers=_CALL,
    ),
    _template(
        "hello.plain",
        MessageClass.HELLO,
        "Hello from {name}. No need to answer. Reply 1 for a call.",
        "Hola de parte de {name}. No hace falta responder. Responda 1 para que le llamemos.",
        answers=_CALL,
    ),
    _template(
        "hello.plan",
        MessageClass.HELLO,
        "Your plan is in the app. Reply 1 if you would like a call.",
        "Su plan aparece en la app. Responda 1 si quiere que le llamemos.",
        answers=_CALL,
        yes=Answer.CALL_ME,
    ),
    _template(
        "hello.call_owed",
        MessageClass.HELLO,
        "You asked for a call and we have not reached you yet. Reply 1 if you still want it.",
        "Usted quiso que le llamemos y no lo hemos logrado. Responda 1 si lo quiere.",
        answers=_CALL,
        yes=Answer.CALL_ME,
    ),
    _template(
        "hello.well_done",
        MessageClass.HELLO,
        "A good week. See you in the app when it suits you.",
        "Una buena semana. Nos vemos en la app cuando quiera.",
    ),
    # Safety.
    _template(
        "hold.call_us",
        MessageClass.HOLD,
        "Please call us before your next one. We will also call you. {number}",
        "Por favor llame antes de la siguiente vez. Nosotros le llamamos también. {number}",
    ),
    _template(
        "hold.call_at",
        MessageClass.HOLD,
        "Please talk with us before your next one. We will call you by {hour}, or call {number}.",
        "Por favor hable con nosotros antes de la siguiente vez. Le llamamos antes de {hour}. {number}",
    ),
    _template(
        "hold.concern",
        MessageClass.HOLD,
        "Please call {number} today. In an emergency call 911.",
        "Por favor llame hoy al {number}. En una emergencia llame al 911.",
    ),
    _template(
        "crisis.staffed",
        MessageClass.CRISIS,
        "You matter. Please call or text 988 now. For danger call 911. We will call you too.",
        "Usted importa. Llame o escriba al 988 ahora. En peligro llame al 911. Le llamamos también.",
    ),
    _template(
        "crisis.unstaffed",
        MessageClass.CRISIS,
        "Please call or text 988 now. For danger call 911. We read this at {hour}.",
        "Por favor llame o escriba al 988 ahora. En peligro llame al 911. Leemos esto a {hour}.",
    ),
    # Answers to what somebody wrote. They do not repeat what was asked.
    _template("reply.thanks", MessageClass.REPLY, "Thank you. Noted.", "Gracias. Anotado."),
    _template(
        "reply.will_call",
        MessageClass.REPLY,
        "Thank you. We will call you. For an emergency call 911.",
        "Gracias. Le llamaremos. En una emergencia llame al 911.",
    ),
    _template(
        "reply.later",
        MessageClass.REPLY,
        "OK. We will check back in 2 hours.",
        "De acuerdo. Le avisamos otra vez en 2 horas.",
    ),
    _template(
        "reply.read_at",
        MessageClass.REPLY,
        "Thank you. A person reads this by {hour}. For danger call 911, or call or text 988.",
        "Gracias. Una persona lee esto antes de {hour}. En peligro llame al 911, o llame o escriba al 988.",
    ),
    _template(
        "reply.help",
        MessageClass.REPLY,
        "{name}: short reminders. Call {number}. Msg and data rates may apply. Reply STOP to get none.",
        "{name}: avisos breves. Llame al {number}. Pueden aplicarse tarifas. ALTO: ninguno.",
    ),
    # Says nothing of whose number it was meant to be, and how it is opened again is no question for a stranger.
    _template(
        "reply.wrong_person",
        MessageClass.OPT_OUT_CONFIRM,
        "Sorry. We will not text this number.",
        "Disculpe. No escribiremos a este celular.",
        version=2,
    ),
    # Consent.
    _template(
        "enrolment.ask",
        MessageClass.ENROLMENT,
        "{name}: you asked for short reminders, up to 4 a day. Reply YES to get them. "
        "Msg and data rates may apply. HELP for help, STOP for none.",
        "{name}: usted quiere avisos breves, hasta 4 diarios. Responda 1 para recibirlos. "
        "Pueden aplicarse tarifas. AYUDA: ayuda, ALTO: ninguno.",
        answers={"1": Answer.OPT_IN},
        yes=Answer.OPT_IN,
    ),
    _template(
        "enrolment.welcome",
        MessageClass.ENROLMENT,
        "{name} will send short reminders. Msg and data rates may apply. HELP for help, STOP for none.",
        "Desde hoy recibe avisos breves de {name}. Pueden aplicarse tarifas. AYUDA: ayuda, ALTO: ninguno.",
    ),
    _template(
        "opt_out.confirm",
        MessageClass.OPT_OUT_CONFIRM,
        "You will get no more texts from us. Reply START if you want them back.",
        "Ya no recibe mensajes nuestros. Responda START si los quiere de nuevo.",
    ),
    _template(
        "opt_out.crisis",
        MessageClass.OPT_OUT_CONFIRM,
        "No more texts from us. You matter: call or text 988 any time. For danger call 911.",
        "No le escribimos otra vez. Usted importa: llame o escriba al 988. En peligro llame al 911.",
    ),
    # Supporters, by their own consent; a fixed calendar, never a flag (S 4, SMS 20).
    _template(
        "supporter.hello",
        MessageClass.SUPPORTER,
        "You agreed to be a support person. A friendly hello is always welcome. Reply STOP to get none.",
        "Usted quiso ser una persona de apoyo. Un saludo amable siempre ayuda. ALTO: ninguno.",
        audience=Audience.SUPPORTER,
    ),
    # Staff.
    _template(
        "staff.review",
        MessageClass.STAFF_NOTICE,
        "A patient needs review. Reply 1 to take it.",
        "Un paciente necesita que lo vean. Responda 1 para encargarse.",
        audience=Audience.STAFF,
        answers={"1": Answer.TAKE_OVER},
    ),
    _template(
        "staff.review_now",
        MessageClass.STAFF_NOTICE,
        "A patient needs review now. Reply 1 to take it.",
        "Un paciente necesita que lo vean ahora. Responda 1 para encargarse.",
        audience=Audience.STAFF,
        answers={"1": Answer.TAKE_OVER},
    ),
    _template(
        "staff.still_open",
        MessageClass.STAFF_NOTICE,
        "A patient still needs review and nobody has taken it. Reply 1 to take it.",
        "Un paciente espera y nadie se ha encargado. Responda 1 para encargarse.",
        audience=Audience.STAFF,
        answers={"1": Answer.TAKE_OVER},
    ),
    _template(
        "staff.still_waiting",
        MessageClass.STAFF_NOTICE,
        "A patient is still waiting for you. Please sign in and look at the worklist.",
        "Un paciente le sigue esperando. Por favor entre y mire la lista.",
        audience=Audience.STAFF,
    ),
    _template(
        "staff.rota_gap",
        MessageClass.STAFF_NOTICE,
        "Nobody is on call from {hour}. Please look at the rota.",
        "No hay nadie de guardia desde {hour}. Por favor revise la lista.",
        audience=Audience.STAFF,
    ),
    _template(
        "staff.rota_thin",
        MessageClass.STAFF_NOTICE,
        "Too few people are on call from {hour}. Please look at the rota.",
        "Faltan personas de guardia desde {hour}. Por favor revise la lista.",
        audience=Audience.STAFF,
    ),
    _template(
        "sign_in.code",
        MessageClass.SIGN_IN_CODE,
        "{code} is your code. We never ask you for it.",
        "{code} es su clave. Nunca se la pedimos.",
    ),
    # The only text of a push: what it is about is fetched after unlock (PUSH-2).
    _template("push.wake", MessageClass.REPLY, "You have an update.", "Tiene una novedad."),
    # Asks whoever reads a mailbox whether it is theirs; the link is added by the provider.
    _template(
        "mail.confirm",
        MessageClass.ENROLMENT,
        "Please confirm that this address is yours.",
        "Por favor confirme que este correo es suyo.",
        channel=Channel.EMAIL,
    ),
)

TEMPLATES: Mapping[str, Template] = MappingProxyType({template.key: template for template in _ALL})


def template(key: str) -> Template:
    """Return a registered template. Raises UnknownTemplate."""
    try:
        return TEMPLATES[key]
    except KeyError:
        raise UnknownTemplate(key) from None


_UNASKED = {
    **dict.fromkeys(("dose.daily", "dose.day", "dose.next", "dose.again"), "dose.plain"),
    "visit.week": "visit.week_plain",
    "visit.three_days": "visit.three_days_plain",
    "visit.tomorrow": "visit.tomorrow_plain",
    **dict.fromkeys(("visit.today", "visit.open_until"), "visit.today_plain"),
    **dict.fromkeys(("visit.passed", "visit.this_week"), "visit.passed_plain"),
    **dict.fromkeys(("hello.silence", "hello.plain", "hello.plan", "hello.call_owed"), "hello.quiet"),
}


def unasked(key: str) -> str | None:
    """Return the template that says the same and asks nothing, for a phone that others read.

    One that asks nothing is its own; None when there is nothing to say without the question.
    """
    return _UNASKED.get(key) if template(key).is_question else key


# --- values ------------------------------------------------------------------------------------

MAX_NAME = 20

_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_NUMBER = re.compile(r"(?=.{3,14}\Z)\+?\(?\d[\d ()-]*\d", re.ASCII)
_CODE = re.compile(r"\d{6}", re.ASCII)
_WORD = re.compile(r"[A-Za-zäöñüàéèùìòÄÖÑÜÉ][A-Za-zäöñüàéèùìòÄÖÑÜÉ -]{0,19}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .'&-]{0,19}", re.ASCII)


def _hour_text(value: str, language: Language) -> str:
    match = _HOUR.fullmatch(value)
    if match is None:
        raise BadValue("hour must be HH:MM")
    at = time(int(match[1]), int(match[2]))
    clock = f"{at.hour % 12 or 12}" + (f":{at.minute:02}" if at.minute else "")
    half = "am" if at.hour < 12 else "pm"
    if language is Language.ES:
        return f"{'la' if at.hour % 12 == 1 else 'las'} {clock} {half}"
    return f"{clock} {half}"


def _value_text(name: str, value: str, language: Language) -> str:
    if name == "hour":
        return _hour_text(value, language)
    if name == "number" and _NUMBER.fullmatch(value):
        return value
    if name == "code" and _CODE.fullmatch(value):
        return value
    if name == "name" and is_neutral_name(value):
        return value
    raise BadValue(f"{name} is not of its closed form")


VALUE_NAMES = frozenset({"hour", "number", "name", "code"})
"""The closed set of values: a wall time "HH:MM", a phone number as people write it, a neutral program name
of at most 20 plain characters, a six-digit code. No free text."""


def is_neutral_name(name: str) -> bool:
    """Tell whether a program may sign texts with this name: short, plain letters, no telling word."""
    return _NAME.fullmatch(name) is not None and not telling_words(name)


def is_neutral_word(word: str) -> bool:
    """Tell whether a text may use the word that a patient chose: short, letters of GSM-7, no telling word (S 21)."""
    return _WORD.fullmatch(word) is not None and not telling_words(word)


# The same texts with the word that the patient chose in place of ours (S 21).
WORDED: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "dose.daily": {
            Language.EN: "Hello. It is time for your daily {word}. Reply 1 when done, 2 if not today.",
            Language.ES: "Hola. Es hora de su {word} de hoy. Responda 1 cuando lo haga, 2 si hoy no.",
        },
        "dose.next": {
            Language.EN: "Time for your next {word} of today. Reply 1 when done, 2 if not today.",
            Language.ES: "Es hora de su siguiente {word} de hoy. Responda 1 cuando lo haga, 2 si hoy no.",
        },
        "dose.again": {
            Language.EN: "A short nudge about today's {word}. Reply 1 done, 2 not today, 3 ask me in 2 hours.",
            Language.ES: "Un aviso sobre su {word} de hoy. Responda 1 hecho, 2 hoy no, 3 para otro aviso en 2 horas.",
        },
    }
)


def render(
    key: str, language: Language | str, values: Mapping[str, str] = MappingProxyType({}), *, word: str = ""
) -> str:
    """Return the text of a template.

    ``word``: what the patient agreed to have it called, '' for nothing; one that would tell something is left out.
    An unknown language falls back to English, so that a safety text is never lost for want of one. Raises
    UnknownTemplate, or BadValue when ``values`` are not exactly the template's fields in their closed forms.
    """
    chosen = template(key)
    try:
        language = Language(language)
    except ValueError:
        language = Language.EN
    needed = chosen.fields
    if needed != values.keys():
        raise BadValue(f"{key} takes {sorted(needed)}, got {sorted(values)}")
    if key in WORDED and is_neutral_word(word):
        return WORDED[key][language].format(word=word)
    text = chosen.texts[language]
    if not needed:
        return text
    return text.format(**{name: _value_text(name, value, language) for name, value in values.items()})


WAKE = "push.wake"
CONFIRM_MAIL = "mail.confirm"


def said(
    channel: Channel,
    key: str,
    language: Language | str,
    values: Mapping[str, str] = MappingProxyType({}),
    *,
    word: str = "",
) -> str:
    """Return what a channel says of a message: a text its own words, a wake-up the one neutral line (PUSH-2).

    The template of a wake-up is that of its slot's text, which is never shown there. Raises as ``render``.
    """
    if channel is Channel.SMS or template(key).channel is channel:
        return render(key, language, values, word=word)
    return render(WAKE, language)


# --- what a stranger may see ---------------------------------------------------------------------


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TELLING_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # A star stands for any ending. Both languages are looked for in every text, unaccented.
        "medicine": _words(
            "naltrexon* vivitrol revia depade sublocade brixadi suboxone subutex buprenorphin* "
            "buprenorfin* methadon* metadon* acamprosat* antabuse disulfiram* naloxon* narcan "
            "lofexidin* clonidin* medicine* medication* meds drug* pill* tablet* dose* dosing "
            "dosage* injection* inject* shot shots implant* prescri* pharmac* refill* medicina* "
            "medicament* pastilla* tableta* dosis inyec* implante* receta* farmacia* farmac* "
            "remedio* jeringa*"
        ),
        "substance": _words(
            "opioid* opiate* opiace* heroin* fentan* oxy* kratom tramadol codein* alcohol* drink* "
            "drunk* beer wine booze liquor sober* sobri* droga* bebe* bebid* trago* cerveza* vino "
            "borrach*"
        ),
        "condition": _words(
            "addict* adict* adicc* recover* recuper* crav* antojo* ansia* ansias relaps* recaid* "
            "overdos* sobredosis withdraw* abstin* detox* desintox* disorder* trastorno* disease* "
            "enfermedad* diagnos* urge* using consum*"
        ),
        "clinic": _words(
            "clinic* rehab* treatment* therap* counsel* tratamient* terapi* consejer* doctor* "
            "nurse* enfermer* medico* hospital* urine orina* lab labs test* prueba* analisis "
            "screen* court* probation corte juez methadone"
        ),
        "score": _words(
            "score* level* puntaj* puntuac* nivel* craving carrier cancel* end ends quit quits "
            "unsubscribe* stopall revoke* optout terminar fin parar"
        ),
        "shame": _words(
            "fail* missed miss blame* shame* guilt* bad weak* wrong clean dirty slip* lapse* "
            "excuse* disappoint* lazy should forgot* noncomplian* complian* fall* fracas* culpa* "
            "verguenza* debil* limpi* suci* pereza* mal mala decepcion* olvid* debe deberia*"
        ),
    }
)
"""Words that no text may hold, by what they would tell (M MSG-30, C 9, N20, N28; contract 4 for carriers)."""

STAFF_ONLY_WORDS = ("patient*", "paciente*")
"""A text to a patient or supporter does not call anybody a patient."""


def plain(text: str) -> str:
    """Return the text in lower case without accents, for looking words up."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = (re.escape(word[:-1]) + r"\w*" if word.endswith("*") else re.escape(word) for word in words)
    return re.compile(r"(?<!\w)(?:" + "|".join(sorted(parts)) + r")(?!\w)")


_TELLING = _pattern(tuple(word for words in TELLING_WORDS.values() for word in words))
_STAFF_ONLY = _pattern(STAFF_ONLY_WORDS)


def telling_words(text: str, *, audience: Audience = Audience.PATIENT) -> list[str]:
    """Return the words of a text that would tell a stranger something, in the order of the text."""
    plain_text = plain(text)
    found = _TELLING.findall(plain_text)
    if audience is not Audience.STAFF:
        found += _STAFF_ONLY.findall(plain_text)
    return found


# --- segments --------------------------------------------------------------------------------------

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")  # two septets each

GSM_SEPTETS = 160
UCS2_UNITS = 70


def septets(text: str) -> int | None:
    """Return the length of a text in GSM-7 septets, or None when it has a letter that GSM-7 lacks."""
    total = 0
    for letter in text:
        if letter in _GSM_BASIC:
            total += 1
        elif letter in _GSM_EXTENDED:
            total += 2
        else:
            return None
    return total


def segments(text: str) -> int:
    """Return how many SMS segments a text takes; an empty text takes one.

    One segment holds 160 septets or 70 UTF-16 units; when there are more, each loses room for the header and
    holds 153 or 67.
    """
    length = septets(text)
    one, many = (GSM_SEPTETS, 153) if length is not None else (UCS2_UNITS, 67)
    if length is None:
        length = len(text.encode("utf-16-le")) // 2
    return 1 if length <= one else -(-length // many)
