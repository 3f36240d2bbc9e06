"""Fields that several inputs share."""

from typing import Any

from django.core.validators import RegexValidator

from backend.api.serializers import TextField

NOTE_CHARACTERS = 2000


class CodeField(TextField):
    """A short code, as lists in the app offer them. Not a place for free text: it is stored in clear."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_blank", True)
        kwargs.setdefault("default", "")
        super().__init__(trim_whitespace=False, **kwargs)
        self.validators.append(RegexValidator(r"^[A-Za-z0-9_-]+\Z", "Letters, digits, - and _ only.", "invalid"))


class NoteField(TextField):
    """Free text, sealed before it is stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=NOTE_CHARACTERS, allow_blank=True, default="", **kwargs)
