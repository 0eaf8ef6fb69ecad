"""The commands of a Novitus's invoice, one row each: they have the receipt's identifiers and more parameters.

Source: Novitus's description of the protocol 1.12, section 3.16 [doc], and the older driver of one client, tested on a
BONO E: its ``$h`` has ten parameters and no name of the buyer, its ``@c`` eleven and five texts [client].
"""

from __future__ import annotations

from fiscald.protocols.base import Deadline, Effect
from fiscald.protocols.thermal import fields as f
from fiscald.protocols.thermal.fields import Brand, Lines, Text
from fiscald.protocols.thermal.layouts import Param, Part, Times, When
from fiscald.protocols.thermal.rows import Row
from fiscald.protocols.thermal.rows import may as _p
from fiscald.protocols.thermal.rows import must as _r

#: Most parameters that a receipt's command of this identifier has; with more it is an invoice's.
RECEIPT_PARAMS = {"$h": 5, "$e": 6}
_NOVITUS = (Brand.NOVITUS,)
_BAD_NUMBER, _BAD_TEXT = 1109, 25


def _since(name: str) -> When:
    """Present as soon as the sender knows the parameter, which is the last one."""
    return When(None, (name, ()))


def _end(first: int, effect: Effect) -> Row:
    """The long form of ``$e``; both its actions have the same fields."""
    # Percentage, ending and kind of discount are ignored, by the description.
    params: tuple[Param, ...] = (
        _p("Pr", 99), _r("Pn", 3), _p("Pc", 3), _p("Px", 2), _p("Py"), _r("linia", 1), _r("opcje_kup", 2),
        _r("opcje_sprz", 2),
    )  # fmt: skip
    parts = (
        Part("kasjer", Text(31), _BAD_TEXT), Part("linie", Text(40), _BAD_TEXT, times=Times("Pn")),
        Part("zaplacono", Text(29), _BAD_TEXT), Part("kupujacy", Text(40), _BAD_TEXT),
        Part("sprzedajacy", Text(40), _BAD_TEXT), Part("wplata", f.AMOUNT, 26), Part("total", f.AMOUNT, 27),
        Part("rabat", f.AMOUNT, 27),
    )  # fmt: skip
    return Row("$e", first, params, parts, brands=_NOVITUS, variant="invoice", effect=effect, deadline=Deadline.CLOSE)


#: Lines of the buyer's address; none announced are three.
_ADDRESS = Times("Pn", 3)
#: The row of an invoice's opening, of its options and of its end.
INVOICE_ROWS = (
    Row("$h", None, (
        _r("Pl"), _r("Pn", 8), _r("typ", 2, 1), _p("kopia", 2), _p("margines", 1), _p("P6"), _p("kopie"), _p("P8"),
        _p("P9"), _r("podpisy", 1), _p("PL", 1),
    ), (
        Part("numer", Text(56), _BAD_NUMBER), Part("nabywca", Text(64), 4, times=_ADDRESS), Part("nip", Text(16), 1098),
        Part("termin", Text(16)), Part("forma", Text(20)), Part("odbiorca", Text(26)), Part("wystawiajacy", Text(26)),
        Part("numer_systemowy", Text(30)), Part("nazwa", Lines(256), when=_since("PL")),
    ), brands=_NOVITUS, variant="invoice"),
    Row("@c", None, (
        _p("kopie"), _r("opcje_kup", 2), _r("opcje_sprz", 2), _r("linia", 1), _p("Py", 99), _p("Pm", 12), _p("Pd", 31),
        _p("opcje1"), _p("opcje2"), _p("idtype", 2), _r("opcje3"), _p("etykieta", 1),
    ), (
        Part("termin", Text(16)), Part("forma", Text(20)), Part("odbiorca", Text(26)), Part("wystawiajacy", Text(26)),
        Part("zaplacono", Text(29), when=_since("etykieta")), Part("numer_systemowy", Text(30)),
        Part("informacje", Lines(512), when=_since("etykieta")), Part("nazwa", Lines(256), when=_since("etykieta")),
    ), brands=_NOVITUS),
    _end(0, Effect.REVERSIBLE),
    _end(1, Effect.IRREVERSIBLE),
)  # fmt: skip
