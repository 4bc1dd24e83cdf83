"""What the shop sells, and what people type into its search box.

The same for every seed: a catalogue changes less than its visitors, and a test can name an item.
"""

import json
from typing import NamedTuple
from urllib.parse import quote_plus

CATEGORIES = {
    "Books": ("Atlas", "Cookbook", "Field Guide", "Novel", "Notebook", "Poems"),
    "Garden": ("Hose", "Lantern", "Planter", "Rake", "Seed Box", "Trowel"),
    "Home": ("Armchair", "Blanket", "Bookshelf", "Clock", "Desk Lamp", "Teapot"),
    "Music": ("Banjo", "Headphones", "Metronome", "Record Player", "Speaker", "Ukulele"),
    "Outdoor": ("Backpack", "Camp Stove", "Compass", "Hammock", "Sleeping Bag", "Tent"),
    "Toys": ("Kite", "Marble Run", "Puzzle", "Robot Kit", "Train Set", "Yo-yo"),
}
MAKERS = ("Alder & Finch", "Brightwater", "Café Lumière", "Dovetail", "Eastmoor", "Fjällräv", "Grünwald", "Harbor Co.")

QUERIES = (
    "tent", "tent for 4", "teapot", "blue teapot", "headphones", "wireless headphones", "puzzle 1000 pieces", "kite",
    "desk lamp", "gift for dad", "birthday", "sale", "novel", "cookbook", "rain", "armchair", "señal", "日本語",
)  # fmt: skip
SEARCHES = tuple((query, f"/search?q={quote_plus(query)}") for query in QUERIES)
"""What is asked of the search box, each with the path of its answer."""


class Item(NamedTuple):
    item_id: int
    price: float
    path: str
    properties: str
    """The item's own event properties, ready to be put in a row: `"Brand":...,"Item Price":...,`"""


def _item(item_id: int, category: str, thing: str, maker: str) -> Item:
    price = round(4.99 + item_id * 37 % 240 + item_id % 4 * 0.25, 2)
    name = f"{maker} {thing}"
    properties = {
        "Brand": maker,
        "Category": category,
        "Currency": "USD",
        "Item Id": item_id,
        "Item Name": name,
        "Item Price": price,
    }
    # The braces go: these properties stand among those of the person and of the visit.
    text = json.dumps(properties, ensure_ascii=False, separators=(",", ":"))[1:-1] + ","
    return Item(item_id, price, f"/{category.lower()}/{thing.lower().replace(' ', '-')}-{item_id}", text)


ITEMS = tuple(
    _item(1000 + number, category, thing, maker)
    for number, (category, thing, maker) in enumerate(
        (category, thing, maker) for category, things in CATEGORIES.items() for thing in things for maker in MAKERS
    )
)
