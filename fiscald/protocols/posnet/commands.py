"""The commands of the POSNET protocol, one row each: parameters, limits, reply, effect, deadline.

Source: POSNET reference, section 5; parameter order is that of the recordings. Mnemonics and parameter names
are the vendor's. The rows serve both ends: the driver builds requests and reads replies with them, the
emulator reads requests and builds replies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fiscald.protocols.base import Deadline, Effect
from fiscald.protocols.posnet import fields as f
from fiscald.protocols.posnet.fields import Dialect, Generation, Value, ValueRefused, small
from fiscald.protocols.posnet.frames import ERROR, TOKEN, Field, Frame
from fiscald.protocols.tables import FieldFault

RATE_LETTERS = "abcdefg"
#: Forms of payment, ``ty`` of ``trpayment``, with their usual Polish names (5.5). 1 is currency and not taken
#: there; 9 is known from one client only; 8 serves as transfer too, and then the name sent with it decides.
PAYMENT_FORMS = {
    0: "Gotówka", 2: "Karta", 3: "Czek", 4: "Bon", 5: "Kredyt", 6: "Inna", 7: "Voucher", 8: "Konto klienta"
}  # fmt: skip


class Param(NamedTuple):
    """A parameter of a command or a field of its reply."""

    name: str
    value: Value
    required: bool = False
    online: bool = False
    """Only devices of the ONLINE generation have it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One command."""

    mnemonic: str
    params: tuple[Param, ...] = ()
    reply: tuple[Param, ...] = ()
    effect: Effect = Effect.REVERSIBLE
    deadline: Deadline = Deadline.LINE
    immediate: bool = False

    def param(self, name: str) -> Param:
        """The parameter called ``name``. Raises ``KeyError``."""
        for param in self.params:
            if param.name == name:
                return param
        raise KeyError(f"{self.mnemonic} has no parameter {name}")

    def read(self, frame: Frame, dialect: Dialect) -> dict[str, Any]:
        """The values of a request. Unknown names are ignored. Raises ``FieldFault`` (frame errors 2, 3, 10)."""
        return _read(frame, self.params, dialect)

    def answer(self, values: Mapping[str, Any], dialect: Dialect) -> Frame:
        """The reply with ``values``, without the fields that the device's generation lacks."""
        return Frame(self.mnemonic, _write(values, self.reply, dialect))


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its values, as a dialogue yields it."""

    row: Row
    values: dict[str, Any]
    immediate: bool = False

    def frame(self, dialect: Dialect, token: str | None = None) -> Frame:
        """The frame of this request. Raises ``FieldFault`` for a value that does not fit."""
        fields = _write(self.values, self.row.params, dialect)
        if token is not None:
            fields = (*fields, Field(TOKEN, token.encode()))
        return Frame(self.row.mnemonic, fields, self.immediate)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: ``values`` of a good one, or the number of an execution or frame error."""

    mnemonic: str
    values: dict[str, Any]
    error: int | None = None
    frame_error: bool = False
    param: str | None = None
    """The parameter that a frame error is about."""
    frame: Frame | None = field(default=None, compare=False, repr=False)
    """The answer as received."""

    @property
    def good(self) -> bool:
        """Whether the command was carried out."""
        return self.error is None


def _read(frame: Frame, params: Iterable[Param], dialect: Dialect) -> dict[str, Any]:
    found = dict(reversed(frame.fields))  # the first of a name counts
    values: dict[str, Any] = {}
    for name, kind, required, _online in params:
        raw = found.get(name)
        if raw is None:
            if required:
                raise FieldFault(2, name, "is missing")
            continue
        try:
            values[name] = kind.decode(raw, dialect)
        except ValueRefused as error:
            raise FieldFault(10 if error.fault is f.ValueFault.LENGTH else 3, name, str(error)) from None
    return values


