"""The door of services to a program's numbers (see ``recovery.selectors.policy``)."""

from recovery.selectors.policy import policies_for, policy_for

__all__ = ["policies_for", "policy_for"]
