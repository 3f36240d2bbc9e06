"""Reading a folder of trial records: what is taken, what is left out and said, what is refused."""

import filecmp
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from config.replay.loader import LAST_DAY, NALTREXONE_ARM, Trial, Unreadable, load
from config.replay.synthetic import FORM, write_folder
from tests.config import trial_count

SMALL = Path(__file__).resolve().parents[1] / "data" / "trial_small"


def folder(tmp_path: Path, *, people: str = "1\n2\n", randomization: str = "", treatment: str = "") -> Path:
    (tmp_path / "people.csv").write_text("who\n" + people)
    (tmp_path / "randomization.csv").write_text("who,treatment,which,when\n" + randomization)
    (tmp_path / "treatment.csv").write_text("who,amount,when\n" + treatment)
    return tmp_path


def test_the_folder_in_the_repository_is_the_one_that_is_made_up(tmp_path: Path) -> None:
    write_folder(tmp_path)
    same, different, unread = filecmp.cmpfiles(SMALL, tmp_path, list(FORM), shallow=False)
    assert (sorted(same), different, unread) == (sorted(FORM), [], [])


def test_another_seed_makes_up_other_people(tmp_path: Path) -> None:
    write_folder(tmp_path, seed=1)
    assert (tmp_path / "treatment.csv").read_bytes() != (SMALL / "treatment.csv").read_bytes()


def test_the_small_folder_holds_what_the_counts_must_tell_apart() -> None:
    found = trial_count.count(SMALL)
    assert all(found["crossed"].values()) and all(found["returned"].values())
    assert all(found["crossed"][t] > found["returned"][t] for t in found["crossed"])
    assert load(SMALL).warnings == {
        "people_with_doses_and_no_arm": 2,
        "doses_left_out_without_arm": 4,
        "doses_outside_days": 58,
        "doses_before_arm": 2,
        "doses_merged_on_a_day": 2,
        "injections_merged_on_a_day": 1,
        "arms_outside_days": 1,
        "arms_changed_later": 2,
    }


def test_every_dose_within_the_days_is_played_or_counted_as_left_out() -> None:
    trial = load(SMALL)
    rows = len(trial_count.rows(SMALL, "treatment.csv"))
    left_out = sum(
        trial.warnings[name]
        for name in (
            "doses_left_out_without_arm",
            "doses_outside_days",
            "doses_merged_on_a_day",
            "injections_merged_on_a_day",
        )
    )
    assert sum(map(len, trial.injections.values())) + sum(map(len, trial.doses.values())) + left_out == rows


@pytest.mark.parametrize(
    ("randomization", "arm", "day", "warned"),
    [
        pytest.param("", None, None, {}, id="never"),
        pytest.param("1,Methadone,1,7\n", "Methadone", 7, {}, id="once"),
        pytest.param("1,Methadone,2,9\n1,Methadone,1,7\n", "Methadone", 7, {}, id="second listed first"),
        pytest.param(
            f"1,Methadone,1,7\n1,{NALTREXONE_ARM},2,9\n", "Methadone", 7, {"arms_changed_later": 1}, id="moved"
        ),
        pytest.param(f"1,Methadone,1,{LAST_DAY}\n", "Methadone", LAST_DAY, {}, id="on the last day"),
        pytest.param(f"1,Methadone,1,{LAST_DAY + 1}\n", None, None, {"arms_outside_days": 1}, id="after the end"),
        pytest.param("1,Methadone,1,-1\n", None, None, {"arms_outside_days": 1}, id="before day 0"),
    ],
)
def test_the_first_randomisation_counts(
    tmp_path: Path, randomization: str, arm: str | None, day: int | None, warned: dict[str, int]
) -> None:
    trial = load(folder(tmp_path, randomization=randomization))
    assert (trial.people[0].arm, trial.people[0].randomised_on, dict(trial.warnings)) == (arm, day, warned)


def test_two_doses_on_a_day_are_one_of_both_amounts(tmp_path: Path) -> None:
    trial = load(folder(tmp_path, randomization="1,Methadone,1,0\n", treatment="1,60.0,3\n1,0.5,3\n1,7,4\n"))
    assert trial.doses == {3: (("1", Decimal("60.50")),), 4: (("1", Decimal(7)),)}
    assert trial.warnings == {"doses_merged_on_a_day": 1}