def _write(values: Mapping[str, Any], params: Iterable[Param], dialect: Dialect) -> tuple[Field, ...]:
    fields = []
    for name, kind, _required, online in params:
        if name not in values or (online and dialect.generation is Generation.OLD):
            continue
        try:
            fields.append(Field(name, kind.encode(values[name], dialect)))
        except ValueRefused as error:
            raise FieldFault(10 if error.fault is f.ValueFault.LENGTH else 3, name, str(error)) from None
    return tuple(fields)


def read_reply(row: Row, frame: Frame, dialect: Dialect) -> Reply:
    """The reply in ``frame``. Unreadable fields are left out, so the caller sees that they are missing."""
    error = frame.get(ERROR)
    if error is not None:
        blamed = frame.get("fd")
        return Reply(
            frame.mnemonic,
            {},
            error=int(error) if error.isdigit() and len(error) < 10 else 0,
            frame_error=frame.mnemonic == "ERR",
            param=None if blamed is None else blamed.decode("ascii", "replace"),
            frame=frame,
        )
    found = dict(reversed(frame.fields))  # the first of a name counts
    values: dict[str, Any] = {}
    for name, kind, _required, _online in row.reply:
        raw = found.get(name)
        if raw is None:
            continue
        try:
            values[name] = kind.decode(raw, dialect)
        except ValueRefused:
            continue
    return Reply(frame.mnemonic, values, frame=frame)


def _p(name: str, value: Value) -> Param:
    return Param(name, value)


def _r(name: str, value: Value) -> Param:
    return Param(name, value, required=True)


def _on(name: str, value: Value) -> Param:
    return Param(name, value, online=True)


def _per_rate(prefix: str, value: Value) -> tuple[Param, ...]:
    return tuple(_p(prefix + letter, value) for letter in RATE_LETTERS)


_Q, _REV, _IRR = Effect.QUERY, Effect.REVERSIBLE, Effect.IRREVERSIBLE
_QUICK, _LINE, _CLOSE, _REPORT = Deadline.QUERY, Deadline.LINE, Deadline.CLOSE, Deadline.REPORT
_RATES = _per_rate("v", f.RATE)
_NU = _p("nu", f.Text(40))
_DISCOUNT = (
    _p("na", f.Text(25)),
    _p("rd", f.FLAG),
    _p("rw", f.AMOUNT),
    _p("rp", f.PERCENT),
)
_PACK = (
    Param("na", f.Text(12), required=True),
    _p("ne", f.FLAG),
    _p("st", f.FLAG),
    Param("pr", f.AMOUNT, required=True),
    Param("il", f.QUANTITY, required=True),
    _p("wa", f.AMOUNT),
    _p("de", f.Text(50)),
)
_CODE = (_p("px", small(8, 2)), _p("el", small(8)), _p("hx", f.FLAG), _r("tx", f.Text(4000)))

_ROWS = (
    # -- status (5.3): no side effects, legal in any state ---------------------------------------------
    Row("scomm", (), (
        _p("fs", f.ANSWER_FLAG), _p("tz", f.ANSWER_FLAG), _p("ts", f.COUNT), _p("hr", f.ANSWER_FLAG), _NU,
        _on("td", f.ANSWER_FLAG),
    ), _Q, _QUICK),
    Row("sfsk", (), (
        _p("fs", f.ANSWER_FLAG), _p("cl", f.COUNT), _p("rd", f.COUNT), _p("vt", f.COUNT), *_RATES,
        _p("rw", f.DATETIME), _on("tm", f.MOMENT), _NU,
    ), _Q, _QUICK),
    Row("scnt", (), (
        _p("rd", f.COUNT), _p("hn", f.COUNT), _p("bn", f.COUNT), _p("fn", f.COUNT), _NU,
        _on("bc", f.COUNT), _on("bt", f.COUNT), _on("fc", f.COUNT),
    ), _Q, _QUICK),
    Row("strns", (), (
        _p("to", f.FLAG), _p("ts", f.COUNT), *_per_rate("v", f.AMOUNT), _p("pp", f.AMOUNT), _p("pm", f.AMOUNT),
        _p("re", f.AMOUNT), _p("fp", f.AMOUNT), _p("fe", f.ANSWER_FLAG),
    ), _Q, _QUICK),
    Row("stot", (), (
        _p("no", f.COUNT), *_per_rate("f", f.AMOUNT), _p("fn", f.COUNT), *_per_rate("p", f.AMOUNT), _p("pn", f.COUNT),
        _p("ct", f.AMOUNT), _p("cn", f.COUNT), _p("cc", f.COUNT), *_RATES,
        _p("ds", f.DATETIME), _on("is", f.MOMENT), _p("de", f.DATETIME), _on("ie", f.MOMENT),
        _p("ft", f.COUNT), _p("fl", f.COUNT), _p("nf", f.COUNT), _p("bc", f.COUNT), _p("le", f.COUNT),
        _p("oe", f.COUNT), _p("tf", f.COUNT),
    ), _Q, _QUICK),
    Row("eclastdocnoget", (_r("ty", f.COUNT),), (_p("di", f.COUNT),), _Q, _QUICK),
    Row("sdev", (), (
        _p("ds", f.COUNT), _p("cp", f.FLAG), _p("qe", f.FLAG), _p("pe", f.FLAG),
    ), _Q, _QUICK, immediate=True),
    Row("sprn", (), (_p("pr", f.COUNT),), _Q, _QUICK, immediate=True),
    # -- clock, rates, identity, authorisation (5.1) ---------------------------------------------------
    Row("rtcget", (), (_p("da", f.DATETIME), _on("tm", f.MOMENT)), _Q, _QUICK),
    Row("rtcset", (_r("da", f.Text(20)),)),
    Row("vatget", (), _RATES, _Q, _QUICK),
    Row("vatset", (*_RATES, _p("da", f.DATE)), effect=_IRR),
    Row("sid", (), (_p("nm", f.Text(40)), _p("vr", f.Text(20))), _Q, _QUICK),
    Row("getrealid", (), (_p("nm", f.Text(40)), _p("vr", f.Text(20)), _NU), _Q, _QUICK),
    Row("auth", (_r("co", f.Text(17)),)),
    Row("authstateget", (), (_p("il", f.COUNT),), _Q, _QUICK),
    Row("maintenance", (_r("da", f.DATE), _p("te", f.Text(30)))),
    Row("fiscalize", (_r("ni", f.Text(20)),), effect=_IRR),
    Row("currrateget", (), (
        _p("na", f.Text(3)), _p("di", f.ANSWER_FLAG), _p("on", f.ANSWER_FLAG), _p("ra", f.Text(12)),
    ), _Q, _QUICK),
    # -- header, footer, display, drawer, paper (5.2) --------------------------------------------------
    Row("hdrset", (_r("tx", f.Text(500, lines=True)), _p("pr", f.FLAG))),
    Row("hdrget", (), (_p("tx", f.Text(500, lines=True)),), _Q, _QUICK),
    Row("ftrinfoset", (_r("tx", f.Text(130, lines=True)), _p("lb", f.FLAG))),
    Row("ftrinfoget", (), (_p("tx", f.Text(130, lines=True)),), _Q, _QUICK),
    Row("ftrcfg", (
        _p("cc", f.Text(32)), _p("cn", f.Text(8)), _p("ca", f.FLAG), _p("sn", f.Text(30)),
        _p("bc", f.Text(30, 16)), _p("ln", f.Text(130, lines=True)), _p("lb", f.FLAG), _p("fe", small(3)),
        _p("bb", small(2)),
    )),
    Row("dsptxtline", (_r("id", small(1)), _r("no", small(20)), _r("ln", f.Text(20)))),
    Row("dsptxt"),
    Row("dspcmd"),
    Row("dspcfg", (
        _r("id", small(1)), _p("co", small(16, 1)), _p("lu", small(16, 1)), _p("ls", f.COUNT), _p("od", small(999)),
    )),
    Row("dspmode"),
    Row("opendrwr"),
    Row("papfeed", (_r("ln", small(20, 1)),)),
    Row("prncfgset", (_r("nf", f.COUNT),)),
    Row("papersavecfg", (_r("ps", f.COUNT),)),
    Row("beep"),
    Row("pccfgget", (), (_p("cp", f.COUNT), _p("id", f.COUNT), _p("no", f.COUNT), _p("pr", f.COUNT)), _Q, _QUICK),
    # -- cashier and cash (5.4) ------------------------------------------------------------------------
    Row("login", (_r("na", f.Text(32)), _r("nk", f.Text(8)), _p("dr", f.FLAG))),
    Row("logout", (_p("na", f.Text(32)), _p("nk", f.Text(8)))),
    Row("cash", (_r("kw", f.AMOUNT), _r("wp", f.FLAG)), effect=_IRR, deadline=_CLOSE),
    Row("stocash", (_r("kw", f.AMOUNT),), effect=_IRR, deadline=_CLOSE),
    # -- receipt (5.5) ---------------------------------------------------------------------------------
    Row("trinit", (_p("bm", f.FLAG),)),
    Row("trnipset", (_r("ni", f.Text(20)), _p("dw", f.FLAG), _p("ds", f.Text(56)))),
    Row("trline", (
        _r("na", f.Text(80, 40)), _r("vt", f.RATE_INDEX), _r("pr", f.AMOUNT), _p("st", f.FLAG), _p("il", f.QUANTITY),
        _p("wa", f.AMOUNT), _p("jm", f.Text(4)), _p("op", f.Text(50, 35)), _p("rd", f.FLAG), _p("rn", f.Text(25)),
        _p("rp", f.PERCENT), _p("rw", f.AMOUNT),
    )),
    Row("trdiscntsubtot", _DISCOUNT),
    Row("trdiscntbill", _DISCOUNT),
    Row("trdiscntvat", (_r("vt", f.RATE_INDEX), *_DISCOUNT)),
    Row("trdiscntpromo", (_r("rw", f.AMOUNT), _r("vt", f.RATE_INDEX), _p("na", f.Text(25)), _p("st", f.FLAG))),
    Row("trpayment", (_r("ty", f.COUNT), _r("wa", f.AMOUNT), _p("na", f.Text(25)), _p("re", f.FLAG))),
    Row("trpaymentcurr", (
        _r("wc", f.AMOUNT), _r("wa", f.AMOUNT), _r("ra", f.Text(12)), _p("sb", f.Text(3)), _p("na", f.Text(25)),
        _p("re", f.FLAG),
    )),
    Row("trpack", _PACK),
    Row("trpackinit"),
    Row("trpackprnend", _PACK),
    Row("trend", (
        _r("to", f.AMOUNT), _p("op", f.AMOUNT), _p("om", f.AMOUNT), _p("re", f.AMOUNT), _p("fp", f.AMOUNT),
        _p("fe", f.FLAG),
    ), effect=_IRR, deadline=_CLOSE),
    Row("trftrln", (_r("id", f.COUNT), _r("na", f.Text(40)), _p("sw", f.FLAG), _p("sh", f.FLAG))),
    Row("trftrend", deadline=_CLOSE),
    Row("prncancel", deadline=_CLOSE),
    Row("trcancel", deadline=_CLOSE),
    # -- codes (5.6), e-receipt (5.7) ------------------------------------------------------------------
    Row("qrcode", _CODE),
    Row("azteccode", _CODE),
    Row("dmcode", _CODE),
    Row("pdf417code", _CODE),
    Row("eparagonidznext", (_r("id", f.Text(128)),), (_p("ha", f.Text(40)),)),
    Row("eparagonidzcancel"),
    Row("eparagonbufferget", (_r("hd", f.Text(40)),), (
        _p("hd", f.Text(40)), _p("pr", f.ANSWER_FLAG), _p("st", f.COUNT),
    ), _Q, _QUICK),
    # -- invoices (5.8) --------------------------------------------------------------------------------
    Row("trfvinit", (
        _p("nb", f.Text(40)), _p("ni", f.Text(20)), _p("na", f.Text(400, lines=True)), _p("pd", f.Text(38)),
        _p("pt", f.Text(38)), _p("sc", f.Text(56)), _p("ss", f.Text(56)), _p("cc", f.COUNT), _p("ps", f.FLAG),
        _p("co", f.FLAG), _p("cm", f.FLAG), _p("fo", f.FLAG), _p("nm", f.Text(23)), _p("ln", f.COUNT),
        _p("fn", f.COUNT),
    )),
    Row("trfvbuyer", (
        _r("na", f.Text(1600, lines=True)), _p("ni", f.Text(20)), _p("ad", f.Text(1600, lines=True)),
        _p("sc", small(2)), _p("at", f.COUNT),
    )),
    Row("trfvnumber", (_r("nb", f.Text(40)), _p("sc", small(2)), _p("at", f.COUNT))),
    Row("trfvfreedata", (_r("tx", f.Text(256)), _p("sc", small(2)))),
    # -- forms (5.9) -----------------------------------------------------------------------------------
    Row("formstart", (_r("fn", small(255)), _r("fh", small(255)), _p("al", f.Text(56)))),
    Row("formline", (
        _r("fn", small(255)), _r("fl", small(9999)), _p("s1", f.Text(120, lines=True)), _p("s2", f.Text(56)),
        _p("sw", f.FLAG), _p("sh", f.FLAG),
    )),
    Row("formcmd", (_r("fn", small(255)), _r("cm", f.COUNT))),
    Row("formbarcode", (_r("fn", small(255)), _r("bc", f.Text(30)))),
    Row("formformattedline", (_r("fn", small(255)), _r("s1", f.Text(56)), _p("ma", f.Text(56)))),
    Row("formtinyline", (_r("fn", small(255)), _r("s1", f.Text(56)))),
    Row("formend", (_r("fn", small(255)),), effect=_IRR, deadline=_CLOSE),
    # -- reports (5.10), goods base (5.11) -------------------------------------------------------------
    Row("dailyrep", (_p("da", f.Text(10)),), effect=_IRR, deadline=_REPORT),
    Row("monthlyrep", (_r("da", f.Text(10)), _p("su", f.FLAG)), effect=_IRR, deadline=_REPORT),
    Row("periodicrepbydates", (_r("fd", f.Text(10)), _r("td", f.Text(10)), _r("su", f.FLAG)),
        effect=_IRR, deadline=_REPORT),
    Row("shiftrep", (_r("sh", f.Text(8)), _r("zr", f.FLAG)), effect=_IRR, deadline=_REPORT),
    Row("cashstaterep", effect=_IRR, deadline=_REPORT),
    Row("dbchkstart", (_r("ty", small(2, 1)),)),
    Row("dbchkplu", (_r("vt", f.RATE_INDEX), _r("na", f.Text(80, 40))), (), _Q, _QUICK),
    Row("dbchkend"),
    # -- repeating an answer (9.1, the form is a choice) -----------------------------------------------
    Row("rpt", (), (), _Q, _QUICK),
)  # fmt: skip

#: Every command by mnemonic.
COMMANDS: dict[str, Row] = {row.mnemonic: row for row in _ROWS}


def request(mnemonic: str, *, immediate: bool = False, **values: Any) -> Request:
    """A request; without the parameters that are ``None``. Raises ``KeyError`` or ``FieldFault`` for our mistakes."""
    row = COMMANDS[mnemonic]
    given = {name: value for name, value in values.items() if value is not None}
    for name in given:
        row.param(name)
    for param in row.params:
        if param.required and param.name not in given:
            raise FieldFault(2, param.name, "is missing")
    return Request(row, given, immediate)
