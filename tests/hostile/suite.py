"""Each way to misbehave against a fresh daemon, beside a neighbour; what it cost, and whether that is within the bars."""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fiscald import certificates
from fiscald.api.client import Client
from fiscald.model.rights import Right
from tests.hostile.attacks import ATTACKS, GATEWAY_ATTACKS, NETWORK_ATTACKS, TLS_ATTACKS
from tests.hostile.neighbour import Found
from tests.hostile.old_program import Sold
from tests.hostile.parts import Daemon, daemon, printers, process
from tests.hostile.printers import HOSTILE
from tests.hostile.reach import ATTACKER, NEIGHBOUR, is_network
from tests.loop.journal import fill
from tests.networked import free_port

#: What must hold.
P99_MS, MEMORY_MB, LINES_A_MINUTE, HEARTBEAT_SECONDS = 100.0, 150.0, 100.0, 5.0
#: The longest time of a whole receipt at a gateway: programs wait longer than that for the answer to its end.
GATEWAY_SECONDS = 5.0
#: The user that misbehaves, where we may become another one; it has every right of an application.
NOBODY = 65534
_RIGHTS = "[rights]\n" + "".join(
    f'{right} = ["user:{NOBODY}"]\n' for right in ("print", "report", "configure", "raw", "resolve", "licence")
)


@dataclass(frozen=True)
class Scenario:
    """One kind of trouble."""

    name: str
    meaning: str
    attack: str | None = None
    printer: str | None = None
    descriptors: int = 4096
    processes: int = 1
    over: str = "socket"
    """Or ``tcp``, ``tls``; ``gateway``: programs attack the gateway of the neighbour's printer, and an old program sells
    at that of another one; or, if the attackers may not connect, at the same."""


def _first_line(function: Callable[..., object]) -> str:
    assert function.__doc__ is not None
    return function.__doc__.splitlines()[0].removesuffix(".")


SCENARIOS = (
    Scenario("nothing", "No trouble"),
    *(Scenario(name.replace("_", "-"), _first_line(attack), attack=name) for name, attack in ATTACKS.items()),
    Scenario("few-descriptors", "5,200 connections, and 64 descriptors in all", attack="idle", descriptors=64),
    Scenario("four-programs", "Four programs with 5,200 connections each", attack="idle", processes=4),
    *(
        Scenario(f"{name}-printer", f"A printer that sends {_first_line(speak).lower()}", printer=name)
        for name, speak in HOSTILE.items()
    ),
)


#: The same over the network, and what is possible only there.
NETWORK_SCENARIOS = tuple(
    Scenario(f"{over}-{name.replace('_', '-')}", f"{over.upper()}: {_first_line(attack)}", attack=name, over=over)
    for over, attacks in (("tcp", ATTACKS | NETWORK_ATTACKS), ("tls", ATTACKS | NETWORK_ATTACKS | TLS_ATTACKS))
    for name, attack in attacks.items()
)


#: At the gateway of the printer on which the neighbour sells.
GATEWAY_SCENARIOS = tuple(
    Scenario(name.replace("_", "-"), _first_line(attack), attack=name, over="gateway")
    for name, attack in GATEWAY_ATTACKS.items()
)


