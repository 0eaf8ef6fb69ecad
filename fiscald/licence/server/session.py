"""What all verbs of ``fiscald-vendor`` share: configuration, transactions and error output."""

from __future__ import annotations

import getpass
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import click

from fiscald.licence.server import admin, keyring
from fiscald.licence.server.config import Config, ConfigError, load
from fiscald.licence.server.keyring import Keyring, KeyringError
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.store import Store, StoreError
from fiscald.licence.server.transaction import Transaction


class Session:
    """The configuration, and how the answer is printed."""

    def __init__(self, path: Path, *, as_json: bool) -> None:
        self.as_json = as_json
        self.path = path

    @cached_property
    def config(self) -> Config:
        """The configuration: read when it is needed, so that help needs none."""
        try:
            return load(self.path)
        except ConfigError as error:
            fail(str(error))

    @contextmanager
    def transaction(self, *, any_clock: bool = False) -> Iterator[Transaction]:
        """One transaction; an error becomes one sentence and exit code 1."""
        with self.store() as store, store.transaction(now, f"cli:{getpass.getuser()}") as t:
            if not any_clock:
                t.check_clock()
            yield t

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read from one state of the database, while the server writes."""
        with self.store() as store, store.reading(now) as t:
            yield t

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database; an error becomes one sentence and exit code 1."""
        try:
            store = Store(self.config.database)
            try:
                yield store
            finally:
                store.close()
        except (StoreError, Unable, KeyringError, admin.AdminError) as error:
            fail(str(error))
        except sqlite3.IntegrityError as error:
            fail(f"nothing was changed, it exists already: {error}")

    def keys(self) -> Keyring:
        """The keys. Raises ``KeyringError``."""
        return keyring.load(self.config.keys.directory, self.config.keys.sign_with)

    def rules(self) -> Rules:
        """The rules, as configured. Raises ``KeyringError``."""
        config = self.config
        return Rules(self.keys(), config.issuer, config.terms, config.limits)

    def show(self, value: Any, text: str) -> None:
        """The answer: JSON for scripts, else text."""
        click.echo(json.dumps(value, ensure_ascii=False) if self.as_json else text)


def fail(sentence: str) -> NoReturn:
    """End with a sentence and exit code 1."""
    raise click.ClickException(sentence) from None


def now() -> int:
    """The computer's time."""
    return int(time.time())


def confirm(question: str, *, yes: bool) -> None:
    """Ask for confirmation on a terminal; a "no" ends the program. Scripts get no prompt."""
    if not yes and has_terminal():
        click.confirm(question, abort=True)


def has_terminal() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin.isatty()
