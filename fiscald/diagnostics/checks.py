"""The checks of the doctor: pure functions from facts to findings. ``findings.CATALOGUE`` lists the findings."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from fiscald.diagnostics.daemon import daemon_findings, disk_findings, licence_findings, webhook_findings
from fiscald.diagnostics.facts import Facts, LineFacts, PortFacts, PrinterFacts
from fiscald.diagnostics.findings import (
    APPLY_RULE,
    CATALOGUE,
    EXTEND_RULE,
    INSTALL_RULE,
    Finding,
    condition_finding,
    finding,
)
from fiscald.diagnostics.gateways import gateway_findings
from fiscald.diagnostics.host import UsbFacts
from fiscald.diagnostics.menus import menu_of
from fiscald.diagnostics.network import network_findings
from fiscald.diagnostics.probing import Attempt, Heard
from fiscald.diagnostics.units import USB_CLASS, kind_of
from fiscald.diagnostics.web import is_shared, why_no_server
from fiscald.model import notices
from fiscald.model.conditions import CONDITIONS
from fiscald.model.polish import in_polish
from fiscald.model.printers import PrinterState
from fiscald.model.spans import in_words, in_words_pl
from fiscald.transport import (
    TAKEN,
    AccessDenied,
    LinkError,
    PortHeld,
    SerialLine,
    TcpHost,
    Unreachable,
    UsbDevice,
)
from fiscald.transport.known_usb import is_printer, known_usb

#: Smaller differences of clocks are ignored: printers give whole minutes, and a status may be half a minute old.
CLOCK_TOLERANCE = timedelta(minutes=5)
#: The usual rates of the first letters in Poland. Other rates may be correct, but a technician should know.
USUAL_RATES = {"A": Decimal(23), "B": Decimal(8), "C": Decimal(5)}
#: A line is noisy if it has at least so many damaged replies, and one in so many.
NOISE_LEAST, NOISE_SHARE = 3, 200
#: Remedies for a missing link, by its problem.
_LINK_REMEDIES = {
    "link.absent": "fiscalctl scan    # switch the printer on and plug it in first; compare the address",
    "link.held": "sudo fuser -v /dev/bus/usb/*/*    # stop that program; detach=yes frees it from the kernel's driver",
}
_LOST_REMEDY = "journalctl -k -n 50    # messages of the kernel; then check cable, power and address"
_LOST_HOST_REMEDY = "ping -c 3 {host}    # then check cable, power, and whether another computer uses it"
#: What an operator can do about the clock of a fiscal printer.
_CLOCK_REMEDY = (
    "fiscalctl clock set --printer {printer}    # after the daily report; "
    "is this computer's own clock right: timedatectl"
)
_CLOCK_SERVICE = (
    "timedatectl    # if this is correct: call the printer's service; the menu can correct one hour at most"
)
_NO_ANSWER = "the received bytes are not a valid reply"


def judge(facts: Facts) -> list[Finding]:
    """All findings: those that stop printing first, otherwise in the order of repair."""
    found = [*daemon_findings(facts), *facts.named, *disk_findings(facts)]
    if facts.network is not None:
        found += network_findings(facts.network, facts.config_path, facts.daemon_user)
    for printer in facts.printers:
        status = printer.configured.status
        seen = _printer(facts, printer)
        if status is not None and status.gateway is not None:
            seen += gateway_findings(status.gateway, facts.config_path)
        found += [each._replace(printer=printer.configured.name) for each in seen]
    found += licence_findings(facts)
    found += webhook_findings(facts)
    return sorted(dict.fromkeys(found), key=lambda each: not each.stops)


# -- a printer -------------------------------------------------------------------------------------------


def _printer(facts: Facts, printer: PrinterFacts) -> list[Finding]:
    found = list(_seen(facts, printer))
    return found if any(each.stops for each in found) else [*_unlinked(facts, printer), *found]


def _seen(facts: Facts, printer: PrinterFacts) -> Iterator[Finding]:
    if printer.same is not None:
        yield finding("same_device", other=printer.same, device=printer.configured.address, path=facts.config_path)
    if printer.port is not None:
        yield from _port(facts, printer, printer.port)
    elif isinstance(printer.configured.address, UsbDevice) and not _works(printer):
        yield from _unit(facts, "USB devices", USB_CLASS)
    yield from _conversation(facts, printer)
    yield from _condition(printer)
    yield from _memory(printer)


def _port(facts: Facts, printer: PrinterFacts, port: PortFacts) -> Iterator[Finding]:
    device = port.device
    if not port.there:
        yield finding("port_absent", device=device, remedy=port.absent_remedy)
        return
    usb = port.port is not None and port.port.usb is not None
    ruled = usb and port.port is not None and _has_rule(port.port.usb)
    refused = [] if _works(printer) else list(_unit(facts, device, kind_of(device)))
    yield from refused
    if not port.may_open or (_link(printer, "link.denied") and not refused):
        yield finding(
            "port_denied", user=facts.daemon_user, device=device, owner=port.owner, group=port.group,
            mode=f"{port.mode:04o}", remedy=_let_in(facts, port, ruled=ruled),
        )  # fmt: skip
    yield from _holders(printer, port)
    if port.console:
        yield finding("console", device=device, remedy=port.console_remedy)
    if "ModemManager" in facts.programs and not port.modem_ignored:
        disable = "sudo systemctl disable --now ModemManager.service    # if no modem needs it"
        yield finding("modem_manager", device=device, remedy=_rule(facts) if ruled else disable)
    if "brltty" in facts.programs and port.port is not None and port.port.driver not in (None, "cdc_acm") and usb:
        yield finding("brltty", device=device)
    if ruled and not facts.rule:
        yield finding("udev_rule")
    yield from _name(facts, printer, port)
    lines = _lines(printer, port)
    if lines is not None and not _works(printer):  # if it works, a cable with three wires is enough
        if "DTR" not in lines:
            yield finding("dtr", device=device)
        elif not {"DSR", "CTS", "CD"} & set(lines):
            yield finding("no_carrier", device=device)


def _unit(facts: Facts, device: str, kind: str) -> Iterator[Finding]:
    """Whether the installed service can open this kind of device."""
    if not facts.units.allows(device, kind):
        allowed = ", ".join(facts.units.devices or ()) or "nothing"
        yield finding("unit_denies", device=device, allowed=allowed, kind=kind)


def _name(facts: Facts, printer: PrinterFacts, port: PortFacts) -> Iterator[Finding]:
    """Whether the address still leads to this device after the next restart."""
    address, found = printer.configured.address, port.port
    if found is None or found.usb is None or not isinstance(address, SerialLine):
        return
    better = SerialLine(found.name, address.baud, address.flow)
    if address.path == port.device and found.names:
        yield finding("unstable_name", device=port.device, better=better, path=facts.config_path)
    elif found.same_name(address.path):
        yield finding("same_name", name=address.path, better=better, path=facts.config_path)


def _let_in(facts: Facts, port: PortFacts, *, ruled: bool) -> str:
    """How the daemon's user gets access to a port: by the udev rule, or by a group."""
    if ruled and not facts.rule:
        return INSTALL_RULE
    if port.group != "root" and port.mode & 0o060 == 0o060:
        return f"sudo usermod -aG {port.group} {facts.daemon_user} && sudo systemctl restart fiscald.service"
    if ruled:
        return APPLY_RULE  # it is installed but not applied: udev must read it again
    return f"sudo chgrp dialout {port.device} && sudo chmod 0660 {port.device}    # until the next restart"


