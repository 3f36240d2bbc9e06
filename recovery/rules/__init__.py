"""The clinical rules: pure functions over plain values.

No Django, no clock, no database. Callers pass facts and a ``Policy`` in and
store what comes out, together with the version of the policy that decided it.
"""
