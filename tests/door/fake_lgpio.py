"""lgpio as far as the lines need it, with chips in memory that note every change of a line."""

from types import SimpleNamespace


class error(Exception):  # noqa: N801 - the name lgpio gives it
    pass


class FakeLgpio:
    """chips: label of each chip. `history` tells what each line was driven to, in order; None is an input."""

    SET_PULL_UP, SET_PULL_DOWN, SET_PULL_NONE = 32, 64, 128
    BOTH_EDGES = 3
    error = error

    def __init__(self, chips, lines=54, busy=()):
        self.chips = list(chips)
        self.lines = lines
        self.busy = set(busy)
        self.open = set()
        self.driven = {}
        self.levels = {}
        self.pulls = {}
        self.history = {}
        self.watchers = {}

    def gpiochip_open(self, number):
        if number >= len(self.chips):
            raise error("can not open gpiochip")
        self.open.add(number)
        return number

    def gpiochip_close(self, handle):
        self.open.remove(handle)

    def gpio_get_chip_info(self, handle):
        return [0, self.lines, f"gpiochip{handle}", self.chips[handle]]

    def gpio_claim_output(self, handle, line, level=0, flags=0):
        self._claim(handle, line)
        self._drive(line, level)

    def gpio_claim_input(self, handle, line, flags=0):
        self._claim(handle, line)
        self.pulls[line] = flags
        self.levels.setdefault(line, int(flags == self.SET_PULL_UP))
        self._drive(line, None)

    def gpio_claim_alert(self, handle, line, edges, flags=0):
        self.gpio_claim_input(handle, line, flags)

    def gpio_free(self, handle, line):
        self._check(handle)
        del self.driven[line]

    def gpio_read(self, handle, line):
        self._check(handle)
        level = self.driven.get(line)
        return self.levels.get(line, 0) if level is None else level

    def gpio_write(self, handle, line, level):
        self._check(handle)
        if self.driven.get(line) is None:
            raise error("GPIO not set as an output")
        self._drive(line, level)

    def callback(self, handle, line, edge, func):
        self._check(handle)
        self.watchers[line] = func
        return SimpleNamespace(cancel=lambda: self.watchers.pop(line))

    def put(self, line, level):
        """The world outside moves an input."""
        self.levels[line] = level
        if line in self.watchers:
            self.watchers[line](0, line, level, 123)

    def _claim(self, handle, line):
        self._check(handle)
        if line in self.busy:
            raise error("GPIO busy")

    def _check(self, handle):
        if handle not in self.open:
            raise error("unknown handle")

    def _drive(self, line, level):
        if line not in self.driven or self.driven[line] != level:
            self.history.setdefault(line, []).append(level)
        self.driven[line] = level