def _rule(facts: Facts) -> str:
    """How the udev rule comes into force."""
    return APPLY_RULE if facts.rule else INSTALL_RULE


def _has_rule(usb: UsbFacts | None) -> bool:
    """Whether fiscald's udev rule covers the device: the rule lists printers, not general adapters."""
    if usb is None:
        return False
    return is_printer(usb.vendor, usb.product, usb.name)


def _lines(printer: PrinterFacts, port: PortFacts) -> tuple[str, ...] | None:
    """The modem lines while the port is open: by the daemon, or during our probe."""
    attempt = None if printer.probed is None else printer.probed.best
    if attempt is not None:
        return attempt.lines
    return port.uart.lines if port.uart is not None and printer.configured.status is not None else None


def _works(printer: PrinterFacts) -> bool:
    return printer.state not in (None, PrinterState.OFFLINE)


def _holders(printer: PrinterFacts, port: PortFacts) -> Iterator[Finding]:
    device = port.device
    others = [holder for holder in port.held.holders if holder.program not in ("fiscald", "agetty", "getty")]
    logins = [holder for holder in port.held.holders if holder.program in ("agetty", "getty")]
    ours = printer.configured.status is not None and printer.state is not PrinterState.OFFLINE
    if logins:
        yield finding("getty", device=device, tty=device.removeprefix("/dev/"))
    for holder in () if ours else others:
        remedy = f"sudo systemctl stop {holder.unit}" if holder.unit else f"kill {holder.pid}"
        yield finding("port_held", device=device, holder=holder, program=holder.program, remedy=remedy)
    if not (ours or others or logins) and (_link(printer, "link.held") or _opening(printer, PortHeld)):
        yield finding(
            "port_held", device=device, holder="a program that this user cannot see", program="?",
            remedy=f"sudo fuser -v {device}",
        )  # fmt: skip


