"""The licence in use: states, files, the module, test keys; and what is always allowed."""

from __future__ import annotations

import contextlib
import datetime
import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fiscald.licence import LicenceGate, LicenceStore, StoreError
from fiscald.licence.certificate import Certificate, armour, verify
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import trusted
from fiscald.licence.machine import APPLICATION, pseudonym, this_machine
from fiscald.licence.state import UNGATED_DOCUMENTS, LicenceState, Situation
from fiscald.licence.state import derive as table
from fiscald.licence.store import PENDING_AGAIN
from fiscald.licence.testing import make_certificate, sign
from fiscald.licence.wire import Status
from fiscald.model.printers import Identity
from fiscald.model.problems import ProblemError
from tests.daemons import running
from tests.licence.test_certificate import C0, T0, claims, key_list

MACHINE = "5c94726b-8665-49b5-8d3a-f9c26f0c4042"
RELEASED = datetime.date(2026, 1, 10)
DAY = 86400
EMULATED = Identity(printer_id="EMU 0000000001", fiscal=True, profile="online")
REAL = Identity(printer_id="ZBF 2101002392", fiscal=True, profile="online")


def derive(
    certificate: Certificate | None, reason: str, now: int, machine: str | None, released: datetime.date
) -> LicenceState:
    return table(Situation(certificate, now, machine, released, reason))


def state(now: int = T0, *, machine: str | None = MACHINE, released: datetime.date = RELEASED, **changes: Any) -> str:
    certificate = verify(sign(claims(**changes)).encode(), trusted(test_keys=True))
    return derive(certificate, "", now, machine, released).name


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def gate(directory: Path, *, test_keys: bool = True, now: float = T0, machine: str | None = MACHINE) -> LicenceGate:
    store = LicenceStore(directory, LicenceGate.keys(test_keys=test_keys))
    return LicenceGate(store, test_keys=test_keys, machine=machine, series={"1.0": RELEASED}, clock=Clock(now))


# -- the table -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "changes", "name"),
    [
        (T0, {}, "active"),
        (T0, {"mid": "*"}, "active"),
        (T0 + 5 * DAY, {}, "grace"),
        (1771156799, {}, "grace"),
        (1771156800, {}, "lapsed"),
        (1771156800, {"chk": {"every": 86400, "lapse": "restrict"}}, "lapsed"),
        (T0, {"kind": "trial", "end": T0 + 1, "chk": {"every": None, "lapse": "restrict"}}, "trial"),
        (T0 + 1, {"kind": "trial", "end": T0 + 1}, "ended"),
        (T0, {"upd": "2026-01-10"}, "active"),
        (T0, {"upd": "2026-01-09"}, "updates_ended"),
        (T0 + 3650 * DAY, {"exp": ..., "perp": True, "chk": {"every": None, "lapse": "warn"}}, "active"),
        (0, {"kind": "trial", "end": 1768478401}, "trial"),
    ],
)
def test_states(now: int, changes: dict[str, Any], name: str) -> None:
    assert state(now, **changes) == name


def test_another_computer() -> None:
    assert state(machine="00000000-0000-4000-8000-000000000000") == "machine_mismatch"
    assert state(machine=None) == "machine_mismatch"


@pytest.mark.parametrize(("lapse", "allowed"), [("warn", True), ("restrict", False)])
def test_a_lapsed_licence_warns_or_restricts_as_it_says(lapse: str, *, allowed: bool) -> None:
    certificate = verify(sign(claims(chk={"every": 86400, "lapse": lapse})).encode(), trusted(test_keys=True))
    found = derive(certificate, "", 1771156800, MACHINE, RELEASED)
    assert (found.refusal is None) == allowed


def test_warnings_come_early() -> None:
    certificate = verify(sign(claims(kind="trial", end=T0 + 10 * DAY)).encode(), trusted(test_keys=True))
    found = derive(certificate, "", T0, MACHINE, RELEASED)
    assert found.warnings == ("licence.w.trial", "licence.w.ending_soon")
    assert found.days_left == 10
    certificate = verify(sign(claims(upd="2026-02-10")).encode(), trusted(test_keys=True))
    assert "licence.w.updates_ending_soon" in derive(certificate, "", T0, MACHINE, RELEASED).warnings


@pytest.mark.parametrize("changes", [{"kind": "trial", "end": T0}, {"upd": "2020-01-01"}, {"mid": "x"}])
def test_every_refusal_tells_what_to_ask_for(changes: dict[str, Any]) -> None:
    certificate = verify(sign(claims(**changes)).encode(), trusted(test_keys=True))
    refusal = derive(certificate, "", T0, MACHINE, RELEASED).refusal
    assert refusal is not None
    assert (refusal.model_extra or {})["prompt"] in ("number", "support_number", "transfer")
    assert refusal.fault == "licence"
    assert refusal.detail_pl


