"""The dead man's switch: real processes, and each one's death stops the calls to an address outside."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.journeys.harness import Processes, until


class Receiver:
    """Somebody outside who counts the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                receiver.calls.append(self.requestline + str(self.headers))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/beat"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()


def called_again(receiver: Receiver) -> None:
    before = len(receiver.calls)
    until(lambda: len(receiver.calls) > before, what="a call")


def falls_silent(processes: Processes, receiver: Receiver, sentence: str) -> None:
    """It has said why, and while it goes on saying so nobody is called."""

    def said() -> int:
        return (processes.folder / "watch.log").read_text().count(sentence)

    already = said()
    until(lambda: said() > already, what=sentence)
    calls, looks = len(receiver.calls), said()
    until(lambda: said() >= looks + 3, what=f"{sentence} again")
    assert len(receiver.calls) == calls


@pytest.mark.timeout(300)
def test_the_calls_stop_when_any_part_dies_and_come_back_with_it(processes: Processes, receiver: Receiver):
    processes.environment |= {
        "WATCH_PING_URL": receiver.url,
        "WATCH_SECONDS": "0.2",
        "WATCH_WEB_URL": processes.url,
        "WATCH_PARTS": "web,worker,sweep",
    }
    parts = {
        "web": "The web process does not answer.",
        "worker-alone": "The worker has stopped.",
        "beat": "The worker has stopped.",
        "sweep": "The sweep has stopped.",
    }
    for part in parts:
        processes.start(part)
    processes.start("watch")
    called_again(receiver)
    for part, sentence in parts.items():
        processes.kill(part)
        falls_silent(processes, receiver, sentence)
        processes.start(part)
        called_again(receiver)
    assert "?" not in "".join(call.splitlines()[0] for call in receiver.calls)