def test_a_mark_at_the_start_and_windows_lines_are_read(tmp_path: Path) -> None:
    made = folder(tmp_path)
    (made / "people.csv").write_bytes(b"\xef\xbb\xbfage,who\r\n30,1\r\n\r\n31,2\r\n")
    assert [person.who for person in load(made).people] == ["1", "2"]


def without(name: str) -> Callable[[Path], None]:
    return lambda made: (made / name).unlink()


def with_text(name: str, text: str | bytes) -> Callable[[Path], None]:
    return lambda made: (made / name).write_bytes(text if isinstance(text, bytes) else text.encode()) and None


def with_row(name: str, row: str) -> Callable[[Path], None]:
    def spoil(made: Path) -> None:
        with (made / name).open("a") as file:
            file.write(row + "\n")

    return spoil


PEOPLE, ARMS, DOSES = "people.csv", "randomization.csv", "treatment.csv"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(without(PEOPLE), "people.csv is missing", id="no people"),
        pytest.param(without(DOSES), "treatment.csv is missing", id="no doses"),
        pytest.param(with_text(DOSES, "who,amount\n1,1\n"), "treatment.csv has no column when", id="no column"),
        pytest.param(with_text(ARMS, "who,treatment,which,when,when\n"), "no column when", id="column twice"),
        pytest.param(with_text(PEOPLE, ""), "people.csv has no column who", id="empty file"),
        pytest.param(with_text(PEOPLE, "who\n"), "people.csv names nobody", id="nobody"),
        pytest.param(with_text(PEOPLE, b"who\n\xff\xfe\n"), "people.csv after line 1", id="not UTF-8"),
        pytest.param(with_text(PEOPLE, 'who\n1\n"2\n'), "people.csv after line", id="an open quote"),
        pytest.param(with_row(PEOPLE, "1"), "line 62: 1 values where 8 are named", id="short row"),
        pytest.param(with_row(PEOPLE, "1" + "," * 7), "line 62: person 1 is listed twice", id="twice"),
        pytest.param(with_row(PEOPLE, "a b" + "," * 7), "line 62: who must be", id="odd id"),
        pytest.param(with_row(PEOPLE, "," * 7), "line 62: who must be", id="no id"),
        pytest.param(with_row(ARMS, "999,Methadone,1,1"), "line 79: person 999 is not in people.csv", id="stranger"),
        pytest.param(with_row(ARMS, "25,,1,1"), "line 79: treatment names no arm", id="no arm"),
        pytest.param(with_row(ARMS, "25,Methadone,0,1"), "line 79: which must be", id="turn 0"),
        pytest.param(with_row(ARMS, "1,Methadone,1,1"), "line 79: person 1 has two", id="two firsts"),
        pytest.param(with_row(ARMS, "25,Methadone,1,"), "line 79: when must be", id="no day"),
        pytest.param(with_row(DOSES, "999,1.0,1"), "line 2208: person 999", id="stranger's dose"),
        pytest.param(with_row(DOSES, "15,60.0,1.5"), "line 2208: when must be", id="half a day"),
        pytest.param(with_row(DOSES, "15,60.0,tomorrow"), "line 2208: when must be", id="a word for a day"),
        pytest.param(with_row(DOSES, "15,,1"), "line 2208: amount must be", id="no amount"),
        pytest.param(with_row(DOSES, "15,nan,1"), "line 2208: amount must be", id="not a number"),
        pytest.param(with_row(DOSES, "15,-inf,1"), "line 2208: amount must be", id="infinite"),
        pytest.param(with_row(DOSES, "15,0,1"), "line 2208: amount must be", id="nothing"),
        pytest.param(with_row(DOSES, "15,5000,1"), "line 2208: amount must be", id="too much"),
        pytest.param(with_row(DOSES, "15,0.001,167"), "line 2208: amount is less", id="too little"),
        pytest.param(with_row(DOSES, "1,380,160"), "line 2208: amount must be 1", id="milligrams of an injection"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_line(tmp_path: Path, spoil: Callable[[Path], None], words: str) -> None:
    made = tmp_path / "spoilt"
    shutil.copytree(SMALL, made)
    spoil(made)
    with pytest.raises(Unreadable) as refused:
        load(made)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="is not a folder"):
        load(tmp_path / "nowhere")


def test_the_unspoilt_folder_is_read() -> None:
    assert isinstance(load(SMALL), Trial)
