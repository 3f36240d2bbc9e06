"""How the pages of visits and orders say things. English for staff; English and Spanish for a patient."""

from collections.abc import Mapping

from recovery.rules.records import CancelReason, CountKind, NotGivenReason, NotKeptReason, Supply, VoidReason

NOT_GIVEN: Mapping[str, str] = {
    NotGivenReason.NOT_OPIOID_FREE: "Not opioid-free long enough yet",
    NotGivenReason.NOT_DELIVERED: "The medicine had not arrived",
    NotGivenReason.PRIOR_AUTHORIZATION: "The insurance had not agreed yet",
    NotGivenReason.NO_NURSE: "Nobody was there to give it",
    NotGivenReason.CLINIC_CLOSED: "The clinic was closed",
    NotGivenReason.SITE_REACTION: "The last site had not healed",
    NotGivenReason.UNWELL: "Put off for illness",
    NotGivenReason.DECLINED: "Put off by choice",
    NotGivenReason.PRESCRIBER_DECIDED: "The prescriber put it off",
    NotGivenReason.OTHER: "Another reason",
}
NOT_KEPT: Mapping[str, str] = {
    NotKeptReason.TRANSPORT: "No way to get here",
    NotKeptReason.WORK: "Work",
    NotKeptReason.CHILD_CARE: "Care of a child or relative",
    NotKeptReason.UNWELL: "Illness",
    NotKeptReason.COST: "Cost",
    NotKeptReason.HOSPITAL: "In hospital",
    NotKeptReason.CUSTODY: "In custody",
    NotKeptReason.NOT_TOLD: "Our reminder did not arrive",
    NotKeptReason.NOT_KNOWN: "Not known",
    NotKeptReason.OTHER: "Another reason",
}
CANCELLED: Mapping[str, str] = {
    CancelReason.PATIENT_ASKED: "The patient asked",
    CancelReason.CLINIC_CHANGED: "The clinic changed it",
    CancelReason.NOT_NEEDED: "Not needed any more",
}
REASON: Mapping[str, str] = {
    **CANCELLED,
    **NOT_KEPT,
    **NOT_GIVEN,
    CancelReason.VOIDED: "It followed a record entered in error",
    CancelReason.TREATMENT_CLOSED: "The treatment was closed",
}
SUPPLY: Mapping[str, str] = {
    "": "not ordered yet",
    Supply.ORDERED: "ordered",
    Supply.APPROVED: "approved",
    Supply.SHIPPED: "shipped",
    Supply.ON_SITE: "here",
}
VOID: Mapping[str, str] = {
    VoidReason.WRONG_PATIENT: "It was another patient's",
    VoidReason.WRONG_DAY: "The day was wrong",
    VoidReason.WRONG_MEDICINE: "The medicine was wrong",
    VoidReason.TWICE: "It was entered twice",
    VoidReason.NOT_GIVEN: "It was not given",
    VoidReason.OTHER: "Another reason",
}
COUNT: Mapping[str, str] = {CountKind.PICKED_UP: "Picked up", CountKind.COUNTED: "So many are left"}
VISIT_STATUS: Mapping[str, str] = {
    "planned": "no time agreed yet",
    "booked": "booked",
    "kept": "kept",
    "not_kept": "did not take place",
    "not_given": "nothing could be given",
    "cancelled": "cancelled",
}
VISIT_WARNING: Mapping[str, str] = {
    "early": "This is earlier than day 21 after the last one.",
    "late": "This is later than the days that are usually offered.",
    "closed_day": "The clinic is closed on that day.",
}
STOP: Mapping[str, str] = {
    "side effects": "Side effects",
    "patient's wish": "The patient's wish",
    "another medicine": "Another medicine instead",
    "procedure planned": "A planned procedure",
    "course completed": "The course is completed",
    "prescriber decided": "The prescriber decided",
}
CLOSE: Mapping[str, str] = {
    "completed": "Completed",
    "planned stop": "A planned stop",
    "moved to other care": "Moved to other care",
    "patient's wish": "The patient's wish",
    "not in contact": "No contact any more",
    "died": "Died",
}

OWN: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Visits",
        "none": "No visit is planned.",
        "suits": "This day suits me",
        "another": "I need another time",
        "passed": "This date has passed. Want help finding a new time?",
        "confirmed": "You said that this day suits you.",
        "asked": "You asked for another time. We will call you. Until then this visit stands.",
        "elsewhere": "My visit was somewhere else",
        "day": "On which day?",
        "left": "How many items are left?",
        "count": "Left today",
        "save": "Save",
        "saved": "Saved. Thank you.",
        "wrong": "That could not be saved. Please look at it again.",
        "back": "Back",
        "lasts": "They last until",
    },
    "es": {
        "title": "Visitas",
        "none": "No hay ninguna visita prevista.",
        "suits": "Este día me conviene",
        "another": "Necesito otro horario",
        "passed": "Esta fecha ya pasó. ¿Quiere ayuda para encontrar otra?",
        "confirmed": "Nos dijo que este día le conviene.",
        "asked": "Pidió otro horario. Le llamaremos. Hasta entonces esta visita sigue en pie.",
        "elsewhere": "Mi visita fue en otro lugar",
        "day": "¿Qué día?",
        "left": "¿Cuántas unidades le quedan?",
        "count": "Quedan hoy",
        "save": "Guardar",
        "saved": "Guardado. Gracias.",
        "wrong": "No se pudo guardar. Por favor, revíselo.",
        "back": "Volver",
        "lasts": "Alcanzan hasta el",
    },
}