# -- the gate --------------------------------------------------------------------------------------------


def test_without_a_certificate_no_document_is_opened(tmp_path: Path) -> None:
    closed = gate(tmp_path / "licence")
    refusal = closed.refuses("receipt", EMULATED)
    assert refusal is not None
    assert refusal.code == "licence.unregistered"
    assert closed.describe()["prompt"] == "number"
    assert not closed.describe()["may_print"]


@pytest.mark.parametrize("document", sorted(UNGATED_DOCUMENTS))
@pytest.mark.parametrize("certificate", [None, sign(claims(kind="trial", end=T0)), sign(claims(mod=["app"]))])
def test_closing_the_day_is_never_gated(tmp_path: Path, document: str, certificate: str | None) -> None:
    closed = gate(tmp_path / "licence")
    if certificate is not None:
        closed.install(certificate.encode())
    assert closed.refuses("receipt", EMULATED) is not None
    assert closed.refuses(document, EMULATED) is None


def test_case_38_the_module_is_needed(tmp_path: Path) -> None:
    opened = gate(tmp_path / "licence")
    opened.install(sign(claims(mod=["app", "bank"])).encode())
    refusal = opened.refuses("receipt", EMULATED)
    assert refusal is not None
    assert refusal.code == "licence.module_missing"
    assert opened.describe()["prompt"] == "number", "another number has the module"
    opened.install(sign(claims(seq=8, jti="crt_8")).encode())
    assert opened.refuses("receipt", EMULATED) is None, "a new certificate counts for the next document at once"
    assert opened.describe()["prompt"] is None


def test_a_bad_certificate_changes_nothing(tmp_path: Path) -> None:
    opened = gate(tmp_path / "licence")
    opened.install(C0.encode())
    before = opened.describe()
    for bad in (b"x", C0[:-1].encode(), sign(claims(seq=1, jti="old")).encode()):
        with pytest.raises(ProblemError, match=r"licence\.refused"):
            opened.install(bad)
        assert opened.describe() == before
    assert gate(tmp_path / "licence").describe() == before, "nor on disk"


def test_test_keys_print_on_emulated_printers_only(tmp_path: Path) -> None:
    opened = gate(tmp_path / "licence")
    opened.install(make_certificate(now=T0).encode())
    assert opened.refuses("receipt", EMULATED) is None
    assert opened.refuses("receipt", None) is None, "not known yet; asked again when it is"
    refusal = opened.refuses("receipt", REAL)
    assert refusal is not None
    assert refusal.code == "licence.test_keys"
    notice = opened.notice()
    assert notice is not None
    assert notice["test_keys"]


def test_without_the_switch_a_test_certificate_does_not_count(tmp_path: Path) -> None:
    gate(tmp_path / "licence").install(C0.encode())
    strict = gate(tmp_path / "licence", test_keys=False)
    assert strict.state().name == "unregistered"
    assert "CERT_KEY_UNKNOWN" in strict.describe()["reason"]
    with pytest.raises(ProblemError, match="CERT_KEY_UNKNOWN"):
        strict.install(C0.encode())


def test_case_31_a_licence_for_later_comes_into_force_at_its_time(tmp_path: Path) -> None:
    later = int(datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC).timestamp())
    clock = Clock(T0)
    store = LicenceStore(tmp_path / "licence", LicenceGate.keys(test_keys=True))
    opened = LicenceGate(store, test_keys=True, machine=MACHINE, series={"1.0": RELEASED}, clock=clock)
    opened.install(sign(claims(mod=["app"])).encode())
    with pytest.raises(ProblemError, match="CERT_NOT_YET"):
        opened.install(sign(claims(seq=8, jti="crt_8", nbf=later)).encode())
    assert opened.describe()["modules"] == ["app"]
    clock.now = later
    assert opened.refuses("receipt", EMULATED) is None
    assert opened.describe()["modules"] == ["app", "bank", "fiscal"]


@pytest.mark.parametrize(("ahead", "counts"), [(0, True), (299, True), (300, True), (301, False)])
def test_a_new_certificate_is_valid_although_our_clock_is_slow(tmp_path: Path, ahead: int, *, counts: bool) -> None:
    """By five minutes at most; a certificate for later waits."""
    clock = Clock(T0)
    store = LicenceStore(tmp_path / "licence", LicenceGate.keys(test_keys=True))
    opened = LicenceGate(store, test_keys=True, machine=MACHINE, series={"1.0": RELEASED}, clock=clock)
    made = sign(claims(nbf=T0 + ahead, iat=T0 + ahead)).encode()
    if counts:
        opened.install(made)
    else:
        with pytest.raises(ProblemError, match="CERT_NOT_YET"):
            opened.install(made)
    assert opened.state().name == ("active" if counts else "unregistered")
    clock.now = T0 + ahead - 300
    assert opened.state().name == "active", "one that was kept aside comes into force as early"
    assert gate(tmp_path / "licence", now=clock.now).state().name == "active"


