"""No table of a person is forgotten when the person asks for what is held about them."""

import pytest

from recovery.selectors.export import all_sections
from tests.guards.test_database_walls import columns, tables

pytestmark = pytest.mark.django_db

# Tables of a person that no section holds, each with its reason.
NOT_EXPORTED = {
    "backend_auditevent": "who read and changed the record: disclosed by the program, which can explain it",
    "backend_auditseal": "proof that no audit entry was changed; no fact about a person",
    "backend_membership": "which account signs in: a random name",
    "backend_shredledger": "holds only persons who were erased",
    "data_key": "the key itself",
    "recovery_escalation": "whose turn among staff it was to hear of a concern; the concern itself is exported",
    "recovery_nameprefix": "keyed fingerprints of the name that is exported",
    "reminders_attempt": "how a text was handed over; the text carries what became of it",
    "reminders_outboxtext": "the demo's stand-in for a phone, the same texts again",
    "reminders_providerevent": "receipts as they came; the text carries what they came to",
}


def is_history(table: str) -> bool:
    """Earlier versions of rows that a section holds as they stand now: proof for an inquiry."""
    return "pgh_id" in columns(table)


def of_persons() -> set[str]:
    return {table for table in tables() if "patient_id" in columns(table) and not is_history(table)}


def test_every_table_of_a_person_is_in_a_section_or_has_a_reason():
    held = {table for section in all_sections() for table in section.tables}
    assert of_persons() - held - set(NOT_EXPORTED) == set()


def test_no_table_is_both_exported_and_left_out():
    held = {table for section in all_sections() for table in section.tables}
    assert held & set(NOT_EXPORTED) == set()
    assert set(NOT_EXPORTED) - of_persons() == set()
    assert held <= set(tables())


def test_each_section_has_a_name_of_its_own():
    names = [section.name for section in all_sections()]
    assert len(names) == len(set(names))
