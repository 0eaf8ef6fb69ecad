"""Problems as HTTP answers, and bad input as problems."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fiscald.api.sentences import sentences, with_place
from fiscald.model.problems import MAX_ERRORS, FieldProblem, Problem, ProblemError, problem
from fiscald.model.strict import NOT_LOOKED_AT, Mistakes, nearest

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
#: After so many mistakes the rest of a list is not checked.
MAX_MISTAKES = 2000
#: The fields of an object with more of them are not listed.
MAX_FIELDS = 12
M = TypeVar("M", bound=BaseModel)

#: HTTP status by problem code; by its first word where the code is not named.
_STATUS = {
    "request.denied": 403,
    "request.raw": 422,
    "request.json": 400,
    "request.key": 400,
    "request.reserved_key": 400,
    "request.invalid": 422,
    "request.too_large": 413,
    "request.query": 422,
    "request.cursor": 410,
    "request.slow": 408,
    "request.no_tls": 400,
    "request.host": 421,
    "request.origin": 403,
    "token.printer": 403,
    "token.by_token": 403,
    "token.rights": 403,
    "token.exists": 409,
    "token.unknown": 404,
    "token.slowed": 429,
    "token": 401,
    "request.route": 404,
    "request.method": 405,
    "request.accept": 406,
    "document": 422,
    "job.unknown": 404,
    "job": 409,
    "printer.unknown": 404,
    "printer": 409,
    "link": 503,
    "licence.refused": 422,
    "licence.number": 422,
    "licence.company": 422,
    "licence.denied": 409,
    "licence.nothing_to_do": 409,
    "licence.no_server": 409,
    "licence.emergency_used": 409,
    "licence.emergency_denied": 409,
    "licence.emergency_useless": 409,
    "licence.unreachable": 503,
    "licence.files": 503,
    "licence": 403,
    "fleet.keys": 503,
    "fleet.shop_unknown": 422,
    "fleet.token": 401,
    "fleet.read_only": 403,
    "fleet.database": 503,
    "fleet": 409,
    "webhook.unknown": 404,
    "webhook": 409,
    "journal.damaged": 503,
    "journal": 409,
    "console": 409,
    "daemon.internal": 500,
    "daemon": 503,
}


def status_of(code: str) -> int:
    """The HTTP status of a problem code."""
    return _STATUS.get(code) or _STATUS.get(code.partition(".")[0], 500)


def problem_json(why: Problem, status: int) -> dict[str, Any]:
    """The body of a problem answer (RFC 9457)."""
    return {"type": f"urn:fiscald:problem:{why.code}", "status": status} | why.model_dump(mode="json")


def problem_response(why: Problem, status: int | None = None) -> JSONResponse:
    """A problem as an answer."""
    status = status or status_of(why.code)
    allow = (why.model_extra or {}).get("allow")
    headers = {} if allow is None else {"Allow": ", ".join(allow)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem_json(why, status), status, headers, MEDIA_TYPE)


async def problem_error(_: Request, error: Exception) -> JSONResponse:
    """The answer for a ``ProblemError``."""
    assert isinstance(error, ProblemError)
    return problem_response(error.problem)


async def client_gone(_: Request, __: Exception) -> Response:
    """The answer to a client that does not wait for it."""
    return Response(status_code=499)


async def internal_error(request: Request, error: Exception) -> JSONResponse:
    """The answer for an internal error."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(problem("daemon.internal", reason=f"{type(error).__name__}; see the daemon's log"))


def validated(model: type[M], content: Any) -> M:
    """``content`` as a ``model``. Raises ``ProblemError`` with a JSON pointer for every bad field."""
    try:
        return model.model_validate(content, context=Mistakes(MAX_MISTAKES))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        looked_at = [one for one in found if one["type"] != NOT_LOOKED_AT]
        unseen, found = len(found) - len(looked_at), looked_at
        # pydantic also reports a list with wrong elements as too short: that is the same mistake.
        outer = {one["loc"][:depth] for one in found for depth in range(len(one["loc"]))}
        causes = [one for one in found if one["loc"] not in outer]
        errors = [_field_problem(model, content, cause) for cause in causes[:MAX_ERRORS]]
        first = errors[0]
        more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
        more += f"; {unseen} elements after them were not checked" if unseen else ""
        reason = f"{first.pointer or 'body'}: {first.detail}{more}"
        reason_pl = with_place(first.pointer, first.detail_pl)
        raise ProblemError(problem("request.invalid", reason=reason, reason_pl=reason_pl, errors=errors)) from None


def _field_problem(model: type[BaseModel], content: Any, error: Mapping[str, Any]) -> FieldProblem:
    kind: str = error["type"]
    detail, detail_pl = sentences(error)
    match kind:
        case "missing":
            code = "field.missing"
        case "extra_forbidden":
            code, detail = "field.unknown", f"{detail}; {_known(model, error['loc'])}"
        case "model_type" | "model_attributes_type":
            fields = _fields_at(_schema(model), error["loc"])
            code = "field.invalid"
            if 0 < len(fields) <= MAX_FIELDS:
                detail += f"; its fields: {', '.join(fields)}"
        case _:
            code = kind if "." in kind else "field.invalid"
    pointer = "".join(f"/{_escape(part)}" for part in _without_tags(error["loc"], content))
    return FieldProblem(pointer=pointer, code=code, detail=detail, detail_pl=detail_pl)


def _without_tags(loc: Sequence[int | str], content: Any) -> list[int | str]:
    """A place in the content: pydantic also names which kind of a union it tried."""
    path: list[int | str] = []
    here = content
    for depth, part in enumerate(loc, start=1):
        if isinstance(here, dict):
            tag = part not in here and (here.get("type") == part or depth < len(loc))
        else:
            tag = not (isinstance(here, list) and isinstance(part, int))
        if tag:
            continue
        path.append(part)
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
    return path


def _escape(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _known(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """The known fields at the place of an unknown one, or the field that was probably meant."""
    known = _fields_at(_schema(model), loc[:-1])
    guess = nearest(str(loc[-1]), known)
    return f"did you mean {guess!r}?" if guess else f"known here: {', '.join(sorted(known))}"


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _fields_at(schema: Mapping[str, Any], loc: Iterable[int | str]) -> list[str]:
    """The field names of the object at ``loc``, by the JSON schema."""
    definitions = schema.get("$defs", {})

    def resolve(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The alternatives of a node that are not references any more."""
        if "$ref" in node:
            return resolve(definitions[node["$ref"].rpartition("/")[2]])
        alternatives = node.get("oneOf") or node.get("anyOf")
        return [found for option in alternatives for found in resolve(option)] if alternatives else [node]

    nodes = resolve(schema)
    for part in loc:
        following: list[Mapping[str, Any]] = []
        for node in nodes:
            if isinstance(part, int):
                items = node.get("items")
                following += resolve(items) if isinstance(items, dict) else []
            elif part in node.get("properties", {}):
                following += resolve(node["properties"][part])
            elif part in (node.get("properties", {}).get("type", {}).get("const"), node.get("title")):
                following.append(node)
        nodes = following
    return sorted({name for node in nodes for name in node.get("properties", {})})
