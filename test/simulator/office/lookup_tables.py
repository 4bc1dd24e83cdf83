"""Lookup tables: CSV files that give the values of a property more columns.

Among their rows what breaks readers of CSV: quotes, commas and line ends within values, empty values, equal names of columns.
"""

import csv
import io
from typing import Any, NamedTuple

TOKEN = "4ce0f1b2a3d4e5f60718293a4b5c6d7e"


class LookupTable(NamedTuple):
    id: int
    name: str
    csv: str

    def first(self, count: int) -> str:
        """The table with so many rows at most."""
        text = io.StringIO()
        csv.writer(text).writerows(list(csv.reader(io.StringIO(self.csv, newline="")))[: count + 1])
        return text.getvalue()

    def described(self) -> dict[str, Any]:
        return {
            "id": self.id, "name": self.name, "token": TOKEN, "createdAt": f"2025-01-0{self.id % 7 + 1}T00:00:00Z",
            "lastModifiedAt": None if self.id % 2 else "2025-01-09T10:00:00Z", "hasMappedProperties": self.id % 2 == 0,
        }  # fmt: skip


LOOKUP_TABLES = (
    LookupTable(610, "Products", 'item,title,Price\r\nitem-1,"Tea, ""green""",4.50\r\nitem-2,"Two\nlines 🍵",\r\nitem-3,,10\r\n'),
    LookupTable(611, "Countries", "\ufeffcode,name,name\nDE,Deutschland,Germany\nFR,France,France"),
    LookupTable(612, "Empty", "key,value\n"),
)  # fmt: skip
