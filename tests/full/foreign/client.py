"""A patient's phone and a coordinator's desk, written against a client that another project generated.

Runs in an environment of its own, which has no Holdfast in it: ``client.py ADDRESS PHONE DESK``, PHONE and DESK
being ``session:csrf-token``. Prints what it saw as one JSON object.
"""

import json
import sys
import uuid
from datetime import UTC, datetime

from generated import Client
from generated.api.care import worklist
from generated.api.me import list_cravings, log_craving, report_dose, today
from generated.models import CravingRequest, DoseReportRequest, Problem, Statement


def client(address: str, account: str) -> Client:
    session, token = account.split(":")
    return Client(
        base_url=address,
        cookies={"holdfast": session, "csrftoken": token},
        headers={"X-CSRFToken": token, "Referer": address + "/"},
    )


def main(address: str, phone_account: str, desk_account: str) -> dict[str, object]:
    phone, desk = client(address, phone_account), client(address, desk_account)
    day = today.sync(client=phone)
    felt = datetime.now(UTC)
    this = uuid.uuid4()
    first, again, other = (
        log_craving.sync_detailed(this, client=phone, body=CravingRequest(intensity=n, felt_at=felt)) for n in (7, 7, 6)
    )
    listed = list_cravings.sync(client=phone)
    stranger = report_dose.sync_detailed(
        uuid.uuid4(), client=phone, body=DoseReportRequest(statement=Statement.TAKEN, dose_id=2**40)
    )
    rows = worklist.sync(client=desk)
    return {
        "doses": len(day.doses),
        "first": first.status_code,
        "again": again.status_code,
        "other": other.status_code,
        "other_is_problem": isinstance(other.parsed, Problem),
        "same_reading": first.parsed.id == again.parsed.id,
        "listed": [each.intensity for each in listed.items],
        "stranger": stranger.status_code,
        "kinds": sorted({str(row.kind) for row in rows.items}),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
