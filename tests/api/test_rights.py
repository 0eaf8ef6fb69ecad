"""Rights: the table, the caller that the kernel reports, and every route for every kind of peer."""

from __future__ import annotations

import getpass
import logging
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from fiscald import daemon
from fiscald.api import rights
from fiscald.api.examples import EXAMPLES
from fiscald.api.openapi import Route
from fiscald.api.rights import Peer, Rights, RightsError, peer_of
from fiscald.api.routes import ROUTES
from fiscald.config import Config, RightsConfig
from fiscald.model.documents import DOCUMENTS
from fiscald.model.rights import Right
from tests.daemons import Running, running

FISCALD, ADMIN = 70_001, 70_002
#: The daemon's user: the files of the tests belong to this one.
OWNER = os.geteuid() or 1_001
EVERYTHING = set(Right)
SELLING = {Right.PRINT, Right.REPORT}
#: What a document may need.
DOCUMENTS_TAKE = {Right.PRINT, Right.REPORT, Right.CONFIGURE}
#: Kinds of peers, and what each may do when nothing is configured.
PEERS: dict[str, tuple[Peer | None, set[Right]]] = {
    "unknown": (None, set()),
    "anybody": (Peer(1, 5_000, 5_000, frozenset((5_000, 4_999))), set()),
    "group fiscald": (Peer(1, 5_000, FISCALD), SELLING),
    "supplementary group fiscald": (Peer(1, 5_000, 5_000, frozenset((24, FISCALD))), SELLING),
    "group fiscald-admin": (Peer(1, 5_000, ADMIN), EVERYTHING),
    "supplementary group fiscald-admin": (Peer(1, 5_000, 5_000, frozenset((FISCALD, ADMIN))), EVERYTHING),
    "root": (Peer(1, 0, 0), EVERYTHING),
    "the daemon's own user": (Peer(1, OWNER, 5_000), EVERYTHING),
}
#: What every route takes. A route that is not here takes nothing, and must be a plain question.
TAKES: dict[tuple[str, str], set[Right]] = {
    ("PUT", "/v1/jobs/{key}"): DOCUMENTS_TAKE,
    ("DELETE", "/v1/jobs/{key}"): DOCUMENTS_TAKE,
    ("POST", "/v1/jobs/{key}/resolution"): {Right.RESOLVE},
    ("POST", "/v1/printers/{name}/adoption"): {Right.CONFIGURE},
    ("POST", "/v1/printers/{name}/journal-confirmation"): {Right.RESOLVE},
    ("GET", "/v1/backup"): {Right.CONFIGURE},
    ("GET", "/v1/printers/{name}/header"): {Right.CONFIGURE},
    ("POST", "/v1/printers/{name}/preview"): DOCUMENTS_TAKE,
    ("POST", "/v1/printers/{name}/raw"): {Right.RAW},
    ("GET", "/v1/tokens"): {Right.CONFIGURE},
    ("POST", "/v1/tokens"): {Right.CONFIGURE},
    ("DELETE", "/v1/tokens/{token}"): {Right.CONFIGURE},
    ("POST", "/v1/webhooks/{webhook}/resend"): {Right.CONFIGURE},
    ("POST", "/v1/webhooks/{webhook}/test"): {Right.CONFIGURE},
    ("POST", "/v1/fleet/enrolment"): {Right.CONFIGURE},
    **{
        ("POST", f"/v1/licence/{step}"): {Right.LICENCE}
        for step in (
            "certificate", "diagnosis", "registration", "request", "enrolment", "enrolment/confirmation", "recovery",
            "recovery/confirmation", "transfer", "deactivation", "check", "emergency",
        )
    },
}  # fmt: skip


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed groups are on this computer, and the daemon's own user is not root."""
    known = {"group:fiscald": FISCALD, "group:fiscald-admin": ADMIN}
    monkeypatch.setattr(rights, "_look_up", lambda name: known[name])
    monkeypatch.setattr(os, "geteuid", lambda: OWNER)


class Door:
    """A running daemon, and the caller that the kernel reports."""

    def __init__(self, it: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.it = it
        self.peer: Peer | None = None
        monkeypatch.setattr(rights, "peer_of", lambda _: self.peer)

    async def ask(self, peer: Peer | None, method: str, path: str, body: Any = None) -> httpx.Response:
        """One request on a separate connection; of a stream, only its beginning."""
        self.peer = peer
        transport = httpx.AsyncHTTPTransport(uds=str(self.it.socket), verify=False)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://fiscald", timeout=20) as http,
            http.stream(method, path, json=body) as response,
        ):
            if response.headers["content-type"] != "text/event-stream; charset=utf-8":
                await response.aread()
            return response


