"""Which command is legal in which state, and which state follows.

Theory of operation. A printer holds at most one document. Its state is one of ``State``. If a command is not
legal there, the printer answers with an execution error and changes nothing. Status queries are legal everywhere.
``LEGALITY`` has the rules of legality, ``MOVES`` has the next states. Driver, emulator and tests use the same tables.
Rules about the content of a document (no line sold yet, nothing to cancel) are not grammar: the device decides them.

Source: POSNET reference, sections 6.1 and 6.2.
"""

from __future__ import annotations

from enum import StrEnum

from fiscald.protocols.posnet.commands import COMMANDS
from fiscald.protocols.tables import LegalityRows, legality


class State(StrEnum):
    """What is open on the printer."""

    IDLE = "idle"
    """Nothing."""
    LINES = "lines"
    """A receipt or invoice without payment."""
    SUBT = "subt"
    """The same after a discount or surcharge on the subtotal."""
    PAY = "pay"
    """The same after the first payment."""
    FOOT = "foot"
    """Registered; the footer is still open."""
    PACK = "pack"
    """A stand-alone packaging transaction."""
    FORM = "form"
    """A non-fiscal form."""


TRANSACTION = (State.LINES, State.SUBT, State.PAY, State.PACK)

#: The storno of a line is the only command whose legality depends on a parameter.
STORNO = "trline st1"

NO_TRANSACTION, IN_TRANSACTION, BAD_STATE, PRINT_STARTED = 2005, 2038, 2060, 2062
NO_STORNO, NO_DISCOUNT, NO_FORM = 1990, 1991, 2505

_OK = None
_COLUMNS = (State.IDLE, State.LINES, State.SUBT, State.PAY, State.FOOT, State.PACK, State.FORM)
_TABLE: LegalityRows = (
    #                                       IDLE  LINES SUBT  PAY   FOOT  PACK  FORM
    (("trinit", "trfvinit"),               (_OK,  2038, 2038, 2038, 2038, 2038, 2062)),
    (("trnipset", "trfvbuyer", "trfvnumber", "trfvfreedata"),
                                           (2005, _OK,  _OK,  _OK,  2005, 2060, 2005)),
    (("trline",),                          (2005, _OK,  _OK,  2060, 2005, 2060, 2005)),
    ((STORNO,),                            (2005, _OK,  1990, 1990, 2005, 2060, 2005)),
    (("trdiscntsubtot", "trdiscntbill", "trdiscntvat", "trdiscntpromo"),
                                           (2005, _OK,  _OK,  1991, 2005, 2060, 2005)),
    (("trpack", "trpayment", "trpaymentcurr", "trend"),
                                           (2005, _OK,  _OK,  _OK,  2005, _OK,  2005)),
    (("trftrln", "trpackprnend", "trftrend"),
                                           (2060, 2060, 2060, 2060, _OK,  2060, 2060)),
    (("stocash", "cash", "login", "logout", "dailyrep", "monthlyrep", "periodicrepbydates", "shiftrep",
      "cashstaterep", "formstart", "trpackinit"),
                                           (_OK,  2038, 2038, 2038, 2062, 2038, 2062)),
    (("formline", "formcmd", "formbarcode", "formformattedline", "formtinyline", "formend"),
                                           (2505, 2505, 2505, 2505, 2505, 2505, _OK)),
    (("rtcset", "vatset", "hdrset", "ftrinfoset", "fiscalize"),
                                           (_OK,  2038, 2038, 2038, 2062, 2038, 2062)),
    (("eparagonidznext",),                 (_OK,  2038, 2038, 2038, 2038, 2038, 2038)),
)  # fmt: skip

#: (command, state) -> the execution error of an illegal command. A pair that is not here is legal.
LEGALITY = legality(_COLUMNS, _TABLE)

#: (command, state) -> the state after its success. A pair that is not here does not change the state.
MOVES: dict[tuple[str, State], State] = {
    ("trinit", State.IDLE): State.LINES,
    ("trfvinit", State.IDLE): State.LINES,
    ("trdiscntsubtot", State.LINES): State.SUBT,
    ("trdiscntbill", State.LINES): State.SUBT,
    ("trpayment", State.LINES): State.PAY,
    ("trpayment", State.SUBT): State.PAY,
    ("trpaymentcurr", State.LINES): State.PAY,
    ("trpaymentcurr", State.SUBT): State.PAY,
    ("trend", State.LINES): State.IDLE,
    ("trend", State.SUBT): State.IDLE,
    ("trend", State.PAY): State.IDLE,
    ("trend", State.PACK): State.IDLE,
    ("trpackinit", State.IDLE): State.PACK,
    ("trftrend", State.FOOT): State.IDLE,
    ("formstart", State.IDLE): State.FORM,
    ("formend", State.FORM): State.IDLE,
    **{
        (cancel, state): State.IDLE
        for cancel in ("prncancel", "trcancel")
        for state in (*TRANSACTION, State.FOOT, State.FORM)
    },
}

#: The state after ``trend`` with the footer kept open (``fe0``), instead of IDLE.
FOOTER_KEPT = State.FOOT


def refusal(mnemonic: str, state: State, *, storno: bool = False) -> int | None:
    """The execution error of ``mnemonic`` in ``state``, or ``None`` if it is legal."""
    return LEGALITY.get((STORNO if storno and mnemonic == "trline" else mnemonic, state))


def after(mnemonic: str, state: State, *, footer_kept: bool = False) -> State:
    """The state after ``mnemonic`` succeeded in ``state``."""
    if mnemonic == "trend" and footer_kept and state is not State.PACK:
        return FOOTER_KEPT
    return MOVES.get((mnemonic, state), state)


assert all(command in COMMANDS or command == STORNO for command, _ in LEGALITY), "the table names an unknown command"
