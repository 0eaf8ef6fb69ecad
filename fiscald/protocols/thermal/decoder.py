"""What passes over a Thermal line, named for people: every sequence, field, status bit and error, whole or damaged.

Meanings are facts of the Thermal reference, sections 3.3, 3.4, 5, 7.4 and appendix A; where it says that a meaning is
not known, the row says so too. The words are ours. Recordings of this family write bytes in hexadecimal, whole: which
sequences have a check byte, and how, differs between devices and is a part of what was recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from fiscald.model.money import format_grosze, plain
from fiscald.model.privacy import mask, mask_nips
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Effect, Settings
from fiscald.protocols.decoding import CommandDoc, DecodedError, DecodedField, DecodedFrame, Direction, ProtocolDoc
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal import fields as f
from fiscald.protocols.thermal.codes import CODES, lookup
from fiscald.protocols.thermal.commands import (
    ANSWERS,
    DESCRIPTIONS,
    MODEL,
    PAYMENT_FORMS,
    RATE_LETTERS,
    RESULT,
    Check,
    Layout,
    Part,
    Row,
    find,
)
from fiscald.protocols.thermal.fields import Brand, Dialect, Measured, ValueRefused
from fiscald.protocols.thermal.frames import (
    BEGIN,
    END,
    ESC,
    MAX_FRAME,
    AnswerDeframer,
    BadFrame,
    CommandDeframer,
    Control,
    Dle,
    Enq,
    Frame,
    FrameFault,
    check,
    decode,
)
from fiscald.protocols.thermal.lua import TELLING, lua
from fiscald.protocols.thermal.options import code_page, known_profile
from fiscald.protocols.thermal.profiles import detect

# The table: one command, answer or single byte per line, its fields separated by ";". A field that ends in "*" stands
# for one per rate. "=" in front of a field: it belongs to this very printer at this very moment. "!" in front:
# personal data.
_WORDS = """
ENQ     | state, in the order of commands | FSK fiscal mode; CMD the last command was carried out; PAR a receipt is open; TRF the last receipt was completed
DLE     | state, at once | ONL on-line; PE no paper, or the battery is discharged; ERR fault of the mechanism
DLE2    | extended state, at once |
CAN     | give an unfinished sequence up |
BEL     | beep |
#s      | status, of the rates in use | Ps not used
#s 22   | status, with the totals of the receipt |
#s 23   | status, with the totals of the day |
#s 24   | records, and the receipt by rate |
#s 28   | the open day |
#s 50   | number of the last printed document |
#s 99   | status, with the cash in euro |
#s 100  | the open or last receipt by rate | Pn 0 gross, 1 net, 2 VAT
#n      | error of the last command | Ps not used
#v      | model and firmware |
#v 30   | original model and firmware |
#c      | read the clock | Ps not used
#u      | read the header |
^u      | read the header |
$g      | may this name be sold at this rate | nazwa name; ptu rate
#e      | how errors are told | Ps 0 display, 1 not, 2 display and answers, 3 answers to all, 4 answers to what has none of its own
$c      | set the clock | Py year; Pm month; Pd day; Ph hour; Pmn minute; Ps second; nr_kasy till; !kasjer cashier
$p      | set the rates | Ps how many; Py year; Pm month; Pd day; conf confirmation at the printer; ptu* rate; nr_kasy till; !kasjer cashier; data date
$f 0    | set the header | naglowek text; nr_kasy till; !kasjer cashier
$r      | options of the printer | Pr option; P2 its value; P3 its value
#l      | feed paper | Ps lines; ciecie 0 no cut, 1 full, 2 partial
$d 1    | open the drawer |
$d 2    | text on the displays | tekst text
$d 3    | clock on the customer's display | Pn 0 time, 1 date
$d 4    | display back to the sale |
$d 5    | text on the operator's display | tekst text
$d 101  | upper line of the customer's display | tekst text
$d 102  | lower line of the customer's display | tekst text
#p      | log a cashier in | Ps not used; !kasjer cashier; nr_kasy till
#q      | log the cashier out | Ps not used; !kasjer cashier; nr_kasy till
#i      | pay-in | Ps not used; kwota amount; nr_kasy till; !kasjer cashier
#d      | pay-out | Ps not used; kwota amount; nr_kasy till; !kasjer cashier
#z      | goods return | Ps not used; kwota amount; nr_kasy till; !kasjer cashier
#t      | cash report | Ps 1 sets the cash to zero (Novitus); nr_kasy till; !kasjer cashier
#k      | shift report | Ps 0 with reset, 23 reading only; zmiana shift; !kasjer cashier; nr_kasy till
$h      | open a receipt | Pl lines in block mode, 0 without; Pn lines of text; P0 always 0; idtype kind of the buyer's number: 1 NIP, 2 REGON, 3 PESEL; PL print PL in front of it; linie line of text; !id buyer's number
$N 1    | buyer's NIP | !nip NIP
$l      | sell or reverse a line | Pi number of the line, 0 reverses; Pr 0 none, 1 discount, 2 discount in per cent, 3 surcharge, 4 surcharge in per cent; Po description of the discount, 16 its own; Pd a line under the name; nazwa name; ilosc quantity and unit; ptu rate; cena price; brutto value before the discount; rabat discount or surcharge; nazwa_rabatu name of the discount; opis line under the name
$d 6    | packaging given out | kwota value; nr number; ilosc quantity
$d 7    | reverse packaging given out | kwota value; nr number; ilosc quantity
$d 10   | packaging returned | kwota value; nr number; ilosc quantity
$d 11   | reverse packaging returned | kwota value; nr number; ilosc quantity
$L      | discount or surcharge on one rate | Ps rate, 0 is A; Px 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Po description, 16 its own; total_w_stawce sold in that rate; wartosc discount or surcharge; nazwa name
$Y      | discount or surcharge on the subtotal | Px 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Po description, 16 its own; podsuma subtotal; wartosc discount or surcharge; nazwa name
$n      | announce a discount or surcharge of the receipt | Px 0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge, 5 to 8 the same with subtotal; nazwa name; wartosc discount or surcharge
$b 1    | payment | Pfx form of payment; kwota amount; nazwa name
$b 2    | take a payment back | Pfx form of payment; kwota amount; nazwa name
$e 0    | cancel the receipt | Pc how the paper ends; Pns a system number follows; nr_kasy till; !kasjer cashier; numer_systemowy system number
$e 1    | close the receipt | Pr discount in per cent; Pn lines of the footer; Pc how the paper ends; Px 0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Py not used; !kod till and cashier; linie line of the footer; wplata paid in cash; total lines of the receipt; rabat discount or surcharge
$x      | close the receipt | Pn lines of the footer; Pc how the paper ends; Py not used; Px 0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Pg print the cash; Pk print the card; Pz print the cheque; Pb print the voucher; Po1 compare packaging given out; Po2 compare packaging returned; Pr print the change as sent; !kod till and cashier; teksty lines of the footer, then names of card, cheque and voucher; total lines of the receipt; rabat discount or surcharge; wplata paid in cash; karta paid by card; czek paid by cheque; bon paid by voucher; przyjecie packaging given out; wydanie packaging returned; reszta change
$y      | close the receipt | Pn lines of the footer; Pc how the paper ends, 3 further lines follow; Py short summary; Pdsp the display's amount is negative; Px 0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Pkb packaging given out; Pkz packaging returned; Pns a system number is used; Pfn forms of payment; Pr print the change as sent; Pg paid in cash; Pfx form of payment; Psx a name of the discount follows; nr_kasy till; !kasjer cashier; numer_systemowy system number; linie line of the footer; formy name of the form; nr_kaucji_pobr number of packaging given out; ilosc_kaucji_pobr quantity given out; nr_kaucji_zwr number of packaging returned; ilosc_kaucji_zwr quantity returned; opis_rabatu name of the discount; total lines of the receipt; dsp on the display; rabat discount or surcharge; wplata paid in cash; kwoty paid in that form; reszta change; kaucja_pobr value given out; kaucja_zwr value returned
$z 4    | after the closing: packaging given out | nr number; ilosc quantity; kwota price
$z 8    | after the closing: packaging returned | nr number; ilosc quantity; kwota price
$z 12   | after the closing: print payments and change now |
$z 20   | after the closing: line with a keyword | Psx keyword; tekst text
$z 24   | after the closing: lines of the footer | Pn how many; linie line of the footer
$z 28   | after the closing: end of the sheet | Pc how the paper ends
$z 100  | buyer's number | idtype kind of it: 1 NIP, 2 REGON, 3 PESEL; !id number
#r      | daily report | Ps 1 the date is checked; Py year; Pm month; Pd day; nr_kasy till; !kasjer cashier
#o      | periodic report | Py1 from year; Pm1 from month; Pd1 from day; Py2 to year; Pm2 to month; Pd2 to day; Pt kind of report; nr_kasy till; !kasjer cashier
#Z      | result | Pe error; rozkaz command
#X 1    | status | Pe error of the last command; Pm 1 fiscal mode, 0 training; Pt 1 a receipt is open; =Px 1 the last receipt was completed; Pf always 1; =Pz memory resets; =Py last record, year; =Pmies last record, month; =Pd last record, day; =ptu* rate; =ptu rate in use; =par_num receipts of the day, or of all days; =tot* totals in rate; =tot totals in a rate in use, the exempt one last; =cash cash in the drawer; =nr_unikatowy unique number
#X 2    | status | Pe error of the last command; Pm 1 fiscal mode, 0 training; Pt 1 a receipt is open; =Px 1 the last receipt was completed; Pf always 1; =Pz memory resets; =Py last record, year; =Pmies last record, month; =Pd last record, day; =ptu* rate; =par_num receipts of the day, or of all days; =tot* totals in rate; =cash cash in the drawer; =nr_unikatowy unique number
#X 3    | records, and the receipt by rate | =Py fiscalised, year; =Pm fiscalised, month; =Pd fiscalised, day; =n_dobowych daily reports made; =n_wolnych free records; =n_zablokowanych blocked goods; p* receipt in rate
#X 10   | the open day | =Py year; =Pm month; =Pd day; =Ph hour; =Pmin minute; =Ps second; =parag receipts of the day; =anul cancelled receipts of the day; =zmiany changes in the goods base; =anul_kwota value of cancelled receipts; =tot* totals in rate
#X 50   | number of the last printed document | =numer its number; =dalsze differs between brands
#X 100  | the open or last receipt by rate | Pn 0 gross, 1 net, 2 VAT; Pt 0 none, 1 receipt, 17 receipt in block mode, 19 invoice; total total; v* value in rate; f not known
#E 1    | error of the last command | Pe error
#R 1    | model and firmware | =typ model; =wersja firmware
#C 1    | the printer's clock | =Py year; =Pm month; =Pd day; =Ph hour; =Pmin minute; =Ps second
#U 1    | the header | =naglowek text
$G 1    | may this name be sold at this rate | Pe error; ptu rate
@s      | extended state | Pe error of the last command; =nr_wydruku last printed document; =nr_paragonu last receipt; stan state, eight hexadecimal digits
"""  # noqa: E501

#: What may stand in a sequence of no known command, or of one whose fields do not fit.
_COMMON = {"param": "a parameter of no known meaning", "string": "fields of no known layout"}

_OUTSIDE, _ENDLESS = "bytes outside of a sequence", "the sequence has no end"
_FAULTS = {
    FrameFault.SYNTAX: "not built as a sequence",
    FrameFault.TOO_LONG: f"longer than {MAX_FRAME} bytes",
}
_NO_CHECK = "the check byte does not fit"

_HEAD = re.compile(rb"[\x00-\x1f]?([0-9;]*)([$#^@!?*][A-Za-z])")
#: Found in a sequence at once, wherever they are (3.1 rule 2).
_ANYWHERE = (Control.DLE, Control.DLE2)
#: Error modes in which every command is answered, or every one that has no answer of its own (3.4).
_ANSWERING = (2, 3, 4)


class _Meaning(NamedTuple):
    text: str
    volatile: bool = False
    private: bool = False


def _parse(rows: str) -> dict[str, tuple[str, dict[str, _Meaning]]]:
    table = {}
    for row in rows.strip().splitlines():
        name, text, fields = (column.strip() for column in row.split("|"))
        meanings: dict[str, _Meaning] = {}
        for each in filter(None, fields.split("; ")):
            field, _, meaning = each.lstrip("=!").partition(" ")
            volatile, private = each.startswith("="), each.startswith("!")
            if field.endswith("*"):
                for letter in RATE_LETTERS:
                    meanings[field[:-1] + letter] = _Meaning(f"{meaning} {letter}", volatile, private)
            else:
                meanings[field] = _Meaning(meaning, volatile, private)
        table[name] = (text, meanings)
    return table


#: Meaning of every command, answer and single byte, and of its fields.
WORDS = _parse(_WORDS)
#: Identifiers of commands with personal data.
_PRIVATE = {name.split()[0] for name, (_, meanings) in WORDS.items() if any(each.private for each in meanings.values())}


class _Piece(NamedTuple):
    """What passed, before it is named."""

    raw: bytes
    item: Frame | BadFrame | Control | Enq | Dle | None = None
    inside: bool = False
    """Without an item: whether it began as a sequence. A single byte: whether it lies in one, whose bytes it is."""


class _Cutter:
    """Cuts the bytes of one direction as a printer does, or as whoever reads its answers."""

    def __init__(self, direction: Direction) -> None:
        self._deframer = CommandDeframer() if direction is Direction.SENT else AnswerDeframer()
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[_Piece]:
        """Everything that ``data`` completes."""
        for byte in data:
            yield from self._byte(byte)
        if not self._deframer.inside:
            yield from self._told(self._rest.rfind(ESC) if self._deframer.escaped else len(self._rest), inside=False)

    def end(self) -> Iterator[_Piece]:
        """What is unfinished."""
        yield from self._told(len(self._rest), inside=self._deframer.inside)
        self._deframer.reset()

    def _told(self, until: int, *, inside: bool) -> Iterator[_Piece]:
        raw, self._rest = bytes(self._rest[:until]), self._rest[until:]
        if raw:
            yield _Piece(raw, inside=inside)

    def _byte(self, byte: int) -> Iterator[_Piece]:
        inside, escaped = self._deframer.inside, self._deframer.escaped
        item = next(iter(self._deframer.feed(bytes([byte]))), None)
        if item is not None and not isinstance(item, Frame | BadFrame):
            if item in _ANYWHERE and (inside or escaped):
                self._rest.append(byte)
                yield _Piece(b"", item, inside=True)
            else:
                yield from self._told(len(self._rest), inside=inside)
                yield _Piece(bytes([byte]), item)
            return
        self._rest.append(byte)
        if item is not None:
            raw, self._rest = bytes(self._rest), bytearray()
            yield _Piece(raw, item)
        elif escaped and byte == BEGIN[0]:
            yield from self._told(self._rest.rfind(ESC), inside=inside)


class _Read(NamedTuple):
    """A sequence, as far as a layout fits it."""

    layout: Layout | None
    brand: Brand
    params: list[tuple[str, bytes]]
    parts: list[tuple[Part | None, str, bytes]]
    """Without a part: everything behind the identifier, where the layout does not fit."""

    @property
    def fits(self) -> bool:
        """Whether nothing is left over."""
        return all(part is not None for part, _, _ in self.parts) and all(name != "param" for name, _ in self.params)


class ThermalDecoder:
    """See ``fiscald.protocols.decoding.Decoder``.

    Without a profile the brand is what the printer's model says, and until then POSNET; a layout that does not fit is
    tried as the other brand has it.
    """

    def __init__(self, settings: Settings) -> None:
        self._codec = CODE_PAGES[code_page(settings)]
        known = known_profile(settings)
        self._configured = known is not None
        self._brands = tuple(Brand) if known is None else (known.brand,)
        self._mode: int | None = None
        self._cutters = {direction: _Cutter(direction) for direction in Direction}

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        """What ``data`` completes. A DLE in the middle of a sequence is a frame of its own, without ``raw``."""
        return [self._named(direction, piece) for piece in self._cutters[direction].feed(data)]

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        """What is unfinished."""
        return [self._named(direction, piece) for piece in self._cutters[direction].end()]

    def _named(self, direction: Direction, piece: _Piece) -> DecodedFrame:
        raw, item, inside = piece
        match item:
            case None:
                masked = _masked_damaged(raw) if inside else mask_nips(raw)
                return DecodedFrame(raw, masked, damage=_ENDLESS if inside else _OUTSIDE)
            case BadFrame():
                return DecodedFrame(raw, _masked_damaged(raw), damage=_FAULTS[item.fault])
            case Frame():
                return self._sequence(direction, raw, item)
            case Control():
                silent = item in (Control.CAN, Control.BEL)
                meaning = WORDS[item.name][0]
                text = f"{item:02X}"
                return DecodedFrame(raw, raw, item.name, meaning, text=text, effect=Effect.QUERY, silent=silent)
        name = "ENQ" if isinstance(item, Enq) else "DLE"
        meaning, meanings = WORDS[name]
        bits = [
            DecodedField(field, str(int(bit)), "yes" if bit else "no", known.text)
            for (field, known), bit in zip(meanings.items(), item, strict=True)
        ]
        return DecodedFrame(raw, raw, name, meaning, tuple(bits), text=f"{item.byte:02X}")

    # -- sequences ------------------------------------------------------------------------------------

    def _sequence(self, direction: Direction, raw: bytes, frame: Frame) -> DecodedFrame:
        clean = _clean(raw) if direction is Direction.SENT else raw
        read = self._read(direction, clean, frame)
        layout = read.layout
        if layout is not None and layout.check is Check.REQUIRED and not frame.digits:
            return DecodedFrame(raw, _masked_damaged(raw), layout.name, damage=_NO_CHECK)
        name = _unknown_name(direction, frame) if layout is None else layout.name
        meaning, meanings = WORDS.get(name, ("", {}))
        fields = tuple(self._fields(read, meanings))
        masked = _rebuilt(raw, clean, frame, layout, _masked_body(frame.name, read, meanings))
        effect = layout.effect if isinstance(layout, Row) else None
        self._learn(layout, fields)
        return DecodedFrame(
            raw,
            masked,
            name,
            meaning,
            fields,
            self._error(layout, fields),
            text=clean.hex().upper(),
            effect=effect,
            silent=direction is Direction.SENT
            and self._mode not in _ANSWERING
            and not (isinstance(layout, Row) and layout.answers),
        )

    def _read(self, direction: Direction, clean: bytes, frame: Frame) -> _Read:
        """By the first layout that fits, or by the first one that is known."""
        match = _HEAD.match(clean, 2)
        assert match is not None
        texts = match[1].split(b";") if match[1] else []
        found: _Read | None = None
        for brand in self._brands:
            layout = find(frame, brand) if direction is Direction.SENT else _answer(frame)
            if layout is None:
                continue
            params, given = _params(layout, frame, texts)
            parts = _parts(layout, frame, given, brand)
            read = _Read(layout, brand, params, parts)
            if read.fits:
                return read
            found = found or read
        whole: list[tuple[Part | None, str, bytes]] = [(None, "string", frame.body)] if frame.body else []
        return found or _Read(None, self._brands[0], [("param", text) for text in texts], whole)

    def _fields(self, read: _Read, meanings: Mapping[str, _Meaning]) -> Iterator[DecodedField]:
        for name, raw in read.params:
            text = raw.decode("ascii")
            yield self._field(name, text, _shown_param(name, text), meanings)
        for part, name, raw in read.parts:
            text = raw.decode(self._codec, "replace")
            yield self._field(name, text, self._shown(part, name, raw, text, read.brand), meanings)

    def _field(self, name: str, text: str, value: str, meanings: Mapping[str, _Meaning]) -> DecodedField:
        known = meanings.get(name, _Meaning(_COMMON.get(name, "")))
        return DecodedField(name, text, value, known.text, known.volatile)

    def _shown(self, part: Part | None, name: str, raw: bytes, text: str, brand: Brand) -> str:
        """A value as a person writes it."""
        if part is None:
            return " / ".join(text.splitlines())
        for each in (brand, *self._brands):
            try:
                value = part.value.decode(raw, Dialect(self._codec, each))
                break
            except ValueRefused as error:
                why = error
        else:
            return f"{text!r}: {why}"
        if name == "Pe" and value:
            return f"{value} ({lookup(value, self._brands[0]).text})"
        match part.value:
            case f.Amount():
                return format_grosze(value)
            case f.Rate():
                return "inactive" if value is None else f"{plain(value)}%" if isinstance(value, Decimal) else str(value)
            case f.Header():
                return " / ".join(value.splitlines())
        if isinstance(value, Measured):
            return f"{plain(value.number)} {value.unit}".rstrip()
        return str(value)

    def _error(self, layout: Layout | None, fields: tuple[DecodedField, ...]) -> DecodedError | None:
        if layout is None or layout.name not in TELLING or not fields or fields[0].name != "Pe":
            return None
        # What is no number at all is no known error either.
        digits = fields[0].text.isascii() and fields[0].text.isdigit()
        if not digits or not (number := int(fields[0].text)):
            return None
        code = lookup(number, self._brands[0])
        return DecodedError(code.name, code.text, code.text_pl)

    def _learn(self, layout: Layout | None, fields: tuple[DecodedField, ...]) -> None:
        """Error mode and brand are seen in passing."""
        if layout is RESULT and self._mode is None:
            self._mode = _ANSWERING[0]
        elif layout is MODEL and fields[0].name == "typ" and not self._configured:
            brand = detect(fields[0].text).brand
            self._brands = (brand, *(other for other in Brand if other is not brand))
        elif layout is not None and layout.name == "#e" and fields and fields[0].name == "Ps" and fields[0].text:
            self._mode = int(fields[0].text)


def _unknown_name(direction: Direction, frame: Frame) -> str:
    """With its number, where that makes it another command than the known one of the same identifier."""
    first = frame.params[0] if frame.params else None
    other = direction is Direction.SENT and frame.name in WORDS and first is not None
    return f"{frame.name} {first}" if other else frame.name


def _answer(frame: Frame) -> Layout | None:
    if frame.name == RESULT.id:
        return RESULT
    return ANSWERS.get((frame.name, frame.params[0] if frame.params else None))


def _params(layout: Layout, frame: Frame, texts: list[bytes]) -> tuple[list[tuple[str, bytes]], dict[str, Any]]:
    """The parameters with their names, whatever their values; and the values, for the fields."""
    given: dict[str, Any] = {}
    found = []
    at = 0 if layout.first is None else 1
    for param in layout.params:
        count = 1 if param.times is None else param.times(given)
        taken = range(at, min(at + count, len(texts)))
        found += [(param.name, texts[place]) for place in taken]
        if taken:
            values = [frame.params[place] for place in taken]
            given[param.name] = values[0] if param.times is None else values
        at += len(taken)
    return found + [("param", text) for text in texts[at:]], given


def _parts(
    layout: Layout, frame: Frame, given: Mapping[str, Any], brand: Brand
) -> list[tuple[Part | None, str, bytes]]:
    """The fields with their names, whatever their values; one of no known layout where they are more or fewer."""
    try:
        raw = layout.split(frame, given, brand)
    except FieldFault:
        return [(None, "string", frame.unchecked.body if layout.check is Check.NEVER else frame.body)]
    found: list[tuple[Part | None, str, bytes]] = []
    for part in layout.parts:
        value = raw[part.name]
        values = value if part.many else [] if value is None else [value]
        for index, each in enumerate(values):
            found.append((part, part.name + part.letter(index, len(values)), each))
    return found


def _shown_param(name: str, text: str) -> str:
    number = int(text or 0)
    if name == "Pfx" and number in PAYMENT_FORMS:
        return f"{text} ({PAYMENT_FORMS[number]})"
    if name == "Po" and DESCRIPTIONS.get(number):
        return f"{text} ({DESCRIPTIONS[number]})"
    return text


# -- masking ---------------------------------------------------------------------------------------------


def _clean(raw: bytes) -> bytes:
    """What was sent, without what a printer takes out of it at once."""
    return bytes(byte for byte in raw if byte not in _ANYWHERE)


def _masked_body(id_: str, read: _Read, meanings: Mapping[str, _Meaning]) -> bytes:
    """The fields with personal data masked, just as long."""
    out = b""
    for part, name, raw in read.parts:
        private = id_ in _PRIVATE if part is None else meanings[name].private
        # A unique number has ten digits too, and says which printer it was.
        hidden = mask(raw) if private else raw if name == "nr_unikatowy" else mask_nips(raw)
        out += hidden + (b"" if part is None else part.term)
    return out


def _rebuilt(raw: bytes, clean: bytes, frame: Frame, layout: Layout | None, body: bytes) -> bytes:
    """The sequence with another body, its check byte made anew, and with what lay in it where it was."""
    checked = frame.digits and not (layout is not None and layout.check is Check.NEVER)
    end = len(clean) - 1
    while clean[end - 1] == ESC:
        end -= 1
    start = end - len(body) - (2 if checked else 0)
    payload = clean[2:start] + body
    if payload == clean[2 : start + len(body)]:
        return raw
    masked = clean[:2] + payload + (check(payload) if checked else b"") + clean[end:]
    if len(clean) == len(raw):
        return masked
    left = iter(masked)
    return bytes(byte if byte in _ANYWHERE else next(left) for byte in raw)


def _masked_damaged(raw: bytes) -> bytes:
    """The same where nobody knows which field is which; what was damaged stays so."""
    match = _HEAD.match(_clean(raw), 2)
    if match is None:
        return mask_nips(raw)
    name = match[2]
    if name.decode("ascii") not in _PRIVATE:
        masked = mask_nips(raw)
    else:
        # The identifier itself may have a DLE in it.
        at = raw.find(name[1:], 3) + 1
        masked = raw[:at] + mask(raw[at:])
    clean = _clean(masked)
    if masked != raw and clean.endswith(b"%c" % ESC + END):
        again = decode(clean[2:-1].rstrip(b"%c" % ESC))
        if isinstance(again, Frame) and again.digits:
            # By chance the digits fit now.
            masked = re.sub(rb"[0-9A-Fa-f]([^0-9A-Fa-f]*)[0-9A-Fa-f]([^0-9A-Fa-f]*)\Z", rb"x\1x\2", masked)
    return masked


def protocol_doc() -> ProtocolDoc:
    """The tables, for the dissector."""
    words = tuple(
        CommandDoc(name, text, tuple((field, meaning.text) for field, meaning in meanings.items()))
        for name, (text, meanings) in WORDS.items()
    )
    errors = {
        str(code.number): DecodedError(code.name, code.text, code.text_pl)
        for code in (lookup(number) for number in sorted(CODES[Brand.NOVITUS]))
        if code.number
    }
    return ProtocolDoc(words, tuple(_COMMON.items()), errors, lua())