@asynccontextmanager
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[Door]:
    async with running(tmp_path, **options) as it:
        yield Door(it, monkeypatch)


def denied(response: httpx.Response) -> bool:
    kind = response.headers["content-type"]
    return kind == "application/problem+json" and response.json()["code"] == "request.denied"


# -- the table -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize("kind", PEERS)
def test_the_default_rights(kind: str) -> None:
    peer, expected = PEERS[kind]
    assert set(Rights({}).of(peer)) == expected


@pytest.mark.usefixtures("groups")
def test_a_configured_right_belongs_only_to_those_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"group:fiscald": FISCALD, "group:fiscald-admin": ADMIN, "user:anna": 5_000, "group:serwis": 71_000}
    monkeypatch.setattr(rights, "_look_up", lambda name: known[name])
    table = Rights({Right.RAW: ("user:anna", "group:serwis"), Right.LICENCE: (), Right.PRINT: None})
    assert set(table.of(Peer(1, 5_000, 9))) == {Right.RAW}
    assert set(table.of(Peer(1, 9, 9, frozenset((71_000,))))) == {Right.RAW}
    assert set(table.of(Peer(1, 9, ADMIN))) == EVERYTHING - {Right.RAW, Right.LICENCE}
    assert set(table.of(Peer(1, 9, 5_000))) == set(), "a user's number is no group's"
    assert set(table.of(Peer(1, 0, 0))) == EVERYTHING


def test_numbers_are_names_too() -> None:
    table = Rights(dict.fromkeys(Right, ()) | {Right.PRINT: ("user:5000", "group:71000")})
    assert table.of(Peer(1, 5_000, 9)) == (Right.PRINT,)
    assert table.of(Peer(1, 9, 71_000)) == (Right.PRINT,)


def test_names_that_do_not_exist() -> None:
    with pytest.raises(RightsError) as caught:
        Rights({Right.RAW: ("user:nobody-has-this-name", "group:nor-this"), Right.PRINT: ("user:root",)})
    assert str(caught.value).splitlines() == [
        "rights.raw: there is no user 'nobody-has-this-name' on this computer",
        "rights.raw: there is no group 'nor-this' on this computer",
    ]


async def test_a_name_that_does_not_exist_keeps_the_daemon_from_starting(tmp_path: Path) -> None:
    config = Config(
        socket=tmp_path / "s", state_dir=tmp_path / "state", rights=RightsConfig(raw=("user:nobody-at-all",))
    )
    with pytest.raises(RightsError, match=r"rights\.raw: there is no user 'nobody-at-all'"):
        await daemon.run(config)
    assert not (tmp_path / "state").exists(), "nothing was begun"


async def test_missing_groups_are_logged_once_and_leave_the_daemons_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def nobody(name: str) -> int:
        raise KeyError(name)

    monkeypatch.setattr(rights, "_look_up", nobody)
    with caplog.at_level(logging.WARNING):
        async with door(tmp_path, monkeypatch, licensed=False, ready=False) as it:
            own = Peer(1, os.geteuid(), 5_000)
            assert (await it.ask(own, "GET", "/v1")).json()["rights"] == [*Right]
            assert (await it.ask(PEERS["group fiscald"][0], "GET", "/v1")).json()["rights"] == []
            response = await it.ask(PEERS["anybody"][0], "POST", "/v1/licence/emergency")
            assert "given to: and root" not in response.json()["detail"]
            expected = "needs the right 'licence' (given to: only root and the daemon's own user)"
            assert expected in response.json()["detail"]
    told = [record.message for record in caplog.records if "there is no group" in record.message]
    assert told == [
        "there is no group fiscald and group fiscald-admin on this computer: unassigned rights default to root and the daemon's user"
    ]


#: The documents that need another right than printing.
SPECIAL = {
    Right.REPORT: {"daily_report", "shift_report", "monthly_report", "periodic_report"},
    Right.CONFIGURE: {"set_clock", "set_vat_rates", "set_header", "set_display"},
}


def test_every_document_takes_a_right() -> None:
    rights = {kind: document.about.right for kind, document in DOCUMENTS.items()}
    for right, kinds in SPECIAL.items():
        assert {kind for kind, taken in rights.items() if taken is right} == kinds
    assert {rights[kind] for kind in rights.keys() - set().union(*SPECIAL.values())} == {Right.PRINT}


