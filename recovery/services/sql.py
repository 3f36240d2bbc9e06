"""Statements that write or read many rows at once.

Arrays come in as parameters and are unnested: one round trip however many rows.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection


def rows(statement: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run a statement and return all of its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def run(statement: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> int:
    """Run a statement and return how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount
