"""The journal: the durable record of every job. Only one thread uses the file."""

from __future__ import annotations

from fiscald.journal.directory import JOURNAL, prepare
from fiscald.journal.errors import (
    DirectoryRefused,
    JournalDamaged,
    JournalError,
    JournalMissing,
    JournalThere,
    WrongPhase,
)
from fiscald.journal.file import Doubt
from fiscald.journal.jobs import Figures
from fiscald.journal.listing import Wanted
from fiscald.journal.packaging import PackagingPage, Span
from fiscald.journal.printers import Known, Rule, Unexplained
from fiscald.journal.rows import Accepted, Change, Entry, Unread, UnreadEvent
from fiscald.journal.store import Store
from fiscald.journal.threaded import Journal, ThreadedJournal, UnusableJournal
from fiscald.journal.tokens import KnownToken, TokenUse
from fiscald.journal.webhooks import Message, Subscription
from fiscald.model.jobs import Phase

__all__ = [
    "JOURNAL",
    "Accepted",
    "Change",
    "DirectoryRefused",
    "Doubt",
    "Entry",
    "Figures",
    "Journal",
    "JournalDamaged",
    "JournalError",
    "JournalMissing",
    "JournalThere",
    "Known",
    "KnownToken",
    "Message",
    "PackagingPage",
    "Phase",
    "Rule",
    "Span",
    "Store",
    "Subscription",
    "ThreadedJournal",
    "TokenUse",
    "Unexplained",
    "Unread",
    "UnreadEvent",
    "UnusableJournal",
    "Wanted",
    "WrongPhase",
    "prepare",
]
