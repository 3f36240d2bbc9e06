from backend.models.audit import AuditEvent, AuditSeal
from backend.models.consent import Consent
from backend.models.doors import LoginIndex, SignInLink
from backend.models.keys import DataKey, ShredLedger
from backend.models.people import CareTeam, CareTeamMember, Membership, Program, User
from backend.models.policy import PolicyOverride

__all__ = [
    "AuditEvent",
    "AuditSeal",
    "CareTeam",
    "CareTeamMember",
    "Consent",
    "DataKey",
    "LoginIndex",
    "Membership",
    "PolicyOverride",
    "Program",
    "ShredLedger",
    "SignInLink",
    "User",
]
