"""The network: inverted residuals with ReLU6, a global score, and a dense one that only training uses."""

from __future__ import annotations

from torch import Tensor, nn

STEM = 16
STAGES = ((2, 24, 2), (4, 40, 3), (4, 64, 3))
"""(expansion, channels, blocks); the first block of each halves the resolution."""
HEAD = 160
DENSE_AFTER = 2
"""The dense head reads the features behind this many stages (12 x 12 cells)."""


class Block(nn.Module):
    """Expand, filter each channel, project; with a shortcut where the shapes allow it."""

    def __init__(self, inward: int, outward: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = inward * expansion
        self.body = nn.Sequential(
            nn.Conv2d(inward, middle, 1, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU6(),
            nn.Conv2d(middle, middle, 3, stride, 1, groups=middle, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU6(),
            nn.Conv2d(middle, outward, 1, bias=False),
            nn.BatchNorm2d(outward),
        )
        self.shortcut = inward == outward and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        return x + y if self.shortcut else y


class LivenessNet(nn.Module):
    """float32 (N, 3, 96, 96), RGB, standardised -> logits (N,) of being live, and (N, 12, 12) in training."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, STEM, 3, 2, 1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU6())
        stages, channels = [], STEM
        for expansion, outward, count in STAGES:
            blocks = []
            for k in range(count):
                blocks.append(Block(channels, outward, 2 if k == 0 else 1, expansion))
                channels = outward
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.head = nn.Sequential(nn.Conv2d(channels, HEAD, 1, bias=False), nn.BatchNorm2d(HEAD), nn.ReLU6())
        self.dropout = nn.Dropout(0.2)
        self.score = nn.Linear(HEAD, 1)
        self.dense = nn.Conv2d(STAGES[DENSE_AFTER - 1][1], 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        x = self.stem(x)
        dense = None
        for k, stage in enumerate(self.stages):
            x = stage(x)
            if self.training and k == DENSE_AFTER - 1:
                dense = self.dense(x)[:, 0]
        pooled = self.head(x).mean((2, 3))
        return self.score(self.dropout(pooled))[:, 0], dense
