"""The defined events and properties with types and examples, some of them made up by the application.

Some of it is in the answer and null, some is missing, one name is written as the application's older answers do.
"""

from typing import Any

EVENTS = (
    {
        "id": 7001, "name": "Purchase", "displayName": "Order", "description": "An order was paid for.", "hidden": False,
        "dropped": False, "merged": False, "verified": True, "tags": ["core", "revenue"], "customEventId": None,
        "lastModified": "2025-01-03T10:00:00Z", "status": "approved", "platforms": ["web", "ios"],
        "createdUtc": "2024-01-01T00:00:00Z", "modifiedUtc": "2025-01-03T10:00:00Z",
    },
    {"id": 7002, "name": "Sign Up", "displayName": None, "description": "Someone became a member.\nOnce per person.",
     "hidden": False, "dropped": False, "merged": False, "verified": False, "tags": []},
    {"name": "購入 🛒"},
    {"id": 7004, "name": "App Open", "hidden": True, "dropped": True, "tags": ["old “ones”"]},
    {"id": 7005, "name": "Any visit", "description": "Web or app", "customEventId": 20001, "hidden": False, "dropped": False},
)  # fmt: skip


def _property(id: int | None, name: str, type: str, resource: str = "Event", **more: Any) -> dict[str, Any]:
    about = {"id": id, "name": name, "resourceType": resource, "type": type, "displayName": None, "description": "",
             "exampleValue": None, "hidden": False, "dropped": False, "merged": False, "sensitive": False, "dataGroupId": None}  # fmt: skip
    return about | more


PROPERTIES = (
    _property(1, "Amount", "number", displayName="Value", description="In the order's currency", exampleValue="9.5"),
    _property(2, "Items", "list", exampleValue='["item-1"]'),
    _property(3, "Coupon", "string", displayName="Voucher “code”"),
    _property(4, "Payment Method", "string", exampleValue="card"),
    _property(5, "Gift", "boolean"),
    _property(6, "Delivered", "datetime"),
    _property(7, "Shipping", "object", sensitive=True),
    _property(None, "Margin", "number", customPropertyId=30001, description="Made in the application"),
    _property(8, "Method", "string"),
    _property(9, "$email", "string", "User", sensitive=True, exampleValue="ada@shop.example"),
    _property(10, "orders", "number", "User"),
)

CUSTOM_PROPERTIES = (
    {
        "customPropertyId": 30001, "name": "Margin", "description": "Made in the application", "resourceType": "events",
        "propertyType": "number", "displayFormula": "A*B", "isLocked": False, "isVisible": True, "dataGroupId": None,
        "composedProperties": {"A": {"value": "Amount", "type": "number", "resourceType": "event"},
                               "B": {"value": "share", "type": "number", "resourceType": "event"}},
        "created": "2025-01-02T00:00:00Z", "modified": "2025-01-02T00:00:00Z", "exampleValue": None,
    },
    {"customPropertyId": 30002, "name": "Domain", "resourceType": "people", "isVisible": False},
)  # fmt: skip

ON_EVENTS = (
    ("Purchase", ("Amount", "Items", "Coupon", "Payment Method", "Gift", "Delivered", "Shipping", "distinct_id", "Unknown", "unknown")),
    ("Sign Up", ("Method",)),
    ("App Open", ()),
)  # fmt: skip
