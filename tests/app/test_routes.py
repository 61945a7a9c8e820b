from __future__ import annotations

from edge.app.routes import Routes
from edge.ports import Message


def message_on(topic):
    return Message(topic, b"", retain=False, qos=1, at=0.0)


def heard(filters, topics):
    said: list[str] = []
    routes = Routes()
    routes.add(filters, lambda message: said.append(message.topic))
    for topic in topics:
        routes.deliver(message_on(topic))
    return said


def test_a_part_hears_what_its_filters_stand_for_and_nothing_else():
    topics = ["d/x/cmd", "d/x/gal/chunk/7/0", "d/x/gal/chunk", "d/y/cmd"]
    assert heard(["d/x/cmd", "d/x/gal/chunk/+/+"], topics) == topics[:2]


def test_a_topic_that_several_parts_want_is_heard_by_each():
    said: list[str] = []
    routes = Routes()
    routes.add(["d/x/gal/chunk/+/+"], lambda message: said.append("gallery"))
    routes.add(["d/x/job/next", "d/x/gal/chunk/+/+"], lambda message: said.append("jobs"))
    routes.deliver(message_on("d/x/gal/chunk/7/0"))
    assert said == ["gallery", "jobs"]
    assert routes.filters == ["d/x/gal/chunk/+/+", "d/x/job/next"]


def test_what_nobody_wants_is_passed_over():
    assert heard(["a/+"], ["b", "", "a/b/c", "$a/b"]) == []
