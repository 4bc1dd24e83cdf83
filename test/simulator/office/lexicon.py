"""The data dictionary: descriptions of events, profiles and groups.

Not everything that happens is described, and not everything that is described happens. Some entries say next to
nothing.
"""

from typing import Any


def _property(type: str, description: str | None = None, **metadata: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"type": type}
    if description is not None:
        about["description"] = description
    if metadata:
        about["metadata"] = {"com.mixpanel": metadata}
    return about


def _schema(
    entity_type: str, name: str, description: str, properties: dict[str, Any], **metadata: Any
) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": description, "properties": properties}
    if metadata:
        schema["metadata"] = {"com.mixpanel": metadata}
    return {"entityType": entity_type, "name": name, "schemaJson": schema}


SCHEMAS = (
    _schema(
        "event", "Purchase", "An order was paid for.",
        {
            "Amount": _property("number", "In the order's currency", displayName="Value", hidden=False, dropped=False),
            "Items": _property("array", "What was bought"),
            "Shipping": _property("object"),
            "Coupon": _property("string", "", displayName="Voucher “code”"),
            "Gift Message": _property("string", "Announced, never sent"),
        },
        **{"$source": "api"}, displayName="Order", tags=["core", "revenue"], hidden=False, dropped=False,
        contacts=["ada@shop.example", "björk@shop.example"], teamContacts=["Checkout"],
    ),
    _schema("event", "Sign Up", "Someone became a member.\nOnce per person.",
            {"Method": _property("string"), "Wants Newsletter": _property("boolean", hidden=True)}, tags=[]),
    _schema("event", "App Open", "", {}, hidden=True, dropped=True),
    _schema("event", "A/B: 100% \"new\" checkout?", "A name that needs encoding.", {"Variant": _property("null")}),
    _schema("event", "購入 🛒", "日本語", {"Amount": _property("integer")}, displayName="Purchase (Japan)"),
    {"entityType": "event", "name": "Bare", "schemaJson": {}},
    _schema("profile", "$user", "A member.",
            {"$email": _property("string", "Where we write to"), "plan": _property("string"),
             "orders": _property("integer", displayName="Number of orders")}, contacts=["ada@shop.example"]),
    _schema("group", "company", "A type of entity that is in no documentation.", {"employees": _property("number")}),
)  # fmt: skip


def find(entity_type: str, name: str | None = None) -> list[dict[str, Any]]:
    return [schema for schema in SCHEMAS if schema["entityType"] == entity_type and name in (None, schema["name"])]


def described_properties(event: str | None) -> list[str]:
    """The properties of the event; of all events for None."""
    schemas = find("event", event)
    return [name for schema in schemas for name in schema["schemaJson"].get("properties", {})]
