"""A stand-in for Mixpanel's HTTP API: see README.md."""

from .auth import Credentials
from .limits import Allowance, Clock, Limits
from .project import Project
from .recording import RecordedRequest, RequestLog, peak_concurrency
from .simulator import Simulator

__all__ = ["Allowance", "Clock", "Credentials", "Limits", "Project", "RecordedRequest", "RequestLog", "Simulator", "peak_concurrency"]
