"""What a route is given: a request that is allowed to be answered, and what there is to answer it from."""

from dataclasses import dataclass

from ..archive import Archive
from ..http1 import Request
from ..parameters import Parameters
from ..project import Project


@dataclass(frozen=True)
class Question:
    request: Request
    path_values: dict[str, str]
    project_id: int
    project: Project
    archive: Archive

    def parameters(self, *known: str) -> Parameters:
        """The query's parameters; others than the `known` ones are refused."""
        return Parameters(self.request, frozenset(known))
