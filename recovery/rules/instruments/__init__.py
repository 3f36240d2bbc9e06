"""Questionnaires as data: items, scales, skip logic, scoring, cuts, due dates, licences (C 5)."""
