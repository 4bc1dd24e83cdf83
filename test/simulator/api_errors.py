"""Makes refusals in the words and shapes of the service.

Mixpanel has no single shape: most errors are JSON with `error` and the `request` it is about, some are plain text, and
the app API says `status` too.
"""

from .answer import Answer
from .http1 import Request


class ApiError(Exception):
    """Ends the handling of a request; what it carries is the answer."""

    def __init__(self, answer: Answer):
        self.answer = answer


def refusal(status: int, error: str, request: Request | None = None, headers: dict[str, str] | None = None) -> ApiError:
    body = {"request": request.target, "error": error} if request else {"error": error}
    return ApiError(Answer.json(body, status, headers))


def plain_refusal(status: int, text: str) -> ApiError:
    return ApiError(Answer.plain(text, status))


def app_refusal(status: int, error: str) -> ApiError:
    return ApiError(Answer.json({"error": error, "status": "error"}, status))
