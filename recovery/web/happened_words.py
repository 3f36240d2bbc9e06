"""Every word of "Something happened", in English and Spanish, and what staff read of it. Our own wording."""

from collections.abc import Mapping

from recovery.rules.facts import FactKind
from recovery.rules.gates import GateEvent
from recovery.rules.records import GivenInside, LiftReason, StayPlace

CHOICES: Mapping[FactKind, tuple[str, str]] = {
    FactKind.OPIOID_USED: ("I used an opioid", "Usé un opioide"),
    FactKind.NEW_MEDICINE: ("I got a new medicine", "Me dieron un medicamento nuevo"),
    FactKind.DRINK: ("I had a drink", "Tomé alcohol"),
    FactKind.SICK_AFTER_DOSE: ("I got sick after a dose", "Me sentí mal después de una dosis"),
    FactKind.VOMITED_DOSE: ("I vomited soon after a dose", "Vomité poco después de una dosis"),
    FactKind.OVERDOSE_SIGN: (
        "Somebody here is hard to wake or breathes slowly",
        "Alguien aquí casi no despierta o respira muy lento",
    ),
    FactKind.ALLERGIC_REACTION: (
        "My face or throat is swelling, or it is hard to breathe",
        "Se me hincha la cara o la garganta, o me cuesta respirar",
    ),
    FactKind.LIVER_SYMPTOMS: (
        "Yellow eyes or skin, dark urine, pale stool, or belly pain for days",
        "Ojos o piel amarillos, orina oscura, heces claras o dolor de barriga por días",
    ),
    FactKind.COUGH: ("I have a cough", "Tengo tos"),
    FactKind.SEVERE_PAIN: ("I have strong pain or an injury", "Tengo mucho dolor o una lesión"),
    FactKind.ALCOHOL_WITHDRAWAL: (
        "I am shaking, had a seizure, or see things since I stopped drinking",
        "Tiemblo, tuve una convulsión o veo cosas desde que dejé de beber",
    ),
    FactKind.DISULFIRAM_REACTION: (
        "Flushing, chest pain or fainting after a drink",
        "Enrojecimiento, dolor de pecho o desmayo después de beber",
    ),
    FactKind.PREGNANT: ("I am or may be pregnant", "Tengo o puedo tener un embarazo"),
    FactKind.BREASTFEEDING: ("I am breastfeeding", "Estoy dando el pecho"),
    FactKind.RAN_OUT: ("I ran out, lost them, or they were stolen", "Se me acabaron, las perdí o me las robaron"),
    FactKind.TABLETS_WITHIN_REACH: (
        "Somebody who depends on opioids can reach my tablets",
        "Alguien que depende de opioides puede alcanzar mis tabletas",
    ),
    FactKind.WANTS_TO_STOP: ("I want to stop", "Quiero dejarlo"),
    FactKind.FEELS_CURED: ("I feel well and do not need it any more", "Me siento bien y ya no lo necesito"),
    FactKind.WELL_AFTER_DOSE: ("I felt fine after the first one", "Me sentí bien después de la primera"),
}

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "happened": "Something happened",
        "happened_why": "Choose what fits. It counts at once, and you read right away what comes next.",
        "what": "What happened?",
        "medicine": "Which medicine?",
        "medicine_for": "Only for a new medicine.",
        "taken": "Did you take it already?",
        "how": "What happened to the tablets?",
        "how_ran_out": "I ran out",
        "how_lost": "I lost them",
        "how_stolen": "They were stolen",
        "breath": "If you have a cough: is it hard to breathe?",
        "fever": "If you have a cough: do you have a fever?",
        "yes": "Yes",
        "no": "No",
        "open": "No answer",
        "send": "Send",
        "details": "More about it",
        "sent": "Thank you for telling us",
        "ask_first": "How did you feel after the first one?",
        "fine": "Fine",
        "sick": "Sick: vomiting, cramps, sweating or shaking",
        "tell_anyway": "Tell us about this one",
    },
    "es": {
        "happened": "Pasó algo",
        "happened_why": "Elija lo que corresponda. Cuenta enseguida, y al momento lee qué sigue.",
        "what": "¿Qué pasó?",
        "medicine": "¿Qué medicamento?",
        "medicine_for": "Solo si es un medicamento nuevo.",
        "taken": "¿Ya lo tomó?",
        "how": "¿Qué pasó con las tabletas?",
        "how_ran_out": "Se me acabaron",
        "how_lost": "Las perdí",
        "how_stolen": "Me las robaron",
        "breath": "Si tiene tos: ¿le cuesta respirar?",
        "fever": "Si tiene tos: ¿tiene fiebre?",
        "yes": "Sí",
        "no": "No",
        "open": "Sin respuesta",
        "send": "Enviar",
        "details": "Algo más",
        "sent": "Gracias por contarnos",
        "ask_first": "¿Cómo se sintió después de la primera?",
        "fine": "Bien",
        "sick": "Mal: vómitos, cólicos, sudor o temblores",
        "tell_anyway": "Contarnos de esta",
    },
}

