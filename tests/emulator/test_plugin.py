"""The pytest plugin in another project's test suite, which has only the installed package."""

from __future__ import annotations

import os
import threading
import time

import pytest

from fiscald import testing
from fiscald.emulator.running import CannotStart, EmulatedPrinter
from fiscald.testing import LocalDaemon

#: The receipt of the tests below, as an application would send it.
RECEIPT = '{"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}'


@pytest.fixture
def foreign(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project that treats every warning as an error; its folder is the only place where code is looked for."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("FISCALD_SOCKET", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini(
        """
        [pytest]
        filterwarnings = error
        asyncio_default_fixture_loop_scope = function
        addopts = --strict-markers --strict-config -p no:cacheprovider
        """
    )
    return pytester


def outcomes(result: pytest.RunResult, **expected: int) -> str:
    result.assert_outcomes(**expected)
    return result.stdout.str()


def test_a_shop_sells_through_a_daemon(foreign: pytest.Pytester) -> None:
    """One fixture: licensed, ready, with a client, the address, and the printer behind it."""
    foreign.makepyfile(
        f"""
        import os, socket
        from fiscald.api.client import Client

        def test_sale(fiscald):
            job = fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=20)
            assert job.state == "done"
            assert job.result.number == 1
            assert "Kawa" in fiscald.printer.paper[-1]
            assert fiscald.name == "till1"

        def test_address(fiscald, fiscal_printer):
            assert fiscald.printer is fiscal_printer
            assert fiscald.printer.paper == []  # fresh for each test
            assert os.environ["FISCALD_SOCKET"] == str(fiscald.socket)
            assert fiscald.socket.is_socket()
            with Client(fiscald.socket) as client:
                assert client.printer("till1").state == "ready"

        def test_the_fixture_leaves_no_files(fiscald):
            path = fiscald.socket
            fiscald.stop()
            assert not path.exists()

        def test_environment_is_restored():
            assert "FISCALD_SOCKET" not in os.environ
        """
    )
    outcomes(foreign.runpytest_subprocess(), passed=4)


@pytest.mark.slow
def test_the_daemon_dies_and_comes_back_in_a_test(foreign: pytest.Pytester) -> None:
    foreign.makepyfile(
        f"""
        import pytest
        from fiscald.api.client import Client, NotReachable

        def test_restart(fiscald):
            fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=20)
            fiscald.stop()
            with pytest.raises(RuntimeError, match="start"):
                fiscald.client
            with Client(fiscald.socket) as client, pytest.raises(NotReachable):
                client.job("A/1")
            fiscald.start()
            fiscald.start()  # no harm
            assert fiscald.client.job("A/1").result.number == 1
            assert fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=20).result.number == 1
            assert fiscald.printer.register.day.receipt_count == 1
        """
    )
    outcomes(foreign.runpytest_inprocess(), passed=1)


@pytest.mark.parametrize(
    ("arguments", "family", "model"),
    [
        (("--fiscal-family", "thermal"), "thermal", "POSNET Thermal EMU"),
        (("--fiscal-family=thermal", "--fiscal-profile=novitus"), "thermal", "NOVITUS HD ONLINE EMU"),
        (("--fiscal-profile", "old"), "posnet", "POSNET THERMAL HS FV EMU"),
    ],
)  # fmt: skip
def test_the_command_line_chooses_the_printer(
    foreign: pytest.Pytester, arguments: tuple[str, ...], family: str, model: str
) -> None:
    foreign.makepyfile(
        f"""
        import pytest

        def test_family(fiscald):
            assert fiscald.printer.family == {family!r}
            assert fiscald.client.printer("till1").identity.model == {model!r}
            assert fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=20).state == "done"

        @pytest.mark.fiscal_printer(family="thermal", profile="innova")
        def test_the_marker_overrides_the_command_line(fiscald):
            assert fiscald.client.printer("till1").identity.model == "INNOVA Profit EMU"

        @pytest.mark.fiscal_printer(family="posnet", link="pty", width=56)
        def test_serial_port(fiscald):
            assert fiscald.printer.address.startswith("serial:///dev/pts/")
            assert fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=20).state == "done"
            assert max(map(len, fiscald.printer.paper[-1].splitlines())) == 56
        """
    )
    outcomes(foreign.runpytest_inprocess(*arguments), passed=3)


