"""What the benchmarks share: servers of their own, people, rival processes, figures. No benchmark itself."""

from datetime import UTC, datetime

NOW = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)
"""A Tuesday morning in every one of the zones that the benchmarks use."""
