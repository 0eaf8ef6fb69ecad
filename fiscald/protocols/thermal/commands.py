"""The commands of the Thermal protocol, one row each: parameters, fields, limits, answer, effect, deadline.

Source: Thermal reference, section 5 and appendix A. Identifiers are the vendor's; names of parameters and fields
are those of its manual, without Polish letters. The rows serve both ends: the driver builds commands and reads
answers with them, the emulator reads commands and builds answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fiscald.protocols.base import Deadline, Effect
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal import fields as f
from fiscald.protocols.thermal.fields import Brand, Dialect, Text
from fiscald.protocols.thermal.frames import CR, Control, Dle, Enq, Frame
from fiscald.protocols.thermal.invoice_rows import INVOICE_ROWS, RECEIPT_PARAMS
from fiscald.protocols.thermal.layouts import (
    RATES,
    SEVEN,
    ByAmounts,
    Check,
    Layout,
    Param,
    Part,
    Times,
    When,
)
from fiscald.protocols.thermal.rows import Row
from fiscald.protocols.thermal.rows import may as _p
from fiscald.protocols.thermal.rows import must as _r
from fiscald.protocols.thermal.rows import optional as _opt

#: Discount or surcharge of a line (``Pr`` of ``$l``, 5.2); by percentage, 2 and 4, it is never sent.
LINE_DISCOUNT, LINE_SURCHARGE = 1, 3
#: Of a whole receipt (``Px`` of ``$e``, ``$x``, ``$y``, ``$n``).
DISCOUNT_AMOUNT, SURCHARGE_AMOUNT = 3, 4
#: ``Po``: the description is the text that is sent.
OWN_DESCRIPTION = 16
#: Descriptions of discounts by ``Po`` (5.2).
DESCRIPTIONS = {
    0: "", 1: "specjalny", 2: "okolicznościowy", 3: "okazja", 4: "świąteczny", 5: "stały klient", 6: "jubileuszowy",
    7: "urodzinowy", 8: "dla pracownika", 9: "promocja", 10: "nagroda", 11: "wyprzedaż", 12: "przecena",
    13: "sezonowy", 14: "nocny", 15: "obsługa",
}  # fmt: skip
#: Forms of payment (``Pfx``) as they are printed (5.4, 11.5). 7 and 8 mean other things in one setting of Novitus.
PAYMENT_FORMS = {
    0: "Gotówka", 1: "Karta płatnicza", 2: "Czek", 3: "Bon", 4: "Inna", 5: "Kredyt", 6: "Konto klienta", 7: "Voucher",
    8: "Waluta",
}  # fmt: skip
#: ``Pc`` of ``$y``: the sale is registered, its sheet goes on until ``28$z`` (5.6).
SHORT_FORM = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its values, as a dialogue yields it."""

    row: Row
    values: dict[str, Any]
    brand: Brand = Brand.POSNET

    def frame(self, dialect: Dialect) -> Frame:
        """The sequence of this request. Raises ``FieldFault`` for a value that does not fit."""
        return self.row.write(self.values, dialect)


