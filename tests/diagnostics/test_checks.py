"""Every finding is provoked by facts, has a remedy that can be pasted, and is absent where all is well."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.diagnostics.access import Denial
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.facts import Facts, LineFacts, PortFacts, PrinterFacts, StateFacts
from fiscald.diagnostics.findings import CATALOGUE, Finding, finding
from fiscald.diagnostics.host import SerialPort, UsbFacts
from fiscald.diagnostics.probing import Attempt, Heard
from fiscald.diagnostics.units import Units
from fiscald.model import notices
from fiscald.model.conditions import CONDITIONS, Heals
from fiscald.model.printers import Identity, PrinterState
from fiscald.model.problems import problem
from fiscald.model.webhooks import DEFAULT_EVENTS, WebhookState, WebhookStatus
from fiscald.transport import (
    AccessDenied,
    DeviceAbsent,
    HostRefused,
    LinkError,
    LinkLost,
    PortHeld,
    Unreachable,
    WrongCertificate,
    parse_address,
)
from tests.diagnostics.gateway_cases import GATEWAYS
from tests.diagnostics.judged import (
    ADDRESS,
    DAY,
    NOW,
    PORT,
    SOCKET,
    STATUS,
    USB,
    VAT,
    asked,
    codes,
    condition,
    facts,
    held,
    offline,
    port,
    printer,
    probed,
    refused,
    till,
    uart,
)  # fmt: skip
from tests.diagnostics.network_cases import GOOD, NETWORK
from tests.diagnostics.tree import BY_ID

STRANGER = Denial("anna is not in it", "sudo usermod -aG fiscald anna    # then log out and log in again", "fiscald")
NOT_YET = Denial("anna is in it, but not yet", "newgrp fiscald    # or log out", "fiscald", member=True)


LOW = notices.memory_low(60)
assert LOW is not None


def named(code: str, **more: str) -> tuple[Finding, ...]:
    return (finding(code, **{"user": "fiscald", "path": "/etc/f", **more}),)


def answers_as(family: str, heard: Heard = Heard.ANSWER, at: str = ADDRESS) -> PrinterFacts:
    """The daemon gets no reply, and the printer answers the queries of another family."""
    found = Attempt(parse_address(at), family, heard, b"?", b"", "x")
    return offline("link.silent", probed=probed(attempts=(found,)))


def denied(address: str, error: LinkError) -> PrinterFacts:
    """The daemon gets no reply, and the caller may not open the port."""
    return offline("link.silent", configured=till(address), probed=probed(problem=error))


WEB = "http://192.168.1.51:8888"
SAFE = f"https://192.168.1.51:8888?fingerprint=sha256:{'ab' * 32}"


BUSY = problem("printer.busy", reason="x")
SWAPPED = problem(
    "printer.swapped",
    printer="till1",
    found="ABC 2",
    expected="ABC 1",
    found_quoted="'ABC 2'",
    extra={"found": "ABC 2"},
)


BEHIND = problem("journal.behind", printer="till1", reason="the printer holds 1 receipt", reason_pl="Paragon.")


STATE = StateFacts(Path("/var/lib/fiscald"), 10 << 30, False, Path("/var"))


ACM = SerialPort("/dev/ttyACM0", "cdc_acm", (), USB._replace(vendor=0x1424, product=0x10B0))


NOVITUS = SerialPort("/dev/ttyACM0", "cdc_acm", (), UsbFacts(0x1234, 0x0001, "1-3", None, None, "Novitus HD II"))


UNITS = Units(service=True, devices=("char-ttyS", "char-ttyUSB"))


AMA = PortFacts("/dev/ttyAMA0", there=True, port=SerialPort("/dev/ttyAMA0", "uart-pl011"))


ALIKE = replace(PORT, names=(BY_ID, "/dev/serial/by-path/pci-1"), duplicate=True)


UNSTABLE = printer(
    configured=till("serial:///dev/ttyUSB0?baud=9600"), port=PortFacts("/dev/ttyUSB0", there=True, port=PORT)
)


USB_ADDRESS = "usb://1424:10b0?serial=0123456789"


TCP = "tcp://192.168.1.50:6666"


#: code -> facts that provoke it, and words of its remedy.
WEBHOOK = WebhookStatus(
    name="erp", receiver="https://erp.example", events=DEFAULT_EVENTS, printers=None, state=WebhookState.ACTIVE, reason=None,
    waiting=0, oldest=None, dead=0, failing_since=None, failures=0, delivered_at=None,
)  # fmt: skip
PROVOKED: dict[str, list[tuple[Facts, str]]] = {
    "config": [(facts(config_error="unknown key sokcet"), "sudoedit /etc/fiscald/fiscald.toml")],
    "config_unread": [
        (facts(config_unread="anna may not read it", printers=(), printers_known=False), "sudo fiscalctl doctor")
    ],
    "config_hidden": [(facts(named=named("config_hidden", reason="why", remedy="sudo chgrp fiscald /etc/f")), "sudo chgrp")],
    "rights": [
        (facts(named=named("rights", right="raw", kind="user", user="ghost", add="sudo useradd --system ghost")), "ghost")
    ],
    **GATEWAYS,
    "ca_file": [(facts(named=named("ca_file", file="/ca.pem", reason="why")), "sudoedit /etc/f")],
    **NETWORK,
    "socket_taken": [(facts(named=named("socket_taken", socket="/s")), "sudo mv /s /s.kept")],
    "socket_folder": [
        (facts(named=named("socket_folder", socket="/run/f/s", folder="/run/f", reason="why")), "sudo install -d -o fiscald"),
    ],
    "state_dir": [(facts(named=named("state_dir", reason="why")), "sudo install -d -o fiscald -m 0700 /etc/f")],
    "no_printers": [(facts(printers=()), "fiscalctl scan --probe")],
    "daemon_down": [
        (facts(socket=replace(SOCKET, answers=False, there=False)), "sudo systemctl enable --now fiscald.socket"),
        (facts(socket=replace(SOCKET, answers=False)), "journalctl -u fiscald"),
    ],
    "socket_denied": [
        (facts(socket=replace(SOCKET, answers=False, denied=STRANGER)), "sudo usermod -aG fiscald anna"),
        (facts(socket=replace(SOCKET, answers=False, denied=Denial("root's", "use sudo"))), "use sudo"),
        (facts(socket=replace(SOCKET, answers=False, denied=Denial("root's", "use sudo"), group_there=False)),
         "sudo systemd-sysusers"),
    ],
    "group_not_active": [(facts(socket=replace(SOCKET, answers=False, denied=NOT_YET)), "newgrp fiscald")],
    "group_missing": [(facts(socket=replace(SOCKET, group_there=False)), "sudo systemd-sysusers")],
    "socket_for_all": [(facts(socket=replace(SOCKET, mode=0o666)), "sudo chmod 0660 /run/fiscald/fiscald.sock")],
    "port_absent": [
        (facts(port(there=False)), "fiscalctl scan"),
        (facts(port(there=False, absent_remedy="sudo raspi-config nonint do_serial_hw 0")), "raspi-config"),
    ],
    "unit_denies": [
        (facts(offline("link.denied", port=AMA), units=UNITS), "DeviceAllow=char-ttyAMA rw"),
        (facts(offline("link.denied", port=None, configured=till(USB_ADDRESS)), units=UNITS), "char-usb_device rw"),
    ],
    "same_device": [(facts(printer(same="till2")), "sudoedit /etc/fiscald/fiscald.toml")],
    "port_denied": [
        (facts(port(may_open=False)), "sudo usermod -aG dialout fiscald"),
        (facts(offline("link.denied")), "sudo usermod -aG dialout fiscald"),
        (facts(port(may_open=False), rule=False), "sudo usermod -aG dialout fiscald"),
        (facts(port(may_open=False, group="root", mode=0o660)),
         "sudo chgrp dialout /dev/ttyUSB0 && sudo chmod 0660 /dev/ttyUSB0"),
        (facts(port(may_open=False, group="tty", mode=0o620)), "sudo chgrp dialout /dev/ttyUSB0"),
        (facts(port(may_open=False, group="fiscald", mode=0o600, port=ACM)), "sudo udevadm trigger"),
        (facts(port(may_open=False, port=ACM), rule=False), "sudo install -m 644 systemd/70-fiscald.rules"),
        (facts(port(may_open=False, port=NOVITUS), rule=False), "sudo install -m 644 systemd/70-fiscald.rules"),
    ],
    "port_held": [
        (facts(offline("link.held", port=port(held=held("minicom")).port)), "kill 4711"),
        (facts(offline("link.held", port=port(held=held("ModemManager", "ModemManager.service")).port)),
         "sudo systemctl stop ModemManager.service"),
        (facts(offline("link.held")), "sudo fuser -v /dev/ttyUSB0"),
        (facts(printer(configured=till(status=None), state=None, probed=probed(problem=PortHeld("x")))), "fuser"),
    ],
    "getty": [(facts(port(held=held("agetty"))), "sudo systemctl mask --now serial-getty@ttyUSB0.service")],
    "console": [(facts(port(console=True, console_remedy="remove console=ttyUSB0")), "remove console=ttyUSB0")],
    "modem_manager": [
        (facts(port(port=ACM, modem_ignored=False), programs=frozenset({"ModemManager"})), "udevadm trigger"),
        (facts(port(modem_ignored=False), programs=frozenset({"ModemManager"})), "disable --now ModemManager"),
    ],
    "brltty": [(facts(programs=frozenset({"brltty"})), "sudo systemctl mask --now brltty.service")],
    "udev_rule": [(facts(port(port=ACM), rule=False), "sudo udevadm control --reload")],
    "unstable_name": [
        (facts(UNSTABLE), f'address = "{ADDRESS}"'),
        (facts(replace(UNSTABLE, configured=till("serial:///dev/ttyUSB0?flow=rtscts"))), f'"{ADDRESS}&flow=rtscts"'),
    ],
    "same_name": [
        (facts(printer(port=PortFacts("/dev/ttyUSB0", there=True, port=ALIKE))),
         'address = "serial:///dev/serial/by-path/pci-1?baud=9600"'),
    ],
    "dtr": [
        (facts(uart("RTS", "CTS", "DSR", works=False)), "sudo systemctl restart fiscald.service"),
        (facts(asked(Heard.ANSWER, lines=("RTS", "CTS"))), "the cable"),
    ],
    "no_carrier": [
        (facts(uart("RTS", "DTR", works=False)), "full cable"),
        (facts(asked(Heard.ANSWER, lines=("RTS", "DTR"))), "full cable"),
    ],
    "line_noise": [
        (facts(printer(line=LineFacts(100, 3))), "shielded cable"),
        (facts(replace(uart("DTR", "DSR", errors=7), line=LineFacts(9000, 1))), "lower speed"),
    ],
    "wrong_speed": [
        (facts(offline("link.silent", line=LineFacts(0, 4))), "fiscalctl scan --probe --port /dev/ttyUSB0"),
        (facts(asked(Heard.GARBAGE)), "fiscalctl scan --probe --port /dev/ttyUSB0"),
        (facts(asked(Heard.ANSWER, ADDRESS.replace("9600", "19200"))), f'address = "serial://{BY_ID}?baud=19200"'),
    ],
    "wrong_family": [
        (facts(answers_as("thermal")), 'family = "thermal"    # under [printers.till1] in /etc/fiscald/fiscald.toml'),
        (facts(answers_as("thermal", at=ADDRESS.replace("9600", "19200"))), '"thermal"; address = "serial:///dev/serial'),
        (facts(answers_as("thermal", Heard.NAMELESS)), 'family = "thermal"'),
        (facts(replace(asked(Heard.ANSWER), configured=replace(till(status=None), family="thermal"))), '"posnet"'),
    ],
    "echo": [(facts(asked(Heard.ECHO)), "does not connect")],
    "silent": [
        (facts(offline("link.silent", line=LineFacts(0, 0))), "PC interface"),
        (facts(offline("link.silent", line=LineFacts(900, 0))), "PC interface"),
        (facts(offline("link.silent", port=None, configured=till(USB_ADDRESS))),
         f"stop fiscald.socket fiscald.service; fiscalctl scan --probe --port '{USB_ADDRESS}'; sudo systemctl start"),
        (facts(asked(Heard.NOTHING)), "PC interface"),
        (facts(asked(Heard.LOST)), "PC interface"),
    ],
    "unreachable": [
        (facts(offline("link.refused", configured=till(TCP), port=None)), "ping -c 3 192.168.1.50"),
        (facts(refused(Unreachable(f"{TCP}: No route to host"), TCP)), "ping -c 3 192.168.1.50"),
        (facts(refused(Unreachable(f"{TCP}: Connection refused"), TCP)), "or correct the port"),
    ],
    "server_off": [
        (facts(refused(HostRefused(f"{WEB}: Connection refused; x"), WEB)), "PC, and the protocol"),
        (facts(replace(refused(HostRefused(f"{WEB}: Connection refused; x"), WEB), xml_beside=True)), "activate"),
    ],
    "certificate": [
        (facts(refused(WrongCertificate(f"{SAFE}: sha256:aa"), SAFE)), "openssl s_client -connect 192.168.1.51:8888"),
    ],
    "shared_server": [
        (facts(printer(state=PrinterState.BUSY, problem=BUSY, configured=till(WEB), port=None)), "ports 8888 to 8897"),
    ],
    "unlinked": [
        (facts(offline("link.absent", port=None, configured=till(USB_ADDRESS))), "fiscalctl scan"),
        (facts(offline("link.denied", port=None, configured=till(USB_ADDRESS))), "udevadm trigger"),
        (facts(offline("link.denied", port=None, configured=till("usb://1234:0001"))), "add the ids"),
        (facts(offline("link.denied", port=None, configured=till("usb://1234:0001")), rule=False), "sudo install"),
        (facts(offline("link.held", port=None, configured=till(USB_ADDRESS))), "detach=yes"),
        (facts(offline("link.lost", port=None, configured=till(USB_ADDRESS))), "journalctl -k"),
        (facts(offline("link.lost")), "journalctl -k"),
        (facts(offline("link.lost", configured=till(TCP), port=None)), "ping -c 3 192.168.1.50"),
        (facts(refused(DeviceAbsent(f"{USB_ADDRESS} does not exist"), USB_ADDRESS)), "fiscalctl scan"),
        (facts(refused(AccessDenied("this user may not open it"), USB_ADDRESS), rule=False), "70-fiscald.rules"),
        (facts(refused(AccessDenied("this user may not open it"), USB_ADDRESS), user="fiscald"), "udevadm trigger"),
        (facts(refused(PortHeld(f"another program holds {USB_ADDRESS}"), USB_ADDRESS)), "sudo fuser"),
        (facts(refused(LinkLost("Input/output error"), USB_ADDRESS)), "journalctl -k"),
        (facts(replace(refused(LinkError("/dev/ttyUSB0 is not a serial port")), port=printer().port)), "journalctl -k"),
    ],
    "not_asked": [
        (facts(printer(configured=replace(till(status=None), reserved=True), state=None)), "sudo fiscalctl doctor"),
        (facts(denied(ADDRESS, AccessDenied("this user may not open it"))), "sudo fiscalctl doctor"),
        (facts(refused(AccessDenied("this user may not open it"), USB_ADDRESS)), "sudo fiscalctl doctor"),
        (facts(replace(refused(AccessDenied("this user may not open it")), port=printer().port)), "sudo fiscalctl"),
    ],
    "taken": [
        (facts(offline("link.held", configured=till(TCP), port=None)), "ss -tnp dst 192.168.1.50"),
        (facts(replace(asked(Heard.LOST, TCP), configured=till(TCP, None), port=None)), "one at a time"),
    ],
    "paper_low": [(facts(printer(paper_low=True)), "new roll")],
    **{
        name: [
            (facts(printer(state=PrinterState(name))), words.fix.format(printer="till1")),
            (facts(printer(state=PrinterState(name), problem=condition(name))), words.fix.format(printer="till1")),
            (facts(asked(Heard.NAMELESS, why=condition(name))), words.fix.format(printer="till1")),
        ]
        for name, words in CONDITIONS.items() if words.heals is not Heals.ITSELF
    },
    "foreign": [
        (facts(printer(state=PrinterState.BUSY, problem=problem("printer.foreign_transaction", printer="till1"))), "finish"),
        (facts(printer(state=PrinterState.BUSY)), "finish"),
    ],
    "swapped": [(facts(printer(state=PrinterState.SWAPPED, problem=SWAPPED)), "fiscalctl adopt till1 'ABC 2'")],
    "undecided": [
        (facts(printer(state=PrinterState.UNDECIDED, problem=problem("printer.undecided", printer="till1", key="A"))),
         "fiscalctl resolve KEY")
    ],
    "clock_drift": [
        (facts(printer(clock=NOW + timedelta(minutes=62))), "call the printer's service; the menu can correct one hour"),
        (facts(printer(clock=NOW - timedelta(minutes=60))), "fiscalctl clock set --printer till1"),
        (facts(printer(clock=NOW - timedelta(minutes=6))), "fiscalctl clock set --printer till1"),
    ],
    "vat_none": [(facts(printer(vat=dict.fromkeys("ABCDEFG"))), "service")],
    "vat_unusual": [
        (facts(printer(vat=VAT | {"B": "7%"})), "fiscalctl status"),
        (facts(printer(vat=VAT | {"A": "exempt"})), "fiscalctl status"),
    ],
    "memory": [
        (facts(printer(warnings=(LOW,))), "new fiscal memory"),
        (facts(replace(asked(Heard.ANSWER), counters=DAY.model_copy(update={"daily_report": 1771}))), "new fiscal memory"),
    ],
    "not_fiscal": [(facts(printer(fiscal=False)), "service")],
    "licence": [
        (facts(licence={"state": "unregistered", "may_print": False, "warnings": []}), "fiscalctl licence register")
    ],
    "licence_test_keys": [
        (facts(printer(configured=till(status=STATUS.model_copy(update={"identity": Identity(printer_id="ZBF 1", fiscal=True, profile="online")}))),
               licence={"state": "active", "may_print": True, "warnings": [], "test_keys": True}),
         "test_keys = false")
    ],
    "licence_warning": [
        (facts(licence={"state": "paid", "may_print": True, "warnings": ["licence.w.ends"]}), "fiscalctl licence status")
    ],
    "journal": [
        (facts(state=STATE._replace(journal="malformed")), "sudo cp -a /var/lib/fiscald/journal.db"),
        (facts(printer(state=PrinterState.OUT_OF_ORDER, problem=problem("daemon.journal", reason="disk I/O error"))),
         "sudo cp -a /var/lib/fiscald/journal.db"),
    ],
    "disk_full": [(facts(state=STATE._replace(free=1 << 20)), "sudo journalctl --vacuum-size=200M")],
    "journal_behind": [
        (facts(printer(state=PrinterState.BEHIND, problem=BEHIND)), "fiscalctl journal confirm till1"),
    ],
    "journal_missing": [(facts(state=STATE._replace(missing=True)), "fiscald run --new-journal")],
    "state_writable": [
        (facts(state=STATE._replace(mode=0o777)), "sudo chmod 700 /var/lib/fiscald"),
        (facts(state=STATE._replace(mode=0o770)), "sudo chmod 700 /var/lib/fiscald"),
    ],
    "state_readable": [
        (facts(state=STATE._replace(mode=0o755)), "sudo chmod 700 /var/lib/fiscald"),
        (facts(state=STATE._replace(mode=0o710)), "sudo chmod 700 /var/lib/fiscald"),
    ],
    "disk_low": [(facts(state=STATE._replace(free=100 << 20)), "sudo journalctl --vacuum-size=200M")],
    "webhook": [
        (facts(webhooks=(WEBHOOK.model_copy(update={"state": WebhookState.FAILING, "reason": "HTTP 500"}),)), "webhook test erp"),
        (facts(webhooks=(WEBHOOK.model_copy(update={"state": WebhookState.GONE, "reason": "410"}),)), "webhook test erp"),
        (facts(webhooks=(WEBHOOK.model_copy(update={"state": WebhookState.NO_SECRET, "reason": "no"}),)), "webhook secret erp"),
    ],
    "webhook_dead": [(facts(webhooks=(WEBHOOK.model_copy(update={"dead": 3}),)), "webhook resend erp --all")],
    "webhook_secret": [
        (facts(named=(finding("webhook_secret", name="erp", reason="no", remedy="chmod 600 s"),)), "chmod 600 s")
    ],
    "disk_read_only": [(facts(state=STATE._replace(read_only=True)), "sudo mount -o remount,rw /var")],
}  # fmt: skip


def test_every_finding_is_provoked() -> None:
    assert PROVOKED.keys() == CATALOGUE.keys()


def test_there_are_no_findings_where_all_is_well() -> None:
    assert codes(facts()) == []
    assert codes(facts(uart("RTS", "CTS", "DTR", "DSR", "CD"))) == []
    assert codes(facts(uart("RTS", "DTR"))) == [], "a cable of three wires that works"
    assert codes(facts(printer(configured=till(TCP), port=None))) == []
    assert codes(facts(asked(Heard.ANSWER))) == []
    assert codes(facts(units=UNITS)) == []
    assert [codes(each) for each in GOOD] == [[], []]
    assert codes(facts(printer(port=AMA), units=UNITS)) == [], "it works: another daemon than the unit's"
    assert codes(facts(printer(clock=NOW + timedelta(minutes=4), line=LineFacts(10_000, 2)))) == []


@pytest.mark.parametrize(
    ("code", "given", "words"), [(code, *case) for code, cases in PROVOKED.items() for case in cases]
)
def test_provoked(code: str, given: Facts, words: str) -> None:
    (found,) = [each for each in judge(given) if each.code == f"doctor.{code}"]
    assert words in found.fix
    assert found.stops == CATALOGUE[code].stops
    for text in (found.text, found.text_pl, found.fix):
        assert text
        assert "{" not in text
        assert "\n" not in text


@pytest.mark.parametrize(("code", "given", "_"), [(code, *case) for code, cases in PROVOKED.items() for case in cases])
def test_one_cause_has_one_finding(code: str, given: Facts, _: str) -> None:
    """But for what comes with it by nature."""
    natural = {"port_denied": "udev_rule", "socket_denied": "group_missing", "not_asked": "silent"}.get(code)
    assert set(codes(given)) - {f"doctor.{natural}"} == {f"doctor.{code}"}


@pytest.mark.parametrize(
    ("apart", "words", "words_pl"),
    [
        (timedelta(minutes=90), "is 90 minutes ahead of", "o 90 minut"),
        (-timedelta(days=9496, hours=7), "is 26 years behind", "o 26 lat"),
        (timedelta(days=3), "is 3 days ahead of", "o 3 dni"),
        (-timedelta(hours=5), "is 5 hours behind", "o 5 godzin"),
    ],
)
def test_a_clocks_error_is_shown_in_a_readable_unit(apart: timedelta, words: str, words_pl: str) -> None:
    (found,) = judge(facts(printer(clock=NOW + apart)))
    assert words in found.text
    assert words_pl in found.text_pl


def test_what_stops_printing_comes_first_and_findings_appear_once() -> None:
    given = facts(replace(port(port=ACM), paper_low=True, state=PrinterState.COVER_OPEN), rule=False)
    found = judge(replace(given, printers=given.printers * 2))
    assert [each.stops for each in found] == [True, False, False]
    assert {each.printer for each in found} == {"till1"}


@given(st.sampled_from([case for cases in PROVOKED.values() for case in cases]), st.sampled_from(list(PrinterState)))
def test_any_facts_give_findings_and_no_exception(case: tuple[Facts, str], state: PrinterState) -> None:
    given, _ = case
    mixed = replace(given, printers=tuple(replace(one, state=state) for one in given.printers))
    assert all(each.code.removeprefix("doctor.") in CATALOGUE for each in judge(mixed))


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_placeholder_of_a_text_is_filled(code: str) -> None:
    row = CATALOGUE[code]
    assert row.text_pl.endswith((".", "{rates}."))
    for template in (row.text, row.text_pl, row.fix):
        assert all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(template))