def _reach(address: TcpHost, reason: str) -> str:
    """What to do about a network printer that does not answer. A host that refuses is there: a ping shows nothing."""
    if "refused" not in reason:
        return f"ping -c 3 {address.host}"
    return "switch the printer's network interface on, or correct the port"


def _conversation(facts: Facts, printer: PrinterFacts) -> Iterator[Finding]:
    """Findings about the conversation: from the daemon's recorder, or from our own probe."""
    address = printer.configured.address
    where = printer.port.device if printer.port is not None else str(address)
    remedy = (  # also the socket: a client would start the daemon again
        f"sudo systemctl stop fiscald.socket fiscald.service; fiscalctl scan --probe --port {shlex.quote(where)}; "
        "sudo systemctl start fiscald.socket fiscald.service"
    )
    menu = menu_of(printer.configured.family)
    line, attempt = printer.line, None if printer.probed is None else printer.probed.best
    if isinstance(address, TcpHost):
        code, reason = _why_unlinked(printer)
        if web := list(why_no_server(address, code, reason, menu=menu, xml=printer.xml_beside)):
            yield from web
            return
        if code == Unreachable.code:
            yield finding("unreachable", address=address, reason=reason, remedy=_reach(address, reason))
            return
        if code == PortHeld.code or (attempt is not None and attempt.heard is Heard.LOST and not attempt.received):
            why = reason or (attempt.detail if attempt is not None else "")
            yield finding("taken", address=address, reason=why.removeprefix(f"{TAKEN}: "), host=address.host)
            return
    if printer.configured.reserved:
        yield finding("not_asked", user=facts.user, reason="fiscald may use it, and this user cannot ask fiscald")
    if attempt is not None:
        yield from _answered(facts, printer, attempt, remedy)
    elif _link(printer, "link.silent"):
        code = "wrong_speed" if line.damaged and not line.intact else "silent"
        yield finding(code, address=address, remedy=remedy, seen=_NO_ANSWER, asked="", menu=menu)
        if printer.probed is not None and printer.probed.problem is not None:
            yield finding("not_asked", user=facts.user, reason=printer.probed.problem)
    elif _noisy(line, printer):
        yield finding("line_noise", damaged=line.damaged, all=line.intact + line.damaged)


def _answered(facts: Facts, printer: PrinterFacts, attempt: Attempt, remedy: str) -> Iterator[Finding]:
    address = printer.configured.address
    match attempt.heard:
        case Heard.ANSWER | Heard.NAMELESS if attempt.family != printer.configured.family:
            other = str(attempt.address) != str(address)
            yield finding(
                "wrong_family", address=address, configured=printer.configured.family, found=attempt.family,
                better=f'; address = "{attempt.address}"' if other else "", name=printer.configured.name,
                path=facts.config_path, menu=menu_of(printer.configured.family),
            )  # fmt: skip
        case Heard.ANSWER if str(attempt.address) != str(address):
            seen = "a printer answers with other settings"
            yield finding(
                "wrong_speed", address=address, seen=seen, remedy=f'address = "{attempt.address}"    # answers there'
            )
        case Heard.NAMELESS:
            name = "" if attempt.problem is None else attempt.problem.code.removeprefix("printer.")
            if name not in CATALOGUE:
                name = "out_of_order"
            yield condition_finding(name, printer.configured.name, attempt.problem)
        case Heard.GARBAGE:
            yield finding("wrong_speed", address=address, seen=_NO_ANSWER, remedy=remedy)
        case Heard.ECHO:
            yield finding("echo", address=address)
        case Heard.NOTHING | Heard.LOST:
            yield finding(
                "silent", address=address, remedy=remedy, asked=_asked(printer), menu=menu_of(printer.configured.family)
            )


def _asked(printer: PrinterFacts) -> str:
    """The families and speeds that were tried."""
    attempts = () if printer.probed is None else printer.probed.attempts
    families = dict.fromkeys(attempt.family for attempt in attempts)
    speeds = {attempt.address.baud for attempt in attempts if isinstance(attempt.address, SerialLine)}
    at = f" at {len(speeds)} speeds" if len(speeds) > 1 else ""
    return f", tried {' and '.join(families)}{at}" if families else ""


def _noisy(line: LineFacts, printer: PrinterFacts) -> bool:
    counted = printer.port.uart.errors if printer.port is not None and printer.port.uart is not None else 0
    damaged = line.damaged
    return (damaged >= NOISE_LEAST and damaged * NOISE_SHARE >= line.intact) or (damaged > 0 and counted > 0)


