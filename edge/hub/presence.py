"""What the hub says of itself, retained on `hub/state`, for operators and for another hub."""

from __future__ import annotations

from edge.core.events import Json
from edge.hub.standing import Part, Standing
from edge.mqtt.codec import DeviceState, Outgoing, dump_json
from edge.mqtt.topics import SiteTopics

_GONE = (DeviceState.DISCONNECTED, DeviceState.LOST)


class HubPresence:
    """An mqtt.presence.Presence. trouble: what is wrong, in one line; it says `degraded` then."""

    def __init__(self, topics: SiteTopics, hub: str, standing: Standing) -> None:
        self._topic = topics.hub_state
        self._hub = hub
        self._standing = standing
        self.trouble: str | None = None

    def state(self, state: DeviceState, session: int) -> Outgoing:
        word = state.value
        if state not in _GONE:
            word = _WORDS[self._standing.part]
            if self._standing.part is Part.ACTIVE and self.trouble is not None:
                word = DeviceState.DEGRADED.value
        said: dict[str, Json] = {"state": word, "session": session, "hub": self._hub}
        if self.trouble is not None and state not in _GONE:
            said["trouble"] = self.trouble
        said |= self._standing.document()
        # Not QoS 1: behind a window full of events it would be heard too late.
        return Outgoing(self._topic, dump_json(said), qos=0, retain=True)


_WORDS = {
    Part.LISTENING: DeviceState.INIT.value,
    Part.ACTIVE: DeviceState.READY.value,
    Part.STANDBY: "standby",
}
