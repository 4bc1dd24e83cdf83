"""What a route is given: a request that is allowed to be answered, and what there is to answer it from."""

from dataclasses import dataclass

from ..archive import Archive
from ..directory import Directory
from ..http1 import Request
from ..parameters import Parameters
from ..project import Project
from ..sessions import Sessions


@dataclass(frozen=True)
class Question:
    request: Request
    path_values: dict[str, str]
    project_id: int
    project: Project
    archive: Archive
    directory: Directory
    sessions: Sessions

    def parameters(self, *known: str) -> Parameters:
        """The query's parameters; others than the `known` ones are refused."""
        return Parameters(self.request, self.request.query, known)

    def query_parameters(self, *known: str) -> Parameters:
        """The same for the query API, where all routes have two parameters in common. Data views hide nothing here."""
        parameters = self.parameters("project_id", "workspace_id", *known)
        parameters.integer("workspace_id")
        return parameters

    def form(self, *known: str) -> Parameters:
        """The fields of the request's body, which must be a form. JSON is refused, though some clients send it."""
        fields = Parameters(self.request, self.request.fields, known)
        if self.request.body and not self.request.fields:
            raise fields.refused("the body must be application/x-www-form-urlencoded")
        return fields
