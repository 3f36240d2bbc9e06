"""The service account that FCM knows us by: one file, read once."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True)
class Account:
    """What signs in: the project, the account's address, its key."""

    project: str
    email: str
    key_id: str
    key: RSAPrivateKey

    def __repr__(self) -> str:
        return "Account()"


@lru_cache(maxsize=2)
def read_account(path: str) -> Account:
    """Read the key file of a service account. Raises ValueError, which holds nothing of the file."""
    try:
        content = json.loads(Path(path).read_text())
        key = load_pem_private_key(content["private_key"].encode(), password=None)
        project, email, key_id = content["project_id"], content["client_email"], content["private_key_id"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm):
        raise ValueError("not the key file of a service account") from None
    if not isinstance(key, RSAPrivateKey) or not all(isinstance(one, str) and one for one in (project, email, key_id)):
        raise ValueError("not the key file of a service account")
    return Account(project, email, key_id, key)