@pytest.mark.slow
def test_a_test_whose_fault_did_not_happen_fails(foreign: pytest.Pytester) -> None:
    foreign.makepyfile(
        f"""
        import pytest

        def test_never(fiscal_printer):
            fiscal_printer.fault("drop_after", "trend")

        def test_not_often_enough(fiscald):
            fiscald.printer.fault("drop_after", "trend", nth=2)
            fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=20)

        def test_jumps_the_queue(fiscal_printer):
            import socket
            fiscal_printer.fault("drop_after")
            with socket.create_connection((fiscal_printer.host, fiscal_printer.port)) as link:
                link.sendall(bytes.fromhex("02 21 73 64 65 76 09 23 35 33 39 32 03"))
                link.recv(100)

        @pytest.fixture
        def shop(fiscal_printer):
            fiscal_printer.fault("late", "trend", seconds=1)

        def test_planned_by_a_fixture(shop):
            pass

        class TestClass:
            def test_never(self, fiscal_printer):
                fiscal_printer.fault("switch", "trline", switch="paper_out")

        def test_happened(fiscald):
            fiscald.printer.fault("duplicate", "trend")
            assert fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=20).state == "done"
            assert [fired.command for fired in fiscald.printer.fired] == ["trend"]

        def test_opted_out(fiscal_printer):
            fiscal_printer.fault("drop_after", "trend", optional=True)

        def test_taken_back(fiscal_printer):
            fiscal_printer.fault("drop_after", "trend")
            fiscal_printer.clear()

        @pytest.mark.xfail(reason="known", strict=True)
        def test_fails_anyway(fiscal_printer):
            fiscal_printer.fault("drop_after", "trend")
            assert False

        def test_without_a_printer():
            pass
        """
    )
    text = outcomes(foreign.runpytest_subprocess("-rA"), failed=5, passed=4, xfailed=1)
    assert "the fault 'drop_after' for trend did not happen: the printer got no such command (plan it with" in text
    assert "no such command, and 1 of them" not in text
    assert "the fault 'drop_after' for any command met !sdev, which jumps the queue" in text
    assert "the fault 'switch' for trline did not happen" in text
    assert "the fault 'late' for trend did not happen" in text
    failed = {line.split("::", 1)[1].split(" ")[0] for line in text.splitlines() if line.startswith("FAILED ")}
    assert failed == {
        "test_never", "test_not_often_enough", "test_jumps_the_queue", "test_planned_by_a_fixture", "TestClass::test_never",
    }  # fmt: skip


@pytest.mark.slow
def test_an_async_test_fails_if_its_fault_did_not_happen(foreign: pytest.Pytester) -> None:
    foreign.makepyfile(
        f"""
        import pytest
        from fiscald.api.client import AsyncClient

        @pytest.mark.asyncio
        async def test_sale(fiscald):
            async with AsyncClient(fiscald.socket) as client:
                assert (await client.submit("A/1", "till1", {RECEIPT}, wait=20)).state == "done"

        @pytest.mark.asyncio
        async def test_never(fiscald):
            fiscald.printer.fault("drop_after", "trend")
        """
    )
    outcomes(foreign.runpytest_subprocess(), passed=1, failed=1)


def test_a_failed_test_shows_what_the_printer_did(foreign: pytest.Pytester) -> None:
    foreign.makepyfile(
        f"""
        def test_wrong(fiscald):
            fiscald.printer.fault("duplicate", "trend")
            fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=20)
            assert fiscald.printer.register.cash == 1
        """
    )
    text = outcomes(foreign.runpytest_inprocess(), failed=1)
    assert "Captured fiscal printer call" in text
    assert "fault 'duplicate' happened to trend" in text
    assert "1 sheets were printed" in text
    assert "EMULATOR - NIE JEST PARAGONEM FISKALNYM" in text


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('familly="thermal"', "fiscal_printer: option 'familly' is not known; did you mean family?"),
        ('family="termal"', "fiscal_printer: family 'termal' is not known; did you mean thermal?"),
        ('profile="newest"', "fiscal_printer: profile of a posnet printer is one of online, old, not 'newest'"),
        ('"thermal"', "fiscal_printer: name the options of the marker"), ('link="usb"', "fiscal_printer: link is tcp or pty"),
    ],
)  # fmt: skip
def test_a_wrong_marker_gives_one_sentence(foreign: pytest.Pytester, marker: str, message: str) -> None:
    foreign.makepyfile(
        f"""
        import pytest

        @pytest.mark.fiscal_printer({marker})
        def test_it(fiscald):
            pass
        """
    )
    text = outcomes(foreign.runpytest_inprocess("--fiscal-family", "posnet"), errors=1)
    assert message in text
    assert "Traceback" not in text


