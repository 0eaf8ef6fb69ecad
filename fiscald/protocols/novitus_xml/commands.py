"""The elements of the language as commands: what each one changes, how long it may take, whether it is answered.

An executing element is never answered. So every packet that we send ends with exactly one question: the query itself,
or behind executing elements ``<error action="get" value=""/>``, which reports the number of the last error and so comes
after they were executed. One packet, one question, one reply.

Source: Novitus reference, sections 3.2 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fiscald.protocols.base import Deadline, Effect
from fiscald.protocols.novitus_elements import Element, element, write_elements
from fiscald.protocols.novitus_packets import PRACTICAL_LIMIT
from fiscald.protocols.novitus_xml.fields import read_attributes


class Row(NamedTuple):
    """One command: an element, or one action of it."""

    name: str
    """The element and its action, as in ``receipt close``."""
    effect: Effect
    deadline: Deadline
    answered: bool
    """Whether it is a query, which the printer answers."""
    meaning: str


# name | effect | deadline | meaning. Queries are answered, nothing else is (3.2).
_TABLE = """
dle                     | query        | query  | whether the printer can print
enq                     | query        | query  | its mode, and whether a document is open
error get               | query        | query  | number of the last error
error set               | query        | query  | whether an error stops the printer until a key is pressed
receipt begin           | reversible   | line   | open a receipt
receipt close           | irreversible | close  | close the receipt
receipt cancel          | reversible   | close  | cancel the receipt
invoice begin           | reversible   | line   | open an invoice
invoice close           | irreversible | close  | close the invoice
invoice cancel          | reversible   | close  | cancel the invoice
item                    | reversible   | line   | sell or reverse goods
payment                 | reversible   | line   | a payment or change
discount                | reversible   | line   | discount or markup on the subtotal
container               | reversible   | line   | returnable packaging
rcpitemadvances         | reversible   | line   | an advance
info date               | query        | query  | the printer's time
info version            | query        | query  | model and program
info checkout           | query        | query  | counters and totals
info fiscalmemory       | query        | query  | the fiscal memory
info sdcard             | query        | query  | the memory card
info transaction        | query        | query  | sums of the open document
info lasttransaction    | query        | query  | content of the open or last document
info drawer             | query        | query  | the drawer
info port               | query        | query  | the port of this connection
info repository         | query        | query  | documents that wait for the tax office's server
deviceinfo general      | query        | query  | model and parts
deviceinfo detailfiscalmemoryinfo | query | query | the fiscal memory
deviceinfo batteryinfo  | query        | query  | power supply
deviceinfo printoutinfo | query        | query  | the printing mechanism
deviceinfo drawer_state | query        | query  | the drawer
deviceinfo db_article_state | query    | query  | the goods base
deviceinfo powerinfo    | query        | query  | power supply
control beep            | reversible   | line   | beep
control paperfeed       | reversible   | line   | feed paper
control drawer          | reversible   | line   | open the drawer
control display         | reversible   | line   | text on the operator's display
control display_external | reversible  | line   | text on the customer's display
control no_display_external | reversible | line | no more text on the customer's display
control clear_display   | reversible   | line   | clear the display
control menu_open       | reversible   | line   | open the printer's menu
report daily            | irreversible | report | daily report
report periodical       | irreversible | report | report of a period
report cash             | irreversible | report | report of a shift, from what the caller sends
report protectedmemory  | irreversible | report | print from the protected memory
report events           | irreversible | report | report of events
report service_review   | irreversible | report | list of service inspections
cashier login           | reversible   | close  | log a cashier in
cashier logoff          | reversible   | close  | log the cashier out
cashier state           | query        | query  | the cashier
cash payin              | irreversible | close  | cash in
cash payout             | irreversible | close  | cash out
cash read               | query        | query  | cash in the drawer
dbcheck begin           | irreversible | close  | begin a check of the goods base
dbcheck check           | irreversible | close  | check one of the goods
dbcheck end             | irreversible | close  | end of the check
usb set                 | irreversible | line   | settings of USB
usb get                 | query        | query  | settings of USB
config set              | irreversible | line   | settings
config get              | query        | query  | settings
clock                   | irreversible | close  | set the clock
header_online set       | irreversible | close  | set the header
header_online get       | query        | query  | the header
header set              | irreversible | close  | set the header (older printers)
header get              | query        | query  | the header (older printers)
taxrates set            | irreversible | close  | set the VAT rates
taxrates get            | query        | query  | the VAT rates
currency change         | irreversible | close  | change the currency
currency print          | irreversible | close  | print a total in another currency
fiscalization fiscalization | irreversible | report | make the device fiscal
fiscalization trainingmode | irreversible | report | training mode
producer                | irreversible | report | settings of the factory
service lock            | irreversible | close  | lock the printer
service unlock          | irreversible | close  | unlock the printer
service review          | irreversible | close  | date of the service inspection
service review_done     | irreversible | close  | the inspection is done
serweraddr set          | irreversible | close  | address of a server
serweraddr get          | query        | query  | address of a server
graphic programm        | irreversible | close  | store a graphic
graphic delete          | irreversible | close  | delete a graphic
graphic readcrc         | query        | query  | checksum of a graphic
graphic read            | query        | query  | read a graphic
animation programm      | irreversible | close  | store an advertisement
animation delete        | irreversible | close  | delete an advertisement
animation readcrc       | query        | query  | checksum of an advertisement
animation setactive     | irreversible | close  | show an advertisement
animation hide          | irreversible | close  | hide an advertisement
animation deleteall     | irreversible | close  | delete all advertisements
animation readlist      | query        | query  | the advertisements
animation readactive    | query        | query  | the advertisement that is shown
animation programmplaylist | irreversible | close | store a list of advertisements
animation receiveplaylist | query      | query  | a list of advertisements
animation deleteplaylist | irreversible | close | delete a list of advertisements
paper read              | query        | query  | length of printed paper
paper reset             | irreversible | line   | set the length of printed paper to zero
drawercounter read      | query        | query  | how often the drawer was opened
drawercounter reset     | irreversible | line   | set that counter to zero
updatelog begin         | query        | query  | log of updates
updatelog next          | query        | query  | log of updates
processlog begin        | query        | query  | log of the printer
processlog next         | query        | query  | log of the printer
log read                | query        | query  | log of a port
fiscalmemory get        | query        | query  | a record of the fiscal memory
fiscalmemory next       | query        | query  | the next record of the fiscal memory
nonfiscalprintout       | irreversible | close  | a printout that is not fiscal
"""


def _rows() -> dict[str, Row]:
    found = {}
    for line in filter(None, _TABLE.splitlines()):
        name, effect, deadline, meaning = (column.strip() for column in line.split("|"))
        answered = effect == Effect.QUERY and name != "error set"
        found[name] = Row(name, Effect(effect), Deadline(deadline), answered, meaning)
    return found


#: Every command of the reference, by name.
COMMANDS = _rows()
#: Elements that have one meaning, whatever their action says.
_ONE_MEANING = frozenset(name for name in COMMANDS if " " not in name)
#: Where the action stands, if not in ``action``.
_ACTION = {"report": "type"}


def name_of(one: Element) -> str:
    """The name of the command: the element and its action."""
    if one.name in _ONE_MEANING:
        return one.name
    action = one.get(_ACTION.get(one.name, "action"))
    return f"{one.name} {action}" if action else one.name


def find(one: Element) -> Row | None:
    """The row of an element; ``None``: the reference does not have it."""
    return COMMANDS.get(name_of(one))


#: The trailing question.
ERROR_GET = element("error", action="get", value="")
#: No message stops the printer, and a failed element is skipped (5.2).
SILENT = element("error", action="set", value="silent")


@dataclass(frozen=True, slots=True)
class Request:
    """One packet: elements, the last of which is its only question."""

    elements: tuple[Element, ...]

    @property
    def question(self) -> Element:
        """What the printer answers."""
        return self.elements[-1]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its commands, without the question behind executing elements."""
        executing = self.elements[:-1] if len(self.elements) > 1 else self.elements
        return tuple(map(name_of, executing))

    def body(self) -> bytes:
        """The bytes between the tags. Raises ``ValueError`` for a text that the language cannot carry."""
        return write_elements(self.elements)