def test_an_active_licence_adds_nothing_to_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.licence.keys.VENDOR_KEYS", tuple(trusted(test_keys=True).values()))
    opened = gate(tmp_path / "licence", test_keys=False)
    opened.install(C0.encode())
    assert opened.notice() is None
    assert opened.refuses("receipt", REAL) is None


def full(_: int) -> None:
    """Instead of ``os.fsync``."""
    raise OSError(28, "No space left on device")


# -- files -----------------------------------------------------------------------------------------------


def test_files_are_private_and_the_former_one_is_kept(tmp_path: Path) -> None:
    directory = tmp_path / "licence"
    opened = gate(directory)
    opened.install(C0.encode())
    opened.install(sign(claims(seq=8, jti="crt_8")).encode())
    assert (directory / "certificate.prev").read_text() == armour(C0)
    for name in ("certificate", "certificate.prev", "state.json"):
        assert (directory / name).stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in directory.iterdir()) == ["certificate", "certificate.prev", "state.json"]


def test_a_directory_writable_by_others_is_no_licence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = tmp_path / "licence"
    gate(directory).install(C0.encode())
    directory.chmod(0o770)
    closed = gate(directory)
    assert closed.describe()["state"] == "unregistered"
    assert "bought for later" not in caplog.text, "the directory is the reason, not a certificate"
    assert "chmod go-w" in closed.describe()["reason"]
    assert closed.refuses("receipt", EMULATED) is not None
    assert closed.refuses("daily_report", EMULATED) is None
    with pytest.raises(ProblemError, match="chmod go-w"):
        closed.install(C0.encode())
    for writing in (lambda: closed.store.remember(mark=T0), closed.store.device, closed.store.remove):
        with pytest.raises(StoreError, match="chmod go-w"):
            writing()
    directory.chmod(0o700)
    closed.reload()
    assert closed.state().name == "active"
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert "not a link" in gate(link).describe()["reason"]


