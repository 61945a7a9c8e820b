"""The error codes of comparable services: each is one class and one row of the documentation, or a reason."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from edge import errors, refusals
from edge.errors import OstiaryError

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "edge" / "service" / "CODES.md").read_text()

THIRD_VERSION = {
    "AuthFailure": "InvalidAuthorization",
    "FailedOperation": """
        ConflictOperation DuplicatedGroupDescription FaceQualityNotQualified FaceSizeTooSmall
        GroupInDeletedState GroupPersonMapExist GroupPersonMapNotExist ImageDecodeFailed
        ImageDownloadError ImageFacedetectFailed ImageResolutionExceed ImageResolutionTooSmall
        ImageSizeExceed RequestTimeout RpcFail SearchFacesExceed ServerError UnKnowError""",
    "InvalidParameter": "InvalidParameter",
    "InvalidParameterValue": """
        AccountFaceNumExceed DeleteFaceNumExceed FaceModelVersionIllegal GroupExDescriptionsExceed
        GroupExDescriptionsNameIdentical GroupExDescriptionsNameIllegal
        GroupExDescriptionsNameTooLong GroupFaceNumExceed GroupIdAlreadyExist GroupIdIllegal
        GroupIdNotExist GroupIdTooLong GroupIdsExceed GroupNameAlreadyExist GroupNameIllegal
        GroupNameTooLong GroupNumExceed GroupNumPerPersonExceed GroupTagIllegal GroupTagTooLong
        ImageEmpty LimitExceed NoFaceInGroups NoFaceInPhoto OffsetExceed
        PersonExDescriptionInfosExceed PersonExDescriptionsNameIdentical
        PersonExDescriptionsNameIllegal PersonExDescriptionsNameTooLong PersonExistInGroup
        PersonFaceNumExceed PersonGenderIllegal PersonIdAlreadyExist PersonIdIllegal
        PersonIdNotExist PersonIdTooLong PersonNameIllegal PersonNameTooLong QualityControlIllegal
        SearchPersonsExceed UploadFaceNumExceed UrlIllegal""",
    "LimitExceeded": "ErrorFaceNumExceed",
    "MissingParameter": "ErrorParameterEmpty",
    "ResourceUnavailable": """
        Delivering Freeze InArrears LowBalance NotExist Recover StopUsing UnknownStatus""",
    "ResourcesSoldOut": "ChargeStatusException",
    "UnsupportedOperation": "UnknowMethod",
}
"""Every code that the third version of the protocol documents for comparing and locating faces, by family."""
CODES = ["InternalError"]
CODES += [f"{family}.{name}" for family, names in THIRD_VERSION.items() for name in names.split()]

NUMBERS = (
    3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 21, 23, 24, 107, 108, 213, -1101, -1102, -1103,
    -1104, -1105, -1106, -1107, -1108, -1109, -1200, -1300, -1301, -1302, -1303, -1304, -1305,
    -1306, -1307, -1308, -1309, -1310, -1311, -1312, -1313, -1400, -1403,
)  # fmt: skip
"""Every number that the first version documents."""


def below(kind: type[OstiaryError]) -> list[type[OstiaryError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in below(child))]


CLASSES = [kind for kind in below(OstiaryError) if kind.__module__ in (errors.__name__, refusals.__name__)]


def rows(cells: int) -> list[list[str]]:
    """The rows of the document's tables with that many cells, without code quotes."""
    lines = (line.strip("|").split("|") for line in DOCUMENT.splitlines() if re.match(r"\| (`|-?\d)", line))
    return [[cell.strip().strip("`") for cell in line] for line in lines if len(line) == cells]


HERE = rows(5)
NOT_HERE = {one.strip(): reason for codes, reason in rows(2) for one in codes.split(",")}


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_one_class_or_has_a_reason(code):
    owners = [kind.__name__ for kind in CLASSES if kind.__dict__.get("code") == code]
    assert len(owners) + (code in NOT_HERE) == 1, owners


@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_is_of_a_class_or_has_a_reason(number):
    owners = [kind.__name__ for kind in CLASSES if kind.__dict__.get("number") == number]
    assert bool(owners) != (str(number) in NOT_HERE), owners


def test_no_code_and_no_number_is_invented():
    assert {kind.code for kind in CLASSES} <= set(CODES)
    assert {kind.number for kind in CLASSES} <= {*NUMBERS, None}
    assert set(NOT_HERE) <= {*CODES, *map(str, NUMBERS)}
    assert all(NOT_HERE.values())


def test_the_document_says_what_the_classes_say():
    shown = {name: (code, number, exit_code) for code, number, name, exit_code, _ in HERE}
    meant = {
        kind.__name__: (kind.code, "–" if kind.number is None else str(kind.number), str(kind.exit_code))
        for kind in CLASSES
        if {"code", "number"} & kind.__dict__.keys() or kind.__name__ in shown
    }
    assert shown == meant
    assert [row for row in HERE if not row[4]] == []
    assert [name for name, count in Counter(row[2] for row in HERE).items() if count > 1] == []


@pytest.mark.parametrize("module", [errors, refusals])
def test_the_tree_is_drawn_as_it_is(module):
    drawn, path = {}, []
    for line in module.__doc__.splitlines():
        if found := re.match(r"    ([│├└─ ]*)(\w+)(?:  |$)", line):
            depth, name = len(found[1]) // 4, found[2]
            path[depth:] = [name]
            drawn[name] = path[depth - 1] if depth else None
    here = [kind for kind in CLASSES if kind.__module__ == module.__name__]
    root = {"RequestRefused": None} if module is refusals else {"OstiaryError": None}
    meant = {kind.__name__: kind.__base__.__name__ for kind in here if kind is not OstiaryError}
    assert drawn == {**meant, **root}


def raised_in(path: Path) -> set[str]:
    """Names of what a module makes or hands to somebody who makes it; what it only catches does not count."""
    tree = ast.parse(path.read_text())
    caught = {id(name) for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.type
              for name in ast.walk(node.type)}  # fmt: skip
    return {
        node.id
        for call in ast.walk(tree)
        if isinstance(call, (ast.Call, ast.Raise, ast.Dict))
        for node in ast.walk(call)
        if isinstance(node, ast.Name) and id(node) not in caught
    }


def test_every_class_is_raised_somewhere():
    elsewhere = {Path(errors.__file__), Path(refusals.__file__)}
    modules = set((ROOT / "edge").rglob("*.py")) - elsewhere
    raised = set().union(*map(raised_in, modules))
    families = {kind.__base__ for kind in CLASSES}
    assert [kind.__name__ for kind in CLASSES if kind not in families and kind.__name__ not in raised] == []
