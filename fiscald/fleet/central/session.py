"""What all verbs of ``fiscald-fleet`` share: configuration, database, keys and the form of answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy.exc import SQLAlchemyError

from fiscald.fleet.central.database import Database, DatabaseError
from fiscald.fleet.central.keyring import Keyring, KeyringError
from fiscald.fleet.central.settings import Settings, SettingsError, load
from fiscald.model.fleet import CentralCard


class Session:
    """The configuration, and how answers are printed."""

    def __init__(self, path: Path, database: str | None, *, as_json: bool) -> None:
        self._path = path
        self._database = database
        self._as_json = as_json

    @cached_property
    def settings(self) -> Settings:
        """The configuration: read when it is needed, so that help needs none."""
        try:
            return load(self._path)
        except SettingsError as error:
            fail(str(error))

    @property
    def keyring(self) -> Keyring:
        """The central's keys."""
        return Keyring(self.settings.key_directory)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database; an error becomes one sentence and exit code 1."""
        try:
            db = Database(self._database or self.settings.database_url)
        except DatabaseError as error:
            fail(str(error))
        try:
            yield db
        except SQLAlchemyError as error:
            fail(f"the database cannot be used: {error}")
        except KeyringError as error:
            fail(str(error))
        finally:
            db.close()

    def show(self, value: Any, text: str) -> None:
        """The answer: JSON for scripts, else text."""
        click.echo(json.dumps(value, ensure_ascii=False) if self._as_json else text)


pass_session = click.make_pass_decorator(Session)


def fail(sentence: str) -> NoReturn:
    """End with a sentence and exit code 1."""
    raise click.ClickException(sentence) from None


def central_card(session: Session) -> tuple[dict[str, Any], str | None]:
    """What a shop must know of the central, and the next key. Raises ``KeyringError``."""
    keyring = session.keyring
    card = CentralCard(
        central=session.settings.central, orders_key=keyring.signer().public,
        encryption_key=keyring.seal_key().public,
    )  # fmt: skip
    following = keyring.next_signer()
    return card.model_dump(mode="json"), None if following is None else following.public
