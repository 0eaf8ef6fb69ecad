"""Whatever comes in at the port: the gateway answers, prints nothing that was not closed, and lives on."""

from __future__ import annotations

import random
import socket
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.running import EmulatedPrinter
from fiscald.gateway.posnet import documents
from fiscald.gateway.posnet.face import PosnetFace
from fiscald.model.receipt import Receipt
from fiscald.protocols.posnet.commands import COMMANDS
from tests import virtual
from tests.gateway.counter import Program, counter
from tests.gateway.test_tcp import Program as RealProgram
from tests.gateway.test_tcp import behind, free_port, until

VALUES = (
    "",
    "0",
    "1",
    "-1",
    "999999999999",
    "9" * 30,
    "1.000",
    "ż" * 41,
    "A",
    "2026-11-22",
    "5260250274",
    "ABC",
    "1;2",
)


def command(chance: random.Random) -> str:
    row = COMMANDS[chance.choice(sorted(COMMANDS))]
    given = [param for param in row.params if param.required or chance.random() < 0.4]
    return f"{row.mnemonic}|" + "".join(f"{param.name}{chance.choice(VALUES)}|" for param in given)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


async def still_sells(program: Program) -> bool:
    await program.say("prncancel|")
    return await program.sell("trline|naSok|vt0|pr500|", end="trend|to500|") == "trend|"


@pytest.mark.parametrize("seed", range(8))
def test_every_command_with_any_value_gets_one_answer(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)

    async def main() -> None:
        async with counter(tmp_path) as it:
            program = it.program()
            for _ in range(150):
                sent = command(chance)
                answer = await program.say(sent)
                assert answer.startswith((sent.partition("|")[0] + "|", "ERR|")), (sent, answer)
            assert await still_sells(program)

    virtual.run(main())


@pytest.mark.parametrize("seed", range(8))
def test_noise_is_no_command(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)

    async def main() -> None:
        async with counter(tmp_path) as it:
            program = it.program()
            for _ in range(50):
                await program.line.send(chance.randbytes(chance.randrange(1, 3000)))
            await anyio.sleep(6)  # an unfinished frame is dropped
            await program.close()
            assert await still_sells(it.program())
            assert it.till.receipts == 1

    virtual.run(main())


def test_a_receipt_without_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a long one is made in a thread, so that nothing else has to wait for it."""
    threads, made = [], documents.receipt

    def noted(*content: Any) -> Receipt:
        threads.append(threading.get_ident())
        return made(*content)

    monkeypatch.setattr(documents, "receipt", noted)

    async def main() -> None:
        async with counter(tmp_path) as it:
            program = it.program()
            await program.say("trinit|bm0|")
            answers = [await program.say("trline|naSok|vt0|pr1|") for _ in range(1002)]
            assert answers[999:] == ["trline|", "trline|?2060|", "trline|?2060|"]
            await program.send("trend|to1000|")
            assert await program.answer(3600) == "trend|"  # a thousand lines take minutes on paper
            assert it.till.receipts == 1
            assert threads != [threading.get_ident()]
            assert await still_sells(program)
            assert threads[1:] == [threading.get_ident()], "a short one is not worth a thread"

    virtual.run(main())


def test_an_internal_error_is_a_loss_of_power(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    port, broken = free_port(), [True]
    receive = PosnetFace.receive

    def fails_once(self: PosnetFace, data: bytes, now: float) -> None:
        if broken:
            broken.clear()
            raise RuntimeError("a fault in our code")
        receive(self, data, now)

    with EmulatedPrinter("posnet") as printer, behind(printer, port) as shop:
        monkeypatch.setattr(PosnetFace, "receive", fails_once)
        first = RealProgram(port)
        first.send("scnt|")
        assert first.socket.recv(100) == b""
        first.close()
        job = shop.client.submit("A/1", "till1", {"type": "drawer"}, wait=20)
        assert job.state == "done", "the daemon goes on"
        until(lambda: listens(port))
        again = RealProgram(port)
        again.sell()
        assert printer.register.day.receipt_count == 1
        again.close()
    assert "internal error in the gateway" in caplog.text
