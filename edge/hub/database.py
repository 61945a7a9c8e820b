"""The hub's database: an SQLite file, or PostgreSQL where many doors report. One code for both."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeAlias

from sqlalchemy import (
    Connection,
    Engine,
    Insert,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import (
    TimeoutError as NoConnection,
)

from edge.errors import DatabaseGone, SettingsError, StoreCorrupt, StoreError, StoreTooNew, StoreUnwritable
from edge.hub.tables import METADATA, schema
from edge.store.database import keep_log
from edge.store.database_file import make_private
from edge.store.trouble import translated

logger = logging.getLogger(__name__)

Step: TypeAlias = Callable[[Connection], None]
STEPS: tuple[Step, ...] = ()
"""What turns version n of the tables into n + 1, from n = 1 on; a new database begins with the newest."""

_BUSY_S = 5.0
_CONNECT_S = 5
_STATEMENT_MS = 30_000
_READING = "ostiary_reading"
_MIGRATION_LOCK = 0x6F737469
_KINDS = ("sqlite", "postgresql")


class HubDatabase:
    """Opened lazily: making one needs no server. Safe for several threads, each with its own transaction."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine = engine
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def where(self) -> str:
        """The file, or the address without its password."""
        return str(self._path) if self._path else self._engine.url.render_as_string(hide_password=True)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing of what the block writes; durable at its end.

        Raises StoreError, DatabaseGone in particular, when it cannot be stored; then nothing of it is.
        """
        with self._explained(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Everything that the block reads is of one moment, and nobody who writes waits for it."""
        options: dict[str, Any] = {_READING: True}
        if self.kind == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"
        with self._explained(), self._engine.connect() as connection:
            connection = connection.execution_options(**options)
            with connection.begin():
                yield connection

    def migrate(self, steps: Sequence[Step] = STEPS) -> None:
        """Make the tables, or bring older ones up to date. Raises StoreTooNew and other StoreErrors."""
        with self.transaction() as connection:
            if self.kind == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            newest = len(steps) + 1
            version = self._version(connection, newest)
            if version == 0:
                METADATA.create_all(connection)
                connection.execute(schema.insert().values(only=0, version=newest))
                return
            for step in steps[version - 1 :]:
                step(connection)
            connection.execute(schema.update().values(version=newest))

    def close(self) -> None:
        self._engine.dispose()

    def _version(self, connection: Connection, newest: int) -> int:
        """Of the tables that are there; 0 when there are none."""
        found = set(inspect(connection).get_table_names())
        if schema.name not in found:
            if found & set(METADATA.tables):
                raise StoreCorrupt(f"{self.where} holds tables of another program; give the hub its own")
            return 0
        version: int | None = connection.execute(select(schema.c.version)).scalar()
        if version is None:
            raise StoreCorrupt(f"{self.where} has lost the version of its tables; restore a backup")
        if version > newest:
            raise StoreTooNew(
                f"{self.where} has version {version} of the hub's tables, this version of ostiary knows"
                f" {newest}; install the newer version again"
            )
        return version

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError):
            raise
        except ProgrammingError as error:
            if self.kind == "sqlite":
                raise
            raise StoreUnwritable(
                f"the database {self.where} refuses ({_short(error)}); run 'ostiary hub init' as a user who"
                " may make tables in it, and give this one the right to use them"
            ) from error
        except DBAPIError as error:
            raise self._ours(error) from error
        except NoConnection as error:
            raise DatabaseGone(f"the database {self.where} gives no connection; see what holds it") from error

    def _ours(self, error: DBAPIError) -> StoreError:
        if self._path is not None and isinstance(error.orig, sqlite3.Error):
            try:
                with translated(self._path):
                    raise error.orig
            except StoreError as ours:
                return ours
        said = _short(error)
        if isinstance(error, OperationalError) and "authentication failed" in said:
            return DatabaseGone(
                f"the database {self.where} does not let the hub in ({said}); correct hub.database"
            )
        return DatabaseGone(
            f"the database {self.where} does not answer ({said}); start it, or correct hub.database"
        )


def open_hub(address: str | Path) -> HubDatabase:
    """Name the database; `migrate` is the first to touch it.

    address: of an SQLite file (a path), or SQLAlchemy's, as `postgresql+psycopg://user@host/ostiary`.
    Raises SettingsError for another kind, StoreUnwritable when the file cannot be made.
    """
    if isinstance(address, Path):
        return HubDatabase(_sqlite(address), address)
    try:
        url = make_url(address)
        if url.get_backend_name() == "postgresql" and url.get_driver_name() != "psycopg":
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite" and url.database:
            path = Path(url.database)
            return HubDatabase(_sqlite(path), path)
        if url.get_backend_name() != "postgresql":
            raise SettingsError(
                f"hub.database is of the kind {url.get_backend_name()}; use postgresql+psycopg"
            )
        # Through `options`, so that a connection has these from its first statement on.
        limits = f"-c statement_timeout={_STATEMENT_MS} -c timezone=UTC -c client_encoding=UTF8"
        engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_timeout=_CONNECT_S,
            connect_args={
                "connect_timeout": _CONNECT_S,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 20_000,
                "application_name": "ostiary hub",
                "options": limits,
            },
        )
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        # The address may hold a password, and so may what a parser says of it.
        raise SettingsError(
            "hub.database is no address of a database; write postgresql+psycopg://user@host/name"
        ) from error
    return HubDatabase(engine, None)


def insert_new(connection: Connection, table: Table) -> Insert:
    """An INSERT that passes over rows whose key is there already."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def put(connection: Connection, table: Table) -> Insert:
    """An INSERT that overwrites the other columns of a row whose primary key is there already."""
    key = [column.name for column in table.primary_key]
    is_server = connection.dialect.name == "postgresql"
    statement = postgresql.insert(table) if is_server else sqlite.insert(table)
    new = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=new)


def _sqlite(path: Path) -> Engine:
    make_private(path, "the hub's database", "the hub")
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_S})
    event.listen(engine, "connect", partial(_configure, path))
    event.listen(engine, "begin", _begin)
    return engine


def _configure(path: Path, connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions on its own, and too late.
    connection.isolation_level = None
    keep_log(connection, path, _BUSY_S)
    for setting in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "trusted_schema = OFF",
        "temp_store = MEMORY",
        "journal_size_limit = 67108864",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READING, False)
    # Asking for the right to write at once: one who asks later is refused when another was quicker.
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _short(error: SQLAlchemyError) -> str:
    said = str(getattr(error, "orig", None) or error)
    return " ".join(said.split())[:160]
