"""A pytest plugin: a skip is a decision that somebody wrote down, or it is a failure.

``tests/guards/skips.txt`` lists which tests may be skipped and why; ``--require-all``
allows none. The counts are printed as the very last line. Loaded with ``-p tests.skips``.
"""

import json
import re
from collections.abc import Generator
from pathlib import Path

import pytest

LIST = Path(__file__).resolve().parent / "guards" / "skips.txt"


def read_list(path: Path) -> list[tuple[str, str]]:
    """Return (pattern, reason) pairs. Raises pytest.UsageError for a line without a reason or for no file."""
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise pytest.UsageError(f"{path} cannot be read: {error.strerror}") from error
    pairs = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pattern, _, reason = (part.strip() for part in line.partition(" | "))
        if not pattern or not reason:
            raise pytest.UsageError(f"{path.name}:{number}: expected PATTERN | REASON")
        pairs.append((pattern, reason))
    return pairs


def listed(node_id: str, pairs: list[tuple[str, str]]) -> bool:
    """Say whether a test id fits a pattern. Only ``*`` is special: ids contain square brackets."""
    return any(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), node_id) for pattern, _ in pairs)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("skips")
    group.addoption("--require-all", action="store_true", help="Every skip is a failure.")
    group.addoption("--skips-file", type=Path, default=LIST, help="The list of skips that are allowed.")
    group.addoption("--counts", type=Path, default=None, help="Write the counts and the failures there, as JSON.")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Skips(config), "holdfast-skips")


class Skips:
    """Judges every skip where the test runs; counts where the results come together."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._require_all = config.getoption("--require-all")
        self._pairs = read_list(config.getoption("--skips-file"))

    def _refusal(self, node_id: str) -> str:
        """Say why this skip is a failure; empty when it is allowed."""
        if self._require_all:
            return "skipped, and --require-all allows no skip"
        if not listed(node_id, self._pairs):
            return f"skipped, and {self._config.getoption('--skips-file').name} does not list it"
        return ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        # An expected failure (xfail) is reported as skipped too, and is one: nothing was shown.
        if report.skipped and (refusal := self._refusal(item.nodeid)):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: {refusal}\nIts reason was: {_reason(report)}"
            if hasattr(report, "wasxfail"):
                del report.wasxfail
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        if report.skipped and (refusal := self._refusal(collector.nodeid)):
            report.outcome = "failed"
            report.longrepr = f"{collector.nodeid}: {refusal}\nIts reason was: {_reason(report)}"
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Generator[None, None, None]:
        yield  # first the terminal reporter says all it has to say
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if hasattr(self._config, "workerinput") or terminal is None:
            return
        stats = terminal.stats
        failures = [*stats.get("failed", []), *stats.get("error", [])]
        counts = {
            "passed": len(stats.get("passed", [])) + len(stats.get("xpassed", [])),
            "failed": len(failures),
            "skipped": len(stats.get("skipped", [])) + len(stats.get("xfailed", [])),
        }
        if (path := self._config.getoption("--counts")) is not None:
            path.write_text(json.dumps({**counts, "failures": sorted({report.nodeid for report in failures})}))
        terminal.write_line(", ".join(f"{number} {what}" for what, number in counts.items()))


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if getattr(report, "wasxfail", None) is not None:
        return str(report.wasxfail) or "an expected failure"  # type: ignore[union-attr]
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
