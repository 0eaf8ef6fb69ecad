"""Making, listing and revoking tokens: for users on the socket, and for people in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from fiscald.api import answers
from fiscald.api.limits import caller_of
from fiscald.api.openapi import Route
from fiscald.api.rights import Bearer, Peer
from fiscald.model.problems import ProblemError, problem
from fiscald.model.rights import Right
from fiscald.model.tokens import MadeToken, NewToken, Token, TokenList

if TYPE_CHECKING:
    from fiscald.api.handlers import Api


def _user(request: Request) -> int | None:
    """The user who asks. Raises ``ProblemError`` for a token: it would outlive its own revocation."""
    caller = caller_of(request)
    if isinstance(caller, Bearer):
        raise ProblemError(problem("token.by_token"))
    return caller.uid if isinstance(caller, Peer) else None


async def tokens(api: Api, request: Request) -> Response:
    """``GET /v1/tokens``."""
    _user(request)
    found = TokenList(tokens=await api.tokens.all())
    return Response(found.model_dump_json(), media_type=answers.JSON)


async def make_token(api: Api, request: Request) -> Response:
    """``POST /v1/tokens``."""
    user = _user(request)
    async with api.read(NewToken, request) as new:
        more = [right for right in new.rights if not api.rights.allows(caller_of(request), right)]
        if more:
            raise ProblemError(problem("token.rights", rights=", ".join(more)))
        for name in new.printers or ():
            api.engine.printer(name)
        made = await api.tokens.make(new, user)
    return Response(made.model_dump_json(), 201, {"Cache-Control": "no-store"}, answers.JSON)


async def revoke_token(api: Api, request: Request) -> Response:
    """``DELETE /v1/tokens/{token}``."""
    _user(request)
    revoked = await api.tokens.revoke(request.path_params["token"])
    return Response(revoked.model_dump_json(), media_type=answers.JSON)


ROUTES = (
    Route(
        "GET",
        "/v1/tokens",
        tokens,
        "All tokens with their last uses, the newest first",
        {200: (TokenList, "the tokens, without the secret part of any")},
        problems=(503,),
        rights=(Right.CONFIGURE,),
        everything=True,
    ),
    Route(
        "POST",
        "/v1/tokens",
        make_token,
        "Make a token for a program on the network. It has no right that the caller does not have",
        {201: (MadeToken, "the token; this is the only answer that contains it")},
        body=NewToken,
        problems=(404, 409, 503),
        rights=(Right.CONFIGURE,),
        everything=True,
    ),
    Route(
        "DELETE",
        "/v1/tokens/{token}",
        revoke_token,
        "Revoke a token; its open requests end",
        {200: (Token, "revoked")},
        problems=(404, 503),
        rights=(Right.CONFIGURE,),
        everything=True,
    ),
)
