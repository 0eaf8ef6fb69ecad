"""What all verbs of ``fiscalctl`` share: the global options, the exit codes, and the error messages."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from fiscald.api.client import Client, ClientError, NotReachable, Refused, everything
from fiscald.cli.reaching import refusal, why_unreachable, why_unreachable_there
from fiscald.model.documents import DOCUMENTS
from fiscald.model.jobs import JobState
from fiscald.model.problems import Fate, Fault, Problem
from fiscald.terminal import VisibleGroup, encodes_everything, shown, visible

__all__ = [
    "BY_STATE",
    "DONE",
    "FAILED",
    "REFUSED",
    "UNDECIDED",
    "UNKNOWN",
    "UNREACHABLE",
    "USAGE",
    "Context",
    "Verbs",
    "everything",
    "exists",
    "forget_output",
    "pass_context",
    "problem_text",
    "to_json",
]  # fmt: skip

T = TypeVar("T")

DONE, FAILED, USAGE, UNDECIDED, UNREACHABLE, REFUSED, UNKNOWN = range(7)
#: The exit codes of final jobs.
BY_STATE = {JobState.DONE: DONE, JobState.FAILED: FAILED, JobState.UNDECIDED: UNDECIDED}


@dataclass(frozen=True, slots=True)
class Context:
    """The options before the verb."""

    socket: Path
    as_json: bool
    url: str | None = None
    """The daemon's address on the network, instead of the socket."""
    token: str | None = None
    fingerprint: str | None = None

    @property
    def where(self) -> str:
        """For people: where the daemon is."""
        return str(self.socket) if self.url is None else self.url

    def connect(self) -> Client:
        """A client. It raises ``ClientError``."""
        if self.url is None:
            return Client(self.socket)
        return Client(url=self.url, token=self.token, fingerprint=self.fingerprint)

    def demand_local(self, verb: str) -> None:
        """End with a message if the daemon is on another computer: the verb examines this one."""
        if self.url is not None:
            self.fail(USAGE, f"{verb} examines the computer it runs on: run it on the daemon's computer, without --url")

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client; its errors become a message and an exit code."""
        self.check_rights()
        with self.reported(), self.connect() as client:
            yield client

    @contextmanager
    def submitting(self, key: str) -> Iterator[None]:
        """Within it the job is submitted: if the daemon ends meanwhile, the message names the key."""
        try:
            yield
        except NotReachable as error:
            if error.may_have_arrived:
                ask = f"Ask when the daemon runs again: fiscalctl job '{key}'; to print it, use the same key"
                self.fail(UNKNOWN, f"{error}; it is not known whether the document is printed. {ask}")
            raise

    def check_rights(self) -> None:
        """End with a message if this user cannot use the socket."""
        why = None if self.url is not None else refusal(self.socket)
        if why is not None:
            self.fail(REFUSED, why)

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Turn an error of the client into a message and an exit code."""
        try:
            yield
        except NotReachable as error:
            if error.may_have_arrived:
                self.fail(UNKNOWN, f"{error}; the request may have arrived: look before you repeat it")
            self.check_rights()
            if self.url is not None:
                self.fail(UNREACHABLE, why_unreachable_there(self.url, error))
            self.fail(UNREACHABLE, why_unreachable(self.socket, str(error)))
        except Refused as error:
            self.show_problem(error.problem)
            sys.exit(_refusal_code(error.status, error.problem))
        except ClientError as error:
            self.fail(UNKNOWN, str(error))

    def ask(self, question: Callable[[Client], T]) -> T | None:
        """The answer of a running daemon; ``None`` if this user cannot reach one."""
        if refusal(self.socket) is None and exists(self.socket):
            with suppress(ClientError), self.connect() as client:
                return question(client)
        return None

    def warn(self, message: str) -> None:
        """Write a message to stderr."""
        click.echo(json.dumps({"error": message}) if self.as_json else visible(message, keep="\n"), err=True)

    def fail(self, code: int, message: str) -> NoReturn:
        """Write a message to stderr and exit."""
        self.warn(message)
        sys.exit(code)

    def show(self, content: Any, text: Callable[[], str]) -> None:
        """Print the answer: as JSON, or as ``text``."""
        click.echo(to_json(content, indent=1) if self.as_json else text())

    def show_problem(self, problem: Problem) -> None:
        """Write a problem to stderr."""
        if self.as_json:
            click.echo(json.dumps(everything(problem), indent=1), err=True)
        else:
            click.echo(problem_text(problem), err=True)


def to_json(content: Any, *, indent: int | None = None) -> str:
    """JSON for standard output: in ASCII if its encoding lacks characters."""
    return json.dumps(content, ensure_ascii=not encodes_everything(sys.stdout), indent=indent)


def exists(path: Path) -> bool:
    """Whether the file exists, or may exist where this user cannot look: opening it gives the reason."""
    try:
        return path.exists()
    except PermissionError:
        return True


def forget_output() -> None:
    """Discard what Python has buffered for standard output, because nothing more can be written there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refusal_code(status: int, problem: Problem) -> int:
    if problem.fault is Fault.LICENCE or status in (401, 403):
        return REFUSED
    if status in (400, 404):
        return USAGE
    if problem.document is Fate.NOT_PRINTED:
        return FAILED
    return USAGE if problem.fault is Fault.REQUEST else UNKNOWN


def problem_text(problem: Problem) -> str:
    """A problem in a few lines, for technician and cashier."""
    problem = shown(problem)
    lines = [f"{problem.code}: {problem.detail}"]
    mistakes = (f"{each.pointer}: {each.detail}" for each in problem.errors)
    lines += [f"  {mistake}" for mistake in mistakes if mistake not in problem.detail]  # the detail has the first one
    lines.append(problem.detail_pl)
    return "\n".join(lines)


class Verbs(VisibleGroup):
    """The verbs. An error of this program never looks like an answer about a document."""

    #: The verbs that wait for a job. The job continues if they stop.
    submitting = frozenset(("print", "job", "test-page")) | {
        document.about.verb.words[0] for document in DOCUMENTS.values() if document.about.verb is not None
    }

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):
            goes_on = "; the job keeps running. Check it with: fiscalctl job KEY"
            click.echo(f"stopped{goes_on if ctx.invoked_subcommand in self.submitting else ''}", err=True)
        except BrokenPipeError:
            # The reader of our output is gone: discard the rest.
            forget_output()
        except Exception:
            traceback.print_exc()
        sys.exit(UNKNOWN)


pass_context = click.make_pass_decorator(Context)
