"""Pages of lists, always bounded.

Records are paged by a key, newest first: a page does not shift when a record arrives
meanwhile. Worklists, which are sorted by more than a column, are paged by offset.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework import serializers

from backend.api.serializers import QueryWholeField, StrictSerializer

USUAL = 50
MOST = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_CHARACTERS = 60
_BOUND = 1 << 62


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page begins: after the record of this instant and id."""

    at: datetime
    id: int

    def text(self) -> str:
        micros = (self.at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(f"{micros}.{self.id}".encode()).decode().rstrip("=")


class KeyField(serializers.CharField):
    """The opaque ``after`` of a page; comes out as a Key."""

    default_error_messages = {"invalid": "Take this from `next` of the page before, as it is."}

    def to_internal_value(self, data: Any) -> Key:  # type: ignore[override]
        text = super().to_internal_value(data)
        if len(text) > MOST_CHARACTERS:
            self.fail("invalid")
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            micros, row_id = (int(part) for part in raw.decode("ascii").split("."))
            if not (0 <= row_id < _BOUND and abs(micros) < _BOUND):
                self.fail("invalid")
            key = Key(at=_EPOCH + timedelta(microseconds=micros), id=row_id)
        except (binascii.Error, ValueError, OverflowError):
            self.fail("invalid")
        if key.text() != text:  # one spelling for one place
            self.fail("invalid")
        return key


class KeyQuery(StrictSerializer):
    """Parameters of a list that is paged by key."""

    limit = QueryWholeField(min_value=1, max_value=MOST, default=USUAL, help_text=f"Records on a page, at most {MOST}.")
    after = KeyField(required=False, default=None, help_text="`next` of the page before; absent for the first page.")


class OffsetQuery(StrictSerializer):
    """Parameters of a list that is paged by offset."""

    limit = QueryWholeField(min_value=1, max_value=MOST, default=USUAL, help_text=f"Rows on a page, at most {MOST}.")
    offset = QueryWholeField(min_value=0, max_value=100_000, default=0, help_text="Rows to leave out at the start.")


def key_page(rows: Sequence[Any], *, limit: int, at: str) -> dict[str, Any]:
    """The page of ``rows``, which hold one more than ``limit`` when there is a next page. ``at``: their instant."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {"items": shown, "next": Key(at=getattr(shown[-1], at), id=shown[-1].id).text() if more else None}


def offset_page(rows: Sequence[Any], *, limit: int, offset: int) -> dict[str, Any]:
    """The page of a whole list, with how many there are in all."""
    return {"items": rows[offset : offset + limit], "count": len(rows)}
