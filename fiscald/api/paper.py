"""``GET /v1/jobs/{key}/paper``: a copy of the paper, as text or as a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from fiscald.api.negotiation import chosen
from fiscald.api.reading import asker
from fiscald.api.turns import Worker
from fiscald.engine import Engine
from fiscald.model.copies import CannotDraw, CopyFormat, NoPictures, Original
from fiscald.model.problems import ProblemError, problem

#: Draws the copy; see ``fiscald.paper.copies.draw``.
Draw = Callable[[Original, CopyFormat], bytes]
_FORMATS = tuple(CopyFormat)


class Copies:
    """Draws copies in a thread, one at a time: users take turns."""

    def __init__(self, engine: Engine, draw: Draw) -> None:
        self._engine = engine
        self._draw = draw
        self._worker = Worker()

    async def answer(self, request: Request, key: str) -> Response:
        """The copy, in the format that the client prefers. Raises ``ProblemError``."""
        form = chosen(", ".join(request.headers.getlist("accept")), _FORMATS)
        if form is None:
            raise _not_in("the client accepts none of the formats of a copy", _FORMATS)
        original = await self._engine.original(key)
        try:
            content = await self._worker.run(asker(request), partial(self._draw, original, form))
        except NoPictures:
            without = tuple(each for each in _FORMATS if each is not CopyFormat.PNG)
            raise _not_in("this computer cannot draw PNG: pip install 'fiscald[png]'", without) from None
        except CannotDraw as error:
            raise ProblemError(problem("job.no_paper", key=key, reason=error)) from None
        # A copy has personal data, and its format depends on the request.
        headers = {"Cache-Control": "no-store", "Vary": "Accept"}
        return Response(content, media_type=form.value, headers=headers)


def _not_in(reason: str, formats: tuple[CopyFormat, ...]) -> ProblemError:
    return ProblemError(problem("request.accept", reason=reason, formats=", ".join(formats)))
