"""A wire between a process and PostgreSQL that can be cut: at any moment, or at a COMMIT.

It runs in a thread of the test. Cutting before COMMIT is forwarded loses the transaction; cutting
after it loses only the answer: the client cannot know which (F32).
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Wire:
    """One proxy in front of one server. Thread-safe: its state is set from the test and read by the loop."""

    host: str
    port: int
    listening_on: int = 0
    refuses: bool = False
    # At the nth COMMIT from now: "before" it is forwarded or "after". 0 is never.
    cut_at_commit: int = 0
    where: str = "after"
    cuts: int = 0
    _pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop | None = None

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.listening_on = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await server.serve_forever()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, there_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pump(reader, there_writer, pair, to_server=True),
                self._pump(there_reader, writer, pair, to_server=False),
            )
        finally:
            self._cut(pair)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, pair: Any, to_server: bool
    ) -> None:
        with contextlib.suppress(OSError, ConnectionError):
            while chunk := await source.read(65536):
                if to_server and self.cut_at_commit and b"COMMIT" in chunk:
                    self.cut_at_commit -= 1
                    if self.cut_at_commit == 0:
                        self.cuts += 1
                        if self.where == "after":
                            target.write(chunk)
                            await target.drain()
                            await asyncio.sleep(0.05)  # the server commits; its answer finds nobody
                        self._cut(pair)
                        return
                target.write(chunk)
                await target.drain()
        self._cut(pair)

    def _cut(self, pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self._pairs.discard(pair)
        for writer in pair:
            if writer.transport is not None:
                writer.transport.abort()

    def cut_all(self) -> None:
        """Cut every connection that is open now."""
        assert self._loop is not None

        def cut() -> None:
            for pair in list(self._pairs):
                self._cut(pair)
                self.cuts += 1

        self._loop.call_soon_threadsafe(cut)


@contextlib.contextmanager
def wire(host: str, port: int) -> Iterator[Wire]:
    made, ready = Wire(host, port), threading.Event()
    tasks: list[asyncio.Task[None]] = []

    async def main() -> None:
        tasks.append(asyncio.ensure_future(made._serve(ready)))
        with contextlib.suppress(asyncio.CancelledError):
            await tasks[0]
        # What the connections still do ends with the loop.

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(10), "the wire did not come up"
    try:
        yield made
    finally:
        assert made._loop is not None
        made.cut_all()
        made._loop.call_soon_threadsafe(tasks[0].cancel)
        thread.join(10)
