"""Cash, cashiers, settings, pictures and printouts that are not fiscal (Novitus XML reference, 5.13 to 5.16)."""

from __future__ import annotations

import binascii
from decimal import Decimal

from fiscald.emulator.faults import Switch
from fiscald.emulator.novitus.documents import NonFiscal, PrintedLine
from fiscald.emulator.novitus.refusals import (
    BAD_AMOUNT,
    BAD_HEADER,
    BAD_PARAMETER,
    BAD_TEXT,
    NO_DATA,
    NovitusError,
)
from fiscald.emulator.novitus.service import MAX_GRAPHIC, MAX_OPTION
from fiscald.emulator.novitus_xml import values
from fiscald.emulator.novitus_xml.machine import Handler, Machine
from fiscald.emulator.novitus_xml.values import amount, choice, flag, given, money, number, required, text
from fiscald.protocols.novitus_elements import Element, element

#: The name of the setting of the method of percentages (5.15), and its value for each.
_PERCENTAGES = "discountcalculation"
#: Lines of the header, and fields in each.
_HEADER_LINES, _FIELDS = 8, 7
#: Digits of a picture in one reply (the document's sample sends 4400 in one packet; ours are shorter).
_CHUNK = 4000
#: Settings of connections: how many, and characters of each (our assumption).
_MAX_SERVERS, _MAX_SERVER = 32, 200
_LAST_GRAPHIC = 50


# -- printouts -------------------------------------------------------------------------------------------------------


def nonfiscal(machine: Machine, asked: Element) -> None:
    """``nonfiscalprintout``."""
    if any(child.name != "line" for child in asked.children):
        raise NovitusError(BAD_PARAMETER)
    lines = tuple(_printed(line) for line in asked.children)
    headed = flag(asked, "nonfiscalheader")
    machine.core.service.print_nonfiscal(NonFiscal(lines, headed=headed, system_number=text(asked, "systemno")))


def _printed(line: Element) -> PrintedLine:
    kind = choice(
        line, "type",
        {"line": "text", "barcode": "barcode", "qrcode": "qr", "underline": "rule", "graphic": "graphic"}, "line",
    )  # fmt: skip
    attribute = choice(
        line, "fontattr", {"": "", "normal": "", "big": "big", "high": "", "bold": "big", "inwers": "inverse"}, ""
    )
    for name in ("fontid", "font_id"):
        if number(line, name) not in (None, 1, 2):
            raise NovitusError(BAD_PARAMETER)
    content = values.plain(line.text)
    if len(content) > (1852 if kind == "qr" else 512):
        raise NovitusError(BAD_TEXT)
    return PrintedLine(
        kind,  # type: ignore[arg-type]
        content,
        bold=flag(line, "bold"),
        inverse=flag(line, "inwers") or attribute == "inverse",
        align="centre" if flag(line, "center") else "left",
        wide=attribute == "big",
        copy_only=choice(line, "print_on", {"": False, "copy": True}, ""),
    )


# -- cash and cashiers -----------------------------------------------------------------------------------------------


def pay_in(machine: Machine, asked: Element) -> None:
    """``cash payin``."""
    value = required(amount(asked, "value", BAD_AMOUNT))
    machine.core.service.pay_in(value, till=text(asked, "checkout"), cashier=text(asked, "cashier"))


def pay_out(machine: Machine, asked: Element) -> None:
    """``cash payout``."""
    value = required(amount(asked, "value", BAD_AMOUNT))
    machine.core.service.pay_out(value, till=text(asked, "checkout"), cashier=text(asked, "cashier"))


def read_cash(machine: Machine, _: Element) -> Element:
    """``cash read``; the name of the attribute is our assumption."""
    return element("cash", action="read", value=money(machine.core.register.state.cash))


def log_in(machine: Machine, asked: Element) -> None:
    """``cashier login``."""
    machine.core.service.log_in(text(asked, "number"), text(asked, "name"))


def log_out(machine: Machine, asked: Element) -> None:
    """``cashier logoff``."""
    machine.core.service.log_out(text(asked, "number"), text(asked, "name"))


