"""The skip list is law: what is not on it fails, and with --require-all nothing is on it."""

import json
from pathlib import Path

import pytest

from tests.skips import LIST, listed, read_list

pytest_plugins = ["pytester"]

SOME = """
import pytest

def test_passes(): pass

def test_fails(): assert False

@pytest.mark.skip(reason="needs a ship")
def test_skipped_by_mark(): pass

def test_skipped_inside(): pytest.skip("needs a harbour")

@pytest.mark.parametrize("n", ["a[1]"])
def test_skipped_with_brackets(n): pytest.skip("needs wind")

@pytest.mark.xfail(reason="needs the tide")
def test_expected_to_fail(): assert False

@pytest.fixture
def broken(): raise RuntimeError
def test_with_a_broken_fixture(broken): pass
"""

MODULE = "import pytest; pytest.skip('needs the moon', allow_module_level=True)"


@pytest.fixture
def inner(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_some=SOME)
    return pytester


def counts(inner: pytest.Pytester, skips: str, *options: str) -> dict[str, object]:
    (inner.path / "list.txt").write_text(skips)
    result = inner.runpytest_inprocess(
        "-p",
        "tests.skips",
        "-p",
        "no:django",
        f"--skips-file={inner.path}/list.txt",
        f"--counts={inner.path}/c",
        *options,
    )
    found = json.loads((inner.path / "c").read_text())
    last = f"{found['passed']} passed, {found['failed']} failed, {found['skipped']} skipped"
    assert result.outlines[-1] == last
    assert result.ret == (pytest.ExitCode.TESTS_FAILED if found["failed"] else pytest.ExitCode.OK)
    return found


def test_every_skip_that_is_not_listed_fails(inner: pytest.Pytester) -> None:
    found = counts(inner, "# nothing\n")
    assert found == {
        "passed": 1,
        "failed": 6,
        "skipped": 0,
        "failures": [
            "test_some.py::test_expected_to_fail",
            "test_some.py::test_fails",
            "test_some.py::test_skipped_by_mark",
            "test_some.py::test_skipped_inside",
            "test_some.py::test_skipped_with_brackets[a[1]]",
            "test_some.py::test_with_a_broken_fixture",
        ],
    }


def test_listed_skips_are_skips(inner: pytest.Pytester) -> None:
    found = counts(
        inner,
        "test_some.py::test_skipped_by_mark | no ship\n"
        "test_some.py::test_skipped_i* | no harbour\n"
        "test_some.py::test_skipped_with_brackets[a[1]] | no wind\n"
        "*::test_expected_to_fail | no tide\n",
    )
    assert (found["passed"], found["failed"], found["skipped"]) == (1, 2, 4)


def test_require_all_allows_none(inner: pytest.Pytester) -> None:
    found = counts(inner, "* | anything goes\n", "--require-all")
    assert (found["passed"], found["failed"], found["skipped"]) == (1, 6, 0)


def test_the_reason_is_shown(inner: pytest.Pytester) -> None:
    (inner.path / "list.txt").write_text("")
    result = inner.runpytest_inprocess("-p", "tests.skips", "-p", "no:django", f"--skips-file={inner.path}/list.txt")
    result.stdout.fnmatch_lines(["*list.txt does not list it*", "*Its reason was: *needs a ship*"])


@pytest.mark.parametrize(("skips", "failed"), [("", 1), ("test_some.py | no moon", 0)])
def test_a_module_that_skips_itself(pytester: pytest.Pytester, skips: str, failed: int) -> None:
    pytester.makepyfile(test_some=MODULE, test_other="def test_passes(): pass")
    (pytester.path / "list.txt").write_text(skips)
    result = pytester.runpytest_inprocess(
        "-p",
        "tests.skips",
        "-p",
        "no:django",
        f"--skips-file={pytester.path}/list.txt",
        "--continue-on-collection-errors",
    )
    assert result.outlines[-1] == f"1 passed, {failed} failed, {1 - failed} skipped"


def test_workers_judge_and_the_controller_counts(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    (inner.path / "list.txt").write_text("*by_mark | no ship\n")
    result = inner.runpytest_subprocess(
        "-p", "tests.skips", "-p", "no:django", f"--skips-file={inner.path}/list.txt", "-n", "2"
    )
    assert result.outlines[-1] == "1 passed, 5 failed, 1 skipped"


@pytest.mark.parametrize("line", ["tests/a.py", "tests/a.py |", " | a reason", "tests/a.py|a reason"])
def test_a_line_without_a_reason_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"# fine\n\n{line}\n")
    with pytest.raises(pytest.UsageError, match=r"list\.txt:3"):
        read_list(path)


@pytest.mark.parametrize(
    ("pattern", "node_id", "fits"),
    [
        pytest.param("a.py::t", "a.py::t", True, id="the same"),
        pytest.param("a.py::t", "a.py::tt", False, id="longer"),
        pytest.param("a.py::t[1]", "a.py::t[1]", True, id="brackets are themselves"),
        pytest.param("a.py::t[1]", "a.py::t1", False, id="brackets are no choice"),
        pytest.param("tests/a/*", "tests/a/b.py::t[x]", True, id="a folder"),
        pytest.param("tests/a/*", "tests/b/a/b.py::t", False, id="another folder"),
        pytest.param("*::t", "a.py::C::t", True, id="any file"),
    ],
)
def test_patterns(pattern: str, node_id: str, fits: bool) -> None:
    assert listed(node_id, [(pattern, "why")]) is fits


def test_the_list_of_this_project_names_files_that_exist() -> None:
    """A line whose file is gone allows nothing, and one with a wide star would allow everything."""
    root = LIST.parents[2]
    for pattern, _ in read_list(LIST):
        path = pattern.partition("::")[0]
        assert path.startswith("tests/") and path.count("/") >= 2, pattern
        assert "*" in path or (root / path).is_file(), pattern
