"""Defines what a route gets: an allowed request, and the data to answer it from."""

from dataclasses import dataclass

from ..archive import Archive
from ..directory import Directory
from ..http1 import Request
from ..parameters import Parameters, body_fields
from ..project import Project
from ..sessions import Sessions


QUERY_ORIGIN = "query_origin"
"""Mixpanel's own client says with it who asks, on every route but exports."""


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
        common = () if self.request.path.startswith("/api/2.0/") else (QUERY_ORIGIN,)
        return Parameters(self.request, self.request.query, (*known, *common))

    def query_parameters(self, *known: str) -> Parameters:
        """The same for the query API, where all routes have two parameters in common. Data views hide nothing here."""
        parameters = self.parameters("project_id", "workspace_id", *known)
        parameters.integer("workspace_id")
        return parameters

    def form(self, *known: str) -> Parameters:
        """The fields of the request's body; Mixpanel's own client repeats the project's id there."""
        given = body_fields(self.request)
        fields = Parameters(self.request, given, known if given is self.request.fields else (*known, "project_id"))
        if self.request.body and not given:
            raise fields.refused("the body must be application/x-www-form-urlencoded")
        return fields
