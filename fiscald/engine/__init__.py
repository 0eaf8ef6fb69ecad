"""One actor per printer: takes jobs, drives dialogues over a stream, journals, finds out, answers."""

from __future__ import annotations

from fiscald.engine.actor import Actor
from fiscald.engine.engine import Engine
from fiscald.engine.gate import Gate
from fiscald.engine.printer import Printer
from fiscald.journal import Change, Unread, Wanted

__all__ = ["Actor", "Change", "Engine", "Gate", "Printer", "Unread", "Wanted"]