@dataclass(frozen=True, slots=True, eq=False)
class Poll:
    """A single byte that is answered by one byte, as a dialogue yields it."""

    control: Control


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: ``values`` of a good one, or the number of an error."""

    name: str
    values: dict[str, Any]
    error: int | None = None
    brand: Brand = Brand.POSNET
    """The brand of the error numbers."""

    @property
    def good(self) -> bool:
        """Whether the command was carried out."""
        return self.error is None


#: The answer to a ``Poll``.
Status = Enq | Dle


def read_reply(layout: Layout, frame: Frame, dialect: Dialect) -> Reply:
    """The answer in ``frame``. Unreadable values are left out, so the caller sees that they are missing."""
    try:
        return Reply(layout.name, layout.read(frame, dialect), brand=dialect.brand)
    except FieldFault:
        return Reply(layout.name, {}, brand=dialect.brand)


# -- conditions and counts ------------------------------------------------------------------------------


def _if(name: str, *wanted: int) -> When:
    return When((name, wanted), (name, wanted))


_DISCOUNTED = ("Pr", (1, 2, 3, 4))
#: POSNET has it as soon as there is a second parameter, Novitus only where there is a discount (forms 2 to 6N).
_LINE_AMOUNT = When(("Pr", ()), _DISCOUNTED)
#: POSNET has it with ``Po`` 16 only, Novitus with every discount (forms 3, 3N, 4, 4N).
_LINE_DESCRIPTION = When(("Po", (OWN_DESCRIPTION,)), _DISCOUNTED)
_RECEIPT_DESCRIPTION = When(("Psx", (1,)), None)


# -- parameters and fields that several commands have ---------------------------------------------------


_PC = _p("Pc", 3)
_LINE = Text(40)
#: Register and cashier behind a command: both or none.
_WHO = (_opt("nr_kasy", Text(8)), _opt("kasjer", Text(32)))
_PACK = (_opt("nr", Text(4), 17), _opt("ilosc", Text(16), 17))


def _numbers(*names: str, end: bytes = b";") -> tuple[Part, ...]:
    return tuple(Part(name, f.COUNT, end=end) for name in names)


def _moment(*names: str) -> tuple[Part, ...]:
    """Numbers before ``;``, the last one before ``/``."""
    return (*_numbers(*names[:-1]), Part(names[-1], f.COUNT))


def _status(rates: Times | ByAmounts, totals: Times | ByAmounts) -> tuple[Part, ...]:
    return (
        *_numbers("Pe", "Pm", "Pt", "Px", "Pf", "Pz"),
        Part("Py", f.DATE_PART, end=b";"),
        Part("Pmies", f.DATE_PART, end=b";"),
        Part("Pd", f.DATE_PART),
        Part("ptu", f.PADDED_RATE, times=rates),
        Part("par_num", f.COUNT),
        Part("tot", f.TOTAL, times=totals),
        Part("cash", f.TOTAL),
        Part("nr_unikatowy", Text(20), end=b""),
    )


# -- answers --------------------------------------------------------------------------------------------

#: Sent after every command in error modes 2 and 3 (3.4).
RESULT = Layout("#Z", None, (_r("Pe", 9999),), (Part("rozkaz", Text(6), end=b""),), Check.NEVER)
#: ``23#s``: everything that proves a document, in one answer, with a check byte (5.9).
STATUS = Layout("#X", 2, (), _status(SEVEN, SEVEN))
#: The same, with the active rates only and the total of the exempt one last: the answer to ``#s`` and to numbers below
#: 22. Some POSNET devices answer ``23#s`` with a ``1#X``; no source says with how many rates (12, no. 11).
STATUS_OLD = Layout("#X", 1, (), _status(ByAmounts(totals=False), ByAmounts(totals=True)), Check.OPTIONAL)
#: ``24#s``: daily records and the current or last receipt by rate.
RECORDS = Layout("#X", 3, (), (
    *_numbers("Py", "Pm", "Pd", "n_dobowych", "n_wolnych", "n_zablokowanych"), Part("p", f.TOTAL, times=SEVEN),
))  # fmt: skip
#: ``28#s``: the open day.
DAY = Layout("#X", 10, (), (
    *_numbers("Py", "Pm", "Pd", "Ph", "Pmin", "Ps", "parag", "anul", "zmiany"), Part("anul_kwota", f.TOTAL),
    Part("tot", f.TOTAL, times=SEVEN),
))  # fmt: skip
#: ``27#s``: a record of the fiscal memory is a daily report (``DAY``), a change of the rates, or the end.
RATE_CHANGE = Layout("#X", 11, (), (
    *_numbers("Py", "Pm", "Pd", "Ph", "Pmin", "Ps"), *_numbers("z1", "z2", "z3"), Part("z4", f.TOTAL),
    Part("ptu", f.PADDED_RATE, times=SEVEN),
))  # fmt: skip
NO_RECORD = Layout("#X", 25, (), (
    *_numbers("Py", "Pm", "Pd", "Ph", "Pmin", "Ps", "parag", "anul", "zmiany"), Part("anul_kwota", f.TOTAL),
    Part("tot", f.TOTAL, times=SEVEN),
))  # fmt: skip
#: ``50#s``: number of the last printed document of any kind; what follows differs between brands.
LAST_DOCUMENT = Layout("#X", 50, (), (Part("numer", f.COUNT), Part("dalsze", f.COUNT, rest=True)))
#: ``100#s``: the open or last receipt by rate.
RECEIPT = Layout("#X", 100, (_r("Pn", 2), _r("Pt")), (
    Part("total", f.TOTAL), Part("v", f.TOTAL, times=SEVEN), Part("f", f.AMOUNT, times=Times("", 3)),
))  # fmt: skip
ERROR = Layout("#E", 1, (), (Part("Pe", f.COUNT, end=b""),), Check.NEVER)
MODEL = Layout("#R", 1, (), (Part("typ", Text(60), end=b"/"), Part("wersja", Text(40), end=b"")), Check.NEVER)
CLOCK = Layout("#C", 1, (), (
    *_numbers("Py", "Pm", "Pd", "Ph", "Pmin"), Part("Ps", f.COUNT, end=b""),
), Check.NEVER)  # fmt: skip
HEADER = Layout("#U", 1, (), (Part("naglowek", f.Header(600), end=b""),))
#: ``210#s``: the protected memory of a Novitus ONLINE. Its table ends the id with CR and its example, whose check byte
#: fits, with a semicolon; so the rest is one field here (NOV 3.1.13, 4.4.16).
PROTECTED = Layout("#X", 210, (), (
    Part("numer", f.MEMORY, end=b";"), Part("etykieta", Text(20)), Part("stan", f.RAW, end=b""),
))  # fmt: skip
#: ``@PMI``: a document of the protected memory; its content has another code (NOV 4.4.8).
STORED = Layout("@PMD", None, (), (
    *_numbers("status", "typ", "rozmiar", "pozycja", end=b"/"), Part("jpkid", f.COUNT, end=CR),
    Part("nabywca", Text(64)), Part("dane", f.RAW, end=b""),
))  # fmt: skip
#: ``$g``: the last rate is a value on POSNET, a letter on Novitus (12, no. 14).
GOODS = Layout("$G", 1, (), (Part("Pe", f.COUNT), Part("ptu", Text(6), end=b"/")), Check.NEVER)
#: DLE2 of Novitus; the place of its separators is to be confirmed on a device (7.4).
EXTENDED = Layout("@s", None, (), (*_numbers("Pe", "nr_wydruku", "nr_paragonu"), Part("stan", Text(8), end=b";")))

#: Every answer but ``#Z``, by identifier and first parameter.
ANSWERS: dict[tuple[str, int | None], Layout] = {
    (layout.id, layout.first): layout
    for layout in (
        STATUS, STATUS_OLD, RECORDS, DAY, RATE_CHANGE, NO_RECORD, LAST_DOCUMENT, RECEIPT, PROTECTED, STORED, ERROR,
        MODEL, CLOCK, HEADER, GOODS, EXTENDED,
    )
}  # fmt: skip

# -- commands -------------------------------------------------------------------------------------------

_Q, _REV, _IRR = Effect.QUERY, Effect.REVERSIBLE, Effect.IRREVERSIBLE
_QUICK, _LATER, _CLOSE, _REPORT = Deadline.QUERY, Deadline.LINE, Deadline.CLOSE, Deadline.REPORT
_NO, _MAY, _MUST = Check.NEVER, Check.OPTIONAL, Check.REQUIRED
_POSNET, _NOVITUS = (Brand.POSNET,), (Brand.NOVITUS,)


def _query(id_: str, first: int | None, *answers: Layout, check: Check = _MAY, **more: Any) -> Row:
    return Row(id_, first, check=check, effect=_Q, deadline=_QUICK, answers=answers, **more)


def _slip(id_: str) -> Row:
    """Cash in, cash out, goods return: the short form of POSNET, which Novitus takes too (5.7)."""
    return Row(id_, None, (_p("Ps"),), (Part("kwota", f.CASH, 30), *_WHO), effect=_IRR, deadline=_CLOSE)


_ROWS = (
    # -- status (5.9): changes nothing, legal in any state ---------------------------------------------
    _query("#s", None, STATUS_OLD, params=(_p("Ps"),), below=22),
    _query("#s", 22, STATUS, STATUS_OLD),
    _query("#s", 23, STATUS, STATUS_OLD),
    _query("#s", 24, RECORDS),
    # Where the readout of the fiscal memory begins, and its next record; nothing stored changes.
    Row("#s", 25, (_r("Py", 99), _r("Pm", 12, 1), _r("Pd", 31, 1), _p("Ph", 23), _p("Pmin", 59), _p("Ps", 59)),
        check=_MAY, effect=_Q, deadline=_QUICK),
    Row("#s", 26, (_p("Pn", 1),), (Part("Nr", f.COUNT),), check=_MAY, effect=_Q, deadline=_QUICK),
    _query("#s", 27, DAY, RATE_CHANGE, NO_RECORD),
    _query("#s", 28, DAY),
    _query("#s", 50, LAST_DOCUMENT),
    _query("#s", 99, STATUS),
    _query("#s", 100, RECEIPT, params=(_p("Pn", 2),)),
    _query("#s", 210, PROTECTED, brands=_NOVITUS),
    # The document can be long, so its deadline is that of a closing (NOV 4.4.8).
    Row("@PMI", None, (_r("stan", 1),), _numbers("jpkid", "idz", "zawartosc", "typ", end=b"/"), effect=_Q,
        deadline=_CLOSE, answers=(STORED,), brands=_NOVITUS),
    _query("#n", None, ERROR, params=(_p("Ps"),)),
    _query("#v", None, MODEL),
    _query("#v", 30, MODEL, brands=_NOVITUS),
    _query("#c", None, CLOCK, params=(_p("Ps"),)),
    _query("#u", None, HEADER, check=_MUST),
    _query("^u", None, HEADER, brands=_NOVITUS),
    _query("$g", None, GOODS, check=_MUST, parts=(Part("nazwa", Text(40, least=1), 16), Part("ptu", f.LETTER, 18))),
    # Which errors the printer reports, and how. It changes no stored data and is lost at power-off (3.4).
    Row("#e", None, (_r("Ps", 4),), effect=_Q, deadline=_QUICK),
    # -- clock, rates, header, options (5.1) -----------------------------------------------------------
    Row("$c", None, (_r("Py", 99), _r("Pm", 12, 1), _r("Pd", 31, 1), _r("Ph", 23), _r("Pmn", 59), _r("Ps", 59)), _WHO),
    Row("$p", None, (_p("Ps", 7), _p("Py", 99), _p("Pm", 12, 1), _p("Pd", 31, 1)), (
        Part("ptu", f.RATE, 11, times=RATES), *_WHO,
    ), effect=_IRR, brands=_POSNET),
    # Novitus has register and cashier before the rates and the date behind them.
    Row("$p", None, (_p("Ps", 7), _p("conf", 1)), (
        *_WHO, Part("ptu", f.RATE, 11, times=RATES), Part("data", Text(10), end=b";", optional=True),
    ), effect=_IRR, brands=_NOVITUS),
    # Any other first parameter is the fiscalisation of older manuals and is not here on purpose (12, no. 16).
    Row("$f", 0, (), (Part("naglowek", f.Header(500), 12), *_WHO)),
    Row("$r", None, (_r("Pr"), _p("P2"), _p("P3"))),
    Row("#l", None, (_p("Ps", 20), _p("ciecie", 2)), check=_MAY),
    # -- drawer and displays (5.1) ---------------------------------------------------------------------
    Row("$d", 1, check=_MAY),
    Row("$d", 2, (), (Part("tekst", f.Header(80), end=b""),), _MAY),
    Row("$d", 3, (_p("Pn", 1),), check=_MAY),
    Row("$d", 4, check=_MAY),
    Row("$d", 5, (), (Part("tekst", f.Header(80), end=b""),), _MAY),
    Row("$d", 101, (), (Part("tekst", Text(20)),)),
    Row("$d", 102, (), (Part("tekst", Text(20)),)),
    # -- cashier and cash (5.7); here the cashier comes first ------------------------------------------
    Row("#p", None, (_p("Ps"),), (Part("kasjer", Text(32), 33), Part("nr_kasy", Text(8), 34))),
    Row("#q", None, (_p("Ps"),), (Part("kasjer", Text(32), 33), Part("nr_kasy", Text(8), 34))),
    _slip("#i"),
    _slip("#d"),
    _slip("#z"),
    Row("#w", None, (_p("Ps"),), (Part("kwota", Text(13, least=1), 30), *_WHO), brands=_POSNET, effect=_IRR,
        deadline=_CLOSE),
    Row("#t", None, (_p("Ps"),), _WHO, effect=_IRR, deadline=_REPORT),
    Row("#k", None, (_p("Ps"),), (
        Part("zmiana", Text(8), 33), Part("kasjer", Text(32), 33), _opt("nr_kasy", Text(8), 34),
    ), effect=_IRR, deadline=_REPORT),
    # -- non-fiscal forms (5.10): the first parameter opens one, ends one, or is the form of the line --
    # Novitus has options and styles; one client sends the styles to POSNET too, whose P3 selects a special line.
    Row("$w", 0, (_r("formularz", least=1), _p("naglowek"), _p("opcje"), _p("id", 1)), (
        Part("id_transakcji", _LINE, when=_if("id", 1)),
    )),
    Row("$w", None, (
        _r("formularz", least=2), _r("linia"), _p("P3"), _p("inwers"), _p("czcionka", 3), _p("srodek", 1),
        _p("atrybuty"),
    ), (Part("argumenty", f.FORM_TEXT, rest=True),)),
    Row("$w", 1, (_r("formularz", least=1), _p("nr_sys", 1), _p("ile", 3)), (
        Part("numer_systemowy", Text(30, 16), when=_if("nr_sys", 1)), Part("linie", _LINE, times=Times("ile")),
    ), effect=_IRR, deadline=_CLOSE),
    # -- receipt (5.2) ---------------------------------------------------------------------------------
    Row("$h", None, (_p("Pl"), _p("Pn", 3), _p("P0", 0), _p("idtype", 3), _p("PL", 1)), (
        Part("linie", _LINE, times=Times("Pn")), Part("id", Text(13), when=_if("idtype", 1, 2, 3)),
    )),
    # Not in any manual: one client sends it to newer POSNET printers (5.6).
    Row("$N", 1, (), (Part("nip", Text(13, least=1)),), brands=_POSNET),
    Row("$l", None, (_r("Pi"), _p("Pr", 4), _p("Po", 16), _p("Pd", 1)), (
        Part("nazwa", Text(40, least=1), 16), Part("ilosc", f.QUANTITY, 17), Part("ptu", f.LETTER, 18),
        Part("cena", f.Amount(least=1), 19), Part("brutto", f.AMOUNT, 20),
        Part("rabat", f.AMOUNT, 20, when=_LINE_AMOUNT, lenient=True),
        Part("nazwa_rabatu", Text(20, 40), when=_LINE_DESCRIPTION),
        Part("opis", Text(35, 160), when=_if("Pd", 1)),
    )),
    # -- returnable packaging (5.3) --------------------------------------------------------------------
    *(Row("$d", number, (), (Part("kwota", f.AMOUNT, 19), *_PACK)) for number in (6, 7, 10, 11)),
    # -- discounts and payments inside a receipt (5.4) -------------------------------------------------
    Row("$L", None, (_r("Ps", 6), _r("Px", 4, 1), _p("Po", 16)), (
        Part("total_w_stawce", f.AMOUNT, 26), Part("wartosc", f.AMOUNT, 26),
        Part("nazwa", Text(20), when=_if("Po", OWN_DESCRIPTION)),
    )),
    Row("$Y", None, (_r("Px", 4, 1), _p("Po", 16)), (
        Part("podsuma", f.AMOUNT, 26), Part("wartosc", f.AMOUNT, 26),
        Part("nazwa", Text(20), when=_if("Po", OWN_DESCRIPTION)),
    )),
    Row("$n", None, (_r("Px", 8),), (Part("nazwa", Text(20)), Part("wartosc", f.AMOUNT, 26))),
    Row("$b", 1, (_r("Pfx", 10),), (Part("kwota", f.AMOUNT, 26), Part("nazwa", Text(16, 24)))),
    Row("$b", 2, (_r("Pfx", 10),), (Part("kwota", f.AMOUNT, 26), Part("nazwa", Text(16, 24)))),
    # -- cancelling and closing (5.5) ------------------------------------------------------------------
    Row("$e", 0, (_PC, _p("Pns", 1)), (
        *_WHO, Part("numer_systemowy", Text(30, 60), when=_if("Pns", 1)),
    ), deadline=_CLOSE),
    Row("$e", 1, (_r("Pr", 99), _p("Pn", 3), _PC, _p("Px", 4), _p("Py")), (
        # POSNET: exactly three characters, register and cashier; Novitus: the cashier's name.
        Part("kod", Text(3, 31), 25), Part("linie", _LINE, 25, times=Times("Pn")),
        Part("wplata", f.AMOUNT, 26), Part("total", f.AMOUNT, 27), Part("rabat", f.AMOUNT, 27, when=_if("Px")),
    ), effect=_IRR, deadline=_CLOSE),
    Row("$x", None, (
        _r("Pn", 5), _r("Pc", 3), _r("Py"), _r("Px", 4), _r("Pg", 1), _r("Pk", 1), _r("Pz", 1), _r("Pb", 1),
        _r("Po1", 1), _r("Po2", 1), _r("Pr", 1),
    ), (
        # POSNET's manual is not clear about the lines: Pn of them or always five (12). fiscald always sends
        # five; a reader that sees fewer takes those before the three names of payments.
        Part("kod", Text(3, 31), 25), Part("teksty", _LINE, 25, rest=True),
        Part("total", f.AMOUNT, 27), Part("rabat", f.AMOUNT, 27), Part("wplata", f.AMOUNT, 26),
        Part("karta", f.AMOUNT, 26), Part("czek", f.AMOUNT, 26), Part("bon", f.AMOUNT, 26),
        Part("przyjecie", f.AMOUNT, 26), Part("wydanie", f.AMOUNT, 26), Part("reszta", f.AMOUNT, 26),
    ), effect=_IRR, deadline=_CLOSE),
    Row("$y", None, (
        _r("Pn", 3), _r("Pc", 3), _r("Py", 1), _r("Pdsp", 1), _r("Px", 4), _r("Pkb", 20), _r("Pkz", 20), _r("Pns", 1),
        _r("Pfn", 20), _r("Pr", 1), _r("Pg", 1), Param("Pfx", 10, times=Times("Pfn")), _p("Psx", 1),
    ), (
        Part("nr_kasy", Text(8), 25), Part("kasjer", Text(17, 32), 25), Part("numer_systemowy", Text(30, 60), 25),
        Part("linie", _LINE, 25, times=Times("Pn")), Part("formy", Text(16, 24), 25, times=Times("Pfn")),
        Part("nr_kaucji_pobr", Text(4), 17, times=Times("Pkb")),
        Part("ilosc_kaucji_pobr", Text(16), 17, times=Times("Pkb")),
        Part("nr_kaucji_zwr", Text(4), 17, times=Times("Pkz")),
        Part("ilosc_kaucji_zwr", Text(16), 17, times=Times("Pkz")),
        Part("opis_rabatu", Text(16), 25, when=_RECEIPT_DESCRIPTION),
        Part("total", f.AMOUNT, 27), Part("dsp", f.AMOUNT, 26), Part("rabat", f.AMOUNT, 27),
        Part("wplata", f.AMOUNT, 26), Part("kwoty", f.AMOUNT, 26, times=Times("Pfn")), Part("reszta", f.AMOUNT, 26),
        Part("kaucja_pobr", f.AMOUNT, 26, times=Times("Pkb")),
        Part("kaucja_zwr", f.AMOUNT, 26, times=Times("Pkz")),
    ), effect=_IRR, deadline=_CLOSE, fault=4),
    # -- after a short closing (5.6) -------------------------------------------------------------------
    *(Row("$z", number, (), (*_PACK, Part("kwota", f.AMOUNT, 83))) for number in (4, 8)),
    Row("$z", 12),
    Row("$z", 20, (_r("Psx", 191),), (Part("tekst", Text(25), optional=True),)),
    Row("$z", 24, (_r("Pn", 3),), (Part("linie", _LINE, times=Times("Pn")),)),
    Row("$z", 28, (_PC,), deadline=_CLOSE),
    Row("$z", 100, (_p("idtype", 3),), (Part("id", Text(16, least=1), 2),), brands=_NOVITUS),
    *INVOICE_ROWS,
    # -- reports (5.8) ---------------------------------------------------------------------------------
    Row("#r", None, (_p("Ps", 1), _p("Py", 99), _p("Pm", 12, 1), _p("Pd", 31, 1)), _WHO, effect=_IRR, deadline=_REPORT),
    *(Row("#o", number, (), (*_numbers("Od", "Do", end=b"/"), *_WHO), effect=_IRR, deadline=_REPORT)
      for number in (16, 17)),
    Row("#o", None, (
        _r("Py1", 99), _r("Pm1", 12, 1), _r("Pd1", 31, 1), _r("Py2", 99), _r("Pm2", 12, 1), _r("Pd2", 31, 1), _p("Pt"),
    ), _WHO, effect=_IRR, deadline=_REPORT),
)  # fmt: skip

#: Every command by brand and name.
COMMANDS: dict[Brand, dict[str, Row]] = {
    brand: {row.name: row for row in _ROWS if brand in row.brands} for brand in Brand
}


def find(frame: Frame, brand: Brand) -> Row | None:
    """The command that ``frame`` is, or ``None`` if devices of that brand have no such command."""
    rows = COMMANDS[brand]
    first = frame.params[0] if frame.params else None
    if len(frame.params) > RECEIPT_PARAMS.get(frame.name, 255):
        invoice = rows.get(f"{frame.name} {first} invoice") or rows.get(f"{frame.name} invoice")
        if invoice is not None:
            return invoice
    row, general = rows.get(f"{frame.name} {first}"), rows.get(frame.name)
    if row is None or (general is not None and len(frame.params) > 1 + len(row.params)):
        # 16 alone is a report by numbers; with six more parameters it is the year of a date.
        row = general
    if row is not None and row.below is not None and first is not None and first >= row.below and row.first is None:
        return None
    return row


def request(name: str, brand: Brand = Brand.POSNET, **values: Any) -> Request:
    """A request, without the values that are ``None``. Raises ``KeyError`` for our mistakes."""
    row = COMMANDS[brand][name]
    given = {key: value for key, value in values.items() if value is not None}
    known = {param.name for param in row.params} | {part.name for part in row.parts}
    for key in given:
        if key not in known:
            raise KeyError(f"{name} has no {key}")
    return Request(row, given, brand)


def text_limit(brand: Brand, command: str, part: str) -> int:
    """The number of characters that printers of that brand take in the part."""
    kind = COMMANDS[brand][command].part(part).value
    assert isinstance(kind, Text)
    return kind.limit(brand)


def names() -> set[str]:
    """The names of all commands of all brands."""
    return {row.name for row in _ROWS}