# --- what staff read ---

KIND: Mapping[str, str] = {
    FactKind.OPIOID_USED: "Opioid used",
    FactKind.NEW_MEDICINE: "New medicine",
    FactKind.DRINK: "A drink",
    FactKind.SICK_AFTER_DOSE: "Withdrawal-type symptoms after a dose",
    FactKind.WELL_AFTER_DOSE: "No symptoms after the first tablet",
    FactKind.LIVER_SYMPTOMS: "Symptoms that may come from the liver",
    FactKind.ALLERGIC_REACTION: "Swelling of face or throat, or hard breathing",
    FactKind.COUGH: "Cough",
    FactKind.PREGNANT: "Pregnancy",
    FactKind.BREASTFEEDING: "Breastfeeding",
    FactKind.RAN_OUT: "Tablets ran out, lost or stolen",
    FactKind.WANTS_TO_STOP: "Wants to stop",
    FactKind.FEELS_CURED: "Feels well enough to stop",
    FactKind.SEVERE_PAIN: "Severe pain or trauma",
    FactKind.VOMITED_DOSE: "Vomited soon after a dose",
    FactKind.TABLETS_WITHIN_REACH: "Tablets within reach of somebody dependent on opioids",
    FactKind.OVERDOSE_SIGN: "A sign of overdose",
    FactKind.ALCOHOL_WITHDRAWAL: "Alcohol withdrawal",
    FactKind.DISULFIRAM_REACTION: "Reaction on disulfiram",
}
DETAIL: Mapping[tuple[str, str], str] = {
    ("taken", "yes"): "taken already",
    ("taken", "no"): "not taken yet",
    ("hard_to_breathe", "yes"): "hard to breathe",
    ("hard_to_breathe", "no"): "breathing is fine",
    ("fever", "yes"): "fever",
    ("fever", "no"): "no fever",
    ("how", "ran_out"): "ran out",
    ("how", "lost"): "lost",
    ("how", "stolen"): "stolen",
}
CAUSE: Mapping[str, str] = {
    GateEvent.OPIOID_TAKEN: "Opioid use was stated",
    GateEvent.OPIOID_PRESCRIBED: "An opioid was prescribed, not yet taken",
    GateEvent.OPIOID_GIVEN_AWAY: "An opioid was given while away",
    GateEvent.POSITIVE_SCREEN: "A urine screen waits to be read",
    GateEvent.FAILED_CHALLENGE: "The challenge was not passed",
    GateEvent.WITHDRAWAL_SYMPTOMS: "Withdrawal-type symptoms after a dose",
    GateEvent.LIVER_SYMPTOMS: "Symptoms that may come from the liver",
    GateEvent.ALLERGIC_REACTION: "Swelling of face or throat, or hard breathing",
    GateEvent.CLINICIAN_ORDER: "A prescriber's order",
    GateEvent.STATED_GAP: "Doses stated as not taken",
    GateEvent.OPIOID_ANALGESIA_BEGINS: "Planned opioid pain relief",
    GateEvent.DRINK_ON_DISULFIRAM: "A drink on disulfiram",
    GateEvent.SILENCE: "Silence, by this program's own policy",
}
LIFT: Mapping[str, str] = {
    LiftReason.CHECKED_CLEAR: "Spoken with and checked: clear",
    LiftReason.RESULT_READ: "The result was read",
    LiftReason.SYMPTOMS_OVER: "The symptoms are over",
    LiftReason.NEW_PLAN: "There is a new plan",
    LiftReason.STOPPED: "This medicine is not continued",
    LiftReason.IN_ERROR: "It was opened in error",
}
PLACE: Mapping[str, str] = {
    StayPlace.HOSPITAL: "Hospital",
    StayPlace.JAIL: "Custody",
    StayPlace.RESIDENTIAL: "Residential care",
}
INSIDE: Mapping[str, str] = {
    GivenInside.YES: "Yes",
    GivenInside.NO: "No",
    GivenInside.UNKNOWN: "Nobody knows",
}
OWNER: Mapping[str, str] = {
    "prescriber": "Prescriber",
    "medical_director": "Medical director",
    "nurse": "Nurse",
    "coordinator": "Coordinator",
    "on_call": "On call",
}
