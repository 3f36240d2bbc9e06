"""The ways to deploy stay consistent with the settings: neither Docker nor systemd runs in the tests."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "config" / "settings.py").read_text()
READ = set(re.findall(r'(?:environ(?:\.get)?[\[(]|env(?:\.\w+)?\(|_number\(|_required\()"([A-Z][A-Z0-9_]+)"', SETTINGS))
# Set by manage.py itself, never by a person.
INTERNAL = {"HOLDFAST_DB_ROLE"}
# Only for tests.
INTERNAL |= {"HOLDFAST_CLOCK_ERROR"}
# Read by manage.py up and by gunicorn's start line, not by the settings.
BY_UP = {"WEB_WORKERS", "WEB_THREADS", "DATABASE_URL", "DATABASE_OWNER_URL"}
PROCESSES = {"web", "worker", "beat", "sweep", "watch"}


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_every_setting_and_no_other():
    assert set(example()) == (READ | BY_UP) - INTERNAL


def test_every_setting_of_the_example_has_a_comment_above_its_group():
    text = (ROOT / ".env.example").read_text()
    for group in re.split(r"\n\n+", text.strip()):
        assert group.startswith("#"), group.splitlines()[0]


def test_compose_has_every_process_and_both_stores():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(services) == PROCESSES | {"db", "redis", "migrate"}
    for name in PROCESSES:
        assert services[name]["env_file"] == ".env"
        assert "migrate" in services[name]["depends_on"]


def compose_command(name: str) -> str:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return " ".join(services[name]["command"]).replace("/venv/bin/python", "python")


def unit_command(name: str) -> str:
    text = (ROOT / "deploy" / "systemd" / f"holdfast-{name}.service").read_text()
    started = re.search(r"^ExecStart=(?:/usr/bin/env (?:[A-Z_]+=\S+ )+)?(.*)$", text, re.M)[1]
    return started.replace("/opt/holdfast/.venv/bin/python", "python")


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_compose_and_units_start_the_same_process(name):
    def shape(command: str) -> list[str]:
        return [w for w in command.split() if not re.search(r"celerybeat-schedule|^(0\.0\.0\.0|127\.0\.0\.1):", w)]

    assert shape(compose_command(name)) == shape(unit_command(name))


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_what_is_started_exists(name):
    from django.core.management import get_commands

    command = unit_command(name)
    if "manage.py" in command:
        assert command.split()[-1] in get_commands()
    elif "gunicorn" in command:
        assert (ROOT / "config" / "wsgi.py").is_file()
    else:
        assert (ROOT / "config" / "celery.py").is_file()
        assert "HOLDFAST_CELERY=1" in (ROOT / "deploy" / "systemd" / f"holdfast-{name}.service").read_text()


@pytest.mark.parametrize("name", sorted(example()))
def test_values_of_the_example_are_well_formed(name):
    assert example()[name] == example()[name].strip()
    assert not re.search(r"[\"']", example()[name])


@pytest.mark.parametrize("name", sorted(PROCESSES - {"web"}))
def test_only_the_web_keeps_a_pool(name):
    """systemd lets EnvironmentFile win over Environment, so the units set it on the command line."""
    unit = (ROOT / "deploy" / "systemd" / f"holdfast-{name}.service").read_text()
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert re.search(r"^ExecStart=/usr/bin/env .*DB_POOL_SIZE=0 ", unit, re.M)
    assert services[name]["environment"]["DB_POOL_SIZE"] == "0"
