"""What could not be saved, said at its field in the patient's language, with what was typed still there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from backend.errors import DomainError

MESSAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "choose": "Please choose one of these.",
        "write": "Please write something here.",
        "number": "Please choose a whole number from {low} to {high}.",
        "day": "Please enter a day that exists.",
        "future": "This day has not come yet.",
        "past": "Please choose a day from today on.",
        "cannot_be": "This cannot be. Please look at it again.",
        "long": "This is too long: at most {limit} characters.",
        "null": "Something in here cannot be saved. Please write it again.",
        "name": "Please add the name.",
    },
    "es": {
        "choose": "Por favor, elija una de estas opciones.",
        "write": "Por favor, escriba algo aquí.",
        "number": "Por favor, elija un número entero de {low} a {high}.",
        "day": "Por favor, ponga un día que exista.",
        "future": "Ese día todavía no ha llegado.",
        "past": "Por favor, elija un día a partir de hoy.",
        "cannot_be": "Esto no puede ser. Por favor, revíselo.",
        "long": "Es demasiado largo: como máximo {limit} caracteres.",
        "null": "Algo de aquí no se puede guardar. Por favor, escríbalo otra vez.",
        "name": "Por favor, añada el nombre.",
    },
}

# Refused by a service, by the field that it named.
_REFUSED = {
    "attended_on": "future",
    "began_on": "future",
    "felt_at": "future",
    "given_on": "future",
    "happened_at": "future",
    "planned_on": "past",
    "medicine": "write",
    "taken": "choose",
}


@dataclass(frozen=True, slots=True)
class Field:
    """What was typed, and what is wrong with it ('' for nothing). ``values`` are all that were ticked."""

    value: str
    values: list[str]
    error: str


def kept(form: forms.Form, language: str, *, refusal: DomainError | None = None) -> dict[str, Field]:
    """Return each field of a form that was sent and not saved.

    Nothing of what was typed is in a message. A refusal that names no field of the form is left to the page's own line.
    """
    words = MESSAGES.get(language) or MESSAGES["en"]
    found = form.errors.as_data()
    errors = {
        name: _error(form.fields.get(name), each[0], words) for name, each in found.items() if name in form.fields
    }
    if refusal is not None and refusal.field in form.fields:
        errors[refusal.field] = words[_REFUSED.get(refusal.field, "cannot_be")]
    data: Any = form.data
    return {
        name: Field(
            value=_typed(data.get(name, "")),
            values=[_typed(each) for each in data.getlist(name)],
            error=errors.get(name, ""),
        )
        for name in form.fields
    }


def _typed(value: str) -> str:
    return value.replace("\x00", "")


def _error(field: forms.Field | None, error: ValidationError, words: Mapping[str, str]) -> str:
    code = error.code or ""
    if code in words:
        return words[code]
    if code == "null_characters_not_allowed":
        return words["null"]
    if code == "max_length" and isinstance(field, forms.CharField):
        return words["long"].format(limit=field.max_length)
    if isinstance(field, forms.IntegerField):
        return words["number"].format(low=field.min_value, high=field.max_value)
    if isinstance(field, forms.DateField):
        return words["day"]
    if isinstance(field, forms.ChoiceField | forms.NullBooleanField):
        return words["choose"]
    return words["write"] if code == "required" else words["cannot_be"]
