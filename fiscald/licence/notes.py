"""What a licence must not forget: emergency passes, what was given back, and the vendor's verdicts.

Each note stands in ``state.json``, and a second time apart from the licence's directory, so that files that a person
deletes or puts back in one place change nothing in the other. A pass counts only where both records have it; every
other note counts where either has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, Protocol

from fiscald.licence.clock import LAST

Word = Literal["pass", "given_back", "superseded", "revoked", "suspended", "confirmed"]
#: Of each kind the newest note about a licence is kept: "confirmed" takes back "revoked" and "suspended"; nothing takes
#: back a seat that was given up but a newer certificate.
KINDS: dict[Word, str] = {
    "pass": "pass", "given_back": "seat", "superseded": "seat",
    "revoked": "verdict", "suspended": "verdict", "confirmed": "verdict",
}  # fmt: skip
#: How many notes are kept: more than a computer has licences.
MOST = 60


class Note(NamedTuple):
    """One note. ``at`` is in seconds since 1970: by this computer for a pass, by the vendor otherwise."""

    word: Word
    licence: str
    """Empty for a pass."""
    seq: int
    """The highest certificate number of the licence that this computer knew then."""
    at: int

    @property
    def kind(self) -> str:
        """See ``KINDS``."""
        return KINDS[self.word]

    def covers(self, seq: int, iat: int) -> bool:
        """Whether a certificate with that number, signed at that time, is one from before."""
        return seq <= self.seq or iat < self.at


Notes = tuple[Note, ...]


class SecondRecord(Protocol):
    """Where notes are kept a second time, apart from the licence's own directory."""

    def notes(self) -> Notes:
        """All of them, from memory."""

    def keep(self, note: Note) -> None:
        """Raises ``StoreError``; then it is not kept."""


def read_note(word: Any, licence: Any, seq: Any, at: Any) -> Note:
    """A note as it was stored, with times that can be shown as dates. Raises ``ValueError`` or ``TypeError``."""
    return Note(word, str(licence), int(seq), min(max(int(at), 0), LAST))


def with_note(notes: Notes, note: Note) -> Notes:
    """The notes with a new one, which replaces the one of its kind about its licence."""
    kept = [each for each in notes if (each.kind, each.licence) != (note.kind, note.licence)]
    return (*kept[-MOST + 1 :], note)


def newest_pass(notes: Notes) -> int | None:
    """When the newest emergency pass was taken."""
    return next((note.at for note in notes if note.word == "pass"), None)


def closing(notes: Iterable[Note], licence: str, seq: int, iat: int) -> Note | None:
    """The note by which that certificate does not count, or not now; a seat given up comes first."""
    found = [
        note
        for note in notes
        if note.licence == licence and note.word not in ("pass", "confirmed") and note.covers(seq, iat)
    ]
    return min(found, key=lambda note: (note.kind != "seat", note.word), default=None)


def says(notes: Notes, word: Word, licence: str, seq: int, iat: int) -> bool:
    """Whether a record says that of a certificate already: nothing of a verdict confirms the licence, too."""
    for note in notes:
        if (note.kind, note.licence) == (KINDS[word], licence):
            return note.word == word and (word == "confirmed" or note.covers(seq, iat))
    return word == "confirmed"