@pytest.mark.parametrize("name", ["certificate", "status", "keys", "state.json"])
def test_an_unreadable_file_is_reported_and_the_daemon_starts(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "licence"
    gate(directory).install(C0.encode())
    (directory / name).unlink(missing_ok=True)
    (directory / name).mkdir()  # for root, too, this cannot be read as a file
    closed = gate(directory)
    assert (closed.state().name, closed.refuses("daily_report", EMULATED)) == ("unregistered", None)
    assert f"{name}: Is a directory" in closed.describe()["reason"]


async def test_a_daemon_whose_licence_cannot_be_read_starts_and_closes_the_day(tmp_path: Path) -> None:
    directory = tmp_path / "state" / "licence"
    directory.mkdir(parents=True)
    directory.chmod(0o770)
    async with running(tmp_path, licensed=False) as it:
        assert "chmod go-w" in (await it.http.get("/v1/licence")).json()["reason"]
        assert (await it.put("A")).json()["code"] == "licence.unregistered"
        assert (await it.put("B", {"type": "daily_report"})).json()["state"] == "done"
        directory.chmod(0o700)
        await it.client.install_licence(make_certificate())
        assert (await it.put("A")).json()["state"] == "done"


def test_keys_are_read_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list itself shows what was revoked; the note about it is lost."""
    opened = gate(tmp_path / "licence")
    opened.install(C0.encode())
    opened.store.keep_keys(key_list(2, revoked=True), T0)
    (tmp_path / "licence" / "state.json").unlink()
    monkeypatch.setattr(os, "fsync", full)
    assert gate(tmp_path / "licence").state().name == "active"
    late = gate(tmp_path / "licence", now=T0 + 14 * DAY)
    assert "CERT_KEY_RETIRED" in late.describe()["reason"]


def test_a_key_list_that_cannot_be_written_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = gate(tmp_path / "licence")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        opened.store.keep_keys(key_list(2), T0)
    assert "k2" not in opened.store.keys
    monkeypatch.undo()
    opened.store.keep_keys(key_list(2), T0)
    assert "k2" in opened.store.keys


def test_a_licence_bought_for_later_waits_for_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(T0)
    store = LicenceStore(tmp_path / "licence", LicenceGate.keys(test_keys=True))
    opened = LicenceGate(store, test_keys=True, machine=MACHINE, series={"1.0": RELEASED}, clock=clock)
    opened.install(C0.encode())
    later = T0 + DAY
    with pytest.raises(ProblemError, match="CERT_NOT_YET"):
        opened.install(sign(claims(seq=8, jti="crt_8", nbf=later)).encode())
    tries: list[int] = []

    def fails(handle: int) -> None:
        tries.append(handle)
        full(handle)

    monkeypatch.setattr(os, "fsync", fails)
    clock.now = later
    for _ in range(3):
        assert opened.refuses("receipt", EMULATED) is None, "the former one stays in force"
    assert len(tries) == 1, "not at every document"
    assert opened.describe()["certificate"] == "crt_7Q4M2K9X_0007"
    monkeypatch.undo()
    clock.now += PENDING_AGAIN
    assert opened.describe()["certificate"] == "crt_8"
    assert not (tmp_path / "licence" / "certificate.pending").exists()


def test_a_change_that_cannot_be_written_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = gate(tmp_path / "licence")
    opened.install(sign(claims(upd="2020-01-01")).encode())
    before = opened.store.memory
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError):
        opened.store.remember(mark=T0 + 1)
    with pytest.raises(ProblemError, match="No space left"):
        opened.take_emergency()
    assert opened.store.memory == before
    assert "licence.w.emergency" not in opened.state().warnings


def test_a_lost_state_file_keeps_the_installed_certificate(tmp_path: Path) -> None:
    gate(tmp_path / "licence").install(sign(claims(seq=9, jti="crt_9")).encode())
    (tmp_path / "licence" / "state.json").unlink()
    with pytest.raises(ProblemError, match="CERT_SUPERSEDED"):
        gate(tmp_path / "licence").install(C0.encode())


def test_many_threads_create_one_device_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LicenceStore(tmp_path / "licence", LicenceGate.keys(test_keys=True))
    at_once, real = threading.Barrier(8), DeviceKey.make

    def slow() -> DeviceKey:
        with contextlib.suppress(threading.BrokenBarrierError):
            at_once.wait(0.2)  # all that may come here together do
        return real()

    monkeypatch.setattr(DeviceKey, "make", slow)
    with ThreadPoolExecutor(8) as threads:
        made = {each.result().thumbprint for each in [threads.submit(store.device) for _ in range(8)]}
    assert made == {store.device().thumbprint}


def test_no_reader_sees_parts_of_two_licences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read between the certificate and the vendor's answer about it."""
    opened = gate(tmp_path / "licence")
    opened.install(C0.encode())
    seen: list[tuple[str, str]] = []
    real = LicenceStore.status

    def look(store: LicenceStore, licence: str) -> Status | None:
        found = opened.describe()
        seen.append((found["licence"], found["confirmed_at"]))
        return real(store, licence)

    before = opened.describe()["confirmed_at"]
    monkeypatch.setattr(LicenceStore, "status", look)
    opened.install(sign(claims(sub="lic_ANXTHER0", jti="crt_1", iat=T0)).encode())
    assert seen
    assert set(seen) == {("lic_7Q4M2K9X", before)}
    assert opened.describe()["licence"] == "lic_ANXTHER0"


# -- the machine -----------------------------------------------------------------------------------------


def test_the_pseudonym_vector() -> None:
    assert pseudonym("0123456789abcdef0123456789abcdef") == MACHINE


def test_the_pseudonym_is_the_one_of_systemd(tmp_path: Path) -> None:
    try:
        command = ["systemd-id128", "machine-id", f"--app-specific={APPLICATION.hex}", "--uuid"]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no systemd-id128 here")
    if told.returncode:
        pytest.skip("this computer has no machine id")
    assert told.stdout.strip() == this_machine()


@pytest.mark.parametrize("content", ["", "xyz", "0123", "0123456789ABCDEF0123456789ABCDEF"])
def test_a_computer_without_machine_id(tmp_path: Path, content: str) -> None:
    path = tmp_path / "machine-id"
    assert this_machine(path) is None
    path.write_text(content)
    assert this_machine(path) is None


def test_a_generated_certificate_is_valid_today() -> None:
    certificate = verify(make_certificate().encode(), trusted(test_keys=True))
    assert derive(certificate, "", int(time.time()), None, datetime.date(2026, 11, 22)).name == "active"


def test_the_newest_version_that_a_licence_covers_is_named(tmp_path: Path) -> None:
    """Updates ended after 1.1 was released and before 1.2."""
    dates = {"1.0": datetime.date(2025, 1, 10), "1.1": datetime.date(2025, 6, 1), "1.2": datetime.date(2026, 1, 1)}
    store = LicenceStore(tmp_path / "licence", LicenceGate.keys(test_keys=True))
    opened = LicenceGate(store, test_keys=True, machine=MACHINE, series=dates, version="1.2.0", clock=Clock(T0))
    opened.install(sign(claims(upd="2025-12-31")).encode())
    refusal = opened.state().refusal
    assert opened.state().name == "updates_ended"
    assert refusal is not None
    assert (refusal.model_extra or {})["last_covered"] == "1.1"