def test_a_wrong_family_on_the_command_line_is_one_sentence(foreign: pytest.Pytester) -> None:
    foreign.makepyfile("def test_it(fiscal_printer): pass")
    text = outcomes(foreign.runpytest_inprocess("--fiscal-family", "abacus"), errors=1)
    assert "fiscal_printer: family 'abacus' is not known; known: noviapi, novitus-xml, posnet, thermal" in text


@pytest.mark.slow
def test_a_start_failure_does_not_hang_the_test_run(foreign: pytest.Pytester) -> None:
    """No pseudo-terminals; and a daemon that cannot start. Both are errors of the test, and the run ends."""
    foreign.makepyfile(
        """
        import pty, pytest
        from fiscald import daemon

        @pytest.fixture
        def no_pty(monkeypatch):
            def none_left(): raise OSError("out of pty devices")
            monkeypatch.setattr(pty, "openpty", none_left)

        @pytest.fixture
        def no_daemon(monkeypatch):
            async def run(config, *, task_status): raise RuntimeError("it cannot start")
            monkeypatch.setattr(daemon, "run", run)

        @pytest.mark.fiscal_printer(link="pty")
        def test_printer(no_pty, fiscal_printer): pass

        @pytest.mark.fiscal_printer(link="pty")
        def test_daemon_without_printer(no_pty, fiscald): pass

        def test_daemon(no_daemon, fiscald): pass

        def test_after_it(fiscald):
            assert fiscald.client.printer("till1").state == "ready"
        """
    )
    result = foreign.runpytest_subprocess(timeout=60)
    text = outcomes(result, errors=3, passed=1)
    assert (
        text.count("fiscal_printer: an emulated printer cannot be started: no pseudo-terminal can be opened here") >= 2
    )
    assert "RuntimeError: it cannot start" in text


def test_a_daemon_that_does_not_get_ready_is_reported(
    fiscal_printer: EmulatedPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "READY_SECONDS", 0.2)
    fiscal_printer.switch("cover")
    before = threading.active_count()
    with pytest.raises(CannotStart, match=r"till1 is .* and not ready"), LocalDaemon({"till1": fiscal_printer}):
        pass
    assert threading.active_count() == before, "nothing is left running"


def test_a_daemon_without_a_printer_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one printer"):
        LocalDaemon({})


def test_several_printers(foreign: pytest.Pytester) -> None:
    foreign.makepyfile(
        f"""
        from fiscald.emulator.running import EmulatedPrinter
        from fiscald.testing import LocalDaemon

        def test_two():
            with EmulatedPrinter() as first, EmulatedPrinter("thermal", seed=1) as second:
                with LocalDaemon({{"till1": first, "till2": second}}) as daemon:
                    for name in ("till1", "till2"):
                        assert daemon.client.submit(name, name, {RECEIPT}, wait=20).state == "done"
                    assert len(first.paper) == len(second.paper) == 1
        """
    )
    outcomes(foreign.runpytest_inprocess(), passed=1)


@pytest.mark.slow
def test_a_run_on_several_processes(foreign: pytest.Pytester) -> None:
    """The fixtures of all of them have separate ports and sockets."""
    foreign.makepyfile(
        f"""
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_sale(fiscald, number):
            assert fiscald.client.submit("A/1", "till1", {RECEIPT}, wait=30).result.number == 1
        """
    )
    outcomes(foreign.runpytest_subprocess("-n", "2"), passed=6)


def test_a_path_too_long_for_a_socket_is_handled(foreign: pytest.Pytester) -> None:
    name = "test_" + "x" * 90
    foreign.makepyfile(f"def {name}(fiscald, tmp_path): assert len(str(fiscald.socket)) < 108")
    outcomes(foreign.runpytest_inprocess("--basetemp", f"{foreign.path}/{'y' * 60}"), passed=1)


def test_the_fixture_is_fast(fiscald: LocalDaemon) -> None:
    """What every test of a suite pays. Fifty times more than it takes on an idle machine."""
    began = time.monotonic()
    fiscald.stop()
    fiscald.start()
    assert time.monotonic() - began < 2
    assert os.environ["FISCALD_SOCKET"] == str(fiscald.socket)
