"""Decodes a POSNET line for people: every frame, field and error, whole or damaged.

The meanings are facts of the POSNET reference, sections 3.2, 3.3 and 5. If the reference does not know a meaning, the
row marks it. The words are ours.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from fiscald.model.money import format_grosze
from fiscald.model.privacy import mask, mask_personal
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.decoding import CommandDoc, DecodedError, DecodedField, DecodedFrame, Direction, ProtocolDoc
from fiscald.protocols.posnet import fields as f
from fiscald.protocols.posnet.codes import TABLE, Kind, lookup
from fiscald.protocols.posnet.commands import COMMANDS, PAYMENT_FORMS, RATE_LETTERS, Param
from fiscald.protocols.posnet.fields import Dialect, ValueRefused
from fiscald.protocols.posnet.frames import (
    ERROR,
    ETX,
    MARK,
    MAX_FRAME,
    STX,
    TAB,
    TOKEN,
    BadFrame,
    Deframer,
    Field,
    Frame,
    FrameFault,
    crc16,
)
from fiscald.protocols.posnet.lua import LUA

# The table: one command per line, its fields separated by ";". A field that ends in "*" stands for one per rate.
# "=" before a field: its value depends on the printer and the moment. "!" before a field: personal data.
_WORDS = """
scomm      | general status | fs fiscal mode; =tz day's totals are zero; ts type of the open transaction; hr header programmed; =nu unique number; td not known (training mode by the look of it)
sfsk       | fiscal memory | fs fiscal mode; =cl memory resets; =rd daily reports made; =vt changes of rates; =v* rate; =rw last daily report; =tm last daily report; =nu unique number
scnt       | counters | =rd daily reports made; =hn last printed document; =bn receipts of the day; =fn invoices of the day; =nu unique number; =bc cancelled receipts of the day; =bt last receipt's number; =fc cancelled invoices of the day
strns      | open or last document | to transaction open; ts type of document; v* value in rate; pp packaging given out; pm packaging returned; re change; fp payments; fe footer open
stot       | totals of the day | =no next daily report; =f* invoices in rate; =fn invoices; =p* receipts in rate; =pn receipts; =ct value of cancelled receipts; =cn cancelled receipts; =cc changes in the goods base; =v* rate; =ds first sale of the day; =is first sale of the day; =de last sale of the day; =ie last sale of the day; =ft not known; =fl not known; =nf non-fiscal printouts of the day; =bc not known; =le not known; =oe not known; =tf not known
eclastdocnoget | last document in the protected memory | ty type of document; =di its number
sdev       | device state | ds 0 ready, 1 menu, 2 waits for a key, 3 waits for a person; cp charger connected; qe queue empty; pe paper near its end
sprn       | printing mechanism | pr 0 good, 1 lever raised, 2 no access, 3 cover open, 4 no paper (copy), 5 no paper, 6 temperature or supply, 7 power failed, 8 cutter, 9 power supply, 10 cover open while cutting
rtcget     | read the clock | =da printer's time; =tm printer's time with offset
rtcset     | set the clock | da new time
vatget     | read the rates | =v* rate
vatset     | set the rates | v* rate; da date
sid        | model and firmware | =nm model; =vr firmware
getrealid  | identity | =nm model; =vr firmware; =nu unique number
auth       | enter an authorisation code | co code
authstateget | days of authorisation left | =il days
maintenance | set the date of the service inspection | da date; te text
fiscalize  | put into fiscal mode | !ni seller's NIP
currrateget | read the exchange rate | na currency; di direction; on in use; ra rate
hdrset     | set the header | tx text; pr print a confirmation
hdrget     | read the header | =tx text
ftrinfoset | set the footer | tx text; lb 0 next receipt only, 1 all receipts
ftrinfoget | read the footer | =tx text
ftrcfg     | settings of the next printout | !cc cashier; cn till; ca keep cashier and till; sn system number; bc bar code; ln lines of the footer; lb 0 next receipt only, 1 all receipts; fe how the paper ends; bb place of the 2D code
dsptxtline | text on a display | id 0 customer, 1 operator; no line; ln text
dsptxt     | text on a display |
dspcmd     | command to a display |
dspcfg     | settings of a display | id 0 customer, 1 operator; co contrast; lu brightness; ls backlight; od delay in seconds
dspmode    | mode of the display |
opendrwr   | open the drawer |
papfeed    | feed paper | ln lines
prncfgset  | settings of the printing | nf setting
papersavecfg | settings of paper saving | ps setting
beep       | beep |
pccfgget   | read the computer's port | cp code page; id kind of port; no number; pr protocol
login      | log a cashier in | !na cashier; nk till; dr print a slip
logout     | log the cashier out | !na cashier; nk till
cash       | pay-in or pay-out | kw amount; wp pay-in
stocash    | goods return | kw amount
trinit     | open a receipt | bm block mode
trnipset   | buyer's NIP | !ni NIP; dw wide; ds caption
trline     | sell or reverse a line | na name; vt rate; pr price; st reversed; il quantity; wa value; jm unit; op description; rd discount; rn name of the discount; rp percentage; rw amount of the discount
trdiscntsubtot | discount or surcharge on the subtotal | na name; rd discount; rw amount; rp percentage
trdiscntbill | discount or surcharge on the bill | na name; rd discount; rw amount; rp percentage
trdiscntvat | discount or surcharge on one rate | vt rate; na name; rd discount; rw amount; rp percentage
trdiscntpromo | promotion in one rate | rw amount; vt rate; na name; st reversed
trpayment  | payment or change | ty form of payment; wa amount; na name; re change
trpaymentcurr | payment in another currency | wc amount in that currency; wa amount; ra exchange rate; sb currency; na name; re change
trpack     | returnable packaging | na number; ne returned; st reversed; pr price; il quantity; wa value; de description
trpackinit | open a packaging transaction |
trpackprnend | packaging in the footer | na number; ne returned; st reversed; pr price; il quantity; wa value; de description
trend      | close the receipt | to total; op packaging given out; om packaging returned; re change; fp payments; fe finish the footer
trftrln    | line of the footer | id kind of line; na text; sw double width; sh double height
trftrend   | finish the footer |
prncancel  | cancel what is open |
trcancel   | cancel the transaction |
qrcode     | QR code for the next printout | px module size; el error correction; hx text is hexadecimal; tx content
azteccode  | Aztec code for the next printout | px module size; el error correction; hx text is hexadecimal; tx content
dmcode     | Data Matrix code for the next printout | px module size; el error correction; hx text is hexadecimal; tx content
pdf417code | PDF417 code for the next printout | px module size; el error correction; hx text is hexadecimal; tx content
eparagonidznext | e-receipt for the next document | !id customer's identifier; =ha the document's identifier
eparagonidzcancel | no e-receipt after all |
eparagonbufferget | state of an e-receipt | =hd the document's identifier; =pr printed on paper; =st state of delivery
trfvinit   | open an invoice | nb number; !ni buyer's NIP; !na buyer; pd payment date; pt form of payment; !sc customer's person; !ss seller's person; cc extra copies; ps signature fields; co original and copy; cm print the copy; fo wide paper; nm title; ln width of non-fiscal lines; fn width of fiscal lines
trfvbuyer  | buyer of the invoice | !na name; !ni NIP; !ad address; sc section; at attributes
trfvnumber | number of the invoice | nb number; sc section; at attributes
trfvfreedata | free text of the invoice | tx text; sc section
formstart  | open a non-fiscal form | fn form; fh heading; al text of the heading
formline   | line of the form | fn form; fl kind of line; s1 first text; s2 second text; sw double width; sh double height
formcmd    | empty or separating line of the form | fn form; cm 0 empty, 1 separator
formbarcode | bar code of the form | fn form; bc content
formformattedline | formatted line of the form | fn form; s1 text; ma mask
formtinyline | line of the form in small letters | fn form; s1 text
formend    | end of the form | fn form
dailyrep   | daily report | da date
monthlyrep | monthly report | da day of the month; su summary only
periodicrepbydates | periodic report | fd from; td to; su summary only
shiftrep   | shift report | sh shift; zr reset the shift
cashstaterep | cash report |
dbchkstart | begin a check of the goods base | ty type
dbchkplu   | may this name be sold at this rate | vt rate; na name
dbchkend   | end of the check |
rpt        | repeat an answer |
"""  # noqa: E501

#: Fields that every frame may have (3.2, 3.3).
_COMMON = {TOKEN: "token", ERROR: "error", "cm": "command refused", "fd": "field refused"}

_FAULTS = {
    FrameFault.CRC: "the checksum does not fit",
    FrameFault.FIELD: "a field has no name",
    FrameFault.MNEMONIC: "the command's name is empty or too long",
    FrameFault.CRC_LENGTH: "the checksum does not have four digits",
    FrameFault.TOO_LONG: f"longer than {MAX_FRAME} bytes",
    FrameFault.SYNTAX: "no checksum, or not built as a frame",
}

#: After this many bytes without an end, the bytes are no frame.
_LONGEST = 4 * MAX_FRAME
_FRAMES = re.compile(rb"\x02[^\x02\x03]*\x03|\x02[^\x02\x03]*|[^\x02]+")


class _Meaning(NamedTuple):
    text: str
    volatile: bool = False
    private: bool = False


def _parse(rows: str) -> dict[str, tuple[str, dict[str, _Meaning]]]:
    table = {}
    for row in rows.strip().splitlines():
        mnemonic, text, fields = (column.strip() for column in row.split("|"))
        meanings: dict[str, _Meaning] = {}
        for field in filter(None, fields.split("; ")):
            name, _, meaning = field.lstrip("=!").partition(" ")
            volatile, private = field.startswith("="), field.startswith("!")
            if name.endswith("*"):
                for letter in RATE_LETTERS:
                    meanings[name[:-1] + letter] = _Meaning(f"{meaning} {letter.upper()}", volatile, private)
            else:
                meanings[name] = _Meaning(meaning, volatile, private)
        table[mnemonic] = (text, meanings)
    return table


#: Meaning of every command, and of its fields.
WORDS = _parse(_WORDS)


class PosnetDecoder:
    """See ``fiscald.protocols.decoding.Decoder``."""

    def __init__(self, code_page: str) -> None:
        self._dialect = Dialect(CODE_PAGES[code_page])
        self._rest = dict.fromkeys(Direction, b"")

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        """The frames that ``data`` completes."""
        found = []
        rest, self._rest[direction] = self._rest[direction] + data, b""
        for match in _FRAMES.finditer(rest):
            raw = match[0]
            if raw.startswith(STX) and len(raw) > _LONGEST:
                # The sender may never end the frame, so the bytes that wait for its end are bounded.
                found += [self._named(direction, piece) for piece in (raw[:_LONGEST], raw[_LONGEST:])]
            elif raw.startswith(STX) and not raw.endswith(ETX) and match.end() == len(rest):
                self._rest[direction] = raw
            else:
                found.append(self._named(direction, raw))
        return found

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        """The unfinished frame, as a damaged one."""
        rest, self._rest[direction] = self._rest[direction], b""
        return [self._named(direction, rest)] if rest else []

    def _named(self, direction: Direction, raw: bytes) -> DecodedFrame:
        if not raw.startswith(STX):
            return DecodedFrame(raw, _masked(raw), damage="bytes outside of a frame")
        if not raw.endswith(ETX):
            return DecodedFrame(raw, STX + _masked(raw[1:]), damage="the frame has no end")
        (frame,) = Deframer().feed(raw)
        payload, check = raw[1:-6], raw[-6:-1]
        if isinstance(frame, BadFrame):
            masked = STX + _masked(payload) + check + ETX if len(raw) > 6 else raw
            return DecodedFrame(raw, masked, name=frame.mnemonic or "", damage=_FAULTS[frame.fault])
        hidden = _masked(payload)
        meaning, meanings = WORDS.get(frame.mnemonic, ("", {}))
        error = self._error(frame)
        if frame.mnemonic == "ERR":
            meaning = "frame refused"
        row = COMMANDS.get(frame.mnemonic)
        return DecodedFrame(
            raw,
            STX + hidden + MARK + crc16(hidden) + ETX,
            frame.mnemonic,
            meaning,
            tuple(self._field(frame.mnemonic, field, meanings, direction) for field in frame.fields),
            error,
            text=payload.decode(self._dialect.codec, "replace"),
            effect=row.effect if row is not None and direction is Direction.SENT else None,
        )

    def _error(self, frame: Frame) -> DecodedError | None:
        number = frame.get(ERROR)
        if number is None:
            return None
        # The number has no fixed width (3.2). Text that is no number is no known error.
        digits = number.isdigit() and len(number) < 10
        code = lookup(Kind.FRAME if frame.mnemonic == "ERR" else Kind.EXEC, int(number) if digits else 0)
        return DecodedError(code.name, code.text, code.text_pl)

    def _field(self, mnemonic: str, field: Field, meanings: dict[str, _Meaning], direction: Direction) -> DecodedField:
        text = field.value.decode(self._dialect.codec, "replace")
        meaning = meanings.get(field.name, _Meaning(""))
        param = _param(mnemonic, field.name, direction)
        value = text
        if param is not None and field.name not in _COMMON.keys() - meanings.keys():
            try:
                value = _shown(param, param.value.decode(field.value, self._dialect))
            except ValueRefused as error:
                value = f"{text!r}: {error}"
        return DecodedField(field.name, text, value, meaning.text or _COMMON.get(field.name, ""), meaning.volatile)


def _param(mnemonic: str, name: str, direction: Direction) -> Param | None:
    row = COMMANDS.get(mnemonic)
    if row is None:
        return None
    both = (row.params, row.reply) if direction is Direction.SENT else (row.reply, row.params)
    return next((param for params in both for param in params if param.name == name), None)


def _shown(param: Param, value: Any) -> str:
    """A value as a person writes it."""
    if param.value is f.AMOUNT:
        return format_grosze(value)
    if param.value is f.PERCENT:
        return f"{Decimal(value) / 100:f}%"
    if param.value is f.RATE:
        return "inactive" if value is None else value if isinstance(value, str) else f"{value.normalize():f}%"
    if param.value is f.RATE_INDEX and value < len(RATE_LETTERS):
        return RATE_LETTERS[value].upper()
    if param.name == "ty" and value in PAYMENT_FORMS and param in COMMANDS["trpayment"].params:
        return f"{value} ({PAYMENT_FORMS[value]})"
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime.datetime():
            return value.isoformat(" ", "minutes" if param.value is f.DATETIME else "seconds")
    return str(value)


def _masked(payload: bytes) -> bytes:
    """The payload with personal data masked, with the same length."""
    mnemonic, *chunks = payload.split(TAB)
    _, meanings = WORDS.get(mnemonic.removeprefix(b"!").decode("ascii", "replace"), ("", {}))
    parts = [mask_personal(mnemonic)]
    for chunk in chunks:
        meaning = meanings.get(chunk[:2].decode("ascii", "replace"))
        if meaning is not None and meaning.private:
            parts.append(chunk[:2] + mask(chunk[2:]))
        else:
            # A unique number also has ten digits, but identifies the printer and must stay.
            parts.append(chunk if chunk.startswith(b"nu") else mask_personal(chunk))
    return TAB.join(parts)


def protocol_doc() -> ProtocolDoc:
    """The tables, for the dissector."""

    def words() -> Iterator[CommandDoc]:
        for mnemonic, (text, meanings) in WORDS.items():
            yield CommandDoc(mnemonic, text, tuple((name, meaning.text) for name, meaning in meanings.items()))
        yield CommandDoc("ERR", "frame refused", ())

    errors = {
        f"frame {code.number}" if code.kind is Kind.FRAME else str(code.number): DecodedError(
            code.name, code.text, code.text_pl
        )
        for code in TABLE
    }
    return ProtocolDoc((*words(),), tuple(_COMMON.items()), errors, LUA)
