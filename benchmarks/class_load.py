"""A class on one server: python -m benchmarks.class_load --sessions 30 --seconds 120

Each session speaks the browser's protocol, without drawing: it loads the page, opens its websocket, takes the
document, changes the seed every few seconds, and says that it has painted what it was sent. An answer is over when the
server asks for that: the data of all pictures have come before. Prints how long opening and answers took, errors, and
the memory of the server, at its largest and after everybody has left. With --address the server is one that runs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tornado.httpclient
import tornado.websocket

from benchmarks.opening import cpu, pids
from tests.browser.drive import serving

LONGEST = 60.0  # seconds without an answer: an error
TOKEN = re.compile(r'"token":\s*"([^"]+)"')
DATA_EVENT, READY = "data_event", "document_ready"


@dataclass
class Seen:
    """What the sessions of a class have met."""

    opened: list[float] = field(default_factory=list)  # seconds
    answered: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)  # MB


class Session:
    """One page as a browser has it: what it sends and gets."""

    def __init__(self, address: str, query: str):
        self.address, self.query = address, query
        self._count = 0

    async def open(self) -> None:
        """Load the page, take its document, and wait for its pictures."""
        got = await tornado.httpclient.AsyncHTTPClient().fetch(f"{self.address}?{self.query}", request_timeout=LONGEST)
        token = TOKEN.search(got.body.decode())
        if token is None:
            raise RuntimeError("the page has no token")
        origin = re.match(r"http://[^/]+", self.address)
        request = tornado.httpclient.HTTPRequest(
            self.address.replace("http", "ws", 1) + "/ws", headers={"Origin": origin[0] if origin else ""}
        )
        self._socket = await tornado.websocket.websocket_connect(
            request, subprotocols=["bokeh", token[1]], max_message_size=1 << 28
        )
        self._heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.last: deque[str] = deque(maxlen=3)  # what came, for who wants to know why no more did
        self._hearing = asyncio.create_task(self._hear())
        await self.message()  # ACK
        await self.send("PULL-DOC-REQ", {})
        kind, content = await self.message()
        while kind != "PULL-DOC-REPLY":
            kind, content = await self.message()
        self._find(json.loads(content))
        await self.event(READY, [])
        if self.text:  # the page came with its pictures
            await self.say_painted(self.text)
        else:
            await self.painted()

    def _find(self, document: Any) -> None:
        """The panel with the seed, and the two models by which the browser says that it has painted."""
        texts = {}
        for item in objects(document):
            attributes = item.get("attributes") or {}
            if "esm" in attributes and '"Seed"' in (text := json.dumps(attributes.get("data", ""))):
                self.panel = item["id"]
                self.seed = re.search(r'"key"\W+(\d+\.seed)"', text.replace("\\", ""))[1]
            if item.get("name") == "CustomJS" and "args" in attributes and "places-of-tabs" in attributes["code"]:
                arguments = dict(attributes["args"]["entries"])
                self.sent, self.answer = (model_id(arguments[name]) for name in ("sent", "answer"))
            if item["name"] == "Div":
                texts[item["id"]] = attributes.get("text", "")
        self.text = texts.get(self.sent, "")

    async def message(self) -> tuple[str, str]:
        """Kind and content of the next message."""
        try:
            kind, content = await asyncio.wait_for(self._heard.get(), LONGEST)
        except TimeoutError:
            raise RuntimeError(f"no message in {LONGEST:g} s, after {' | '.join(self.last)}") from None
        self.last.append(f"{kind} {content[:300]}")
        return self.checked(kind, content)

    def checked(self, kind: str, content: str) -> tuple[str, str]:
        """The same, if it is no end of the connection."""
        if kind in ("ERROR", "CLOSED"):
            raise RuntimeError(f"{kind}: {content[:200]}, after {' | '.join(self.last)}")
        return kind, content

    async def _hear(self) -> None:
        """Keep what comes, as it comes; what comes with it in binary is left."""
        try:
            while (head := await self._socket.read_message()) is not None:
                header = json.loads(head)
                _, content = [await self._socket.read_message() for _ in range(2)]
                for _ in range(2 * int(header.get("num_buffers", 0))):
                    await self._socket.read_message()
                self._heard.put_nowait((header["msgtype"], content))
        except Exception as error:  # nobody waits for this task
            self._heard.put_nowait(("ERROR", f"{type(error).__name__}: {error}"))
        self._heard.put_nowait(("CLOSED", "by the server"))

    async def send(self, kind: str, content: Any) -> None:
        self._count += 1
        for part in ({"msgid": str(self._count), "msgtype": kind}, {}, content):
            await self._socket.write_message(json.dumps(part))

    async def event(self, name: str, entries: list[Any]) -> None:
        event = {"type": "event", "name": name, "values": {"type": "map", "entries": entries}}
        sent = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}
        await self.send("PATCH-DOC", {"events": [sent]})

    async def painted(self) -> None:
        """Wait for pictures and for the question whether they are painted, which comes with them, and answer it."""
        while not await self._painted(*await self.message()):
            pass

    async def _painted(self, kind: str, content: str) -> bool:
        """Answer the question, if this is it; whether data came with it."""
        if kind == "PATCH-DOC" and self.sent in content:
            for change in json.loads(content)["events"]:
                if change.get("attr") == "text" and change["model"]["id"] == self.sent:
                    await self.say_painted(change["new"])
                    return '"data"' in content
        return False

    async def say_painted(self, number: str) -> None:
        reply = {"kind": "ModelChanged", "model": {"id": self.answer}, "attr": "text", "new": number}
        await self.send("PATCH-DOC", {"events": [reply]})

    async def change(self, seed: int) -> None:
        """Ask for another array, and wait for its pictures."""
        while not self._heard.empty():  # what came since the last answer
            await self._painted(*self.checked(*self._heard.get_nowait()))
        data = {"type": "map", "entries": [["key", self.seed], ["value", seed]]}
        await self.event(DATA_EVENT, [["model", {"id": self.panel}], ["data", data]])
        await self.painted()

    def close(self) -> None:
        self._hearing.cancel()
        self._socket.close()


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """All models of a document."""
    if isinstance(value, dict):
        if "id" in value and "name" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from objects(part)


def model_id(reference: dict[str, Any]) -> str:
    return str(reference["id"])


async def attend(number: int, seen: Seen, options: argparse.Namespace, address: str) -> None:
    """One member of the class, from its arrival to the end of the hour."""
    arrival = options.arrivals * number / options.sessions
    await asyncio.sleep(arrival)
    session, chance, seed = Session(address, options.query), random.Random(number), 0
    end = time.perf_counter() + options.seconds - arrival
    try:
        begin = time.perf_counter()
        await session.open()
        seen.opened.append(time.perf_counter() - begin)
        while (begin := time.perf_counter()) < end:
            seed = (seed + chance.randrange(1, 10**6)) % 10**6  # another one: the same again would have no answer
            await session.change(seed)
            seen.answered.append(took := time.perf_counter() - begin)
            await asyncio.sleep(max(0.0, options.every - took))
        session.close()
    except Exception as error:  # whatever goes wrong for one must not end the others
        lasted = time.perf_counter() - end + options.seconds - arrival
        seen.errors.append(f"session {number}, after {lasted:.0f} s: {error!r}"[:1500])


async def watch(seen: Seen, servers: list[int]) -> None:
    while True:
        seen.memory.append(memory(servers))
        await asyncio.sleep(1)


def memory(servers: list[int]) -> float:
    """MB that processes hold, what they share counted once."""
    total = 0
    for server in servers:
        with contextlib.suppress(OSError):
            total += int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{server}/smaps_rollup").read_text(), re.M)[1])
    return total / 1024


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


async def lesson(address: str, servers: list[int], options: argparse.Namespace) -> Seen:
    """Everybody, and the memory of the server meanwhile."""
    seen = Seen()
    watching = asyncio.create_task(watch(seen, servers))
    await asyncio.gather(*(attend(number, seen, options, address) for number in range(options.sessions)))
    watching.cancel()
    return seen


def report(address: str, servers: list[int], options: argparse.Namespace) -> None:
    before, begin = memory(servers), (time.perf_counter(), cpu(*servers))
    seen = asyncio.run(lesson(address, servers, options))
    elapsed, used = time.perf_counter() - begin[0], cpu(*servers) - begin[1]
    opened, answered = (
        " / ".join(f"{quantile(values, share):.2f}" for share in (0.5, 0.95, 1.0)) + " s"
        for values in (seen.opened, seen.answered)
    )
    course = [seen.memory[len(seen.memory) * tenth // 10] for tenth in range(10) if seen.memory]
    print(
        f"{options.sessions} sessions, a change every {options.every:g} s, {elapsed:.0f} s; "
        f"load average {os.getloadavg()[0]:.1f}\n"
        f"opened {len(seen.opened)}: median / 95 % / largest {opened}\n"
        f"answers {len(seen.answered)}: median / 95 % / largest {answered}\n"
        f"errors {len(seen.errors)} {seen.errors[:3]}\n"
        f"server: {used / max(len(seen.answered), 1):.3f} CPU-s an answer, all together {used:.0f} s; "
        f"memory {before:.0f} MB before, {max(seen.memory, default=0):.0f} at most; "
        f"at each tenth of the time {' '.join(f'{each:.0f}' for each in course)}",
        flush=True,
    )
    if servers:
        time.sleep(options.rest)
        print(f"{options.rest:g} s after the last has left: {memory(servers):.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", help="of a page that is served already")
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 30])
    parser.add_argument("--seconds", type=float, default=60, help="of a class")
    parser.add_argument("--arrivals", type=float, default=15, help="seconds in which they come, one after the other")
    parser.add_argument("--every", type=float, default=3, help="seconds between changes")
    parser.add_argument("--rest", type=float, default=20, help="seconds to wait when all have left")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--query", default="", help="settings of the page")
    options = parser.parse_args()
    fast = ("--check-unused-sessions", "1000", "--unused-session-lifetime", "5000")
    many = ("--num-procs", str(options.processes)) if options.processes > 1 else ("--warm",)
    served = contextlib.nullcontext(options.address) if options.address else serving(*many, *fast)
    sessions = options.sessions
    with served as address:
        found = [] if options.address else pids("panel serve")
        for options.sessions in sessions:
            report(address, found, options)


if __name__ == "__main__":
    main()
