"""The engine: one actor per printer takes jobs, drives dialogues, writes the journal, recovers and answers."""

from __future__ import annotations

from fiscald.engine.actor import Actor
from fiscald.engine.engine import Engine
from fiscald.engine.gate import Gate
from fiscald.engine.printer import Printer
from fiscald.engine.tokens import TokenRecords
from fiscald.journal import Change, Figures, KnownToken, PackagingPage, Span, TokenUse, Unread, Wanted

__all__ = [
    "Actor",
    "Change",
    "Engine",
    "Figures",
    "Gate",
    "KnownToken",
    "PackagingPage",
    "Printer",
    "Span",
    "TokenRecords",
    "TokenUse",
    "Unread",
    "Wanted",
]