@dataclass(frozen=True)
class Outcome:
    """What a scenario cost."""

    scenario: Scenario
    found: Found
    beat: float
    """The longest time without a sign of life, in seconds."""
    memory: float
    """The most memory, in MB."""
    descriptors: int
    """The most at a time."""
    lines: float
    """Lines of the log a minute, without those about the neighbour's receipts."""
    is_running: bool
    ended: tuple[str, ...] = ()
    """The last line of every program that should have misbehaved until the end, and did not."""
    at_gateway: Sold | None = None
    """What the old program sold at a gateway."""

    @property
    def p99(self) -> float:
        """All but a hundredth of the questions for the status were as fast, in milliseconds."""
        times = sorted(self.found.milliseconds)
        return times[max(0, math.ceil(len(times) * 0.99) - 1)] if times else float("inf")

    @property
    def median(self) -> float:
        """Half of the questions were as fast."""
        return statistics.median(self.found.milliseconds or [float("inf")])

    def broken(self) -> list[str]:
        """The bars that do not hold."""
        bars = {
            f"status p99 {self.p99:.0f} ms > {P99_MS:.0f} (of {len(self.found.milliseconds)}, the longest "
            f"{max(self.found.milliseconds, default=0):.0f})": self.p99 > P99_MS,
            f"{len(self.found.failures)} questions without an answer, first: {self.found.failures[:1]}": bool(
                self.found.failures
            ),
            f"{self.found.done} of {self.found.sold} receipts": self.found.done != self.found.sold,
            f"watchdog {self.beat:.1f} s > {HEARTBEAT_SECONDS:.0f}": self.beat > HEARTBEAT_SECONDS,
            f"memory {self.memory:.0f} MB > {MEMORY_MB:.0f}": self.memory > MEMORY_MB,
            f"{self.lines:.0f} lines a minute > {LINES_A_MINUTE:.0f}": self.lines > LINES_A_MINUTE,
            f"{self.descriptors} descriptors of {self.scenario.descriptors}": (
                self.descriptors >= self.scenario.descriptors
            ),
            "the daemon has ended": not self.is_running,
            f"the attack has ended: {'; '.join(self.ended)}": bool(self.ended),
        }
        if self.at_gateway is not None:
            sold, done, longest, failures = self.at_gateway
            bars[f"{done} of {sold} receipts at the gateway, first: {failures[:1]}"] = done != sold
            bars[f"a receipt at the gateway took {longest:.1f} s > {GATEWAY_SECONDS:.0f}"] = longest > GATEWAY_SECONDS
        return [text for text, is_broken in bars.items() if is_broken]


