"""The central's database: SQLite in one file, or PostgreSQL where several dispatchers work at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.schema import Table

from fiscald import private
from fiscald.fleet.central import schema

#: Seconds that a change waits for another process with the same file, or for a connection.
_PATIENCE = 30
#: Any number: PostgreSQL lets one process at a time make the tables.
_SCHEMA_LOCK = 0x66697363
_READING = "fiscald_reading"


class DatabaseError(Exception):
    """The database cannot be used; ``str`` says why and what to do."""


def sqlite_url(path: Path) -> str:
    """The address of a file."""
    return f"sqlite:///{path}"


class Database:
    """An open database. Every change is one synced transaction; many threads may use it."""

    def __init__(self, url: str) -> None:
        """``url``: ``sqlite:///PATH`` or ``postgresql://...``. Raises ``DatabaseError``."""
        try:
            self._where = make_url(url).render_as_string(hide_password=True)
            self._engine = _open(url)
            self.is_sqlite = self._engine.dialect.name == "sqlite"
        except (ArgumentError, SQLAlchemyError, OSError, ImportError) as error:
            raise DatabaseError(f"the database cannot be used: {error}") from None
        try:
            self._prepare()
        except BaseException as error:
            self._engine.dispose()
            if isinstance(error, SQLAlchemyError):
                raise DatabaseError(f"{self._where}: {getattr(error, 'orig', None) or error}") from None
            raise

    def _prepare(self) -> None:
        with self.change() as connection:
            if not self.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"))
            schema.metadata.create_all(connection)
            meta = schema.meta
            found = connection.scalar(select(meta.c.value).where(meta.c.name == "schema"))
            if found is None:
                connection.execute(insert(meta).values(name="schema", value=str(schema.VERSION)))
            elif found != str(schema.VERSION):
                raise DatabaseError(
                    f"{self._where}: it has schema {found}, this version of fiscald knows {schema.VERSION}"
                )

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction that may write. It is on the disk when the block is left. Raises ``SQLAlchemyError``."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent state, for reading."""
        with self._engine.connect() as plain:
            connection = plain.execution_options(**{_READING: True})
            with connection.begin():
                yield connection

    def insert(self, table: Table) -> Any:
        """An INSERT that knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)


def _open(url: str) -> Engine:
    where = make_url(url)
    if where.get_backend_name() == "sqlite":
        if not where.database or where.query:
            raise ArgumentError("write sqlite:///PATH")
        private.make_directory(Path(where.database).absolute().parent)
        private.make_file(Path(where.database))
        engine = create_engine(
            where.set(drivername="sqlite+pysqlite"), connect_args={"timeout": _PATIENCE}, pool_timeout=_PATIENCE
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if where.get_backend_name() != "postgresql":
        raise ArgumentError("write sqlite:///PATH or postgresql://USER@HOST/NAME")
    return create_engine(
        where.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_timeout=_PATIENCE,
        connect_args={"connect_timeout": 10},
    )  # fmt: skip


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy begins, not the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A change that begins with reading would fail instead of waiting for another writer.
    reading = connection.get_execution_options().get(_READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
