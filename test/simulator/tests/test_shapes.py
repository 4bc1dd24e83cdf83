"""Tests that answers have the shape of the documentation's examples, which are not part of the project."""

import json
from pathlib import Path

import pytest

from .client import app, post, query
from .conftest import PERIOD

FIXTURES = Path(__file__).resolve().parents[4] / "shared" / "fixtures"
AMOUNT = {"event": "Purchase", "on": 'properties["Amount"]', **PERIOD}

EXAMPLES = {
    "events": lambda sim: query(sim, "events", event=["Purchase"], type="general", unit="day", **PERIOD),
    "events-names": lambda sim: query(sim, "events/names", type="general"),
    "events-top": lambda sim: query(sim, "events/top", type="unique"),
    "event-properties": lambda sim: query(
        sim, "events/properties", event="Purchase", name="plan", type="general", unit="day", **PERIOD
    ),
    "properties-top": lambda sim: query(sim, "events/properties/top", event="Purchase"),
    "properties-values": lambda sim: query(sim, "events/properties/values", event="Purchase", name="plan"),
    "segmentation": lambda sim: query(sim, "segmentation", event="Purchase", **PERIOD),
    "segmentation-numeric": lambda sim: query(sim, "segmentation/numeric", **AMOUNT),
    "segmentation-sum": lambda sim: query(sim, "segmentation/sum", **AMOUNT),
    "segmentation-average": lambda sim: query(sim, "segmentation/average", **AMOUNT),
    "funnels": lambda sim: query(sim, "funnels", funnel_id=8103, unit="week", **PERIOD),
    "funnels-list": lambda sim: query(sim, "funnels/list"),
    "retention": lambda sim: query(sim, "retention", born_event="Sign Up", **PERIOD),
    "frequency": lambda sim: query(sim, "retention/addiction", unit="day", addiction_unit="hour", **PERIOD),
    "activity-stream": lambda sim: query(sim, "stream/query", distinct_ids=["4711"], **PERIOD),
    "cohorts": lambda sim: post(sim, "cohorts/list"),
    "engage": lambda sim: post(sim, "engage"),
    "insights": lambda sim: query(sim, "insights", bookmark_id=8001),
    "lexicon-schemas": lambda sim: app(sim, "projects/12345/schemas"),
    "annotations": lambda sim: app(sim, "projects/12345/annotations"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_shape(shop, name):
    files = [FIXTURES / name / f"openapi-{kind}.json" for kind in ("example", "generated")]
    file = next((file for file in files if file.exists()), None)
    if file is None:
        pytest.skip("the documentation's examples are not at hand")
    answer = EXAMPLES[name](shop)
    assert answer.status == 200
    assert fits(answer.json, json.loads(file.read_text()))


def fits(ours, example):
    """Whether ours could have been the example: objects that share a key are alike in all keys, others are maps. What
    properties there are is nobody's business."""
    if isinstance(ours, dict) and isinstance(example, dict):
        if ours.keys() & example.keys():
            return example.keys() <= ours.keys() and all(
                fits(ours[key], example[key]) for key in example if key not in ("properties", "$properties")
            )
        return not example or all(any(fits(value, one) for one in example.values()) for value in ours.values())
    if isinstance(ours, list) and isinstance(example, list):
        return not example or any(any(fits(value, one) for one in example) for value in ours)
    if isinstance(example, (dict, list)):
        return False
    return not isinstance(ours, (dict, list))