def cashier(machine: Machine, _: Element) -> Element:
    """``cashier state``: who is logged in; the names of the attributes are our assumption."""
    state = machine.core.register.state
    return element("cashier", action="state", number=state.till if state.cashier else "", name=state.cashier)


# -- programming -----------------------------------------------------------------------------------------------------


def set_clock(machine: Machine, asked: Element) -> None:
    """``clock``."""
    machine.core.service.set_clock(values.moment(required(given(asked, "date"))))


def set_rates(machine: Machine, asked: Element) -> None:
    """``taxrates set``: letters that are not in it go out of use."""
    rates: dict[str, Decimal | str] = {}
    for child in asked.children:
        letter = text(child, "name")
        if child.name != "ptu" or letter in rates:
            raise NovitusError(BAD_PARAMETER)
        rates[letter] = _rate(child.text.strip())
    date = given(asked, "date")
    day = None if date is None else (values.moment(date).date() if " " in date else values.day(asked, "date"))
    machine.core.service.set_rates(rates, day=day, till=text(asked, "checkout"), cashier=text(asked, "cashier"))


def _rate(content: str) -> Decimal | str:
    if content.lower() == "free":
        return "exempt"
    digits = content.removesuffix("%").strip()
    if not content.endswith("%") or not digits.replace(".", "", 1).isdigit() or not digits.isascii() or len(digits) > 5:
        raise NovitusError(BAD_PARAMETER)
    return Decimal(digits)


def set_header(machine: Machine, asked: Element) -> None:
    """``header_online set``, ``header set``: the fields of a line stand beside each other."""
    lines = asked.all("line")
    if len(lines) != len(asked.children) or not 0 < len(lines) <= _HEADER_LINES:
        raise NovitusError(BAD_HEADER)
    machine.core.service.set_header([_header_line(line) for line in lines])


def _header_line(line: Element) -> str:
    flag(line, "bold")
    flag(line, "inwers")
    choice(line, "align", {"left": 0, "center": 1, "right": 2}, "left")
    fields = [text(line, f"text{place}") for place in range(1, _FIELDS + 1)]
    for place in range(1, _FIELDS + 1):
        if (number(line, f"index{place}") or 0) > 8:
            raise NovitusError(BAD_PARAMETER)
    return " ".join(filter(None, [*fields, values.plain(line.text).strip()]))


def get_header_online(machine: Machine, _: Element) -> Element:
    """``header_online get``: each line as one field of the kind "other" (our assumption)."""
    rows = [
        element("line", bold="no", inwers="no", align="center", index1="8" if line else "0", text1=line)
        for line in _header(machine, _HEADER_LINES)
    ]
    return element("header_online", *rows, action="get")


def get_header(machine: Machine, _: Element) -> Element:
    """``header get``, of printers before the on-line ones: up to four lines."""
    rows = [element("line", text=line, bold="no", align="center") for line in _header(machine, 4)]
    return element("header", *rows, action="get")


def _header(machine: Machine, lines: int) -> list[str]:
    found = [line.strip("\x0e ") for line in machine.core.register.state.header.split("\n")][:lines]
    return found + [""] * (lines - len(found))


def set_config(machine: Machine, asked: Element) -> None:
    """``config set``."""
    options: dict[int, str] = {}
    of_remainder: bool | None = None
    for child in asked.children:
        name, value = text(child, "id"), values.plain(child.text).strip()
        if child.name != "set":
            raise NovitusError(BAD_PARAMETER)
        if name == _PERCENTAGES:
            if value not in ("0", "1"):
                raise NovitusError(BAD_PARAMETER)
            of_remainder = value == "1"
        else:
            options[required(number(child, "id"))] = value
    machine.core.service.set_options(options)
    if of_remainder is not None:
        machine.core.service.choose_percentages(of_remainder=of_remainder)


def get_config(machine: Machine, asked: Element) -> Element:
    """``config get``: the settings that are named, or those from a number to another."""
    first, last = number(asked, "from"), number(asked, "to")
    if first is not None or last is not None:
        first, last = required(first), required(last)
        if not first <= last <= MAX_OPTION:
            raise NovitusError(BAD_PARAMETER)
        names = [str(place) for place in range(first, last + 1)]
    else:
        names = [text(child, "id") for child in asked.all("set")]
    return element("config", *(_setting(machine, name) for name in names), action="get")


