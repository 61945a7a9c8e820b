"""A small network: inverted residuals with ReLU6 and a global answer."""

from __future__ import annotations

from torch import Tensor, nn

STEM = 16
STAGES = ((2, 24, 2), (4, 40, 3), (4, 64, 3))
"""(expansion, channels, blocks); the first block of each halves the resolution."""
HEAD = 160


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


class FaceNet(nn.Module):
    """float32 (N, 3, S, S), RGB, standardized -> logits (N, outputs). S: any multiple of 16."""

    def __init__(self, outputs: int) -> None:
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
        self.score = nn.Linear(HEAD, outputs)

    def features(self, x: Tensor) -> list[Tensor]:
        """What each stage sees."""
        x = self.stem(x)
        seen = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        return seen

    def logits(self, last: Tensor) -> Tensor:
        return self.score(self.dropout(self.head(last).mean((2, 3))))

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.features(x)[-1])
