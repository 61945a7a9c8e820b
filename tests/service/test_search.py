"""One against all: searching the gallery, and looking for people enrolled twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from edge.core.calibration import threshold_for
from edge.core.face import Embedding, PersonId
from edge.core.limits import DEFAULT_LIMITS
from edge.core.person import EnrolledFace, FaceId, FaceRecord, GroupId, PersonRecord
from edge.core.quality import Quality
from edge.errors import FaceTooSmall, SeveralFaces
from edge.refusals import (
    GroupListNotFound,
    NobodyToSearch,
    PersonNotFound,
    TooManyFacesSearched,
    TooManyPeopleAsked,
)
from edge.service.duplicates import UNIQUE_PERSON_FARS, DuplicateCheck
from edge.service.examination import Examined
from edge.service.groups import GroupKeeper
from edge.service.people import PersonKeeper
from edge.service.pictures import Wanted
from edge.service.search import Among, FaceSearch, SearchLimits
from edge.store.database import Database, open_database
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from edge.store.index import GalleryIndex
from tests.factories import MODEL, a_face
from tests.service.picture_world import CURVE, SCALE, Shown, World, template
from tests.store.builders import NOON, person

STAFF, GUESTS = GroupId("staff"), GroupId("guests")


@dataclass
class Site:
    """A gallery that is searched. Nobody 7 is enrolled; ada is 1, bob 2, eve 3 and eve2 the same woman."""

    world: World
    database: Database
    gallery: Gallery
    index: GalleryIndex
    limits: SearchLimits = field(default_factory=SearchLimits)

    def enroll(self, identifier: str, who: int, takes: Sequence[int], *groups: GroupId) -> None:
        faces = tuple(
            EnrolledFace(
                FaceRecord(FaceId(f"{identifier}-{take}"), PersonId(identifier), NOON, 0.9, "camera"),
                (template(who, take),),
            )
            for take in takes
        )
        self.gallery.put([PersonRecord(person(identifier), groups, faces)])

    def require(self, groups: Sequence[GroupId]) -> tuple[GroupId, ...]:
        unknown = set(groups) - {STAFF, GUESTS}
        if unknown:
            raise GroupListNotFound(f"no group {sorted(unknown)}")
        return tuple(groups)

    def templates(self, identifier: PersonId) -> list[tuple[Embedding, float]]:
        faces = self.gallery.record(identifier).faces
        return [(one, face.face.quality) for face in faces for one in face.templates]

    @property
    def search(self) -> FaceSearch:
        return FaceSearch(
            self.world.reader(),
            self.world,
            self.index,
            SCALE,
            self.require,
            lambda identifier: self.gallery.person(identifier).tag,
            self.limits,
        )

    @property
    def duplicates(self) -> DuplicateCheck:
        return DuplicateCheck(
            self.world.reader(), self.world, self.index, SCALE, self.templates, self.require
        )


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Site]:
    with open_database(tmp_path / "ostiary.db", durable=False) as database:
        yield Site(World(), database, Gallery(database), GalleryIndex(database, MODEL))


@pytest.fixture
def site(empty: Site) -> Site:
    empty.enroll("ada", 1, (0, 1, 2), STAFF)
    empty.enroll("bob", 2, (0,), GUESTS)
    empty.enroll("eve", 3, (0, 1), STAFF)
    return empty


def names(result) -> list[list[str]]:
    return [[one.person for one in searched.candidates] for searched in result.faces]


def test_the_person_is_first_and_the_only_match(site: Site) -> None:
    result = site.search.search(site.world.add(Shown(1, take=9)))
    ((first, *others),) = [searched.candidates for searched in result.faces]
    assert (first.person, first.is_match) == ("ada", True)
    assert len(others) == 2
    assert not any(one.is_match for one in others)
    assert [one.score for one in others] == sorted((one.score for one in others), reverse=True)
    assert result.compared == 3


def test_a_stranger_matches_nobody(site: Site) -> None:
    result = site.search.search(site.world.add(Shown(7)))
    assert not any(one.is_match for one in result.faces[0].candidates)


def test_single_faces_may_be_ranked(site: Site) -> None:
    result = site.search.search(site.world.add(Shown(1, take=1)), among=Among.FACES, count=3)
    assert result.faces[0].candidates[0].face == "ada-1"
    assert names(result) == [["ada", "ada", "ada"]]
    assert result.compared == 6


def test_several_faces_of_a_picture_are_searched_largest_first(site: Site) -> None:
    crowd = site.world.add(
        Shown(2, x=60, size=50, take=5), Shown(1, x=200, size=90, take=5), Shown(7, x=330, size=40)
    )
    result = site.search.search(crowd, count=1, most_faces=2)
    assert names(result) == [["ada"], ["bob"]]
    assert [searched.box.width for searched in result.faces] == [90, 50]


def test_only_people_of_the_groups_are_found(site: Site) -> None:
    probe = site.world.add(Shown(2, take=5))
    assert names(site.search.search(probe, groups=[STAFF])) in ([["ada", "eve"]], [["eve", "ada"]])
    assert names(site.search.search(probe, groups=[GUESTS])) == [["bob"]]
    assert len(names(site.search.search(probe, groups=[STAFF, GUESTS]))[0]) == 3


def test_a_match_needs_more_the_more_people_there_are(site: Site) -> None:
    probe = site.world.add(Shown(1, take=9))
    few = site.search.search(probe, groups=[GUESTS])
    before = site.search.search(probe)
    for number in range(30):
        site.enroll(f"p{number}", 100 + number, (0,))
    after = site.search.search(probe)
    assert few.needed_score < before.needed_score < after.needed_score
    assert after.needed_score == SCALE.score(threshold_for(CURVE, 1e-3, 33))


def test_a_match_needs_more_the_more_faces_are_searched_for(site: Site) -> None:
    crowd = site.world.add(Shown(1, x=60, size=60), Shown(2, x=180, size=50), Shown(7, x=300, size=40))
    scores = [site.search.search(crowd, most_faces=most).needed_score for most in (1, 2, 3)]
    assert scores == [SCALE.score(threshold_for(CURVE, 1e-3, 3 * faces)) for faces in (1, 2, 3)]


def test_only_matches_may_be_asked_for(site: Site) -> None:
    assert names(site.search.search(site.world.add(Shown(1, take=9)), only_matches=True)) == [["ada"]]
    assert names(site.search.search(site.world.add(Shown(7)), only_matches=True)) == [[]]


def test_whoever_is_enrolled_meanwhile_is_found(site: Site) -> None:
    probe = site.world.add(Shown(7, take=3))
    search = site.search
    assert "zoe" not in names(search.search(probe))[0]
    site.enroll("zoe", 7, (0,))
    assert names(search.search(probe, count=1)) == [["zoe"]]


def test_nobody_can_be_found_where_nobody_is(empty: Site) -> None:
    with pytest.raises(NobodyToSearch, match="the gallery"):
        empty.search.search(empty.world.add(Shown(1)))
    empty.enroll("ada", 1, (0,), STAFF)
    with pytest.raises(NobodyToSearch, match="guests"):
        empty.search.search(empty.world.add(Shown(1)), groups=[GUESTS])


@pytest.mark.parametrize("count", [0, 101])
def test_no_more_results_than_allowed(site: Site, count: int) -> None:
    with pytest.raises(TooManyPeopleAsked):
        site.search.search(site.world.add(Shown(1)), count=count)


@pytest.mark.parametrize("faces", [0, 11])
def test_no_more_faces_of_a_picture_than_allowed(site: Site, faces: int) -> None:
    with pytest.raises(SeveralFaces):
        site.search.search(site.world.add(Shown(1)), most_faces=faces)


def test_no_larger_gallery_than_allowed(site: Site) -> None:
    site.limits = SearchLimits(gallery=5)
    with pytest.raises(TooManyFacesSearched, match="6 faces"):
        site.search.search(site.world.add(Shown(1)))
    assert site.search.search(site.world.add(Shown(1)), groups=[STAFF]).compared == 2


def test_a_group_that_is_none_and_a_face_too_small_are_refused(site: Site) -> None:
    with pytest.raises(GroupListNotFound):
        site.search.search(site.world.add(Shown(1)), groups=[GroupId("ghosts")])
    with pytest.raises(FaceTooSmall):
        site.search.search(site.world.add(Shown(1, size=30)), Wanted(least_px=34))


def test_a_newcomer_who_is_enrolled_under_another_id_is_found(site: Site) -> None:
    (found,) = site.duplicates.of_picture(site.world.add(Shown(3, take=8)))
    assert found.person == "eve"
    assert found.score == SCALE.score(found.similarity)
    assert site.duplicates.of_picture(site.world.add(Shown(7))) == ()
    assert site.duplicates.of_picture(site.world.add(Shown(3, take=8)), groups=[GUESTS]) == ()


def test_an_enrolled_person_is_no_duplicate_of_themselves(site: Site) -> None:
    assert site.duplicates.of_person(PersonId("eve")) == ()
    site.enroll("eve2", 3, (5,))
    assert [one.person for one in site.duplicates.of_person(PersonId("eve"))] == ["eve2"]
    assert [one.person for one in site.duplicates.of_person(PersonId("eve2"))] == ["eve"]


def test_a_person_with_many_faces_does_not_hide_their_duplicate(site: Site) -> None:
    site.enroll("ada", 1, range(20), STAFF)
    site.enroll("ada2", 1, (90,))
    assert [one.person for one in site.duplicates.of_person(PersonId("ada"))] == ["ada2"]


def test_who_is_unknown_or_has_no_face_is_no_duplicate(site: Site) -> None:
    with pytest.raises(PersonNotFound):
        site.duplicates.of_person(PersonId("nobody"))
    site.enroll("bare", 9, ())
    with pytest.raises(NobodyToSearch):
        site.duplicates.of_person(PersonId("bare"))


def test_the_control_levels_ask_for_more_and_more(site: Site) -> None:
    """A face that is just similar enough for one level is not for the next."""
    faces = site.index.size()
    ada = template(1, 0).vector
    stranger = template(50).vector - ada * float(template(50).vector @ ada)
    stranger /= float((stranger @ stranger) ** 0.5)
    levels = [level for level in UNIQUE_PERSON_FARS if level]
    for level in levels:
        rate = UNIQUE_PERSON_FARS[level]
        similarity = threshold_for(CURVE, rate or 1.0, faces) + 0.004
        vector = similarity * ada + (1 - similarity**2) ** 0.5 * stranger
        found = [site.duplicates.person_like([Embedding(vector, MODEL)], one) for one in levels]
        assert found == ["ada" if one <= level else None for one in levels]


def test_level_0_asks_nothing_and_a_level_that_is_none_is_an_error(site: Site) -> None:
    assert site.duplicates.person_like([template(1)], 0) is None
    assert site.duplicates.person_like([template(1)], 4) == "ada"
    assert site.duplicates.person_like([], 4) is None
    with pytest.raises(ValueError, match="level 5"):
        site.duplicates.person_like([template(1)], 5)


def test_a_person_who_is_enrolled_already_is_not_created_again(site: Site) -> None:
    """The check is what the keeper of the people asks, at the level of the request."""
    groups = Groups(site.database)
    keeper = PersonKeeper(
        site.gallery, groups, GroupKeeper(site.gallery, groups, DEFAULT_LIMITS, lambda: NOON), DEFAULT_LIMITS
    )

    def create(identifier: str, who: int, level: int) -> str | None:
        face = Examined(a_face(), Quality(0.9, ()), template(who, 7))
        similar = partial(site.duplicates.person_like, level=level)
        return keeper.create(person(identifier), [STAFF], faces=[("a.jpg", face)], similar=similar).similar

    assert create("ada3", 1, level=4) == "ada"
    assert not site.gallery.version(PersonId("ada3"))
    assert create("zoe", 8, level=4) is None
    assert create("ada3", 1, level=0) is None
    assert site.gallery.version(PersonId("ada3"))
