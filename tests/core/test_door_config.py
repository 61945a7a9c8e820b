import math

import pytest

from edge.core.door_config import DoorConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "Main Door"},
        {"unlock_s": 0.0},
        {"unlock_s": math.nan},
        {"unlock_s": 601.0},
        {"grace_s": -1.0},
        {"held_open_s": 0.5},
        {"held_open_s": 901.0},
        {"rex_window_s": 0.0},
        {"peer_fresh_s": 0.0},
    ],
    ids=str,
)
def test_a_configuration_out_of_range_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)).replace("name", "door name")):
        DoorConfig(**wrong)
