"""The secrets that the environment gives us, in the shape that ``crypto`` takes."""

from functools import lru_cache

from django.conf import settings

from backend.crypto import Key, blind_index


@lru_cache
def master_keys() -> dict[str, Key]:
    """All master keys by id, the current one first (setting MASTER_KEYS)."""
    return {kid: Key(kid, secret) for kid, secret in settings.MASTER_KEYS.items()}


def current_master_key() -> Key:
    return next(iter(master_keys().values()))


def phone_index(program_id: int, e164: str) -> bytes:
    """Finds a whole phone number within one program."""
    return blind_index(settings.INDEX_KEY, f"phone:{program_id}", e164)


def phone_last4_index(program_id: int, e164: str) -> bytes:
    """Finds the last four digits of a number within one program."""
    return blind_index(settings.INDEX_KEY, f"phone4:{program_id}", e164[-4:])


def name_index(program_id: int, prefix: str) -> bytes:
    """Finds a name by the start of a word, within one program."""
    return blind_index(settings.INDEX_KEY, f"name:{program_id}", prefix)


def login_index(kind: str, value: str) -> bytes:
    """Finds an account by phone or e-mail across programs, without storing either."""
    return blind_index(settings.INDEX_KEY, f"login:{kind}", value)
