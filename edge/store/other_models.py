"""Templates that another embedding made: nobody is compared with them. Writing runs inside the caller's
transaction."""

from __future__ import annotations

from collections.abc import Iterable

from edge.core.face import ModelId, PersonId
from edge.store.database import Database
from edge.store.revision import touch

_WITH = (
    "SELECT faces.person FROM templates JOIN faces ON faces.number = templates.face WHERE templates.model = ?"
)


def waiting(database: Database, model: ModelId) -> list[PersonId]:
    """Who has faces but no template of a model, in the order of their ids."""
    # As a rule there is none, and millions need not be asked: everybody's every face has one of the model.
    (is_nobody,) = database.rows(
        "SELECT NOT EXISTS (SELECT 1 FROM templates WHERE model < ?1 OR model > ?1)"
        " AND (SELECT count(*) FROM templates) = (SELECT count(*) FROM faces)",
        (model,),
    )[0]
    if is_nobody:
        return []
    sql = f"SELECT DISTINCT person FROM faces WHERE person NOT IN ({_WITH}) ORDER BY person"  # noqa: S608
    return [PersonId(person) for (person,) in database.rows(sql, (model,))]


def outdated(database: Database, model: ModelId) -> list[PersonId]:
    """Who has a template of a model, and others or faces without any, in the order of their ids; nobody whom
    the hub manages."""
    sql = (
        f"SELECT DISTINCT person FROM faces LEFT JOIN templates ON face = number"  # noqa: S608
        f" JOIN people ON people.id = person AND NOT managed"
        f" WHERE templates.model IS NOT ? AND person IN ({_WITH}) ORDER BY person"
    )
    return [PersonId(person) for (person,) in database.rows(sql, (model, model))]


def prune(database: Database, model: ModelId, people: Iterable[PersonId]) -> int:
    """Delete the templates of other models of people who have one of this, and their faces that are then left
    without any. Returns how many templates."""
    count = 0
    for person in people:
        theirs = "(SELECT number FROM faces WHERE person = ?)"
        has_new = f"SELECT 1 FROM templates WHERE model = ? AND face IN {theirs}"  # noqa: S608
        if database.row(has_new, (model, person)) is None:
            continue
        old = f"DELETE FROM templates WHERE model != ? AND face IN {theirs}"  # noqa: S608
        count += database.execute(old, (model, person)).rowcount
        bare = (
            "DELETE FROM faces WHERE person = ? AND NOT EXISTS (SELECT 1 FROM templates WHERE face = number)"
        )
        database.execute(bare, (person,))
        touch(database, person)
    return count
