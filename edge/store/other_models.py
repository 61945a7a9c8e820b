"""Templates that another embedding made: nobody is compared with them. Writing runs inside the caller's
transaction."""

from __future__ import annotations

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


def prune(database: Database, model: ModelId) -> int:
    """Delete the templates of other models of everybody who has one of this, and their faces that are then
    left without any. Returns how many templates."""
    theirs = f"SELECT number FROM faces WHERE person IN ({_WITH})"  # noqa: S608
    old = f"model != ? AND face IN ({theirs})"
    changed = database.rows(
        f"SELECT DISTINCT person FROM faces JOIN templates ON face = number WHERE {old}",  # noqa: S608
        (model, model),
    )
    (count,) = database.rows(f"SELECT count(*) FROM templates WHERE {old}", (model, model))[0]  # noqa: S608
    database.execute(f"DELETE FROM templates WHERE {old}", (model, model))  # noqa: S608
    database.execute(
        f"DELETE FROM faces WHERE person IN ({_WITH}) AND number NOT IN (SELECT face FROM templates)",  # noqa: S608
        (model,),
    )
    for (person,) in changed:
        touch(database, PersonId(person))
    return int(count)