def _unlinked(facts: Facts, printer: PrinterFacts) -> Iterator[Finding]:
    """A link that cannot be opened or has ended, for a reason without its own check."""
    code, reason = _why_unlinked(printer)
    address = printer.configured.address
    if code is None:
        return
    ours = printer.probed is not None and code == AccessDenied.code and facts.user != facts.daemon_user
    if ours and not (isinstance(address, UsbDevice) and not facts.rule):
        yield finding("not_asked", reason=reason, user=facts.user)
        return
    lost = _LOST_HOST_REMEDY.format(host=address.host) if isinstance(address, TcpHost) else _LOST_REMEDY
    remedy = _LINK_REMEDIES.get(code, lost)
    if code == AccessDenied.code and isinstance(address, UsbDevice):
        found = known_usb(address.vendor, address.product)
        known = found is not None and found.maker is not None
        remedy = _rule(facts) if known or not facts.rule else EXTEND_RULE
    yield finding("unlinked", address=address, reason=reason, remedy=remedy)


def _why_unlinked(printer: PrinterFacts) -> tuple[str | None, str]:
    """Why there is no link, as a code and a sentence; code ``None`` if there is a link."""
    if printer.probed is not None and printer.probed.problem is not None:
        code, reason = printer.probed.problem.code, str(printer.probed.problem)
    elif printer.state is PrinterState.OFFLINE and printer.problem is not None:
        code, reason = printer.problem.code, printer.problem.detail
    else:
        return None, ""
    return code, reason.removeprefix(f"{printer.configured.address}: ")


def _link(printer: PrinterFacts, code: str) -> bool:
    return printer.problem is not None and printer.problem.code == code


def _opening(printer: PrinterFacts, kind: type[LinkError]) -> bool:
    return printer.probed is not None and isinstance(printer.probed.problem, kind)


def _condition(printer: PrinterFacts) -> Iterator[Finding]:
    problem = printer.problem
    reason = "" if problem is None else problem.detail
    name = "" if printer.state is None else printer.state.value
    if name in CONDITIONS and name in CATALOGUE and not _link(printer, "daemon.journal"):
        yield condition_finding(name, printer.configured.name, problem)
    elif printer.state is PrinterState.UNDECIDED:
        yield finding("undecided", reason=reason)
    elif printer.state is PrinterState.SWAPPED and problem is not None:
        # The number comes from an unknown device, and a person will paste it into a shell.
        found = shlex.quote(str((problem.model_extra or {}).get("found", "UNIQUE-NUMBER")))
        yield finding("swapped", reason=reason, name=printer.configured.name, found=found)
    elif printer.state is PrinterState.BEHIND:
        yield finding("journal_behind", reason=reason, name=printer.configured.name)
    elif printer.state is PrinterState.BUSY and is_shared(printer.configured.address, problem):
        yield finding("shared_server", reason=reason)
    elif printer.state is PrinterState.BUSY and (problem is None or problem.code == "printer.foreign_transaction"):
        yield finding("foreign")
    if printer.paper_low and name != "paper_out":
        yield finding("paper_low")


def _memory(printer: PrinterFacts) -> Iterator[Finding]:
    if printer.clock is not None and printer.clock_read is not None:
        apart = printer.clock - printer.clock_read
        if abs(apart) > CLOCK_TOLERANCE:
            side = "ahead of" if apart > timedelta() else "behind"
            remedy = (
                _CLOCK_REMEDY.format(printer=printer.configured.name)
                if abs(apart) <= notices.CORRECTABLE
                else _CLOCK_SERVICE
            )
            yield finding("clock_drift", apart=in_words(apart), apart_pl=in_words_pl(apart), side=side, remedy=remedy)
    if printer.vat is not None:
        rates = {letter: rate for letter, rate in printer.vat.items() if rate is not None}
        if not rates:
            yield finding("vat_none", name=printer.configured.name)
        elif unusual := [f"{letter} {rates.get(letter, 'inactive')}" for letter, usual in USUAL_RATES.items()
                         if rates.get(letter) is None or not _is_rate(rates[letter], usual)]:  # fmt: skip
            listed = ", ".join(unusual)
            yield finding("vat_unusual", rates=listed, rates_pl=in_polish(listed))
    low = next((warning for warning in printer.warnings if warning.code == "printer.memory_low"), None)
    if low is None and printer.configured.status is None and printer.counters is not None:
        low = notices.memory_low(notices.TYPICAL_RECORDS - (printer.counters.daily_report - 1))
    if low is not None:
        yield finding("memory", reason=low.detail)
    if not printer.fiscal:
        yield finding("not_fiscal")


def _is_rate(rate: str, usual: Decimal) -> bool:
    return rate.endswith("%") and Decimal(rate.rstrip("%")) == usual
