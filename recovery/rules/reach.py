"""How a person may be reached (S 21): in what language a call is held, and whether now is a safe time."""

from __future__ import annotations

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
