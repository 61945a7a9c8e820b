"""Follow a gallery of the hub: see GALLERY_SYNC.md for what is said, and in which order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from edge.core import envelope
from edge.core.envelope import Envelope
from edge.core.events import Json
from edge.core.face import ModelId
from edge.core.gallery_bodies import read_delta, read_epoch, read_head
from edge.core.gallery_following import needs_root
from edge.core.gallery_sync import DELTA, EPOCH, HEAD, NO_MODEL, Head, Mark
from edge.errors import MessageMalformed, StoreError
from edge.ports import Message
from edge.roster import SyncedGallery
from edge.service.gallery_course import SPREAD_S, GalleryCourse
from edge.service.gallery_line import GalleryLine
from edge.service.gallery_trouble import GalleryTrouble
from edge.service.gallery_upward import Upward

logger = logging.getLogger(__name__)
LAG_S = 120.0
"""Being behind for longer is a trouble."""
TICK_S = 0.5


class GallerySync:
    """Belongs to one thread, but for `fetch`, `on_link`, `newest`, `is_set_back` and `figures`.

    model: whose templates this device compares. opened: the envelope of a message of that type, None when it
    does not count. is_root: whether a root key signed an envelope for the topic of the head, or nobody has
    to sign. trouble: told why the gallery is not followed, in one line, and None when it is again.
    monotonic: seconds. random: 0..1.
    """

    def __init__(
        self,
        copy: SyncedGallery,
        gallery: str,
        line: GalleryLine,
        *,
        model: ModelId,
        opened: Callable[[Message, str], Envelope | None],
        is_root: Callable[[Envelope], bool],
        upward: Upward,
        trouble: Callable[[str | None], None],
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._copy = copy
        self._gallery = gallery
        self._line = line
        self._model = model
        self._opened = opened
        self._is_root = is_root
        self._upward = upward
        self._trouble = GalleryTrouble(trouble)
        self._monotonic = monotonic
        self._course = GalleryCourse(
            copy, gallery, line, upward, self._trouble, monotonic=monotonic, random=random
        )  # fmt: skip
        self._told: deque[bool | None] = deque()
        self._newest = Mark(0, 0)
        self._is_set_back = False
        self._set_back_since: float | None = None
        self._is_linked = False

    @property
    def figures(self) -> dict[str, Json] | None:
        """What there is of the gallery, for the description of the device; None before the first `tick`.
        head: the newest version it knows of."""
        figures = self._upward.figures
        return None if figures is None else figures | {"head": self._newest.version}

    @property
    def newest(self) -> Mark:
        """The latest state of the gallery that is known of; from any thread."""
        return self._newest

    @property
    def is_set_back(self) -> bool:
        """Whether the hub last told of an earlier state than is known of; from any thread."""
        return self._is_set_back

    def on_link(self, up: bool) -> None:
        """A session with the broker has begun, or ended."""
        self._told.append(up)

    def fetch(self) -> None:
        """Ask the hub now for what is missing, and tell it what is here."""
        self._told.append(None)

    def handle(self, message: Message) -> None:
        """Take a message of this gallery; others are passed over. Nothing that arrives makes it raise."""
        now = self._monotonic()
        line = self._line
        try:
            if message.topic == line.head:
                self._hear_head(message, now)
            elif message.topic == line.own_deltas or message.topic.startswith(line.deltas):
                self._hear_delta(message, now)
            elif (chunk := line.chunk_of(message.topic)) is not None:
                self._course.take_chunk(*chunk, message.payload, now)
        except MessageMalformed as error:
            logger.warning("a message about gallery %s is passed over: %s", self._gallery, error)
        except StoreError as error:
            self._course.fail(error, now)

    def tick(self, now: float) -> float:
        """Do what is due. Returns when to be called again at the latest, in seconds."""
        again: float | None = None
        try:
            self._hear_told(now)
            again = self._course.tick(now)
            self._newest = max(self._newest, self._copy.have().mark)
            if self._is_linked and again is None:
                self._course.speak(now)
        except StoreError as error:
            self._course.fail(error, now)
        self._watch_lag(now)
        return TICK_S if again is None else again

    def _hear_told(self, now: float) -> None:
        while self._told:
            up = self._told.popleft()
            if up is not None:
                self._is_linked = up
            self._course.begin_anew(now, 0.0 if up is None else SPREAD_S)

    def _hear_head(self, message: Message, now: float) -> None:
        received = self._opened(message, HEAD) if message.payload else None
        head = None if received is None else self._read(received)
        if received is None or head is None or head.gallery != self._gallery:
            return
        newest = self._course.head
        self._note_order(head, now)
        if newest is not None and head.mark < newest.mark:
            return
        if needs_root(self._copy.have(), newest, head) and not self._begins_rightly(received, head):
            text = f"epoch {head.epoch} of gallery {head.gallery} is signed by no root key"
            self._trouble.note("epoch", text)
            return
        self._trouble.note("epoch", None)
        if head.model in (self._model, NO_MODEL):
            self._trouble.note("model", None)
        else:
            text = f"new faces of gallery {head.gallery} are of model {head.model}, not of {self._model}"
            self._trouble.note("model", f"{text}: they match nobody here")
        self._newest = max(self._newest, head.mark)
        self._course.take_head(head, now)

    def _read(self, received: Envelope) -> Head | None:
        try:
            head = read_head(received.body)
        except MessageMalformed as error:
            text = f"what the hub tells of gallery {self._gallery} cannot be read ({error})"
            self._trouble.note("head", f"{text}; if it is of a newer version, update this device")
            return None
        self._trouble.note("head", None)
        return head

    def _note_order(self, head: Head, now: float) -> None:
        """A hub that was set back tells so by its head. It hears how far this copy is, which is its alarm."""
        known = max(self._newest, self._copy.have().mark)
        was, self._is_set_back = self._is_set_back, head.mark < known
        if not self._is_set_back:
            self._set_back_since = None
        elif not was:
            self._set_back_since = now
            self._told.append(None)

    def _begins_rightly(self, received: Envelope, head: Head) -> bool:
        """Whether a root key signed the head itself, or that its epoch has begun."""
        if self._is_root(received):
            return True
        if head.epoch_proof is None:
            return False
        proof = envelope.parse(head.epoch_proof)
        gallery, begin, _ = read_epoch(proof.body)
        is_of_head = gallery == head.gallery and begin.epoch == head.epoch and begin <= head.mark
        return proof.type == EPOCH and is_of_head and self._is_root(proof)

    def _hear_delta(self, message: Message, now: float) -> None:
        received = self._opened(message, DELTA)
        if received is None:
            return
        delta = read_delta(received.body)
        head = self._course.head
        known = max(self._copy.have().epoch, 0 if head is None else head.epoch)
        if delta.gallery == self._gallery and delta.epoch <= known:
            self._course.take_delta(delta, now)

    def _watch_lag(self, now: float) -> None:
        course, head = self._course, self._course.head
        if head is None:
            return
        version = f"version {head.version} of gallery {self._gallery}"
        is_behind = self._is_linked and _is_long(course.behind_since, now)
        text = f"{version} does not arrive, for more than {LAG_S:.0f} s; see whether the hub runs"
        self._trouble.note("lag", text if is_behind else None)
        text = "the hub's gallery is older than this device's: it was set back without a new epoch"
        self._trouble.note("ahead", text if _is_long(self._set_back_since, now) else None)


def _is_long(since: float | None, now: float) -> bool:
    return since is not None and now - since > LAG_S
