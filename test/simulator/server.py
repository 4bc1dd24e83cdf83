"""A threaded HTTP server over plain sockets: one thread for each connection, one exchange after the other on it."""

import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from threading import Event, Lock, Thread

from .answer import Answer
from .delivery import ClientLeft, Cut, Wire
from .http1 import BadRequest, Reader, Request

BACKLOG = 256

Exchange = Callable[[Request, Wire, int], bool]
"""Answers one request on a connection of that number; tells whether the connection may be used again."""


class Server:
    def __init__(self, exchange: Exchange, host: str = "127.0.0.1", port: int = 0):
        self._exchange = exchange
        self._listener = socket.create_server((host, port), backlog=BACKLOG)
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._closing = False
        self._released = Event()
        self.url = "http://{}:{}".format(*self._listener.getsockname()[:2])

    def start(self) -> None:
        Thread(target=self._accept, name="simulator", daemon=True).start()

    def release(self) -> None:
        """Ends all waiting: answers that hang, or are slow."""
        with self._lock:
            released, self._released = self._released, Event()
        released.set()

    def close(self) -> None:
        with self._lock:
            self._closing = True
        # A blocked accept() is woken by shutdown(), not by close().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.release()

    def _accept(self) -> None:
        for number in count(1):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if self._closing:
                    return
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if self._closing:
                    connection.close()
                    return
                self._open.add(connection)
            Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        reader = Reader(connection)
        try:
            while request := reader.request():
                if not self._exchange(request, Wire(connection, self._released), number):
                    break
        except BadRequest as error:
            with suppress(OSError):
                connection.sendall(_refused(str(error)))
        except (ClientLeft, Cut, ConnectionError):
            pass
        except Exception:  # a mistake of the simulator's own: the client sees a cut connection, we see why
            traceback.print_exc()
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def _refused(error: str) -> bytes:
    response = Answer.json({"error": error}, 400, {"Connection": "close"}).response()
    return response.head() + b"".join(response.body)