# -- who asks --------------------------------------------------------------------------------------------


def test_the_caller_comes_from_the_kernel() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        peer = peer_of(ours)
        assert peer == Peer(os.getpid(), os.geteuid(), os.getegid(), frozenset(os.getgroups()))


def test_a_kernel_without_peer_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "SO_PEERGROUPS", 9_999)
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        peer = peer_of(ours)
        assert peer is not None
        assert peer.groups == frozenset(os.getgrouplist(getpass.getuser(), os.getegid()))
        monkeypatch.setattr(pwd, "getpwuid", lambda uid: {}[uid])
        assert peer_of(ours) == peer._replace(groups=frozenset()), "a user without a name, as in a container"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_the_largest_numbers_are_not_negative() -> None:
    """As users have them in containers."""
    script = (
        "import os, socket; from fiscald.api.rights import peer_of\n"
        f"os.setgroups([]); os.setgid({2**32 - 3}); os.setuid({2**32 - 2})\n"
        "peer = peer_of(socket.socketpair()[0]); print(peer.uid, peer.gid, len(peer.groups))"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == [str(2**32 - 2), str(2**32 - 3), "0"]


def test_a_caller_over_a_network_has_no_rights() -> None:
    with socket.socket() as link:
        assert peer_of(link) is None


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(
    ("group", "others", "expected"),
    [
        (65_534, [], []),
        (65_534, [24, FISCALD], ["print"]),
        (FISCALD, [], ["print"]),
        (65_534, [*range(80_000, 80_100), FISCALD + 1], ["report"]),
    ],
)
async def test_another_user_on_the_real_socket(group: int, others: list[int], expected: list[str]) -> None:
    given = RightsConfig(print=(f"group:{FISCALD}",), report=(f"group:{FISCALD + 1}",))
    with tempfile.TemporaryDirectory(prefix="fiscald-rights-") as folder:
        Path(folder).chmod(0o755)
        async with running(Path(folder), licensed=False, ready=False, rights=given) as it:
            it.socket.chmod(0o666)
            command = ["curl", "-s", "--unix-socket", str(it.socket), "http://fiscald/v1"]
            # Not anyio.run_process: before 4.15 it cannot give groups to a process.
            curl = partial(subprocess.run, command, user=65_534, group=group, extra_groups=others, capture_output=True)
            done = await anyio.to_thread.run_sync(curl)
            assert httpx.Response(200, content=done.stdout).json()["rights"] == expected


# -- every route -----------------------------------------------------------------------------------------


def test_a_route_without_a_right_only_reads() -> None:
    found = {(route.method, route.path): set(route.rights) for route in ROUTES if route.rights}
    assert found == TAKES
    # A link to the console gives its caller the rights that the caller has, and nothing more.
    assert {(route.method, route.path) for route in ROUTES if not route.rights and route.method != "GET"} == {
        ("POST", "/v1/console/link")
    }


def path_of(route: Route) -> str:
    path = route.path.replace("{key}", "K").replace("{name}", "till1")
    return path.replace("{token}", "nothing").replace("{webhook}", "erp")


@pytest.mark.slow
@pytest.mark.usefixtures("groups")
async def test_the_matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door(tmp_path, monkeypatch, licensed=False) as it:
        for kind, (peer, has) in PEERS.items():
            for route in ROUTES:
                response = await it.ask(peer, route.method, path_of(route), {} if route.body else None)
                may = not route.rights or bool(TAKES[route.method, route.path] & has)
                assert denied(response) is not may, f"{kind}: {route.method} {route.path}"
                if not may:
                    body = response.json()
                    assert (response.status_code, body["fault"], body["retry"]) == (403, "request", "useless")
                    assert body["document"] == "not_printed"
                    assert set(body["rights"]) == TAKES[route.method, route.path]
                    assert body["given_to"][-1] == "group:fiscald-admin"
                if not route.rights:
                    assert response.status_code == 200 or response.json()["code"] in (
                        "job.unknown",
                        "licence.no_server",
                        "webhook.unknown",
                        "console.off",
                    )


@pytest.mark.slow
@pytest.mark.usefixtures("groups")
async def test_a_token_gets_no_right_that_its_maker_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = RightsConfig(raw=(), configure=("group:fiscald-admin",))
    async with door(tmp_path, monkeypatch, licensed=False, ready=False, rights=given) as it:
        admin = PEERS["group fiscald-admin"][0]
        response = await it.ask(admin, "POST", "/v1/tokens", {"name": "a", "rights": ["print", "raw"]})
        assert (response.status_code, response.json()["code"]) == (403, "token.rights")
        assert "raw" in response.json()["detail"]
        assert (await it.ask(admin, "POST", "/v1/tokens", {"name": "a", "rights": ["print"]})).status_code == 201
        assert (await it.ask(admin, "GET", "/v1/tokens")).json()["tokens"][0]["created_by"] == 5_000


@pytest.mark.slow
@pytest.mark.usefixtures("groups")
async def test_the_document_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    callers = {
        Right.PRINT: Peer(1, 5_000, 71_000), Right.REPORT: Peer(1, 5_001, 72_000), Right.CONFIGURE: Peer(1, 5_002, 73_000)
    }  # fmt: skip
    given = RightsConfig(print=("group:71000",), report=("group:72000",), configure=("group:73000",))
    groups = (71_000, 72_000, 73_000)
    numbers = {f"group:{number}": number for number in groups} | {
        "group:fiscald-admin": ADMIN,
        "group:fiscald": FISCALD,
    }
    monkeypatch.setattr(rights, "_look_up", lambda name: numbers[name])
    root = Peer(1, 0, 0)

    def asking(kind: str) -> tuple[Peer, Peer]:
        """Who may print it, and who has another right only."""
        needed = DOCUMENTS[kind].about.right
        return callers[needed], next(peer for right, peer in callers.items() if right is not needed)

    async with door(tmp_path, monkeypatch, licensed=False, rights=given) as it:
        await it.ask(root, "POST", "/v1/licence/certificate", {"certificate": certificate()})
        it.it.printer.switch("cover")
        for kind, document in EXAMPLES.items():
            right, wrong = asking(kind)
            for path in (f"/v1/jobs/{kind}", "/v1/printers/till1/preview"):
                method, body = ("PUT", {"printer": "till1"}) if "jobs" in path else ("POST", {})
                response = await it.ask(wrong, method, path, body | {"document": document})
                assert denied(response), f"{kind} {path}"
                assert response.json()["document"] == "not_printed"
                response = await it.ask(right, method, path, body | {"document": document})
                assert response.status_code in (200, 201), response.text
        for kind in EXAMPLES:
            right, wrong = asking(kind)
            assert (await it.ask(wrong, "GET", f"/v1/jobs/{kind}")).json()["state"] == "accepted", "anybody may look"
            response = await it.ask(wrong, "DELETE", f"/v1/jobs/{kind}")
            assert denied(response)
            assert response.json()["document"] == "unknown", "it is there, and may have been printed"
            assert (await it.ask(right, "DELETE", f"/v1/jobs/{kind}")).json()["state"] == "failed"


def certificate() -> str:
    from fiscald.licence.testing import make_certificate

    return make_certificate()


@pytest.mark.usefixtures("groups")
async def test_the_denial_is_a_sentence_for_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door(tmp_path, monkeypatch, licensed=False, ready=False) as it:
        response = await it.ask(PEERS["group fiscald"][0], "POST", "/v1/printers/till1/raw", {"command": "scomm"})
        body = response.json()
        assert body["detail"] == (
            "this needs the right 'raw' (given to: group fiscald-admin and root); user 5000 does not have it. "
            "See [rights] in the configuration"
        )
        assert body["detail_pl"] == "Brak uprawnienia: polecenia serwisowe. Zgłoś administratorowi."


@pytest.mark.usefixtures("groups")
async def test_the_description_lists_the_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door(tmp_path, monkeypatch, licensed=False, ready=False) as it:
        paths = (await it.ask(None, "GET", "/v1/openapi.json")).json()["paths"]
        found = {
            (method.upper(), path): set(operation["x-fiscald-rights"])
            for path, methods in paths.items()
            for method, operation in methods.items()
            if "x-fiscald-rights" in operation
        }
        assert found == TAKES
        assert all("403" in paths[path][method.lower()]["responses"] for method, path in TAKES)


@pytest.mark.usefixtures("groups")
async def test_the_journal_records_the_user_of_a_raw_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3
    from contextlib import closing

    async with door(tmp_path, monkeypatch, licensed=False) as it:
        response = await it.ask(
            PEERS["supplementary group fiscald-admin"][0], "POST", "/v1/printers/till1/raw", {"command": "scomm"}
        )
        assert response.status_code == 200, response.text
    with closing(sqlite3.connect(tmp_path / "state" / "journal.db")) as db:
        assert db.execute("SELECT asked_by, asked_token, command FROM raw").fetchall() == [(5_000, None, "scomm")]
