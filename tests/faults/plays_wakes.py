"""The faults of M 6 that pushes have (F59 to F61): a stand-in for their services, real processes, real rows."""

import base64
import json
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.faults.plays import as_staff, fault
from tests.faults.rig import BEGIN, DUE, Cell
from tests.journeys.harness import free_port, until

PATIENCE_S = 150
"""Connections that time out on a starved machine open the circuit, and half a minute passes before a probe."""
TEXT_DUE = DUE + timedelta(minutes=16)


class Pushes:
    """The stand-in, as a play sees it."""

    def __init__(self, cell: Cell) -> None:
        port = free_port()
        self._url = f"http://127.0.0.1:{port}/control"
        cell.processes.run("push-services", [sys.executable, "-m", "tests.faults.fake_push", str(port)], {})
        until(self._is_ready, what="the stand-in for push services listening")
        account = cell.folder / "account.json"
        account.write_text(json.dumps(_account()))
        cell.processes.environment |= {
            "PUSH_PROVIDER": "web_push",
            "VAPID_PRIVATE_KEY": base64.urlsafe_b64encode(b"k" * 32).decode().rstrip("="),
            "VAPID_SUBJECT": "mailto:ops@hill.invalid",
            "WEB_PUSH_BASE_URL": f"http://127.0.0.1:{port}",
            "APP_PROVIDER": "fcm",
            "FCM_CREDENTIALS_FILE": str(account),
            "FCM_BASE_URL": f"http://127.0.0.1:{port}",
        }

    def _is_ready(self) -> bool:
        try:
            return requests.get(self._url, timeout=5).ok
        except requests.RequestException:
            return False

    def script(self, answers: dict[str, list[dict[str, Any]]]) -> None:
        requests.post(self._url, json=answers, timeout=10).raise_for_status()

    def ledger(self, name: str = "") -> list[dict[str, Any]]:
        found = requests.get(self._url, timeout=30).json()
        return [one for one in found if not name or one["name"] == name]


def _account() -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "project_id": "hill",
        "client_email": "sender@hill.invalid",
        "private_key_id": "k1",
        "private_key": key.decode(),
    }


def register(cell: Cell, channel: str, names: dict[int, str]) -> None:
    """A device for each of these patients; ``names`` are what its provider knows it by."""
    from reminders.providers.vapid import text_of

    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    def add(actor: Any) -> None:
        from recovery.models import Patient
        from reminders.services import devices

        for person in Patient.objects.filter(pk__in=names).order_by("pk"):
            values = {"address": names[person.pk]}
            if channel == "push":
                address = f"https://updates.push.services.mozilla.com/wpush/v2/{names[person.pk]}"
                values = {"address": address, "p256dh": text_of(key), "auth": text_of(b"s" * 16)}
            devices.register(actor=actor, patient=person, client_id=uuid.uuid4(), channel=channel, now=BEGIN, **values)

    as_staff(cell, add)


def chosen(cell: Cell, count: int) -> list[int]:
    return sorted(cell.dice.sample(list(cell.world.patient_ids), count))


def one_text_each(cell: Cell, *, but: set[int] = frozenset()) -> list[str]:  # type: ignore[assignment]
    """Everybody's slot was told by exactly one text, except for those who saw their push: none."""
    left = cell._left_by_message()
    found = []
    for row in cell.wave():
        wanted = 0 if row["patient_id"] in but else 1
        if left.get(row["id"], 0) != wanted:
            found.append(f"patient {row['patient_id']}: {left.get(row['id'], 0)} texts, {row['state']}:{row['why']}")
    return found


def ended(cell: Cell, patient_id: int) -> str:
    return str(cell.one("SELECT ended_why FROM reminders_device WHERE patient_id = %s", patient_id))


def as_it_should(cell: Cell, answered: dict[int, tuple[str, bool]], pushes: Pushes, names: dict[int, str]) -> list[str]:
    """``answered``: by patient what their device was answered, and whether that ends it."""
    found = []
    for patient_id, (what, gone) in answered.items():
        if (ended(cell, patient_id) == "refused") != gone:
            found.append(f"{what}: the device {'was kept' if gone else 'was forgotten'}")
        if len(pushes.ledger(names[patient_id])) > (2 if what == "429" else 1):
            found.append(f"{what}: posted {len(pushes.ledger(names[patient_id]))} times")
    return found


@fault("F59", "FCM says that a token is dead, that our message is wrong, that it is too much")
def fcm_refuses(cell: Cell) -> list[str]:
    pushes, people = Pushes(cell), chosen(cell, 4)
    names = {pk: f"app-token-of-patient-{pk}-0000000000" for pk in people}
    register(cell, "app", names)
    wrong = {"status": "INVALID_ARGUMENT", "details": [{"fieldViolations": [{"field": "message.token"}]}]}
    errors: list[tuple[str, bool, int, Any, dict[str, str]]] = [
        ("UNREGISTERED", True, 404, {"status": "NOT_FOUND", "details": [{"errorCode": "UNREGISTERED"}]}, {}),
        ("token", True, 400, wrong, {}),
        ("payload", False, 400, {"status": "INVALID_ARGUMENT"}, {}),
        ("429", False, 429, {"status": "RESOURCE_EXHAUSTED"}, {"Retry-After": "2"}),
    ]
    cell.dice.shuffle(errors)
    pushes.script(
        {
            names[pk]: [{"status": status, "json": {"error": error}, "headers": headers}]
            for pk, (_, _, status, error, headers) in zip(people, errors, strict=True)
        }
    )
    return _play(cell, pushes, names, {pk: error[:2] for pk, error in zip(people, errors, strict=True)})


