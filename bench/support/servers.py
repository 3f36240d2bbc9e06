"""A PostgreSQL and a Valkey of a benchmark's own, as durable as in production, gone afterwards."""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a run stands on, for its report. The URLs are not shown."""

    about: dict[str, str]
    owner_url: str

    def __repr__(self) -> str:
        return f"Ground({self.about})"

    def analyze(self) -> None:
        """Settle what seeding left behind, so that no round pays for it."""
        import psycopg

        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT") if _may_checkpoint(connection) else None


def _may_checkpoint(connection) -> bool:
    [allowed] = connection.execute("SELECT pg_has_role(current_user, 'pg_checkpoint', 'MEMBER')").fetchone()
    return allowed


@contextmanager
def ground(**settings: str) -> Iterator[Ground]:
    """Start throwaway servers with durable settings, migrate, and set Django up on them as the serving role.

    ``settings`` are put into the environment before the settings are read; children inherit it. Loopback only.
    """
    from config import bootstrap, embedded

    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        var = Path(folder) / "var"
        with embedded.attach(var, throwaway=True) as servers:
            for name in ("SECRET_KEY", "MASTER_KEYS", "INDEX_KEY", "REDIS_URL"):
                os.environ.pop(name, None)
            os.environ.update(
                DJANGO_SETTINGS_MODULE="config.settings",
                HOLDFAST_MODE="test",
                LOG_LEVEL="ERROR",
                VAR_DIR=str(var),
                **settings,
            )
            bootstrap.use_secrets(embedded.secrets(var))
            bootstrap.use_servers(servers.owner_url, servers.app_url, servers.redis_url)
            bootstrap.run_migrations(ROOT)
            import django

            django.setup()
            yield Ground(about=_about(servers.owner_url), owner_url=servers.owner_url)
            from django.db import connection

            connection.close()


def _about(owner_url: str) -> dict[str, str]:
    import psycopg

    with psycopg.connect(owner_url) as connection:
        shown = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in ("server_version", *DURABILITY)}
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "postgresql": shown["server_version"].split()[0],
        "durability": ", ".join(f"{name}={shown[name]}" for name in DURABILITY),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}" if sys.platform != "win32" else "Windows",
    }
