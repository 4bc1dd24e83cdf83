"""Faults in the rows. HTTP and gzip are well-formed, so only a reader of the rows can notice."""

from collections.abc import Callable

from ..delivery import Delivery
from ..http1 import Response
from .body import edit_text
from .kinds import kind


@kind
def terminated_early(
    response: Response, delivery: Delivery, text: str = "export terminated early", fraction: float = 0.5
):
    """A part of the rows, then this bare line: how the service gives up in the middle of an export."""
    _edit_lines(response, lambda lines: [*lines[: int(len(lines) * fraction)], text.encode()], last_end=b"")


@kind
def truncated_line(response: Response, delivery: Delivery):
    """The last line, cut in its middle."""
    _edit_lines(response, lambda lines: [*lines[:-1], lines[-1][: len(lines[-1]) // 2]], last_end=b"")


@kind
def damaged_line(
    response: Response, delivery: Delivery, text: str = '{"event":"Purchase","proper', fraction: float = 0.5
):
    """This text in place of one line, half way down."""

    def damage(lines: list[bytes]) -> list[bytes]:
        lines[int((len(lines) - 1) * fraction)] = text.encode()
        return lines

    _edit_lines(response, damage)


@kind
def bom(response: Response, delivery: Delivery):
    """A byte order mark before the first row."""
    edit_text(response, lambda text: b"\xef\xbb\xbf" + text)


@kind
def crlf(response: Response, delivery: Delivery):
    """Lines that end in CR LF."""
    edit_text(response, lambda text: text.replace(b"\n", b"\r\n"))


@kind
def blank_lines(response: Response, delivery: Delivery):
    """Blank lines around and between the rows, and spaces before them."""
    edit_text(response, lambda text: b"\n  \n  " + text.replace(b"\n", b"\n\n  ") + b"\t\n")


@kind
def no_final_newline(response: Response, delivery: Delivery):
    """A last row that is whole but has no line end."""
    edit_text(response, lambda text: text.removesuffix(b"\n"))


def _edit_lines(response: Response, edit: Callable[[list[bytes]], list[bytes]], last_end: bytes = b"\n") -> None:
    edit_text(response, lambda text: b"\n".join(edit(text.removesuffix(b"\n").split(b"\n"))) + last_end)
