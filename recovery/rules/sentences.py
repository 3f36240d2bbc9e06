"""One true sentence for each flag, from its stored evidence alone.

English and Spanish, no pronoun for the patient, no judgement and no
prediction. Evidence is plain JSON as the rules' ``evidence()`` methods make it;
a missing number leaves its clause out rather than inventing one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from recovery.rules.side_effects import Effect, effect_words
from recovery.rules.states import FlagKind
from recovery.rules.words import Language, counted, long_date, near_date, one_decimal, short_date

Evidence = Mapping[str, Any]

_EN, _ES = Language.ENGLISH, Language.SPANISH


def sentence(kind: FlagKind, evidence: Evidence, language: Language = Language.ENGLISH) -> str:
    """Return why the flag is there.

    Raises ``KeyError`` when evidence of a kind that is built from numbers lacks
    one of them: a flag without its reason is a defect.
    """
    maker = _MAKERS.get(kind)
    if maker is not None:
        return maker(evidence, language)
    text = _PLAIN[kind][0 if language is _EN else 1]
    on = _day(evidence.get("on"))
    return text if on is None else f"{text}, {long_date(on, language)}"


def _day(value: object) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None


def _required_day(evidence: Evidence, key: str) -> date:
    return date.fromisoformat(evidence[key])


def _silence(evidence: Evidence, language: Language) -> str:
    run, since = evidence["run"], _required_day(evidence, "since")
    doses = evidence["unit"] == "doses"
    last = _day(evidence["last_answer"])
    if language is _EN:
        what = counted(run, "dose", "doses") if doses else counted(run, "day", "days")
        start = f"No report for {what} in a row since {long_date(since, language)}"
        return start + ("; no report before that" if last is None else f"; last report was {long_date(last, language)}")
    what = counted(run, "dosis seguida", "dosis seguidas") if doses else counted(run, "día seguido", "días seguidos")
    start = f"Sin respuesta en {what} desde el {long_date(since, language)}"
    return start + ("; antes no hay ninguna" if last is None else f"; la última fue el {long_date(last, language)}")


# Why the last visit brought no injection: said so that a late one is not read as missed (N5).
_NOT_GIVEN = {
    "not_opioid_free": ("it could not be given yet", "todavía no se pudo administrar"),
    "not_delivered": ("the medicine had not arrived", "el medicamento no había llegado"),
    "prior_authorization": ("the insurance had not agreed yet", "faltaba la autorización del seguro"),
    "no_nurse": ("nobody was there to give it", "no había quien la administrara"),
    "clinic_closed": ("the clinic was closed", "la clínica estaba cerrada"),
    "site_reaction": ("the last site had not healed", "el lugar anterior no había sanado"),
    "unwell": ("it was put off for illness", "se aplazó por enfermedad"),
    "declined": ("it was put off by choice", "se aplazó por decisión propia"),
    "prescriber_decided": ("the prescriber put it off", "quien receta la aplazó"),
    "other": ("it could not be given", "no se pudo administrar"),
}


def _injection_late(evidence: Evidence, language: Language) -> str:
    late, last = evidence["days_late"], _required_day(evidence, "last_given_on")
    booked = _day(evidence.get("visit_on"))
    bridge = evidence.get("bridge_holds", False)
    if language is _EN:
        text = f"Injection is {counted(late, 'day', 'days')} past its date"
        text += f"; last one was {short_date(last, language)}"
        if evidence.get("not_given"):
            text += f"; at the last visit {_NOT_GIVEN[evidence['not_given']][0]}"
        if booked is not None:
            text += f"; a visit is booked for {long_date(booked, language)}"
        return text + ("; tablets are confirmed meanwhile" if bridge else "")
    text = f"La inyección lleva {counted(late, 'día', 'días')} de retraso"
    text += f"; la última fue el {short_date(last, language)}"
    if evidence.get("not_given"):
        text += f"; en la última visita {_NOT_GIVEN[evidence['not_given']][1]}"
    if booked is not None:
        text += f"; hay una visita el {long_date(booked, language)}"
    return text + ("; mientras tanto hay tabletas confirmadas" if bridge else "")


def _craving(evidence: Evidence, language: Language) -> str:
    body = _CRAVING[evidence["leading"]](evidence, language)
    for reason in evidence.get("raised_by", ()):
        body += "; " + _RAISED_BY[reason][0 if language is _EN else 1]
    return body


_RAISED_BY = {
    "reported_use": ("use was reported", "se informó consumo"),
    "confidence_drop": ("confidence is well below the usual", "la confianza está muy por debajo de lo habitual"),
    "dose_missed": ("a dose was reported as not taken", "se informó una dosis no tomada"),
}


def _craving_high(evidence: Evidence, language: Language) -> str:
    on, latest = _required_day(evidence, "on"), evidence["latest"]
    confidence = evidence.get("confidence")
    if language is _EN:
        text = f"Craving was {latest} of 10 on {long_date(on, language)}"
        return text if confidence is None else f"{text}, confidence {confidence} of 10"
    text = f"El deseo fue de {latest} sobre 10 el {long_date(on, language)}"
    return text if confidence is None else f"{text}, confianza {confidence} sobre 10"


def _craving_above(evidence: Evidence, language: Language) -> str:
    points, usual = one_decimal(evidence["points_above"]), one_decimal(evidence["usual"])
    count = evidence["check_ins"]
    since = near_date(_required_day(evidence, "since"), seen_on=_required_day(evidence, "on"), language=language)
    if language is _EN:
        return (
            f"Craving has been {points} points above the usual {usual} "
            f"for {counted(count, 'check-in', 'check-ins')} since {since}"
        )
    return (
        f"El deseo ha estado {points} puntos por encima de lo habitual ({usual}) "
        f"en {counted(count, 'registro', 'registros')} desde el {since}"
    )


def _craving_week(evidence: Evidence, language: Language) -> str:
    mean, count = one_decimal(evidence["week_mean"]), evidence["week_check_ins"]
    if language is _EN:
        return f"Craving has averaged {mean} of 10 over {counted(count, 'check-in', 'check-ins')} in 7 days"
    return f"El deseo ha promediado {mean} sobre 10 en {counted(count, 'registro', 'registros')} de 7 días"


def _craving_two(evidence: Evidence, language: Language) -> str:
    count, of = evidence["high_count"], evidence["check_ins"]
    since = near_date(_required_day(evidence, "since"), seen_on=_required_day(evidence, "on"), language=language)
    at = evidence["high_at"]
    if language is _EN:
        return f"Craving was {at} or more in {count} of the last {of} check-ins, since {since}"
    return f"El deseo fue de {at} o más en {count} de los últimos {of} registros, desde el {since}"


def _craving_slope(evidence: Evidence, language: Language) -> str:
    slope, usual = one_decimal(evidence["slope_per_day"]), one_decimal(evidence["usual"])
    count = evidence["check_ins"]
    if language is _EN:
        return (
            f"Craving has gone up by {slope} points a day over {counted(count, 'check-in', 'check-ins')}; "
            f"the usual is {usual}"
        )
    return (
        f"El deseo ha subido {slope} puntos por día en {counted(count, 'registro', 'registros')}; "
        f"lo habitual es {usual}"
    )


def _craving_drift(evidence: Evidence, language: Language) -> str:
    usual, latest = one_decimal(evidence["usual"]), evidence["latest"]
    if language is _EN:
        return f"Craving has been drifting above the usual {usual}; the latest is {latest} of 10"
    return f"El deseo se ha ido por encima de lo habitual ({usual}); el último es {latest} sobre 10"


_CRAVING: dict[str, Callable[[Evidence, Language], str]] = {
    "A": _craving_high,
    "B": _craving_week,
    "C": _craving_above,
    "D": _craving_drift,
    "E": _craving_above,
    "F": _craving_slope,
    "G": _craving_two,
}


def _gap(evidence: Evidence, language: Language) -> str:
    days = evidence["days"]
    shown = f"{days:g}"
    first, last = _required_day(evidence, "first_day"), _required_day(evidence, "last_day")
    if language is _EN:
        if first == last:
            return f"{shown} days of cover reported as not taken, {long_date(first, language)}"
        return (
            f"{shown} days of cover reported as not taken, {long_date(first, language)} to {long_date(last, language)}"
        )
    if first == last:
        return f"{shown} días de cobertura informados como no tomados, {long_date(first, language)}"
    return (
        f"{shown} días de cobertura informados como no tomados, "
        f"del {long_date(first, language)} al {long_date(last, language)}"
    )


def _dose_after_gap(evidence: Evidence, language: Language) -> str:
    after = "; a later dose was taken" if language is _EN else "; después se tomó una dosis"
    return _gap(evidence, language) + after


def _lab(evidence: Evidence, language: Language) -> str:
    parts = [
        f"{name} {one_decimal(evidence[key])}"
        for name, key in (("ALT", "alt_times"), ("AST", "ast_times"), ("bilirubin", "bilirubin_times"))
        if evidence.get(key) is not None
    ]
    joined = ", ".join(parts)
    on = _required_day(evidence, "on")
    if language is _EN:
        return f"Liver tests in multiples of the upper limit: {joined}, {long_date(on, language)}"
    joined = joined.replace("bilirubin", "bilirrubina")
    return f"Pruebas del hígado en múltiplos del límite superior: {joined}, {long_date(on, language)}"


def _contact_lost(evidence: Evidence, language: Language) -> str:
    if evidence["reason"] == "opted_out":
        return "Texts were stopped by reply" if language is _EN else "Los mensajes se detuvieron por respuesta"
    failures = evidence["failures"]
    if language is _EN:
        return f"{counted(failures, 'message', 'messages')} in a row could not be delivered"
    return f"{counted(failures, 'mensaje seguido', 'mensajes seguidos')} sin entregar"


def _side_effect_lasting(evidence: Evidence, language: Language) -> str:
    effect = effect_words(Effect(evidence["effect"]), language).lower()
    since, days = _required_day(evidence, "began_on"), evidence["days"]
    if language is _EN:
        return f"A side effect has lasted {counted(days, 'day', 'days')} since {short_date(since, language)}: {effect}"
    return f"Un efecto secundario dura {counted(days, 'día', 'días')} desde el {short_date(since, language)}: {effect}"


_CSSRS_ITEMS = {
    "cssrs_1": ("wish to be dead", "deseo de estar muerto"),
    "cssrs_2": ("thoughts of suicide", "pensamientos de suicidio"),
    "cssrs_3": ("thoughts of how", "pensamientos de cómo"),
    "cssrs_4": ("some intention to act", "alguna intención de actuar"),
    "cssrs_5": ("a plan", "un plan"),
    "cssrs_6": ("an attempt or preparation in life", "un intento o preparativos en la vida"),
    "cssrs_7": ("within the past 3 months", "en los últimos 3 meses"),
}


def _safety(evidence: Evidence, language: Language) -> str:
    """What safety answers said; of an earlier or other source only that something was said."""
    place = 0 if language is _EN else 1
    if evidence.get("yes"):
        said = ", ".join(_CSSRS_ITEMS[item][place] for item in evidence["yes"])
        text = ("Yes to safety questions: ", "Sí a preguntas de seguridad: ")[place] + said
    elif "value" in evidence:
        text = (
            f"Thoughts of death or self-harm: item 9 of the PHQ-9 is {evidence['value']} of 3",
            f"Pensamientos de muerte o de hacerse daño: el punto 9 del PHQ-9 es {evidence['value']} de 3",
        )[place]
    else:
        text = _SAFETY_PLAIN[place]
    on = _day(evidence.get("on"))
    if on is not None:
        text += f", {long_date(on, language)}"
    if "unfinished_minutes" in evidence:
        text += (
            f"; the form was not finished within {evidence['unfinished_minutes']} minutes",
            f"; el cuestionario no se terminó en {evidence['unfinished_minutes']} minutos",
        )[place]
    return text


_SAFETY_PLAIN = ("Thoughts of death or suicide were reported", "Se informaron pensamientos de muerte o suicidio")


def _suicide_risk(evidence: Evidence, language: Language) -> str:
    """High risk: what the safety questions said, or that a text said so."""
    if evidence.get("yes"):
        return _safety(evidence, language)
    text = (
        "Answers show a high risk of suicide"
        if language is _EN
        else "Las respuestas muestran un riesgo alto de suicidio"
    )
    on = _day(evidence.get("on"))
    return text if on is None else f"{text}, {long_date(on, language)}"


_FORM_NAMES = {"phq2": "PHQ-2", "phq9": "PHQ-9"}


def _low_mood(evidence: Evidence, language: Language) -> str:
    if "total" not in evidence:
        return _LOW_MOOD_PLAIN[0 if language is _EN else 1]
    name, total, of = _FORM_NAMES[evidence["instrument"]], evidence["total"], evidence["of"]
    on, cut = _required_day(evidence, "on"), evidence["cut"]
    if language is _EN:
        return f"{name} is {total} of {of}, at or above {cut}, {long_date(on, language)}"
    return f"El {name} es {total} de {of}, a partir de {cut} es alto, {long_date(on, language)}"


_LOW_MOOD_PLAIN = ("Mood answers are below the cut", "Las respuestas sobre el ánimo pasan el límite")


def _pain(evidence: Evidence, language: Language) -> str:
    if "pain" not in evidence:
        return "High pain was reported" if language is _EN else "Se informó mucho dolor"
    on = _required_day(evidence, "on")
    if language is _EN:
        return f"Pain was {evidence['pain']} of 10 on most days, {long_date(on, language)}"
    return f"El dolor fue de {evidence['pain']} sobre 10 la mayoría de los días, {long_date(on, language)}"


_HOW = {
    "ran_out": ("Tablets ran out", "Se acabaron las tabletas"),
    "lost": ("Tablets were lost", "Se perdieron las tabletas"),
    "stolen": ("Tablets were stolen", "Las tabletas fueron robadas"),
}


def _ran_out(evidence: Evidence, language: Language) -> str:
    return _with_day(_HOW.get(str(evidence.get("how")), _PLAIN[FlagKind.RAN_OUT]), evidence, language)


def _cough(evidence: Evidence, language: Language) -> str:
    english, spanish = _PLAIN[FlagKind.COUGH]
    if evidence.get("hard_to_breathe") == "yes":
        english, spanish = f"{english}, hard to breathe", f"{spanish}, con dificultad para respirar"
    if evidence.get("fever") == "yes":
        english, spanish = f"{english}, fever", f"{spanish}, con fiebre"
    return _with_day((english, spanish), evidence, language)


def _with_day(texts: tuple[str, str], evidence: Evidence, language: Language) -> str:
    text = texts[0 if language is _EN else 1]
    on = _day(evidence.get("on"))
    return text if on is None else f"{text}, {long_date(on, language)}"


# One kind of flag for things that are said apart.
_SAID = {
    "breastfeeding": ("Breastfeeding was reported", "Se informó lactancia"),
    "feels_cured": ("Feeling well enough to stop was reported", "Se informó sentirse bien para dejarlo"),
    "unknown_medicine": (
        "A new medicine was reported that needs to be looked up",
        "Se informó un medicamento nuevo que hay que revisar",
    ),
}


def _pregnancy(evidence: Evidence, language: Language) -> str:
    return _with_day(_SAID.get(str(evidence.get("said")), _PLAIN[FlagKind.PREGNANCY]), evidence, language)


def _wants_to_stop(evidence: Evidence, language: Language) -> str:
    return _with_day(_SAID.get(str(evidence.get("said")), _PLAIN[FlagKind.WANTS_TO_STOP]), evidence, language)


def _interacting(evidence: Evidence, language: Language) -> str:
    return _with_day(_SAID.get(str(evidence.get("said")), _PLAIN[FlagKind.INTERACTING_MEDICINE]), evidence, language)


_MAKERS: dict[FlagKind, Callable[[Evidence, Language], str]] = {
    FlagKind.SILENCE: _silence,
    FlagKind.INJECTION_LATE: _injection_late,
    FlagKind.CRAVING_HIGH: _craving,
    FlagKind.CRAVING_RISE: _craving,
    FlagKind.STATED_GAP: _gap,
    FlagKind.DOSE_AFTER_GAP: _dose_after_gap,
    FlagKind.LAB_ABNORMAL: _lab,
    FlagKind.CONTACT_LOST: _contact_lost,
    FlagKind.SIDE_EFFECT_LASTING: _side_effect_lasting,
    FlagKind.SUICIDE_THOUGHTS: _safety,
    FlagKind.SUICIDE_RISK: _suicide_risk,
    FlagKind.LOW_MOOD: _low_mood,
    FlagKind.PAIN_HIGH: _pain,
    FlagKind.RAN_OUT: _ran_out,
    FlagKind.COUGH: _cough,
    FlagKind.PREGNANCY: _pregnancy,
    FlagKind.WANTS_TO_STOP: _wants_to_stop,
    FlagKind.INTERACTING_MEDICINE: _interacting,
}

# English and Spanish; a stored "on" adds its date.
_PLAIN: dict[FlagKind, tuple[str, str]] = {
    FlagKind.ALCOHOL_WITHDRAWAL: (
        "Signs of alcohol withdrawal were reported",
        "Se informaron señales de abstinencia de alcohol",
    ),
    FlagKind.ALLERGIC_REACTION: (
        "Trouble breathing or swelling was reported",
        "Se informó dificultad para respirar o hinchazón",
    ),
    FlagKind.COUGH: ("A cough was reported", "Se informó tos"),
    FlagKind.DISULFIRAM_DRINK: (
        "A drink while on disulfiram was reported",
        "Se informó una bebida durante el tratamiento con disulfiram",
    ),
    FlagKind.DISULFIRAM_REACTION: (
        "Flushing, chest pain or fainting on disulfiram was reported",
        "Se informó rubor, dolor de pecho o desmayo con disulfiram",
    ),
    FlagKind.DOSE_PARTLY_GIVEN: ("A dose was given only in part", "Una dosis se administró solo en parte"),
    FlagKind.FAILED_CHALLENGE: ("The naloxone challenge was failed", "La prueba con naloxona no se superó"),
    FlagKind.GIVEN_WITH_OPEN_GATE: (
        "A dose was given while prompts were on hold",
        "Se administró una dosis con los avisos en pausa",
    ),
    FlagKind.INJECTION_SITE: (
        "A problem at the injection site was reported",
        "Se informó un problema en el lugar de la inyección",
    ),
    FlagKind.INTERACTING_MEDICINE: (
        "A medicine that may interact was reported",
        "Se informó un medicamento que puede interactuar",
    ),
    FlagKind.INTERVAL_END_CRAVING: (
        "Craving is up while the injection interval ends",
        "El deseo sube al final del intervalo de la inyección",
    ),
    FlagKind.LAB_OVERDUE: ("A laboratory test is overdue", "Hay un análisis de laboratorio pendiente"),
    FlagKind.LIVER_SYMPTOMS: (
        "Symptoms that may come from the liver were reported",
        "Se informaron síntomas que pueden venir del hígado",
    ),
    FlagKind.NEW_OPIOID_MEDICINE: (
        "A new opioid medicine was reported, not yet taken",
        "Se informó un nuevo medicamento opioide, aún no tomado",
    ),
    FlagKind.OVERDOSE_SIGN: ("A sign of overdose was reported", "Se informó una señal de sobredosis"),
    FlagKind.POSITIVE_SCREEN: (
        "A urine screen needs to be read by the prescriber",
        "Un análisis de orina debe ser leído por quien receta",
    ),
    FlagKind.PREGNANCY: ("A pregnancy was reported", "Se informó un embarazo"),
    FlagKind.PROCEDURE_PLANNED: (
        "A procedure that may need opioids is planned",
        "Hay un procedimiento que puede necesitar opioides",
    ),
    FlagKind.RAN_OUT: (
        "Tablets ran out, were lost or stolen",
        "Las tabletas se acabaron, se perdieron o fueron robadas",
    ),
    FlagKind.RELEASE: (
        "Back from hospital, custody or residential care",
        "De vuelta de hospital, custodia o residencia",
    ),
    FlagKind.REPORTED_DRINK: ("A drink was reported", "Se informó una bebida"),
    FlagKind.REPORTED_USE: ("Opioid use was reported", "Se informó consumo de opioides"),
    FlagKind.SEVERE_PAIN: ("Severe pain or trauma was reported", "Se informó dolor fuerte o una lesión"),
    FlagKind.SUPPORTER_CONCERN: ("A support person is worried", "Una persona de apoyo está preocupada"),
    FlagKind.TABLETS_WITHIN_REACH: (
        "Tablets are within reach of somebody who depends on opioids",
        "Las tabletas están al alcance de alguien que depende de opioides",
    ),
    FlagKind.VOMITED_DOSE: ("Vomiting soon after a dose was reported", "Se informó vómito poco después de una dosis"),
    FlagKind.WANTS_TO_STOP: ("Wish to stop treatment was reported", "Se informó el deseo de dejar el tratamiento"),
    FlagKind.WITHDRAWAL_AFTER_DOSE: (
        "Withdrawal-type symptoms after a dose were reported",
        "Se informaron síntomas de abstinencia después de una dosis",
    ),
}
