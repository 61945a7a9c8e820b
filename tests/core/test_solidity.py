from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from edge.core.solidity import Solidity, solidity
from tests.core.heads import Stance, mesh, turned

SOLID = Solidity(proportions=1.0, size=1.0, residual=0.04, left=0.3)


@pytest.mark.parametrize("name", [field.name for field in fields(Solidity)])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_is_no_solid(name, bad):
    assert SOLID.is_solid
    assert not replace(SOLID, **{name: bad}).is_solid


def test_a_head_that_turns_is_solid_and_a_picture_of_it_is_not():
    straight = mesh()
    assert solidity(straight, turned(straight, Stance(yaw=28.0))).is_solid
    squeezed = straight * np.array([math.cos(math.radians(28.0)), 1.0, 1.0], np.float32)
    assert not solidity(straight, squeezed).is_solid
