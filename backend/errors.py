"""Refusals that a caller can act on.

A ``DomainError`` has a stable ``code`` (part of the API) and a message that says
what was wrong and what to do. It never holds personal data.
"""


class DomainError(Exception):
    """A request that the domain refuses. ``status`` is the HTTP status it becomes."""

    code = "refused"
    status = 400

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(DomainError):
    """Nothing here that this person may see; a stranger's record looks the same."""

    code = "not-found"
    status = 404

    def __init__(self, message: str = "There is nothing here.") -> None:
        super().__init__(message)


class IdReused(DomainError):
    """The same id came with other content (contract 6)."""

    code = "id-reused"
    status = 409


class InFuture(DomainError):
    """A time after the present, beyond the allowed clock skew."""

    code = "in-the-future"


class Conflict(DomainError):
    """The record has moved on; read it again."""

    code = "conflict"
    status = 409


class NotAllowed(DomainError):
    """The person is known, the record is theirs to see, the act is not theirs to do."""

    code = "not-allowed"
    status = 403
