"""What must be in the environment before the settings are read.

Either both database URLs come from outside, or neither: then the embedded PostgreSQL and
Valkey are used, with secrets made once in ``var/``. Standard library only.
"""

import os
import subprocess
import sys
from pathlib import Path

from config.supervisor import Refusal, running

__all__ = ["Refusal", "is_embedded", "prepare"]


def is_embedded() -> bool:
    """Whether no database is named in the environment. Raises Refusal when only one of two URLs is."""
    serving, owner = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if owner and not serving:
        raise Refusal("DATABASE_OWNER_URL is set and DATABASE_URL is not. Set both: .env.example says how.")
    return not serving


def prepare(root: Path, *, owner: bool, servers: bool, migrate: bool, starts_them: bool = False) -> None:
    """Fill the environment for one command.

    ``owner``: connect as the role that owns the tables. ``servers``: the command needs a database.
    ``migrate``: bring the embedded database up to date first.
    ``starts_them``: the command starts the servers itself. Raises Refusal with one clear line.
    """
    _read_env_file(root / ".env")
    if owner:
        os.environ["HOLDFAST_DB_ROLE"] = "owner"
    if not is_embedded():
        if owner and not os.environ.get("DATABASE_OWNER_URL"):
            raise Refusal("DATABASE_OWNER_URL is not set. This command changes tables, which the serving role may not.")
        return

    from config import embedded

    var = Path(os.environ.get("VAR_DIR") or root / "var")
    use_secrets(embedded.secrets(var))
    os.environ["HOLDFAST_EMBEDDED"] = "1"
    if starts_them:
        there = embedded.addresses(var)
        use_servers(there.owner_url, there.app_url, there.redis_url)
        return
    if not servers:
        # Well-formed and leading nowhere: such a command opens no connection.
        os.environ.update(DATABASE_URL="postgres://none@127.0.0.1:1/none", REDIS_URL="redis://127.0.0.1:1/0")
        return
    attached = embedded.attach(var)
    use_servers(attached.owner_url, attached.app_url, attached.redis_url)
    if url := (running(var) or {}).get("url"):
        os.environ.setdefault("PUBLIC_BASE_URL", url)  # links lead to the ./run that is there
    if migrate:
        run_migrations(root)


def use_secrets(secrets: dict[str, str]) -> None:
    """Put the secrets made in ``var/`` into the environment, where it names none."""
    os.environ.setdefault("SECRET_KEY", secrets["SECRET_KEY"])
    os.environ.setdefault("MASTER_KEYS", f"m1:{secrets['MASTER_KEY']}")
    os.environ.setdefault("INDEX_KEY", secrets["INDEX_KEY"])


def use_servers(owner_url: str, app_url: str, redis_url: str) -> None:
    os.environ["DATABASE_OWNER_URL"] = owner_url
    os.environ["DATABASE_URL"] = app_url
    os.environ.setdefault("REDIS_URL", redis_url)


def run_migrations(root: Path) -> None:
    """Migrate as the owner, in a process of its own. Raises Refusal with its last line."""
    done = subprocess.run(
        [sys.executable, str(root / "manage.py"), "migrate", "--no-input", "-v0"],
        env=os.environ | {"HOLDFAST_DB_ROLE": "owner"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Refusal(f"the database could not be migrated: {lines[-1]}")


def _read_env_file(path: Path) -> None:
    """The same file that the settings read, so that both see the same URLs."""
    if path.is_file():
        import environ

        environ.Env.read_env(str(path))
