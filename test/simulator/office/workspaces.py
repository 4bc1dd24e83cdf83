"""The data views, which the API calls workspaces. One holds all data; the others hide nothing in the simulator."""

GLOBAL, MARKETING = 3001, 3002

WORKSPACES = (
    {"id": GLOBAL, "name": "All Project Data", "is_global": True, "is_default": True, "is_restricted": False},
    {
        "id": MARKETING,
        "name": "Marketing – “paid” only",
        "is_global": False,
        "is_default": False,
        "is_restricted": True,
    },
)
