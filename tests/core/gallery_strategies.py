"""Rows of galleries for properties."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from edge.core.gallery_rows import FaceRow, PersonRow, Removal

IDS = st.text("AZaz09-%@#&_", min_size=1, max_size=64)
SEALED = st.binary(min_size=1, max_size=60)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
)
PEOPLE = st.builds(
    PersonRow,
    IDS,
    SEALED,
    st.sets(IDS, max_size=4).map(lambda groups: tuple(sorted(groups))),
    st.booleans(),
    st.none() | TIMES,
    st.none() | TIMES,
)
FACES = st.builds(
    FaceRow, IDS, IDS, st.just("faces@0123456789ab"), SEALED, st.integers(min_value=0, max_value=1000), TIMES
)
OPS = PEOPLE | FACES | st.builds(Removal, IDS, st.just("") | IDS)
