"""The parts of a hub, put together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.hub.author import Author
from edge.hub.collector import Collector
from edge.hub.configuration import Configuration
from edge.hub.files import JobFiles
from edge.hub.fleet_requests import FleetRequests
from edge.hub.followers import Followers
from edge.hub.gallery import HubGallery
from edge.hub.gallery_requests import GalleryRequests
from edge.hub.keyholder import Keyholder
from edge.hub.numbering import Numbering
from edge.hub.offers import Offers
from edge.hub.overhearing import Overhearing
from edge.hub.registry import Registry
from edge.hub.reporting import Reporter
from edge.hub.requests import RequestDesk
from edge.hub.rollout_requests import RolloutRequests
from edge.hub.rollouts import Rollouts
from edge.hub.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class Parts:
    """accept_offers: whether people that devices enrolled are taken in without anybody's word."""

    author: Author
    reporter: Reporter
    numbering: Numbering
    collector: Collector
    registry: Registry
    gallery: HubGallery
    followers: Followers
    offers: Offers
    configuration: Configuration
    rollouts: Rollouts
    files: JobFiles
    snapshots: Snapshots
    gallery_requests: GalleryRequests
    requests: RequestDesk
    overhearing: Overhearing
    keyholder: Keyholder
    accept_offers: bool


def build(
    author: Author, boot: str, folder: Path, keyholder: Keyholder, *, accept_offers: bool = False
) -> Parts:
    """boot: id of this run. folder: for snapshots and the files of jobs."""
    signers = keyholder.signers
    reporter = Reporter(author, boot)
    numbering = Numbering(reporter)
    registry = Registry()
    gallery = HubGallery()
    followers = Followers(reporter)
    offers = Offers(reporter)
    configuration = Configuration(author, registry, reporter)
    rollouts = Rollouts(author, reporter)
    files = JobFiles(folder / "hub-files")
    gallery_requests = GalleryRequests(author, gallery, followers, offers, reporter, signers)
    handlers = {
        **gallery_requests.handlers(),
        **FleetRequests(author.topics, registry, configuration, reporter).handlers(),
        **RolloutRequests(rollouts, registry, files, reporter).handlers(),
    }
    return Parts(
        author=author,
        reporter=reporter,
        numbering=numbering,
        collector=Collector(author.topics, author.hub, numbering),
        registry=registry,
        gallery=gallery,
        followers=followers,
        offers=offers,
        configuration=configuration,
        rollouts=rollouts,
        files=files,
        snapshots=Snapshots(folder / "hub-snapshots"),
        gallery_requests=gallery_requests,
        requests=RequestDesk(author, reporter, signers, handlers),
        overhearing=Overhearing(author.topics, gallery, gallery_requests, signers),
        keyholder=keyholder,
        accept_offers=accept_offers,
    )
