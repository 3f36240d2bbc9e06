"""How a person may be reached (S 21): in what language a call is held, and whether now is a safe time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class Interpreter(StrEnum):
    """A language that staff call an interpreter for. Stored as its code."""

    NONE = ""
    SPANISH = "es"
    PORTUGUESE = "pt"
    FRENCH = "fr"
    HAITIAN_CREOLE = "ht"
    RUSSIAN = "ru"
    ARABIC = "ar"
    SOMALI = "so"
    CHINESE = "zh"
    VIETNAMESE = "vi"
    KOREAN = "ko"
    TAGALOG = "tl"
    NEPALI = "ne"
    SIGN_LANGUAGE = "sgn"
    OTHER = "und"


def is_safe_hour(at: time, *, opens: time | None, closes: time | None) -> bool:
    """Whether a call at this local time is within the hours the person gave; without hours any time is."""
    return opens is None or closes is None or opens <= at < closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a person may be reached; None where it was not asked. Hours are local and both given or neither."""

    phone_shared: bool = False
    safe_to_call: bool | None = None
    safe_voicemail: bool | None = None
    safe_from: time | None = None
    safe_until: time | None = None
    agreed_word: str = ""
    interpreter: str = ""
    letters_ok: bool | None = None
    letter_address: str = ""

    def __repr__(self) -> str:
        return "Reach()"

    def is_safe_now(self, local: time) -> bool:
        """Whether a call at this local time keeps to what the person said."""
        return self.safe_to_call is not False and is_safe_hour(local, opens=self.safe_from, closes=self.safe_until)
