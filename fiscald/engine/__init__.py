"""One actor per printer: takes jobs, drives dialogues over a stream, journals, finds out, answers."""

from __future__ import annotations

from fiscald.engine.actor import Actor, Printer
from fiscald.engine.engine import Engine
from fiscald.engine.gate import Gate
from fiscald.journal import Change, Unread

__all__ = ["Actor", "Change", "Engine", "Gate", "Printer", "Unread"]
