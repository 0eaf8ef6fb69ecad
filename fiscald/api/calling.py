"""What a request of the clients is, how it becomes a method, and how its answer is read.

A method of ``Calls`` only describes the request and how to read the answer; ``call`` turns it into a method that sends
the request, synchronously or asynchronously depending on the class of the client.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

import httpx
from pydantic import BaseModel, ValidationError

from fiscald.model.problems import Problem

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class ClientError(Exception):
    """The request failed."""


class NotReachable(ClientError):
    """The daemon cannot be reached. If the request ``may_have_arrived``: retry with the same key."""

    may_have_arrived = False
    """An earlier attempt, or this one, was sent before the connection broke, and it may change something."""


class NotPermitted(NotReachable):
    """This user cannot open the daemon's socket; nothing was sent."""


class Refused(ClientError):
    """The daemon refused; ``problem`` has the reason, including members that this version does not know."""

    def __init__(self, status: int, problem: Problem) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{problem.code}: {problem.detail}")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and how to read its answer."""

    method: str
    path: str
    read: Callable[[Any], T]
    wait: float = 0.0
    body: Any = None
    params: dict[str, Any] | None = None
    headers: dict[str, str] | None = None
    once: bool = False
    """Must not be repeated if the daemon may have received it."""

    def may_be_repeated(self, error: httpx.TransportError) -> bool:
        """Whether a retry is safe, and can help: a daemon that leaves a question unanswered does so again."""
        if self.method == "GET" and isinstance(error, httpx.ReadTimeout):
            return False
        return not self.once or isinstance(error, httpx.ConnectError)

    def may_have_arrived(self, error: httpx.TransportError) -> bool:
        """Whether this attempt may have changed something."""
        return self.method != "GET" and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)


class call(Generic[P, T]):  # noqa: N801 - a decorator
    """Turns a method that describes a request into one that sends it."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__
        self.__wrapped__ = describe

    def __call__(self, client: Sync, *args: P.args, **kwargs: P.kwargs) -> T:
        """``Client.job(client, key)`` is ``client.job(key)``."""
        return client._send(self._describe(client, *args, **kwargs))

    @overload
    def __get__(self, client: Sync, owner: object) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: Async, owner: object) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, client: None, owner: object) -> call[P, T]: ...
    def __get__(self, client: Sync | Async | None, owner: object) -> Any:
        if client is None:
            return self
        describe: Callable[P, Call[T]] = MethodType(self._describe, client)

        @wraps(describe)
        def ask(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client._send(describe(*args, **kwargs))

        return ask


class Sync(ABC):
    """A client whose methods return the answer."""

    @abstractmethod
    def _send(self, asked: Call[T]) -> T:
        """The answer. Raises ``ClientError``."""


class Async(ABC):
    """A client whose methods are awaited."""

    @abstractmethod
    async def _send(self, asked: Call[T]) -> T:
        """The answer. Raises ``ClientError``."""


# -- answers --------------------------------------------------------------------------------------------


def reader(model: type[M]) -> Callable[[Any], M]:
    """Reads an answer. Keeps members of a newer daemon that this version does not know, see ``everything``."""

    def read(answer: Any) -> M:
        try:
            return model.model_validate(answer, extra="allow")
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = "/".join(map(str, first["loc"]))
            raise ClientError(
                f"cannot read the daemon's answer ({place}: {first['msg']}); it may have another version"
            ) from None

    return read


def everything(answer: BaseModel) -> dict[str, Any]:
    """An answer as JSON, with all members, also those that this version does not know."""
    found = answer.model_dump(mode="json", by_alias=True)
    for name, field in type(answer).model_fields.items():
        key, value = field.alias or name, getattr(answer, name)
        if isinstance(value, BaseModel):
            found[key] = everything(value)
        elif isinstance(value, tuple):
            found[key] = [
                everything(each) if isinstance(each, BaseModel) else dumped
                for each, dumped in zip(value, found[key], strict=True)
            ]
        elif isinstance(value, dict):
            found[key] |= {each: everything(it) for each, it in value.items() if isinstance(it, BaseModel)}
    return found | (answer.model_extra or {})


def content(response: httpx.Response) -> Any:
    """The answer's JSON, or its bytes if it is not JSON. Raises ``Refused`` for a problem."""
    if response.status_code < 400:
        is_json = response.headers.get("content-type", "").startswith("application/json")
        return response.json() if is_json else response.content
    try:
        problem = Problem.model_validate(response.json(), extra="allow")
    except ValueError:
        raise ClientError(f"the daemon answered {response.status_code} without a reason") from None
    raise Refused(response.status_code, problem)
