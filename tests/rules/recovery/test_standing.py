"""What is signed as it stands: the catalogue of C 3.1 and 3.6 whole, each with its source (S 3, contract 3)."""

import json

import pytest

from recovery.rules.gates import MedicineKind, kind_of_medicine
from recovery.rules.medicines import CATALOGUE, MEDICINES, Medicine
from recovery.rules.standing import standing


def test_every_regimen_of_the_rule_book_stands_in_it_with_a_source():
    wanted = {
        "oral_start", "oral_daily", "oral_wk_sat", "oral_mwf", "oral_q2d", "oral_q3d", "xr_im_28d", "targeted_prn",
        "implant", "buprenorphine_daily", "sublocade", "brixadi_weekly", "brixadi_monthly", "acamprosate",
        "disulfiram", "methadone_observed", "observed_daily",
    }  # fmt: skip
    assert set(CATALOGUE) == wanted
    assert {key.removeprefix("regimen:") for key in standing() if key.startswith("regimen:")} == wanted
    assert {entry.medicine for entry in CATALOGUE.values()} == set(Medicine)
    assert all(row.source and row.says and row.meaning for row in standing().values())


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("oral_start", "day 1: 25 mg (covers 24 h); from day 2: 50 mg (covers 24 h); after a gap: opioid free check"),
        ("oral_mwf", "Mon 100 mg (covers 48 h); Wed 100 mg (covers 48 h); Fri 150 mg (covers 72 h); "
         "after a gap: opioid free check"),
        ("sublocade", "from day 1: 300 mg (covers 28 days); next after 28 days, not before 26, late after 42; "
         "the second not before 7; after a gap: call clinician"),
        ("acamprosate", "from day 1: 666 mg (covers 8 h); 3 times a day; after a gap: continue"),
    ],
)  # fmt: skip
def test_a_regimen_is_said_with_all_its_numbers(key, says):
    assert standing()[f"regimen:{key}"].says == says


def test_a_signature_is_plain_json_and_says_the_whole_row():
    for row in standing().values():
        assert json.loads(json.dumps(dict(row.value))) == row.value
    assert standing()["list:dose_limits"].value == {each.value: MEDICINES[each].dose_limit_mg for each in MEDICINES}


@pytest.mark.parametrize(
    "name",
    ["tramadol", "codeine", "diphenoxylate", "buprenorphine", "methadone", "kratom", "tianeptine"],
)
def test_s3_the_list_names_what_the_rule_names(name):
    assert kind_of_medicine(name) is MedicineKind.OPIOID
    assert name in standing()["list:new_medicines"].value["opioid"]