def _setting(machine: Machine, name: str) -> Element:
    if name == _PERCENTAGES:
        return element("set", text="1" if machine.core.memory.of_remainder else "0", id=name)
    if not name.isascii() or not name.isdigit() or len(name) > 3 or int(name) > MAX_OPTION:
        raise NovitusError(BAD_PARAMETER)
    return element("set", text=machine.core.service.option(int(name)), id=name)


def set_server(machine: Machine, asked: Element) -> None:
    """``serweraddr set``."""
    _keep(machine, f"server {_server(asked)}", text(asked, "value"))
    machine.core.service.nothing()


def get_server(machine: Machine, asked: Element) -> Element:
    """``serweraddr get``."""
    place = _server(asked)
    return element("serweraddr", action="get", value=machine.core.memory.servers.get(f"server {place}", ""), type=place)


def _server(asked: Element) -> str:
    return choice(asked, "type", {"1": "1", "2": "2"}, "1")


def _keep(machine: Machine, name: str, value: str) -> None:
    servers = machine.core.memory.servers
    if len(value) > _MAX_SERVER or (name not in servers and len(servers) >= _MAX_SERVERS):
        raise NovitusError(BAD_TEXT)
    servers[name] = value


#: Identifiers of devices on the printer's USB ports (5.15).
_USB = (
    "usb_modem_pid", "usb_modem_vid", "usb_modem_type", "usb_modem_protocol", "usb_modem_interface", "usb_ex_pid",
    "usb_ex_vid", "usb_ex_type", "usb_ex_protocol", "usb_ex_interface",
)  # fmt: skip


def set_usb(machine: Machine, asked: Element) -> None:
    """``usb set``."""
    for name in _USB:
        if asked.get(name) is not None:
            _keep(machine, name, text(asked, name))


def get_usb(machine: Machine, _: Element) -> Element:
    """``usb get``."""
    servers = machine.core.memory.servers
    return element("usb", action="get", **{name: servers.get(name, "") for name in _USB})


# -- control ---------------------------------------------------------------------------------------------------------


def nothing(machine: Machine, _: Element) -> None:
    """Sounds and displays: nothing of it is kept."""
    machine.core.service.nothing()


def feed(machine: Machine, asked: Element) -> None:
    """``control paperfeed``."""
    if (number(asked, "value") or 0) > 255:
        raise NovitusError(BAD_PARAMETER)
    flag(asked, "cutter")
    machine.core.service.nothing()


def open_drawer(machine: Machine, _: Element) -> None:
    """``control drawer``."""
    machine.core.service.open_drawer()


def open_menu(machine: Machine, _: Element) -> None:
    """``control menu_open``: the printer is off-line until a person leaves the menu."""
    machine.core.service.nothing()
    machine.faults.switches.add(Switch.MENU)


# -- pictures and counters -------------------------------------------------------------------------------------------


def program_graphic(machine: Machine, asked: Element) -> None:
    """``graphic programm``: in pieces, each of an even number of digits."""
    place = _graphic(asked)
    kind = choice(asked, "type", {"begin": "begin", "next": "next", "end": "end", "all": "all"}, "all")
    digits = "".join(asked.text.split())
    if len(digits) % 2:
        raise NovitusError(1075)
    if kind in ("next", "end"):
        begun, before = machine.graphic
        if not before or begun != place:
            raise NovitusError(1075)
        digits = before + digits
    if len(digits) > MAX_GRAPHIC:
        machine.graphic = 0, ""
        raise NovitusError(1075)
    if kind in ("begin", "next"):
        machine.graphic = place, digits
        machine.core.service.nothing()
        return
    machine.graphic = 0, ""
    machine.core.service.store_graphic(place, digits)


def _graphic(asked: Element) -> int:
    place = required(number(asked, "id"))
    if place > _LAST_GRAPHIC:
        raise NovitusError(BAD_PARAMETER)
    return place


