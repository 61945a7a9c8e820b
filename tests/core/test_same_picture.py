import numpy as np
import pytest

from edge.core.face import Embedding, ModelId
from edge.core.same_picture import SAME_PICTURE, is_same_picture
from tests.factories import MODEL, a_template


def beside(template, similarity):
    """A template of that similarity to another one."""
    away = a_template(99).vector
    away = away - (away @ template.vector) * template.vector
    vector = similarity * template.vector + np.sqrt(1 - similarity**2) * away / np.linalg.norm(away)
    return Embedding(vector.astype(np.float32), MODEL)


@pytest.mark.parametrize(("similarity", "same"), [(1.0, True), (SAME_PICTURE + 1e-3, True), (0.99, False)])
def test_only_a_template_of_the_same_picture_is_nearly_the_same(similarity, same):
    new = beside(a_template(1), similarity)
    assert is_same_picture(new, [a_template(2), a_template(1)]) is same


def test_templates_of_another_model_do_not_count():
    known = a_template(1)
    assert not is_same_picture(Embedding(known.vector, ModelId("other@0123456789ab")), [known])
    assert not is_same_picture(known, [])
