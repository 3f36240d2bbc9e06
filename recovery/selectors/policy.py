"""The clinical numbers that a program decides by: the defaults and its own signed changes."""

from collections.abc import Iterable

from backend.selectors.policies import overrides_of
from recovery.rules.policy import Policy, default_policy, with_overrides


def policies_for(program_ids: Iterable[int]) -> dict[int, Policy]:
    """The policy of each program, in one query. Needs an open scope.

    The version names the program and counts its signed changes, so that a stored decision
    says by which numbers it was made. Raises ``PolicyError`` for an override that cannot be.
    """
    ids = list(program_ids)
    found = overrides_of(ids)
    return {program_id: _policy(program_id, found.get(program_id, [])) for program_id in ids}


def policy_for(program_id: int) -> Policy:
    """One program's policy. Needs an open scope."""
    return policies_for([program_id])[program_id]


def _policy(program_id: int, overrides: list[tuple[str, object, int, int]]) -> Policy:
    policy = default_policy()
    if not overrides:
        return policy
    version = f"{policy.version}/p{program_id}.{sum(row[2] for row in overrides)}"
    by_signer: dict[int, dict[str, object]] = {}
    for key, value, _, signed_by in overrides:
        by_signer.setdefault(signed_by, {})[key] = value
    # All numbers at once first: thresholds that ascend only together must not be refused half-way.
    policy = with_overrides(policy, {key: value for key, value, _, _ in overrides}, version=version)
    for signer, values in by_signer.items():
        policy = with_overrides(policy, values, signed_by=f"user {signer}")
    return policy
