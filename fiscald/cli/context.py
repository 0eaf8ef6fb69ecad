"""What all verbs of ``fiscalctl`` share: its options, its exit codes, and how it says that something went wrong."""

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
from fiscald.cli.reaching import refusal, why_unreachable
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
    """The options that stand before the verb."""

    socket: Path
    as_json: bool

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client; what it raises becomes a sentence and an exit code."""
        self.check_rights()
        with self.told(), Client(self.socket) as client:
            yield client

    def check_rights(self) -> None:
        """End with a sentence where this user may not use the socket."""
        why = refusal(self.socket)
        if why is not None:
            self.fail(REFUSED, why)

    @contextmanager
    def told(self) -> Iterator[None]:
        """What a client raises becomes a sentence and an exit code."""
        try:
            yield
        except NotReachable as error:
            self.check_rights()
            self.fail(UNREACHABLE, why_unreachable(self.socket, str(error)))
        except Refused as error:
            self.show_problem(error.problem)
            sys.exit(_refusal_code(error.status, error.problem))
        except ClientError as error:
            self.fail(UNKNOWN, str(error))

    def ask(self, question: Callable[[Client], T]) -> T | None:
        """What a running daemon answers; ``None`` without one that this user can reach."""
        if refusal(self.socket) is None and exists(self.socket):
            with suppress(ClientError), Client(self.socket) as client:
                return question(client)
        return None

    def warn(self, message: str) -> None:
        """A sentence on stderr."""
        click.echo(json.dumps({"error": message}) if self.as_json else visible(message, keep="\n"), err=True)

    def fail(self, code: int, message: str) -> NoReturn:
        """End with a sentence on stderr."""
        self.warn(message)
        sys.exit(code)

    def show(self, content: Any, text: Callable[[], str]) -> None:
        """The answer: JSON, or what ``text`` makes of it."""
        click.echo(to_json(content, indent=1) if self.as_json else text())

    def show_problem(self, problem: Problem) -> None:
        """A refusal on stderr."""
        if self.as_json:
            click.echo(json.dumps(everything(problem), indent=1), err=True)
        else:
            click.echo(problem_text(problem), err=True)


def to_json(content: Any, *, indent: int | None = None) -> str:
    """JSON for standard output: readable where its encoding has every character, in ASCII elsewhere."""
    return json.dumps(content, ensure_ascii=not encodes_everything(sys.stdout), indent=indent)


def exists(path: Path) -> bool:
    """Whether it is there, or may be where this user may not look: opening it tells why it cannot be had."""
    try:
        return path.exists()
    except PermissionError:
        return True


def forget_output() -> None:
    """What Python still holds for standard output, which takes no more, is not written at the end either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refusal_code(status: int, problem: Problem) -> int:
    if problem.fault is Fault.LICENCE or status == 403:
        return REFUSED
    if status in (400, 404):
        return USAGE
    if problem.document is Fate.NOT_PRINTED:
        return FAILED
    return USAGE if problem.fault is Fault.REQUEST else UNKNOWN


def problem_text(problem: Problem) -> str:
    """A problem in a few lines, for the technician and for the cashier."""
    problem = shown(problem)
    lines = [f"{problem.code}: {problem.detail}"]
    lines += [f"  {each.pointer}: {each.detail}" for each in problem.errors]
    lines.append(problem.detail_pl)
    return "\n".join(lines)


class Verbs(VisibleGroup):
    """The verbs; what goes wrong in this program itself never looks like an answer about a document."""

    #: The verbs that wait for a job, which does not wait for them.
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
            # The reader of our output has gone; what Python still wants to write goes nowhere.
            forget_output()
        except Exception:
            traceback.print_exc()
        sys.exit(UNKNOWN)


pass_context = click.make_pass_decorator(Context)
