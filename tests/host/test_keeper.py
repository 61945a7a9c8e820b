from __future__ import annotations

import pytest

from edge.errors import StoreLocked, StoreUnwritable
from edge.host.keeper import sole_keeper


def test_a_second_daemon_on_the_same_store_is_refused(tmp_path):
    with sole_keeper(tmp_path), pytest.raises(StoreLocked, match="another daemon"), sole_keeper(tmp_path):
        raise AssertionError("there were two")


def test_the_claim_ends_with_its_holder(tmp_path):
    for _ in range(2):
        with sole_keeper(tmp_path):
            pass


def test_stores_do_not_stand_in_each_others_way(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with sole_keeper(tmp_path / "a"), sole_keeper(tmp_path / "b"):
        pass


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreUnwritable, match="absent"), sole_keeper(tmp_path / "absent"):
        pass
