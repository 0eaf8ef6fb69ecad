"""The doctor's facts of the listener come from real files, and from a real daemon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio.to_thread
import pytest

from fiscald import certificates
from fiscald.config_listen import ListenConfig
from fiscald.diagnostics.network import Listen, examine, network_findings
from tests.networked import ORIGIN, certificate, free_port, networked, write_certificate


def found(listen: Listen, *, ask: bool = False) -> list[str]:
    facts = examine(listen, ask=ask)
    return [each.code for each in network_findings(facts, Path("/etc/fiscald/fiscald.toml"), "fiscald")]


def listen(config: ListenConfig) -> Listen:
    return Listen(config.host, config.port, config.certificate, config.key, config.origins)


def files(folder: Path, pair: tuple[bytes, bytes] | None = None) -> Listen:
    certificate_file, key = write_certificate(folder, pair)
    key.chmod(0o600)
    return Listen("127.0.0.1", 8443, certificate_file, key)


def test_good_files(tmp_path: Path) -> None:
    assert found(files(tmp_path)) == []


@pytest.mark.parametrize(
    ("days", "code"), [(31, None), (29, "doctor.certificate_ends"), (-1, "doctor.certificate_over")]
)
def test_the_end_of_a_certificate(tmp_path: Path, days: int, code: str | None) -> None:
    made = certificates.make(["localhost"], now=datetime.now(UTC) + timedelta(days=days - 400), days=402)
    assert found(files(tmp_path, made)) == ([] if code is None else [code])


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    good = files(tmp_path)
    assert good.key is not None
    assert good.certificate is not None
    good.key.chmod(0o644)
    assert found(good) == ["doctor.listen_key"]
    good.key.chmod(0o600)
    good.key.write_bytes(certificates.make(["localhost"])[1])
    (bad,) = examine(good, ask=False).unusable
    assert (bad[0], "MISMATCH" in bad[2].upper()) == ("key", True), bad
    good.key.unlink()
    assert found(good) == ["doctor.listen_file"]
    good.certificate.write_text("no certificate")
    assert found(good) == ["doctor.listen_file"] * 2


async def test_a_listener_that_answers(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        assert door.listen.key is not None
        door.listen.key.chmod(0o600)
        assert await anyio.to_thread.run_sync(lambda: found(listen(door.listen), ask=True)) == []
        other = door.listen.model_copy(update={"origins": (ORIGIN, "https://other.example.pl")})
        assert await anyio.to_thread.run_sync(lambda: found(listen(other), ask=True)) == ["doctor.origin_closed"]
        gone = door.listen.model_copy(update={"address": f"127.0.0.1:{free_port()}"})
        assert await anyio.to_thread.run_sync(lambda: found(listen(gone), ask=True)) == ["doctor.listen_down"]


async def test_another_program_at_the_address(tmp_path: Path) -> None:
    async def serve(link: anyio.abc.SocketStream) -> None:
        async with link:
            await link.receive()
            await link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        here = Listen("127.0.0.1", listener.extra(anyio.abc.SocketAttribute.local_port))
        facts = await anyio.to_thread.run_sync(lambda: examine(here, ask=True))
        assert facts.down == "another program answers there (200)"
        tasks.cancel_scope.cancel()


def test_one_certificate_for_all_tests_is_good() -> None:
    assert certificates.parse(certificate()[0]).days_left(datetime.now(UTC)) > 300
