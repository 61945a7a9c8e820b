"""Lead through a rehearsal at the terminal: one try after the other, each shown as it goes."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live

from edge.app.rehearsal import STOP_THE_DAEMON, Rehearsal, made
from edge.cli.progress import bar
from edge.core.kiosk_words import say
from edge.core.quality import Problem
from edge.core.rehearsal import Situation, Try, opening_score
from edge.core.suspicion import MEANING, Suspicion
from edge.core.track_life import LifeConfig
from edge.service.presentation import Watched


def of_clips(rehearsal: Rehearsal, before: Sequence[Try], clips: Sequence[tuple[str, Path]]) -> Iterator[Try]:
    """Try one clip after the other. before: the tries so far; each clip is one more of its kind."""
    numbers: dict[str, int] = {}
    for one in before:
        kind = one.situation.kind
        numbers[kind] = max(numbers.get(kind, 0), one.situation.number)
    for n, (kind, path) in enumerate(clips, 1):
        watched = Watched()
        with bar(f"{path.name} ({n} of {len(clips)})") as progress:
            for watched in rehearsal.of_clip(path):
                progress(watched.frames, rehearsal.life.most)
        numbers[kind] = numbers.get(kind, 0) + 1
        yield made(Situation(kind, "a clip", numbers[kind]), watched)


def led(rehearsal: Rehearsal, left: Sequence[Situation]) -> Iterator[Try]:
    """Lead through what is left, and give each try that is to be kept; whoever stops ends it."""
    console = Console(stderr=True, highlight=False)
    if not left:
        return
    console.print(f"{len(left)} tries are left. No relay moves; {STOP_THE_DAEMON}.", style="bold")
    try:
        for n, situation in enumerate(left, 1):
            console.print(f"\n[bold]{n} of {len(left)}: {_words(situation)}[/bold]")
            answer = _ask(console, "Enter: begin, s: skip, q: stop", "sq")
            new: Try | None = None
            while answer in ("", "r") and (new is None or answer == "r"):
                new = made(situation, _watch(rehearsal, console))
                console.print(_result(new, rehearsal.life))
                answer = _ask(console, "Enter: keep, r: repeat, s: skip, q: stop without it", "rsq")
            if new is not None and answer == "":
                yield new
            if answer == "q":
                break
    except (KeyboardInterrupt, EOFError):
        console.print()
    console.print("what was kept stays; the next call goes on from there")


def _ask(console: Console, question: str, letters: str) -> str:
    """Ask on stderr, for stdout is the report's. Raises EOFError when nobody answers any more."""
    while True:
        console.print(f"  {question}", end=" ")
        line = sys.stdin.readline()
        if not (line and sys.stdin.isatty()):
            console.print()
        if not line:
            raise EOFError
        answer = line.strip().lower()
        if answer == "" or (len(answer) == 1 and answer in letters):
            return answer


def _watch(rehearsal: Rehearsal, console: Console) -> Watched:
    """One try at the camera, shown as it goes."""
    watched = Watched()
    with Live(_line(watched, rehearsal), console=console, refresh_per_second=8, transient=True) as live:
        for watched in rehearsal.at_the_camera():
            live.update(_line(watched, rehearsal))
    return watched


def _line(watched: Watched, rehearsal: Rehearsal) -> str:
    """What a frame came to, in one line."""
    score = "" if watched.judgement is None else f"score {watched.judgement.score:.2f}, "
    words = [f"the face {MEANING[one]}" for one in watched.suspicions] or [
        say(problem) for problem in watched.present
    ]
    told = "; ".join(words) or ("good" if watched.frames else "nobody is steady in front of the camera")
    return f"  {score}{watched.frames} of {rehearsal.life.most} frames: {told}"


def _words(situation: Situation) -> str:
    who = f"attack, {situation.kind}" if situation.is_attack else f"living person {situation.number}"
    times = f" (time {situation.number})" if situation.is_attack and situation.number > 1 else ""
    return f"{who}: {situation.words}{times}"


def _result(new: Try, life: LifeConfig) -> str:
    """What the door would have done, and why."""
    score, accept = opening_score(new, life), life.accept
    told = "never enough frames" if math.isinf(score) else f"best score {score:.2f}, alive from {accept:.2f}"
    why = [f"the face {MEANING[Suspicion(one)]}" for one in new.suspicions]
    if not any(new.runs) and not why:
        why = [say(Problem(one)) for one in new.problems[:2]] or ["no steady face was seen"]
    is_right = (score >= accept) != new.situation.is_attack
    verdict = "let in" if score >= accept else "refused"
    style = "green" if is_right else "red"
    return f"  [{style}]{verdict}[/{style}]: {'; '.join([told, *why])}"
