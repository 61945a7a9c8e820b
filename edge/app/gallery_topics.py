"""Where a door hears of its gallery, and speaks of it."""

from __future__ import annotations

from edge.mqtt.topics import Topics
from edge.service.gallery_line import GalleryLine, Say


def line_of(topics: Topics, gallery: str, say: Say) -> GalleryLine:
    return GalleryLine(
        head=topics.shared.head(gallery),
        deltas=topics.shared.delta(gallery, ""),
        own_deltas=topics.gallery_delta,
        chunks=topics.chunk("", "").removesuffix("/"),
        request=topics.gallery_request,
        ack=topics.gallery_ack,
        offer=topics.gallery_offer,
        say=say,
    )
