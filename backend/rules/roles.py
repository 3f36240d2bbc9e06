"""Who may do what: roles of people, and the access rule that every route names.

A route without a rule is closed (``backend.middleware``); a guard test lists them all.
"""

from enum import StrEnum


class Role(StrEnum):
    """What a person is within one program."""

    PATIENT = "patient"
    COORDINATOR = "coordinator"
    NURSE = "nurse"
    CLINICIAN = "clinician"  # prescriber
    MEDICAL_DIRECTOR = "medical_director"
    OPERATOR = "operator"


CARE_ROLES = frozenset({Role.COORDINATOR, Role.NURSE, Role.CLINICIAN, Role.MEDICAL_DIRECTOR})
CLINICAL_ROLES = frozenset({Role.NURSE, Role.CLINICIAN, Role.MEDICAL_DIRECTOR})
PRESCRIBER_ROLES = frozenset({Role.CLINICIAN, Role.MEDICAL_DIRECTOR})


class Access(StrEnum):
    """The rule that a route names."""

    PUBLIC = "public"  # no person, no program: sign-in, health, static documents
    SIGNED_HOOK = "signed_hook"  # a provider's signature stands for a person
    SIGNED_IN = "signed_in"  # any account
    OWN_PATIENT = "own_patient"  # the patient, and only their own rows
    CARE_TEAM = "care_team"  # any care role of the program
    CLINICAL = "clinical"  # nurse, clinician, medical director
    PRESCRIBER = "prescriber"
    OPERATOR = "operator"
    STAFF = "staff"  # whoever works in the program: any care role, and the operator
    DIRECTION = "direction"  # who answers for a program's working: medical director or operator


_ROLES: dict[Access, frozenset[Role]] = {
    Access.SIGNED_IN: frozenset(Role),
    Access.OWN_PATIENT: frozenset({Role.PATIENT}),
    Access.CARE_TEAM: CARE_ROLES,
    Access.CLINICAL: CLINICAL_ROLES,
    Access.PRESCRIBER: PRESCRIBER_ROLES,
    Access.OPERATOR: frozenset({Role.OPERATOR}),
    Access.STAFF: CARE_ROLES | {Role.OPERATOR},
    Access.DIRECTION: frozenset({Role.MEDICAL_DIRECTOR, Role.OPERATOR}),
}


def needs_no_account(access: Access) -> bool:
    return access in (Access.PUBLIC, Access.SIGNED_HOOK)


def roles_for(access: Access) -> frozenset[Role]:
    """The roles that pass this rule; empty for rules that ask for no account."""
    return _ROLES.get(access, frozenset())
