"""Feature flags and experiments: what some users get and others don't.

Among them what breaks clients: archived ones, an experiment that is only a name, times with and without a zone.
"""

from typing import Any

_ON_OFF = [
    {"key": "on", "value": True, "is_control": False, "split": 0.5},
    {"key": "off", "value": False, "is_control": True, "split": 0.5},
]


def _flag(id: str, key: str, name: str, status: str, **more: Any) -> dict[str, Any]:
    about = {
        "id": id, "key": key, "name": name, "status": status, "description": None, "context": "distinct_id",
        "serving_method": "client", "tags": [], "experiment_id": None, "workspace_id": 3001,
        "ruleset": {"variants": _ON_OFF, "rollout": [{"rollout_percentage": 100, "variant_splits": {"on": 0.5, "off": 0.5}}]},
        "created": "2024-11-05T09:00:00Z", "modified": "2025-01-02T10:30:00.250000Z",
    }  # fmt: skip
    return about | more


FLAGS = (
    _flag("f-0001", "new_checkout", "New checkout", "enabled", experiment_id="e-0001", tags=["checkout", "“paid”"],
          description="One page\ninstead of three", creator_name="Ada Achebe"),
    _flag("f-0002", "dark_mode", "Dark mode 🌙", "disabled", serving_method="remote_or_local", ruleset={}),
    _flag("f-0003", "old_search", "Old search", "archived", deleted="2025-01-03T00:00:00Z"),
)  # fmt: skip

EXPERIMENTS = (
    {
        "id": "e-0001", "name": "New checkout", "description": "", "hypothesis": "Fewer pages, more orders", "status": "active",
        "variants": _ON_OFF, "metrics": [{"id": 8101, "type": "primary"}], "settings": {"confidence_level": 0.95},
        "exposures_cache": {"on": 120, "off": 118}, "results_cache": {"8101": {"lift": 0.0625}}, "start_date": "2025-01-02",
        "end_date": None, "created": "2025-01-01T12:00:00Z", "updated": "2025-01-04T12:00:00Z", "tags": ["checkout"],
        "feature_flag": {"id": "f-0001", "key": "new_checkout"}, "creator": {"id": 42, "first_name": "Ada", "last_name": "Achebe"},
    },
    {"id": "e-0002", "name": "Only a name", "status": "draft"},
)  # fmt: skip
ARCHIVED = (
    {"id": "e-0000", "name": "Prices with cents", "status": "fail", "start_date": "2024-02-01", "end_date": "2024-03-01"},
)  # fmt: skip