@fault("F60", "a push service says 404, 410, 413, leads elsewhere; an endpoint points inside")
def web_push_refuses(cell: Cell) -> list[str]:
    pushes, people = Pushes(cell), chosen(cell, 5)
    names = {pk: f"browser-{pk}" for pk in people}
    register(cell, "push", names)
    inside = f"{cell.fake._url}/heal"
    answers: list[tuple[str, bool, dict[str, Any]]] = [
        ("404", True, {"status": 404}),
        ("410", True, {"status": 410}),
        ("413", False, {"status": 413}),
        ("redirect", False, {"status": 307, "headers": {"Location": inside}}),
        ("inner address", False, {}),
    ]
    cell.dice.shuffle(answers)
    by_patient = dict(zip(people, answers, strict=True))
    pushes.script({names[pk]: [how] for pk, (_, _, how) in by_patient.items() if how})
    [bad] = [pk for pk, (what, _, _) in by_patient.items() if what == "inner address"]
    _point_inside(cell, bad)
    found = _play(cell, pushes, names, {pk: answer[:2] for pk, answer in by_patient.items()})
    if pushes.ledger("inside"):
        found.append("an address inside was posted to")
    return found


def _point_inside(cell: Cell, patient_id: int) -> None:
    """An endpoint that got past its registration: the last look before the wire must refuse it."""

    def change(_actor: Any) -> None:
        from backend.selectors.keys import data_key
        from reminders.models import Device

        row = Device.objects.get(patient_id=patient_id)
        key = data_key(program_id=row.program_id, patient_id=patient_id)
        known = json.loads(row.opened(key, "address"))
        row.seal(key, address=json.dumps(known | {"endpoint": "https://10.0.0.1/inside"}))
        row.save(update_fields=["address"])

    as_staff(cell, change)


def _play(cell: Cell, pushes: Pushes, names: dict[int, str], answered: dict[int, tuple[str, bool]]) -> list[str]:
    cell.fake.receipts(how="normal")
    cell.start("web")
    cell.move_to(DUE)
    cell.start("sweep")
    early = {pk for pk, (what, _) in answered.items() if what != "429"}
    told: Callable[[], bool] = lambda: all(  # noqa: E731
        row["state"] == "delivered" for row in cell.wave() if row["patient_id"] in early
    )
    cell.wait(told, "the texts of those who could not be woken up", PATIENCE_S)
    cell.move_to(TEXT_DUE)
    cell.settle(state="delivered")
    return one_text_each(cell) + as_it_should(cell, answered, pushes, names)


@fault("F61", "pushes are taken and some are never seen; a runner dies in the middle, two others go on")
def pushes_unseen(cell: Cell) -> list[str]:
    pushes = Pushes(cell)
    people = chosen(cell, 8)
    names = {pk: f"browser-{pk}" for pk in people}
    register(cell, "push", names)
    cell.fake.receipts(how="normal")
    cell.start("web")
    cell.move_to(DUE)
    place = cell.dice.choice(["after_claim_commit", "after_sending_commit", "after_send", "after_result_commit"])
    cell.start("sweep-armed", crash_at=f"{place}:{cell.dice.choice([1, 2])}")
    cell.crashed("sweep-armed")
    cell.start("sweep-one", "sweep-two")
    first = "SELECT count(*) FROM reminders_message WHERE channel = 'push' AND step = '1.first' AND "
    woken, unclear = f"{first} state = 'accepted'", f"{first} state = 'unknown' AND attempts = 2"
    cell.wait(lambda: cell.one(woken) + cell.one(unclear) >= len(people), "everybody woken up")
    seen = set(cell.dice.sample(people, 4))
    as_staff(cell, lambda actor: _look(cell, actor, seen))
    cell.move_to(TEXT_DUE)
    cell.start("sweep-three")
    texted: Callable[[], bool] = lambda: all(  # noqa: E731
        row["state"] == "delivered" for row in cell.wave() if row["patient_id"] not in seen
    )
    cell.wait(texted, "the texts of those who saw nothing", PATIENCE_S)
    cell.settle()
    found = one_text_each(cell, but=seen)
    for pk in people:
        posted = [one for one in pushes.ledger(names[pk]) if one["status"] == 201]
        if not 1 <= len(posted) <= 2 or len({one["topic"] for one in posted}) != 1:
            found.append(f"patient {pk}: {len(posted)} pushes")
    found += [f"a push was not as it should be: {one['words']}" for one in pushes.ledger() if one["words"]]
    return found


def _look(cell: Cell, actor: Any, people: set[int]) -> None:
    from reminders.services.seen import note_seen

    for pk in sorted(people):
        note_seen(actor=actor, program_id=cell.world.program_id, patient_id=pk, now=cell.now())
