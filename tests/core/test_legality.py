import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.legality import (
    check_description,
    check_fields,
    check_group_id,
    check_group_text,
    check_person_id,
    check_person_text,
    gender,
)
from edge.core.limits import DEFAULT_LIMITS, GalleryLimits, check_page
from edge.core.person import Group, GroupId, Person, RecordedGender
from edge.errors import OstiaryError
from edge.refusals import (
    FieldNameIllegal,
    FieldNameTooLong,
    FieldRepeated,
    GenderIllegal,
    GroupIdIllegal,
    GroupIdTooLong,
    GroupNameIllegal,
    GroupNameTooLong,
    GroupTagIllegal,
    GroupTagTooLong,
    LimitTooLarge,
    OffsetTooLarge,
    ParameterMissing,
    PersonIdIllegal,
    PersonIdTooLong,
    PersonNameIllegal,
    PersonNameTooLong,
    TooManyFields,
    ValueIllegal,
    ValueTooLong,
)
from tests.factories import NOON

ID_CHARACTERS = string.ascii_letters + string.digits + "-%@#&_"
FIELD_CHARACTERS = string.ascii_letters + string.digits + "-_"
SMALL = GalleryLimits(id_length=8, name_length=8, tag_length=4, field_length=6, value_length=8)


def refusal(check, *arguments):
    """The class of what is raised, None when nothing is; every message is one line."""
    found = None
    try:
        check(*arguments)
    except OstiaryError as error:
        found = error
    assert "\n" not in str(found)
    return None if found is None else type(found)


@given(st.text(max_size=12))
def test_an_id_is_refused_for_what_is_wrong_with_it(identifier):
    for check, illegal, too_long in (
        (check_person_id, PersonIdIllegal, PersonIdTooLong),
        (check_group_id, GroupIdIllegal, GroupIdTooLong),
    ):
        expected = (
            ParameterMissing
            if not identifier
            else illegal
            if set(identifier) - set(ID_CHARACTERS)
            else too_long
            if len(identifier) > 8
            else None
        )
        assert refusal(check, identifier, SMALL) is expected


@given(st.text(ID_CHARACTERS, min_size=1, max_size=80))
def test_an_id_of_the_allowed_characters_is_refused_for_its_length_only(identifier):
    expected = PersonIdTooLong if len(identifier) > 64 else None
    assert refusal(check_person_id, identifier, DEFAULT_LIMITS) is expected


@given(st.text(max_size=12))
def test_names_tags_and_descriptions_may_be_of_any_script(text):
    def expected(illegal, too_long, longest):
        return illegal if not text.isprintable() else too_long if len(text) > longest else None

    person = Person("ada", text, NOON)
    assert refusal(check_person_text, person, SMALL) is expected(PersonNameIllegal, PersonNameTooLong, 8)
    tagged = Group(GroupId("staff"), "Staff", NOON, text)
    assert refusal(check_group_text, tagged, SMALL) is expected(GroupTagIllegal, GroupTagTooLong, 4)
    assert refusal(check_description, text, SMALL) is expected(ValueIllegal, ValueTooLong, 8)
    if text:
        group = Group(GroupId("staff"), text, NOON)
        assert refusal(check_group_text, group, SMALL) is expected(GroupNameIllegal, GroupNameTooLong, 8)


def test_a_group_has_a_name():
    assert refusal(check_group_text, Group(GroupId("staff"), "", NOON), SMALL) is ParameterMissing


@pytest.mark.parametrize("secret", ["Ada\nLovelace", "Ada Augusta Lovelace"])
def test_no_message_repeats_a_name(secret):
    with pytest.raises(OstiaryError) as error:
        check_person_text(Person("ada", secret, NOON), SMALL)
    assert "Lovelace" not in str(error.value)


@given(st.lists(st.text(max_size=8), max_size=7))
def test_fields_are_refused_for_what_is_wrong_with_them(fields):
    found = refusal(check_fields, fields, SMALL)
    wrong = [
        FieldNameIllegal if not field or set(field) - set(FIELD_CHARACTERS) else FieldNameTooLong
        for field in fields
        if not field or set(field) - set(FIELD_CHARACTERS) or len(field) > 6
    ]
    repeated = FieldRepeated if len(set(fields)) < len(fields) else None
    assert found is (TooManyFields if len(fields) > 5 else wrong[0] if wrong else repeated)


@given(st.integers(-5, 5))
def test_a_gender_is_one_of_three(number):
    if number in (0, 1, 2):
        assert gender(number) is RecordedGender(number)
    else:
        assert refusal(gender, number) is GenderIllegal


@given(offset=st.integers(-3, 30), limit=st.integers(-3, 30), total=st.integers(0, 25))
def test_a_page_is_in_the_list_and_not_too_long(offset, limit, total):
    found = refusal(check_page, offset, limit, total, GalleryLimits(page=20))
    expected = LimitTooLarge if not 1 <= limit <= 20 else OffsetTooLarge if not 0 <= offset <= total else None
    assert found is expected