def delete_graphic(machine: Machine, asked: Element) -> None:
    """``graphic delete``."""
    machine.core.service.delete_graphic(_graphic(asked))


def _digits(machine: Machine, place: int) -> str:
    digits = machine.core.memory.graphics.get(place)
    if digits is None:
        raise NovitusError(NO_DATA)
    return digits


def checksum(machine: Machine, asked: Element) -> Element:
    """``graphic readcrc``; which sum of 16 bits it is, and the name of its attribute, are our assumption."""
    place = _graphic(asked)
    crc = binascii.crc_hqx(bytes.fromhex(_digits(machine, place)), 0xFFFF)
    return element("graphic", action="readcrc", id=str(place), crc=f"{crc:04x}")


def read_graphic(machine: Machine, asked: Element) -> Element:
    """``graphic read``: piece by piece, the last one again, and then the end."""
    kind = choice(asked, "type", {"begin": 0, "next": 1, "repeat": 2}, "begin")
    if kind == 0:
        place = _graphic(asked)
        _digits(machine, place)
        machine.graphic_read = place, 0
    place, start = machine.graphic_read
    if kind == 1:
        start += _CHUNK
        machine.graphic_read = place, start
    piece = _digits(machine, place)[start : start + _CHUNK]
    return element("graphic", text=piece, action="read", type="data" if piece else "end", id=str(place))


def read_paper(machine: Machine, _: Element) -> Element:
    """``paper read``: lines printed; unit and name of the attribute are our assumption."""
    return element("paper", action="read", value=str(machine.core.memory.paper))


def reset_paper(machine: Machine, _: Element) -> None:
    """``paper reset``."""
    machine.core.memory.paper = 0


def read_openings(machine: Machine, _: Element) -> Element:
    """``drawercounter read``; the name of the attribute is our assumption."""
    core = machine.core
    count = core.register.state.drawer_openings - core.memory.drawer_from
    return element("drawercounter", action="read", value=str(max(count, 0)))


def reset_openings(machine: Machine, _: Element) -> None:
    """``drawercounter reset``."""
    machine.core.memory.drawer_from = machine.core.register.state.drawer_openings


def read_updates(_: Machine, _asked: Element) -> Element:
    """``updatelog``: there were none."""
    return element("updatelog", action="end")


def read_processes(_: Machine, _asked: Element) -> Element:
    """``processlog``: it has no lines."""
    return element("processlog", action="end")


def read_log(_: Machine, asked: Element) -> Element:
    """``log read``: nothing was recorded on that port."""
    if len(given(asked, "port") or "") > 16:
        raise NovitusError(BAD_PARAMETER)
    return element("log", action="read", port=given(asked, "port") or "com1")


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "nonfiscalprintout": nonfiscal,
    "cash payin": pay_in,
    "cash payout": pay_out,
    "cash read": read_cash,
    "cashier login": log_in,
    "cashier logoff": log_out,
    "cashier state": cashier,
    "clock": set_clock,
    "taxrates set": set_rates,
    "header_online set": set_header,
    "header_online get": get_header_online,
    "header set": set_header,
    "header get": get_header,
    "config set": set_config,
    "config get": get_config,
    "serweraddr set": set_server,
    "serweraddr get": get_server,
    "usb set": set_usb,
    "usb get": get_usb,
    **dict.fromkeys(
        (f"control {word}" for word in ("beep", "display", "display_external", "no_display_external", "clear_display")),
        nothing,
    ),
    "control paperfeed": feed,
    "control drawer": open_drawer,
    "control menu_open": open_menu,
    "control otworz_menu": open_menu,
    "graphic programm": program_graphic,
    "graphic delete": delete_graphic,
    "graphic readcrc": checksum,
    "graphic read": read_graphic,
    "paper read": read_paper,
    "paper reset": reset_paper,
    "drawercounter read": read_openings,
    "drawercounter reset": reset_openings,
    "updatelog begin": read_updates,
    "updatelog next": read_updates,
    "processlog begin": read_processes,
    "processlog next": read_processes,
    "log read": read_log,
}
