"""``fiscalctl doctor`` and ``bugreport``: what they show, with and without a daemon, and how they end."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.cli import bugreport
from fiscald.cli.bugreport import FOLDER
from fiscald.cli.fiscalctl import main
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.recording.packets import read
from tests.cli.conftest import RECEIPT, Counter
from tests.cli.diagnosing import CONFIG, doctor, run
from tests.diagnostics.test_probing import line
from tests.diagnostics.test_scrub import KEY, NUMBER, TOKEN
from tests.diagnostics.tree import Tree
from tests.waiting import until, until_status


def test_all_is_well(counter: Counter) -> None:
    assert doctor(counter) == (
        0, {"daemon": True, "printers": ["till1"], "processes_unseen": False, "findings": []},
    )  # fmt: skip


def test_a_printer_that_is_not_configured(counter: Counter) -> None:
    result = counter.run("doctor", "till9")
    assert result.exit_code == 2
    assert "configured: till1" in result.stderr


def test_a_user_that_does_not_exist(counter: Counter) -> None:
    assert "there is no user 'nobody-at-all'" in counter.run("doctor", "--user", "nobody-at-all").stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("switch", "code", "exit_code"),
    [("paper_out", "doctor.paper_out", 1), ("cover", "doctor.cover_open", 1), ("paper_low", "doctor.paper_low", 0)],
)
def test_the_doctor_names_what_the_printer_lacks(counter: Counter, switch: str, code: str, exit_code: int) -> None:
    counter.printer.switch(switch)
    with Client(counter.socket) as client:
        while code not in doctor(counter)[1]["findings"]:
            assert client.hello()["product"] == "fiscald"
    assert doctor(counter)[0] == exit_code


def test_without_a_licence(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer, start_blocking_portal() as portal:
        config = Config(
            socket=tmp_path / "fiscald.sock",
            state_dir=tmp_path / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        future, _ = portal.start_task(daemon.run, config)
        counter = Counter(config.socket, printer, tmp_path)
        with Client(config.socket) as client:
            until(client, "ready")
        code, content = doctor(counter)
        future.cancel()
    assert (code, content["findings"]) == (1, ["doctor.licence"])


def test_without_a_daemon_the_doctor_probes_the_printer(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        printer.switch("paper_out")
        result = run(tmp_path, "doctor", config=CONFIG.format(printer.address), as_json=True)
    assert result.exit_code == 4
    codes = [each["code"] for each in json.loads(result.stdout)["findings"]]
    assert {"doctor.daemon_down", "doctor.paper_out"} <= set(codes)


@pytest.mark.parametrize("address", ["usb://1424:10b0?serial=none", "tcp://127.0.0.1:1"])
def test_a_network_or_usb_printer_that_is_missing(tmp_path: Path, address: str) -> None:
    result = run(tmp_path, "doctor", config=CONFIG.format(address), as_json=True)
    found = json.loads(result.stdout)["findings"]
    assert result.exit_code == 4
    assert [each["stops"] for each in found if each["printer"] == "till1"] == [True]
    report = run(tmp_path, "bugreport", "-o", "-", config=CONFIG.format(address))
    assert report.exit_code == 0, report.output


def test_with_a_bad_configuration(tmp_path: Path) -> None:
    result = run(tmp_path, "doctor", config="sokcet = 1\n")
    assert result.exit_code == 4
    assert "STOPS PRINTING doctor.config" in result.stdout
    assert "did you mean socket" in result.stdout
    assert f"> sudoedit {tmp_path}/fiscald.toml" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "code"), [(b"\xf8\x00\x13\x02\x9c", "doctor.wrong_speed"), (b"", "doctor.silent")])
def test_the_doctor_reports_what_a_line_without_answers_sends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, code: str
) -> None:
    monkeypatch.setattr("fiscald.diagnostics.probing.FIRST_SECONDS", 0.05)
    with line(lambda _: answer) as path, EmulatedPrinter() as printer, start_blocking_portal() as portal:
        printer.address = f"serial://{path}?baud=9600"
        config = Config(
            socket=tmp_path / "fiscald.sock",
            state_dir=tmp_path / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        future, _ = portal.start_task(daemon.run, config)
        with Client(config.socket) as client:
            until_status(client, lambda status: status.problem is not None)
        # The tree has the port, as the real computer has it.
        Tree(tmp_path / "root").alias(Path(path))
        exit_code, content = doctor(Counter(config.socket, printer, tmp_path))
        future.cancel()
    assert (exit_code, content["findings"]) == (1, [code, "doctor.licence"])


@pytest.mark.slow
@pytest.mark.parametrize(("configured", "real", "link"), [("posnet", "thermal", "tcp"), ("thermal", "posnet", "pty")])
def test_another_family_than_configured_is_named(tmp_path: Path, configured: str, real: str, link: Any) -> None:
    """Without a daemon, and with one that gets no reply and holds the port most of the time."""
    with EmulatedPrinter(real, link=link) as printer, start_blocking_portal() as portal:
        config = Config(
            socket=tmp_path / "fiscald.sock",
            state_dir=tmp_path / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family=configured, address=printer.address)},
        )
        text = CONFIG.replace("posnet", configured).format(printer.address)
        if link == "pty":
            Tree(tmp_path / "root").alias(Path(printer.path))
        alone = json.loads(run(tmp_path, "doctor", config=text, as_json=True).stdout)["findings"]
        future, _ = portal.start_task(daemon.run, config)
        with Client(config.socket) as client:
            until_status(client, lambda status: status.problem is not None and status.problem.code == "link.silent")
        path = tmp_path / "fiscald.toml"
        options = ["--config", str(path), "--root", str(tmp_path / "root")]
        result = CliRunner().invoke(main, ["--socket", str(config.socket), "--json", "doctor", *options])
        future.cancel()
        assert printer.paper == []
    assert result.exit_code == 1
    for found in (alone, json.loads(result.stdout)["findings"]):
        (told,) = [each for each in found if each["printer"] == "till1" and each["stops"]]
        assert told["code"] == "doctor.wrong_family"
        assert told["text"] == f"{printer.address} is not a {configured} printer: it answers as {real}"
        assert told["fix"].startswith(f'family = "{real}"')


def members(archive: bytes) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            found[member.name.removeprefix(f"{FOLDER}/")] = file.read()
    return found


def test_no_secret_is_in_the_archive(counter: Counter) -> None:
    """Planted wherever one can be: the sale, its footer, the configuration, the log."""
    nip, mail = "5260250274", "anna.nowak@piekarnia.example"
    document = RECEIPT | {"buyer": {"nip": nip}, "footer": [f"Kontakt {mail}", f"NIP {nip}"], "cashier": "Anna Nowak"}
    assert counter.run("print", counter.file(document), "--key", "FV/1").exit_code == 0
    config = counter.folder / "fiscald.toml"
    config.write_text(
        f'# licence {NUMBER}\ncompany = {{name = "Jan Kowalski", postcode = "00-950", nip = "1234563218"}}\n'
        f'[api]\ntoken = "hunter2"\nkey = "{KEY}"\n'
        + CONFIG.format(counter.printer.address)
    )  # fmt: skip
    log = counter.folder / "fiscald.log"
    log.write_text(
        f"job FV/1 accepted\nasked {mail} of Jan Kowalski\nlicence {NUMBER.lower()} refused\nBearer {TOKEN}\nNIP {nip}\n"
    )
    root = counter.folder / "root"
    root.mkdir()
    path = counter.folder / "report.tar.gz"
    options = ["--config", str(config), "--root", str(root), "--log", str(log)]
    result = counter.run("bugreport", "-o", str(path), *options)
    assert result.exit_code == 0, result.output
    assert path.stat().st_mode & 0o077 == 0
    found = members(path.read_bytes())
    assert set(found) == {
        "versions.json", "doctor.json", "scan.json", "config.toml", "log.txt", "printers.json", "licence.json",
        "jobs.json", "till1.pcapng",
    }  # fmt: skip
    for name in found:
        assert f"{FOLDER}/{name}" in result.stderr, "said before it is written"
    secrets = [nip, "1234563218", mail, "anna.nowak", "Anna Nowak", NUMBER, NUMBER.lower(), TOKEN, KEY, "hunter2",
               "Jan Kowalski", "00-950"]  # fmt: skip
    for name, content in found.items():
        for secret in secrets:
            for code_page in ("utf-8", "cp1250", "utf-16-le"):
                assert secret.encode(code_page) not in content, (name, secret)
    # And it still says what happened.
    assert b"job FV/1 accepted" in found["log.txt"]
    assert counter.printer.address.encode() in found["config.toml"]
    assert json.loads(found["printers.json"])[0]["identity"]["printer_id"] == "EMU 0000000001"
    assert json.loads(found["licence.json"])["certificate"] == "(removed)"
    (job,) = json.loads(found["jobs.json"])
    assert (job["job"], job["state"], job["fiscal_number"], job["lines"]) == ("FV/1", "done", 1, 1)
    assert b"Kawa" not in found["jobs.json"]
    assert len(read(found["till1.pcapng"]).packets) > 10
    capture = counter.folder / "till1.pcapng"
    capture.write_bytes(found["till1.pcapng"])
    replayed = counter.run("replay", str(capture))
    assert replayed.exit_code == 0, replayed.output
    again = counter.run("bugreport", "-o", str(path), *options)
    assert (again.exit_code, "--force" in again.stderr) == (2, True)


def test_a_report_without_a_daemon_and_with_a_bad_configuration(tmp_path: Path) -> None:
    result = run(tmp_path, "bugreport", "-o", "-", config="sokcet = 1\n")
    assert result.exit_code == 0
    found = members(result.stdout_bytes)
    assert b"sokcet" in found["config.toml"], "mistakes and all"
    assert "did you mean socket" in json.loads(found["doctor.json"])["findings"][0]["text"]
    assert "printers.json" not in found


def test_a_missing_log(tmp_path: Path) -> None:
    result = run(tmp_path, "bugreport", "-o", "-", "--log", str(tmp_path / "no.log"))
    found = members(result.stdout_bytes)
    assert "log.txt" not in found
    assert b"no.log: No such file" in found["missing.txt"]
    assert f"missing: log.txt: {tmp_path}/no.log: No such file" in result.stderr


def test_missing_parts_of_a_report_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No daemon, no journal: a line for each, on the terminal and in the archive."""
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run(tmp_path, "bugreport", "-o", "-")
    told = members(result.stdout_bytes)["missing.txt"].decode()
    assert [line.partition(":")[0] for line in told.splitlines()] == [
        "log.txt", "printers.json", "jobs.json", "licence.json", "conversations",
    ]  # fmt: skip
    assert "journalctl is not installed; give the file of the log with --log" in told
    assert all(f"missing: {each}" in result.stderr for each in told.splitlines())


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Hint: You are currently not seeing messages from other users' >&2; echo line", "systemd-journal"),
        ("echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1", "systemd-journal"),
        ("echo '-- No entries --'", "no lines of the unit fiscald; give the file of another log with --log"),
        ("echo 'Failed to add match' >&2; exit 1", "no lines of the unit fiscald: Failed to add match"),
    ],
)
def test_a_journal_that_was_read_in_part_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    (tmp_path / "journalctl").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = members(run(tmp_path, "bugreport", "-o", "-").stdout_bytes)
    assert words in found["missing.txt"].decode()
    assert found.get("log.txt", b"line\n") == b"line\n", "what could be read is there"


def test_the_report_has_the_latest_jobs(counter: Counter) -> None:
    for number in range(5):
        counter.run("cash", "in", "1.00", "--key", f"C{number}")
    with Client(counter.socket) as client, pytest.MonkeyPatch.context() as patch:
        patch.setattr(bugreport, "JOBS", 2)
        assert [job.key for job in bugreport.latest_jobs(client)] == ["C3", "C4"]


@pytest.mark.slow
def test_the_doctor_names_the_number_of_the_new_printer(counter: Counter) -> None:
    counter.printer.power(on=False)
    counter.printer._device.register.state.unique_number = "EMU 0000000009"
    counter.printer.power(on=True)
    with Client(counter.socket) as client:
        problem = until(client, "swapped").problem
    assert problem is not None
    assert problem.model_extra == {"found": "EMU 0000000009", "expected": "EMU 0000000001"}
    result = CliRunner().invoke(
        main, ["--socket", str(counter.socket), "doctor", "--root", str(counter.folder / "root")]
    )
    assert "fiscalctl adopt till1 'EMU 0000000009'" in result.stdout
