"""Sealed columns: names, numbers and free text under the patient's own key."""

import uuid
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models

from backend.crypto import Key, seal, unseal


class SealedField(models.BinaryField):
    """Holds a sealed value; read and written through ``SealedModel``. Never sorted or filtered."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)


class SealedModel(models.Model):
    """A row with sealed columns. ``uid`` is made here, before the insert, and binds each value to its row."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True

    def _place(self, field: str) -> str:
        return f"{self._meta.label_lower}.{field}:{self.uid}"

    def seal(self, key: Key, **texts: str | None) -> None:
        """Seal each text into the column of that name; None or '' empties it. Does not save."""
        for field, text in texts.items():
            if not isinstance(self._meta.get_field(field), SealedField):
                raise TypeError(f"{field} is not a sealed field")
            setattr(self, field, seal(key, text.encode(), place=self._place(field)) if text else None)

    def opened(self, key: Key, field: str) -> str:
        """The text of a sealed column, '' where it is empty. Raises CannotOpen."""
        value = getattr(self, field)
        return unseal(key, bytes(value), place=self._place(field)).decode() if value else ""


class AnyOf(models.Lookup):
    """``pk__any=ids``: one array parameter instead of one parameter an id (``in`` costs 4 µs of processor an id).

    Without any id the database is not asked.
    """

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        values = list(self.rhs)
        if not values:
            raise EmptyResultSet
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s)", (*parameters, values)


models.Field.register_lookup(AnyOf)
models.ForeignKey.register_lookup(AnyOf)
