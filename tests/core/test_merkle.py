import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.gallery_snapshot import rows_tree
from edge.core.merkle import BUCKETS, EMPTY, EMPTY_BUCKET, Tree, bucket_hash, bucket_of

DIGESTS = st.binary(min_size=32, max_size=32)
ROWS = st.dictionaries(
    st.tuples(st.text("abc", min_size=1, max_size=6), st.text("xyz", max_size=2)), DIGESTS, max_size=40
)


def test_the_root_of_nobody_is_fixed():
    assert EMPTY.root == "a96d297c9755b920c38bb791b73b88246d29ddca96fe57a1932b608f1e0c35b8"


def test_the_root_is_what_its_definition_says():
    person, face = hashlib.sha256(b"one").digest(), hashlib.sha256(b"two").digest()
    bucket = hashlib.sha256(b"\0ada\0\0" + person + b"ada\0f1\0" + face).digest()
    hashes = [hashlib.sha256(b"\0").digest()] * 4096
    hashes[int(hashlib.sha256(b"ada").hexdigest()[:3], 16)] = bucket
    while len(hashes) > 1:
        hashes = [
            hashlib.sha256(b"\1" + b"".join(hashes[at : at + 16])).digest()
            for at in range(0, len(hashes), 16)
        ]
    assert rows_tree([("ada", "f1", face), ("ada", "", person)]).root == hashes[0].hex()


@given(ROWS, ROWS)
def test_followed_bucket_by_bucket_the_tree_is_that_of_all_rows(before, after):
    changed = {bucket_of(person) for person, _ in (*before, *after)}
    hashes = {
        bucket: bucket_hash(
            sorted((*key, digest) for key, digest in after.items() if bucket_of(key[0]) == bucket)
        )
        for bucket in changed
    }
    started = rows_tree((*key, digest) for key, digest in before.items())
    assert started.with_buckets(hashes) == rows_tree((*key, digest) for key, digest in after.items())


@given(ROWS.filter(bool), st.data())
def test_whatever_changes_the_root_does(rows, data):
    key = data.draw(st.sampled_from(sorted(rows)))
    other = data.draw(DIGESTS)
    changed = {**rows, key: other}
    trees = [rows_tree((*at, digest) for at, digest in some.items()) for some in (rows, changed)]
    assert (trees[0].root == trees[1].root) == (rows == changed)


def test_an_emptied_bucket_is_as_if_it_had_never_been():
    tree = Tree.of({7: bucket_hash([("ada", "", bytes(32))])})
    assert tree != EMPTY
    assert tree.with_buckets({7: EMPTY_BUCKET}) == EMPTY


@pytest.mark.parametrize("bucket", [-1, BUCKETS])
def test_a_bucket_there_is_not_is_refused(bucket):
    with pytest.raises(ValueError, match="0 to 4095"):
        EMPTY.with_buckets({bucket: bytes(32)})
