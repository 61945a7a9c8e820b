"""The hub's database, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select, text

from edge.errors import (
    DatabaseGone,
    SettingsError,
    StoreCorrupt,
    StoreError,
    StoreTooNew,
    StoreUnwritable,
)
from edge.hub.database import HubDatabase, insert_new, open_hub, put
from edge.hub.tables import schema, values


def test_what_a_transaction_wrote_is_there_after_opening_again(address) -> None:
    with open_hub(address) as first:
        first.migrate()
        with first.transaction() as connection:
            connection.execute(values.insert().values(key="a", value="1"))
    with open_hub(address) as second:
        second.migrate()
        with second.reading() as connection:
            assert connection.execute(select(values.c.value)).scalars().all() == ["1"]


def test_nothing_of_a_failed_transaction_stays(database: HubDatabase) -> None:
    def write_and_fail() -> None:
        with database.transaction() as connection:
            connection.execute(values.insert().values(key="a", value="1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(values)).scalar() == 0


def test_a_reader_sees_one_moment_and_holds_up_no_writer(database: HubDatabase) -> None:
    with database.reading() as reader:
        assert reader.execute(select(func.count()).select_from(values)).scalar() == 0
        with database.transaction() as writer:
            writer.execute(values.insert().values(key="a", value="1"))
        assert reader.execute(select(func.count()).select_from(values)).scalar() == 0


def test_rows_that_are_there_are_passed_over_or_overwritten(database: HubDatabase) -> None:
    with database.transaction() as connection:
        connection.execute(insert_new(connection, values), [{"key": "a", "value": "1"}])
        connection.execute(insert_new(connection, values), [{"key": "a", "value": "2"}])
        assert connection.execute(select(values.c.value)).scalar() == "1"
        connection.execute(put(connection, values), [{"key": "a", "value": "3"}])
        assert connection.execute(select(values.c.value)).scalar() == "3"


def test_an_older_database_is_brought_up_to_date_once(database: HubDatabase) -> None:
    done = []

    def add_column(connection) -> None:
        done.append(1)
        connection.execute(text("ALTER TABLE devices ADD COLUMN floor TEXT"))

    database.migrate([add_column])
    database.migrate([add_column])
    assert done == [1]
    with database.reading() as connection:
        assert "floor" in {column["name"] for column in inspect(connection).get_columns("devices")}
        assert connection.execute(select(schema.c.version)).scalar() == 2


def test_a_failing_step_leaves_the_database_as_it_was(database: HubDatabase) -> None:
    def fails(connection) -> None:
        connection.execute(text("ALTER TABLE devices ADD COLUMN floor TEXT"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.migrate([fails])
    with database.reading() as connection:
        assert "floor" not in {column["name"] for column in inspect(connection).get_columns("devices")}


def test_a_database_of_a_later_version_is_refused(database: HubDatabase) -> None:
    with database.transaction() as connection:
        connection.execute(schema.update().values(version=99))
    with pytest.raises(StoreTooNew, match="install the newer version"):
        database.migrate()


def test_the_tables_of_another_program_are_left_alone(address) -> None:
    with open_hub(address) as database:
        with database.transaction() as connection:
            connection.execute(text("CREATE TABLE devices (name TEXT)"))
        with pytest.raises(StoreCorrupt, match="another program"):
            database.migrate()


def test_two_hubs_that_make_the_tables_at_the_same_moment_agree(address) -> None:
    failures: list[BaseException] = []

    def make() -> None:
        try:
            with open_hub(address) as database:
                database.migrate()
        except Exception as error:  # noqa: BLE001 - whatever it is
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_server_that_is_gone_is_one_line_without_the_password() -> None:
    address = "postgresql://ostiary:geheim@127.0.0.1:1/hub"
    with open_hub(address) as database, pytest.raises(DatabaseGone) as caught:
        database.migrate()
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "start it" in str(caught.value)


@pytest.mark.parametrize("bad", ["mysql://a/b", "nonsense", "postgresql+pg8000:/x:y:z", "oracle+what://a"])
def test_another_kind_of_address_is_refused(bad: str) -> None:
    with pytest.raises(SettingsError, match="postgresql"):
        open_hub(bad)


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    path.write_bytes(b"something else " * 1000)
    with open_hub(path) as database, pytest.raises(StoreError, match=r"damaged"):
        database.migrate()


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    with open_hub(tmp_path / "new" / "hub.db") as database:
        database.migrate()
    assert (tmp_path / "new" / "hub.db").stat().st_mode & 0o077 == 0


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    path.touch(0o644)
    path.chmod(0o644)
    with open_hub(path) as database:
        database.migrate()
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_in_its_place_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    path.mkdir()
    with pytest.raises(StoreUnwritable, match="is not a regular file"):
        open_hub(path)
