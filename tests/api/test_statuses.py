"""Every status that the description lists is given by its route, and no other one is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from fiscald.api import dispatch, handlers, rights
from fiscald.api.rights import Peer
from fiscald.api.tokens import Tokens
from fiscald.engine import Engine
from fiscald.engine.admission import Admission
from fiscald.journal import JournalError, Store
from fiscald.licence import Registration
from fiscald.model.documents import Submission
from fiscald.model.problems import ProblemError, problem
from fiscald.webhooks import Webhooks
from tests.daemons import RECEIPT, Running, running
from tests.described import DESCRIPTION
from tests.networked import Networked, networked
from tests.paths import filled
from tests.webhooks.receivers import secret_file

#: A route: method and path as the description has them.
Key = tuple[str, str]
LISTED: dict[Key, set[int]] = {
    (method.upper(), path): {int(status) for status in operation["responses"]}
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
}
RESOLUTION = {"verdict": "printed", "by": "Anna"}
ADDRESS = {"email": "anna@example.pl"}
#: A good body for every route that takes one.
BODIES: dict[Key, Any] = {
    ("PUT", "/v1/jobs/{key}"): {"printer": "till1", "document": RECEIPT},
    ("POST", "/v1/jobs/{key}/resolution"): RESOLUTION,
    ("POST", "/v1/printers/{name}/adoption"): {"printer_id": "EMU 0000000001"},
    ("POST", "/v1/printers/{name}/journal-confirmation"): {"by": "Anna"},
    ("POST", "/v1/printers/{name}/preview"): {"document": RECEIPT},
    ("POST", "/v1/printers/{name}/raw"): {"command": "scomm"},
    ("POST", "/v1/tokens"): {"name": "erp", "rights": []},
    ("POST", "/v1/webhooks/{webhook}/resend"): {},
    ("POST", "/v1/licence/certificate"): {"certificate": "x"},
    ("POST", "/v1/licence/diagnosis"): {"number": "x"},
    ("POST", "/v1/licence/registration"): {"number": "x"},
    ("POST", "/v1/licence/request"): {"number": "x"},
    ("POST", "/v1/licence/enrolment"): ADDRESS,
    ("POST", "/v1/licence/enrolment/confirmation"): ADDRESS | {"code": "123456"},
    ("POST", "/v1/licence/recovery"): ADDRESS,
    ("POST", "/v1/licence/recovery/confirmation"): ADDRESS | {"code": "123456"},
    ("POST", "/v1/licence/transfer"): {"licence": "x"},
}
#: What the flows of the licence call, and what the vendor's answer would make of it.
FLOWS: dict[str, Any] = {
    "install": None, "register": None, "request": "text", "enrol": None, "enrol_confirm": None, "recover": None,
    "recover_confirm": [{"name": "F", "post": "00-001", "lic": None}], "transfer": None, "deactivate": None,
    "check": None, "emergency": None,
    "next_check": {"aud": "x", "iat": 1, "nonce": "x", "lic": "x", "crt": "x", "ver": "x"},
}  # fmt: skip
DIAGNOSIS = {"number": "x", "kind": "licence", "modules": [], "issued": "2026-11-22", "detail": "x", "detail_pl": "x"}


class Seen:
    """Asks, and keeps which statuses each route gave."""

    def __init__(self, it: Running) -> None:
        self.it = it
        self.statuses: dict[Key, set[int]] = defaultdict(set)

    async def ask(
        self, route: Key, *, key: str = "A", name: str = "till1", webhook: str = "erp", **options: Any
    ) -> httpx.Response:
        """``key``, ``name`` and ``webhook`` stand in the path; a good body is sent where there is none in ``options``."""
        method, path = route
        if route in BODIES and not {"content", "json"} & options.keys():
            options["json"] = BODIES[route]
        headers = {"connection": "close"} | options.pop("headers", {})
        answer = await self.it.http.request(
            method,
            filled(path, key=key, name=name, token="erp", webhook=webhook),
            headers=headers,
            **options,
        )
        self.statuses[route].add(answer.status_code)
        return answer

    async def listen(self) -> None:
        """An event stream does not end by itself."""
        async with self.it.http.stream("GET", "/v1/events") as answer:
            self.statuses["GET", "/v1/events"].add(answer.status_code)


async def drip() -> Any:
    yield b"{"
    await anyio.sleep(0.2)
    yield b"}"


@contextmanager
def raising(monkeypatch: pytest.MonkeyPatch, code: str, *where: tuple[Any, str]) -> Iterator[None]:
    """These methods raise that problem."""

    async def refuse(*_: Any, **__: Any) -> Any:
        raise ProblemError(
            problem(code, reason="x", reason_pl="x", again="x", webhook="x", certificate_code="x", vendor_code="x")
        )

    with monkeypatch.context() as patch:
        for owner, name in where:
            patch.setattr(owner, name, refuse)
        yield


async def good_answers(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    it = seen.it
    put = ("PUT", "/v1/jobs/{key}")
    await seen.ask(put, params={"wait": 10})
    it.printer.switch("paper_out")
    await it.until("paper_out")  # a daemon that has not noticed starts the document at once
    assert (await seen.ask(put, key="B")).status_code == 201
    await seen.ask(("DELETE", "/v1/jobs/{key}"), key="B")
    it.printer.clear()
    with monkeypatch.context() as patch:
        # No job here becomes undecided, and no printer is another one.
        patch.setattr(Engine, "resolve", lambda self, key, _: self.job(key))
        await seen.ask(("POST", "/v1/jobs/{key}/resolution"))
        patch.setattr(Engine, "adopt", lambda self, name, _: ready(self.printer(name)))
        await seen.ask(("POST", "/v1/printers/{name}/adoption"))
        patch.setattr(Engine, "confirm_journal", lambda self, name, *_: ready(self.printer(name)))
        await seen.ask(("POST", "/v1/printers/{name}/journal-confirmation"))
        for name, result in FLOWS.items():
            patch.setattr(Registration, name, lambda *_, result=result: ready(result))
        patch.setattr(Registration, "diagnose", lambda *_: DIAGNOSIS)
        for route in LISTED:
            if route[1].startswith("/v1/licence"):
                await seen.ask(route)
    for route in LISTED:
        if route[0] == "GET" and not route[1].startswith(("/v1/licence", "/v1/events")):
            await seen.ask(route)
    for path in ("preview", "raw"):
        await seen.ask(("POST", f"/v1/printers/{{name}}/{path}"))
    await seen.listen()


async def ready(value: Any) -> Any:
    return value


async def bad_requests(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    for route in LISTED:
        await seen.ask(route, params={"xyzzy": "1"})
        if "{key}" in route[1]:
            await seen.ask(route, key="a%20b")
            if route[0] != "PUT":
                await seen.ask(route, key="NEVER")
        if "{name}" in route[1]:
            await seen.ask(route, name="till9")
        if route in BODIES:
            await seen.ask(route, content=b"{")
            await seen.ask(route, json={})
            await seen.ask(route, content=b" " * (handlers.MAX_BODY + 1))
            await seen.ask(route, content=drip())
    await seen.ask(("PUT", "/v1/jobs/{key}"), key="C", json={"printer": "till9", "document": RECEIPT})
    await seen.ask(("GET", "/v1/jobs/{key}/paper"), headers={"accept": "application/pdf"})


async def conflicts(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Submission.model_validate({"printer": "till1", "document": {"type": "drawer"}}).model_dump(mode="json")
    await seen.ask(("PUT", "/v1/jobs/{key}"), json=other)
    await seen.ask(("DELETE", "/v1/jobs/{key}"))
    await seen.ask(("POST", "/v1/jobs/{key}/resolution"))
    await seen.ask(("POST", "/v1/printers/{name}/adoption"), json={"printer_id": "another"})
    await seen.ask(("POST", "/v1/printers/{name}/journal-confirmation"))
    await seen.ask(("GET", "/v1/jobs/{key}/paper"), key="B")
    with raising(monkeypatch, "printer.busy", (Engine, "raw"), (Engine, "header")):
        await seen.ask(("POST", "/v1/printers/{name}/raw"))
        await seen.ask(("GET", "/v1/printers/{name}/header"))


async def flows_of_the_licence(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refusal that the vendor, the number, or the disk can give."""
    steps = [route for route in LISTED if route[1].startswith("/v1/licence/")]
    every = [(Registration, name) for name in FLOWS]
    offline = {"/v1/licence/certificate", "/v1/licence/diagnosis", "/v1/licence/request", "/v1/licence/emergency"}
    for code in ("licence.denied", "licence.unreachable"):
        with raising(monkeypatch, code, *every):
            for route in steps:
                if route[1] not in offline and route[0] == "POST":
                    await seen.ask(route)
    with raising(monkeypatch, "licence.files", *every):
        for path in ("/v1/licence/certificate", "/v1/licence/emergency"):
            await seen.ask(("POST", path))
    with raising(monkeypatch, "licence.nothing_to_do", *every):
        await seen.ask(("GET", "/v1/licence/check"))
        await seen.ask(("POST", "/v1/licence/request"))
    with raising(monkeypatch, "licence.emergency_used", *every):
        await seen.ask(("POST", "/v1/licence/emergency"))


