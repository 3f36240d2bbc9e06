"""./run, ./test and the packages they install."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import checks

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("run", "test", "config/venv.sh")


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["requirements-dev.txt", "requirements-bench.txt"])
def test_the_longer_lists_hold_the_run_list(name: str) -> None:
    """So that ./test after ./run changes no version, and the benchmarks measure what runs."""
    run, longer = pins("requirements.txt"), pins(name)
    assert {name: longer.get(name) for name in run} == run


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"])
def test_every_package_is_pinned_by_hash_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)
    assert "://" not in text


PARALLEL = ("-n", "2", "--dist", "loadgroup")


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_plain_sh(name: str) -> None:
    shell = shutil.which("dash") or "sh"
    done = subprocess.run([shell, "-n", str(ROOT / name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["run", "test"])
def test_help_needs_nothing(name: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / name, tmp_path)
    done = subprocess.run([str(tmp_path / name), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert f"./{name}" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the two doors and nothing behind them; its Python and pip are stand-ins that take notes."""
    (tmp_path / "config").mkdir()
    for name in ("run", "test", "config/venv.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "requirements.txt").write_text("a==1 --hash=sha256:0\n")
    (tmp_path / "requirements-dev.txt").write_text("a==1 --hash=sha256:0\nb==1 --hash=sha256:0\n")
    (tmp_path / "manage.py").write_text("import sys; print('manage', sys.argv[1:])\n")
    return tmp_path


PYTHON = """#!/bin/sh
# A stand-in for Python: makes a .venv of itself, "installs", and leaves the rest to the real one.
case "$*" in
*"import venv, ensurepip"*) [ ! -e "$NOTES/no-venv" ]; exit ;;
*"-m venv"*) echo made >>"$NOTES/notes"; mkdir -p .venv/bin && cp "$0" .venv/bin/python; exit ;;
*"-m pip --version"*) exit 0 ;;
*"-m pip"*) echo "installed ${*##* }" >>"$NOTES/notes"
    if [ -e "$NOTES/no-network" ]; then echo "ERROR: no route to host"; exit 1; fi; exit 0 ;;
*) exec REAL "$@" ;;
esac
"""


class Door:
    """Runs one of the two doors with the stand-in and tells what it did."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.checkout = checkout
        self.notes = folder
        self.notes.mkdir()
        python = folder / "python3.11"
        real = shutil.which("python3") or "python3"
        python.write_text(PYTHON.replace("REAL", real))
        python.chmod(0o755)

    def __call__(self, name: str, *arguments: str, **environment: str) -> tuple[int, str, list[str]]:
        (self.notes / "notes").unlink(missing_ok=True)
        done = subprocess.run(
            [str(self.checkout / name), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={"PATH": f"{self.notes}:/usr/bin:/bin", "NOTES": str(self.notes), **environment},
        )
        notes = self.notes / "notes"
        did = notes.read_text().splitlines() if notes.exists() else []
        return done.returncode, done.stdout, did


@pytest.fixture
def door(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Door:
    return Door(checkout, tmp_path_factory.mktemp("stand-in") / "bin")


def test_the_first_run_installs_and_the_second_does_not(door: Door) -> None:
    status, said, did = door("run", "--port", "1")
    assert did == ["made", "installed requirements.txt"]
    assert (status, said.splitlines()[-1]) == (0, "manage ['up', '--demo', '--port', '1']")

    status, said, did = door("run")
    assert (status, said, did) == (0, "manage ['up', '--demo']\n", [])


def test_a_changed_list_is_installed_again(door: Door) -> None:
    door("run")
    (door.checkout / "requirements.txt").write_text("a==2 --hash=sha256:0\n")
    assert door("run")[2] == ["installed requirements.txt"]
    assert door("run")[2] == []


def test_a_half_made_venv_is_made_anew(door: Door) -> None:
    (door.checkout / ".venv" / "bin").mkdir(parents=True)
    (door.checkout / ".venv" / "left-over").touch()
    status, said, did = door("run")
    assert (status, did) == (0, ["made", "installed requirements.txt"])
    assert "making a half-made .venv anew" in said
    assert not (door.checkout / ".venv" / "left-over").exists()


def test_an_installation_that_failed_is_no_installation(door: Door) -> None:
    (door.notes / "no-network").touch()
    status, said, did = door("run")
    assert status == 1
    assert "could not be installed: ERROR: no route to host" in said.splitlines()[-1]
    assert did == ["made", "installed requirements.txt", "installed requirements.txt"]  # with pip's settings, without

    (door.notes / "no-network").unlink()
    status, _, did = door("run")
    assert (status, did) == (0, ["made", "installed requirements.txt"])


def test_the_development_list_serves_both_doors(door: Door) -> None:
    (door.checkout / "tests").mkdir()
    (door.checkout / "tests" / "checks.py").write_text("import sys; print('checks', sys.argv[1:])\n")
    status, said, did = door("test", "-x")
    assert did == ["made", "installed requirements-dev.txt"]
    assert (status, said.splitlines()[-1]) == (0, "checks ['-x']")
    assert door("run")[2] == []
    assert door("test")[2] == []

    (door.checkout / "requirements.txt").write_text("a==2 --hash=sha256:0\n")
    assert door("run")[2] == ["installed requirements.txt"]
    assert door("test")[2] == []


def test_a_missing_venv_module_is_one_line_with_the_way_out(door: Door) -> None:
    (door.notes / "no-venv").touch()
    status, said, did = door("run")
    assert (status, did) == (1, [])
    assert re.fullmatch(
        r"holdfast: Python's venv module is missing\. Install it: apt install python3\.\d+-venv\n", said
    )


def test_a_python_that_was_named_and_is_none(door: Door) -> None:
    status, said, did = door("run", PYTHON="/bin/false")
    assert (status, did) == (1, [])
    assert said.startswith("holdfast: /bin/false is no Python 3.11 or later.") and said.count("\n") == 1


def test_no_python_at_all_is_one_line_with_the_way_out(door: Door) -> None:
    (door.notes / "python3.11").unlink()
    for tool in ("dirname", "mkdir", "flock", "ls", "cat", "id"):
        (door.notes / tool).symlink_to(shutil.which(tool) or tool)
    status, said, did = door("run", PATH=str(door.notes))
    assert (status, did) == (1, [])
    assert "apt install python3.11 python3.11-venv" in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "static", "arguments", "env"),
    [
        pytest.param(
            [],
            True,
            ["-m", "not full", *(f"--ignore={f}" for f in checks.ONLY_FULL), *PARALLEL],
            {},
            id="everything",
        ),
        pytest.param(["--full"], True, [*PARALLEL], {}, id="full"),
        pytest.param(
            ["--full", "--require-all"],
            True,
            ["--require-all", *PARALLEL],
            {},
            id="every skip fails",
        ),
        pytest.param(["--faults"], False, ["tests/faults"], {"FAULTS": ""}, id="all faults"),
        pytest.param(
            ["--faults", "F2", "F11", "--seed", "7"],
            False,
            ["tests/faults"],
            {"FAULTS": "F2 F11", "FAULTS_SEED": "7"},
            id="some faults",
        ),
        pytest.param(["--full", "tests/a.py", "-k", "x"], False, ["tests/a.py", "-k", "x"], {}, id="pytest's own"),
    ],
)
def test_what_the_options_mean(argv: list[str], static: bool, arguments: list[str], env: dict[str, str]) -> None:
    assert checks.plan(*checks.parse(argv)) == (static, arguments, env)