def run(scenario: Scenario, seconds: float, *, other_user: bool = True, jobs: int = 2000) -> Outcome:
    """One scenario, for so long."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            (folder / "state").mkdir(mode=0o700)
            fill(folder / "state", jobs)
            addresses = list(stack.enter_context(printers(folder, "posnet")))
            if scenario.printer is not None:
                addresses += stack.enter_context(printers(folder, scenario.printer))
            if scenario.over == "gateway":
                addresses += stack.enter_context(printers(folder, "posnet"))
                listen, where, port = _gateways(scenario)
                it = stack.enter_context(daemon(folder, addresses, more=listen + _RIGHTS, ready=("till0", "till1")))
                return _measure(scenario, it, seconds, str(it.socket), where, port, other_user=other_user)
            listen, address = _listen(folder, scenario.over)
            more = listen + _RIGHTS
            it = stack.enter_context(daemon(folder, addresses, descriptors=scenario.descriptors, more=more))
            own = address or str(it.socket)
            return _measure(scenario, it, seconds, own, own, other_user=other_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _gateways(scenario: Scenario) -> tuple[str, str, int]:
    """The configuration of two gateways, where the attackers go, and the port where the old program sells."""
    attacked, other = free_port(), free_port()
    kind = "rfc2217" if scenario.name.startswith("com-port") else "tcp"
    strangers = scenario.attack == "gateway_strangers"
    allow = f'"{NEIGHBOUR}"' if strangers else f'"{NEIGHBOUR}", "{ATTACKER}"'
    text = (
        f'[printers.till0.gateway]\nlisten = "{kind}://127.0.0.1:{attacked}"\nfamily = "posnet"\nallow = [{allow}]\n'
        f'[printers.till1.gateway]\nlisten = "tcp://127.0.0.1:{other}"\nfamily = "posnet"\n'
    )
    return text, f"tcp://127.0.0.1:{attacked}", attacked if strangers else other


def _listen(folder: Path, over: str) -> tuple[str, str | None]:
    """The configuration of the listener, and its address; none for the socket."""
    if over == "socket":
        return "", None
    port = free_port()
    text = f'[listen]\naddress = "127.0.0.1:{port}"\n'
    if over == "tls":
        for name, content in zip(("fiscald.pem", "fiscald.key"), certificates.make(["localhost"]), strict=True):
            (folder / name).write_bytes(content)
        text += 'certificate = "fiscald.pem"\nkey = "fiscald.key"\n'
    return text, f"{over}://127.0.0.1:{port}"


def _tokens(it: Daemon) -> tuple[dict[str, str], dict[str, str]]:
    """The environments of the programs that misbehave, which have every right, and of the neighbour."""
    with Client(it.socket) as client:
        names = ("misbehaves", "neighbour")
        attacker, neighbour = ({"FISCALD_TOKEN": client.make_token(name, [*Right]).token} for name in names)
    return os.environ | attacker, os.environ | neighbour


def _measure(
    scenario: Scenario, it: Daemon, seconds: float, where: str, attacked: str, port: int = 0, *, other_user: bool
) -> Outcome:
    """The neighbour is at ``where``, and an old program at the gateway with this ``port``."""
    attacker, neighbour = _tokens(it) if is_network(where) else (None, None)
    before = len(it.log)
    it.forget_peak()
    most = [it.descriptors]
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.05) and it.is_running:
            most[0] = max(most[0], it.descriptors)

    sampler = threading.Thread(target=sample)
    sampler.start()
    began = time.monotonic()
    attacking: list[subprocess.Popen[str]] = []
    ended: tuple[str, ...] = ()
    try:
        with ExitStack() as stack:
            if scenario.attack is not None:
                log = stack.enter_context((it.folder / "attack.log").open("w"))
                user = ["--uid", str(NOBODY)] if other_user and os.getuid() == 0 else []
                command = (sys.executable, "-m", "tests.hostile.attacks", scenario.attack, attacked, *user)
                attacking += [
                    stack.enter_context(process(log, *command, env=attacker)) for _ in range(scenario.processes)
                ]
                time.sleep(1.5)  # it has begun
            command = (sys.executable, "-m", "tests.hostile.neighbour", where, str(seconds))
            folder = Path(__file__).parents[2]
            selling = None
            if port:
                seller = (sys.executable, "-m", "tests.hostile.old_program", str(port), str(seconds))
                selling = stack.enter_context(subprocess.Popen(seller, stdout=subprocess.PIPE, text=True, cwd=folder))
            told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, cwd=folder, env=neighbour)
            at_gateway = None
            if selling is not None:
                at_gateway = Sold(**json.loads(selling.communicate(timeout=60)[0]))
            until = time.monotonic()
            said = (it.folder / "attack.log").read_text().splitlines() if attacking else []
            ended = tuple(" ".join(said[-1:]) for each in attacking if each.poll() is not None)
    finally:
        over.set()
        sampler.join()
    usual = (" job neighbour/", " job gateway/", " till0: ", " till1: ")
    lines = [line for line in it.log[before:] if "the gateway" in line or not any(mark in line for mark in usual)]
    return Outcome(
        scenario,
        Found(**json.loads(told.stdout)),
        it.watchdog.longest(began, until),
        it.peak if it.is_running else 0.0,
        most[0],
        len(lines) * 60 / max(60.0, until - began),
        it.is_running,
        ended,
        at_gateway,
    )


def _receipts(outcome: Outcome) -> str:
    sold, found = outcome.at_gateway, outcome.found
    beside = "" if sold is None else f" and {sold.done} of {sold.sold}, the slowest {sold.longest:.1f} s"
    return f"{found.done} of {found.sold}{beside}"


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a table in Markdown."""
    rows = [
        "| what the others do | status, median / p99 | receipts | watchdog | memory | descriptors | log |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        (
            f"| *must be* | *p99 <= {P99_MS:.0f} ms* | *all* | *<= {HEARTBEAT_SECONDS:.0f} s* | *<= {MEMORY_MB:.0f} MB* "
            f"| *bounded* | *<= {LINES_A_MINUTE:.0f} lines a minute* |"
        ),
    ]
    rows += [
        f"| {each.scenario.meaning} | {each.median:.1f} / {each.p99:.0f} ms | {_receipts(each)} "
        f"| {each.beat:.1f} s | {each.memory:.0f} MB | {each.descriptors} | {each.lines:.0f} |"
        for each in outcomes
    ]
    return "\n".join(rows)