async def without_rights(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rights, "peer_of", lambda _: Peer(1, 5_000, 5_000))
        for route in LISTED:
            if route != ("GET", "/v1/events"):
                await seen.ask(route)


async def without_a_journal(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise JournalError("disk I/O error")

    with monkeypatch.context() as patch:
        for name in ("job", "jobs", "accept", "counts", "printer_id", "last_event", "unread", "last_job", "packaging"):
            if hasattr(Store, name):
                patch.setattr(Store, name, broken)
        for route in LISTED:
            if not route[1].startswith(("/v1/licence", "/v1/events")):
                await seen.ask(route)
    methods = ("raw", "adopt", "confirm_journal", "copy_journal")
    with raising(monkeypatch, "daemon.journal", *((Engine, name) for name in methods)):
        for path in ("raw", "adoption", "journal-confirmation"):
            await seen.ask(("POST", f"/v1/printers/{{name}}/{path}"))
        await seen.ask(("GET", "/v1/backup"))


async def stopping(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise ProblemError(problem("daemon.stopping"))

    with monkeypatch.context() as patch:
        patch.setattr(Admission, "_check", refuse)
        await seen.ask(("POST", "/v1/printers/{name}/preview"))
    with raising(monkeypatch, "daemon.stopping", (Engine, "header")):
        await seen.ask(("GET", "/v1/printers/{name}/header"))


async def too_many_listeners(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise ProblemError(problem("daemon.busy"))

    with monkeypatch.context() as patch:
        patch.setattr(handlers.Api, "_listen", refuse)
        await seen.ask(("GET", "/v1/events"))
        await seen.ask(("GET", "/v1/printers/{name}/capture"), params={"follow": "true"})


async def cursors(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    await seen.ask(("GET", "/v1/jobs"), params={"after": "999999"})


async def our_own_faults(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in any handler is a 500; what can fail in all of them does it here."""
    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "nearest", lambda *_: 1 / 0)
        for route in LISTED:
            await seen.ask(route, params={"xyzzy": "1"})


async def tokens(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    make, revoke = ("POST", "/v1/tokens"), ("DELETE", "/v1/tokens/{token}")
    for _ in range(2):
        await seen.ask(make)
    await seen.ask(make, json={"name": "b", "rights": [], "printers": ["none"]})
    await seen.ask(("GET", "/v1/tokens"))
    for _ in range(2):
        await seen.ask(revoke)


async def webhooks(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [route for route in LISTED if route[1].startswith("/v1/webhooks")]
    for route in routes:
        await seen.ask(route)
        if "{webhook}" in route[1]:
            await seen.ask(route, webhook="none")
    with raising(monkeypatch, "daemon.journal", *((Webhooks, name) for name in ("statuses", "dead", "resend", "test"))):
        for route in routes:
            await seen.ask(route)
    with raising(monkeypatch, "webhook.gone", (Webhooks, "resend")):
        await seen.ask(("POST", "/v1/webhooks/{webhook}/resend"))


async def over_the_network(seen: Seen, door: Networked, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused before the route is known. And a link to the console, which only a listener has."""
    link_to_console = ("POST", "/v1/console/link")
    seen.statuses[link_to_console].add((await door.it.http.request(*link_to_console)).status_code)
    for route in LISTED:
        method, path = route[0], filled(route[1], key="A", name="till1", token="erp")
        link = httpx.AsyncClient(base_url=f"http://127.0.0.1:{door.port}", trust_env=False)
        async with link as plain:
            seen.statuses[route].add((await plain.request(method, path)).status_code)
        for headers in ({}, {"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            seen.statuses[route].add((await door.ask(method, path, headers=headers)).status_code)
        with monkeypatch.context() as patch:
            patch.setattr("fiscald.api.tokens.FREE", 0)
            patch.setattr("fiscald.api.tokens.MOST_DELAYED", 0)
            seen.statuses[route].add((await door.ask(method, path, "wrong")).status_code)
        with raising(monkeypatch, "daemon.journal", (Tokens, "_all")):
            seen.statuses[route].add((await door.ask(method, path, "wrong")).status_code)


STEPS: tuple[Callable[[Seen, pytest.MonkeyPatch], Awaitable[None]], ...] = (
    good_answers, bad_requests, conflicts, flows_of_the_licence, without_rights, without_a_journal, stopping,
    too_many_listeners, cursors, tokens, webhooks, our_own_faults,
)  # fmt: skip


@pytest.mark.slow
async def test_the_statuses_given_are_the_statuses_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "BODY_SECONDS", 0.05)
    hooks = {"erp": {"url": "http://127.0.0.1:1/hooks", "secret_file": secret_file(tmp_path)}}
    async with running(tmp_path, webhooks=hooks) as it:
        it.http.event_hooks = {"response": []}  # all differences are reported at the end
        seen = Seen(it)
        for step in STEPS:
            await step(seen, monkeypatch)
    (tmp_path / "network").mkdir()
    async with networked(tmp_path / "network", licensed=False, ready=False) as door:
        await over_the_network(seen, door, monkeypatch)
    differences = [
        f"{method} {path}: listed and not given {listed - given or '-'}, given and not listed {given - listed or '-'}"
        for (method, path), listed in LISTED.items()
        if (given := seen.statuses[method, path]) != listed
    ]
    assert "\n".join(differences) == ""
