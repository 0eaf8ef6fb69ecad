"""The journal's tokens, for the API: trouble with the file becomes a problem for the caller."""

from __future__ import annotations

from fiscald.engine.records import Records
from fiscald.journal import Journal, KnownToken, Store, TokenUse, WrongPhase
from fiscald.model.problems import ProblemError, problem
from fiscald.model.tokens import NewToken


class TokenRecords:
    """The tokens in the journal."""

    def __init__(self, journal: Journal) -> None:
        self._records = Records(journal)

    async def all(self) -> list[KnownToken]:
        """All tokens, the newest first. Raises ``ProblemError`` if the journal cannot be read."""
        return await self._records.run(Store.tokens)

    async def next_number(self) -> int:
        """The number of the next token. Raises ``ProblemError`` if the journal cannot be read."""
        return await self._records.run(Store.next_token)

    async def add(self, number: int, digest: bytes, new: NewToken, created_by: int | None) -> KnownToken:
        """Keep a new token. Raises ``ProblemError``."""
        try:
            return await self._records.run(Store.add_token, number, digest, new, created_by)
        except WrongPhase as error:
            raise ProblemError(problem("token.exists", reason=error, name=new.name)) from None

    async def revoke(self, name: str) -> KnownToken:
        """Revoke a token. Raises ``ProblemError`` if there is none with that name."""
        found = await self._records.run(Store.revoke_token, name)
        if found is None:
            raise ProblemError(problem("token.unknown", name=name[:64]))
        return found

    async def note(self, uses: list[TokenUse]) -> None:
        """Keep the last uses. Raises ``ProblemError`` if the journal cannot be written."""
        await self._records.run(Store.note_token_uses, uses)