@dataclass(frozen=True, slots=True)
class Reply:
    """The printer's answer to the question of a packet."""

    element: Element

    @property
    def values(self) -> dict[str, Any]:
        """The attributes that can be read, by name."""
        return read_attributes(dict(self.element.attributes))

    @property
    def number(self) -> int | None:
        """The number of the last error, if the question asked for it; 0: none."""
        if self.element.name != "error":
            return None
        return error_number(self.element)

    @property
    def good(self) -> bool:
        """Whether it reports no error."""
        return not self.number


def error_number(one: Element) -> int | None:
    """The number in a reply to the trailing question; ``None``: it has none. One client also reads it as a text."""
    text = (one.get("value") or one.text).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def ask_for(question: Element) -> Request:
    """A packet with one query."""
    return Request((question,))


def execute(*elements: Element) -> Request:
    """A packet with executing elements and the trailing question."""
    return Request((*elements, ERROR_GET))


#: Bytes of the tags and of the trailing question.
_AROUND = len(b'<packet crc="00000000"></packet>') + len(write_elements([ERROR_GET]))


def batches(elements: Sequence[Element], limit: int = PRACTICAL_LIMIT) -> list[list[int]]:
    """The places of ``elements``, in groups that each fit into one packet with its question.

    An element that alone is too long has a group by itself.
    """
    groups: list[list[int]] = []
    room = 0
    for place, one in enumerate(elements):
        size = len(write_elements([one]))
        if size > room:
            groups.append([])
            room = limit - _AROUND
        groups[-1].append(place)
        room -= size
    return groups
