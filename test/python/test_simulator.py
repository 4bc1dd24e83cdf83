"""Tests the simulator byte by byte, because everything else is tested against it."""

import gzip
import http.client
import json
import socket
import subprocess
import sys
import time
import zlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

TEST_FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TEST_FOLDER))

from simulator import Allowance, Clock, Credentials, Limits, Project, Simulator, peak_concurrency
from simulator.faults import KINDS
from simulator.routes import Route

EXPORT = "/api/2.0/export"
NAMES_ROUTE = "/api/query/events/names"
DAY = date(2025, 1, 2)

pytestmark = pytest.mark.unspecified("the requests are this file's own")
SMALL = Project(days=3, events_per_day=60, today="2025-02-01")


def basic(username, password=""):
    return {"Authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}


ACCOUNT = basic("demo.sa.mp-service-account", "demo-secret")
SECRET = basic("demo-project-secret")


class Answer(NamedTuple):
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body

    @property
    def lines(self):
        return self.text.split(b"\n")[:-1]

    @property
    def json(self):
        return json.loads(self.text)


def connect(sim):
    return http.client.HTTPConnection(urlsplit(sim.url).netloc, timeout=10)


def ask(sim, path, params=(), headers=ACCOUNT, connection=None, method="GET", body=None):
    connection = connection or connect(sim)
    connection.request(
        method, f"{path}?{urlencode(params)}" if params else path, body, {"Accept-Encoding": "gzip"} | headers
    )
    response = connection.getresponse()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


def export(sim, from_date=DAY, to_date=None, headers=ACCOUNT, connection=None, **changes):
    params = {"project_id": 12345, "from_date": from_date, "to_date": from_date if to_date is None else to_date}
    params = params | {"time_in_ms": "true"} | changes
    return ask(sim, EXPORT, {name: value for name, value in params.items() if value is not None}, headers, connection)


def raw_export(sim):
    """A socket on which an export has been asked for."""
    connection = socket.create_connection(urlsplit(sim.url).netloc.split(":"), timeout=10)
    query = urlencode({"project_id": 12345, "from_date": DAY, "to_date": DAY, "time_in_ms": "true"})
    headers = ACCOUNT | {"Host": "simulator", "Accept-Encoding": "gzip"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(f"GET {EXPORT}?{query} HTTP/1.1\r\n{head}\r\n".encode())
    return connection


def read_to_end(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def sim():
    with Simulator(SMALL) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def big():
    """Days too large for TCP's buffers."""
    with Simulator(Project(days=2, events_per_day=20_000)) as simulator:
        yield simulator


@pytest.fixture
def whole(sim):
    """The lines of `DAY` as they are without any fault."""
    return export(sim).lines


class TestExport:
    def test_framing(self, sim):
        answer = export(sim)
        assert answer.headers["transfer-encoding"] == "chunked" and answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"].startswith("text/plain")
        assert len(answer.lines) == 60 and answer.text.endswith(b"\n")

    def test_gzip_is_for_who_accepts_it_and_for_large_bodies(self, sim):
        assert "content-encoding" not in export(sim, headers=ACCOUNT | {"Accept-Encoding": "identity"}).headers
        small = export(sim, limit=1, event='["Search"]')
        assert len(small.body) < 1400 and "content-encoding" not in small.headers and len(small.lines) == 1

    def test_a_range_is_its_days_one_after_the_other(self, sim):
        days = [export(sim, date(2025, 1, day)).text for day in (1, 2, 3)]
        assert export(sim, date(2025, 1, 1), date(2025, 1, 3)).text == b"".join(days)

    def test_days_without_events_have_no_body(self, sim):
        answer = export(sim, date(2024, 1, 1), date(2024, 12, 31))
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")

    def test_times_in_seconds(self, sim, whole):
        for param in ("false", None):
            seconds = export(sim, time_in_ms=param).lines
            for ours, theirs in zip(seconds, whole, strict=True):
                in_seconds, in_ms = json.loads(ours)["properties"], json.loads(theirs)["properties"]
                assert in_seconds.pop("time") == in_ms.pop("time") // 1000 and in_seconds == in_ms

    def test_event(self, sim, whole):
        wanted = [line for line in whole if json.loads(line)["event"] in ("Search", "Purchase")]
        assert export(sim, event='["Search","Purchase"]').lines == wanted != []
        assert export(sim, event='["No such event"]').body == b""

    def test_where(self, sim, whole):
        wanted = [line for line in whole if json.loads(line)["properties"].get("$city") == "Paris"]
        assert export(sim, date(2025, 1, 1), date(2025, 1, 3), where='properties["$city"] == "Paris"').status == 200
        assert export(sim, where='properties["$city"] == "Paris"').lines == wanted
        assert (
            export(sim, where='not defined(properties["nothing"])', event='["Search"]').lines
            == export(sim, event='["Search"]').lines
        )

    def test_limit(self, sim, whole):
        assert export(sim, limit=7).lines == whole[:7]
        assert len(export(sim, date(2025, 1, 1), date(2025, 1, 3), limit=100).lines) == 100
        assert len(export(sim, limit=100_000).lines) == 60

    @pytest.mark.parametrize(
        ("params", "says"),
        [
            ({"from_date": None}, "from_date"),
            ({"to_date": ""}, "to_date"),
            ({"from_date": "2025-1-1"}, "from_date"),
            ({"to_date": "2025-02-30"}, "to_date"),
            ({"from_date": "2025-01-03", "to_date": "2025-01-02"}, "from_date"),
            ({"limit": 100_001}, "limit"),
            ({"limit": "ten"}, "limit"),
            ({"event": "Search"}, "event"),
            ({"event": '{"a":1}'}, "event"),
            ({"event": "[]"}, "event"),
            ({"where": 'properties["x"'}, "syntax error"),
            ({"where": '1 and properties["time"] > 1'}, "booleans"),
            ({"time_in_ms": "yes"}, "time_in_ms"),
            ({"workspace_id": 1}, "workspace_id"),
            ({"colour": "red"}, "colour"),
            ({"project_id": "mine"}, "project_id"),
        ],
    )
    def test_refusals(self, sim, params, says):
        answer = export(sim, **params)
        assert answer.status == 400 and says in answer.json["error"] and answer.json["request"].startswith(EXPORT)

    def test_a_parameter_given_twice_is_refused(self, sim):
        assert ask(sim, f"{EXPORT}?project_id=12345&limit=1&limit=1").status == 400

    def test_the_future_is_refused_in_plain_text(self, sim):
        assert export(sim, DAY, "2025-02-01").status == 200
        answer = export(sim, DAY, "2025-02-02")
        assert (answer.status, answer.body) == (400, b"to_date cannot be later than today")
        assert answer.headers["content-type"].startswith("text/plain")

    def test_days_that_a_test_has_set(self, sim):
        wide = json.dumps({"event": "Wide", "properties": {f"p{number}": number for number in range(10_000)}})
        lines = ['{"event":"One","properties":{"time":1735776000}}', wide, b"\xff not an event", "x" * 1_000_000]
        sim.set_day("2025-01-02", lines)
        sent = [line.encode() if isinstance(line, str) else line for line in lines]
        assert export(sim).lines == export(sim, time_in_ms="false").lines == sent
        assert export(sim, event='["Wide"]').lines == [wide.encode()]
        sim.set_day(DAY, [])
        assert export(sim).body == b""
        sim.set_day("2030-01-01", ['{"event":"Later","properties":{}}'])
        sim.reset()
        assert len(export(sim).lines) == 60


class TestOtherRoutes:
    def test_event_names(self, sim):
        counts = sim.archive.event_counts(date(2025, 1, 1), date(2025, 1, 3))
        params = {"project_id": 12345, "type": "general"}
        assert ask(sim, NAMES_ROUTE, params).json == sorted(counts)
        assert ask(sim, NAMES_ROUTE, params | {"limit": 1}).json == ["View Item"]
        one_day = params | {"from_date": DAY, "to_date": DAY, "workspace_id": 1}
        assert ask(sim, NAMES_ROUTE, one_day).json == sorted(sim.archive.event_counts(DAY, DAY))
        assert ask(sim, NAMES_ROUTE, params | {"from_date": "2024-01-01", "to_date": "2024-01-31"}).json == []

    @pytest.mark.parametrize("change", [{"type": "total"}, {"from_date": "1999-01-01"}, {"limit": 0}, {"x": 1}])
    def test_event_names_refusals(self, sim, change):
        assert ask(sim, NAMES_ROUTE, {"project_id": 12345, "type": "general"} | change).status == 400

    def test_me_knows_the_time_zone(self):
        with Simulator(Project(time_zone="Asia/Kolkata", other_project_ids=(7,))) as sim:
            projects = ask(sim, "/api/app/me").json["results"]["projects"]
        assert {number: about["timezone"] for number, about in projects.items()} == dict.fromkeys(
            ("12345", "7"), "Asia/Kolkata"
        )

    @pytest.mark.parametrize("path", ["/api/query/unknown", "/api/app/projects", "/api/2.0/engage", "/"])
    def test_all_else_is_unknown(self, sim, path):
        answer = ask(sim, path)
        assert answer.status == 404 and path in answer.json["error"]

    def test_routes_with_values_in_their_path(self):
        route = Route("GET", "/api/app/projects/{project_id}/schemas/{name}", "app", lambda question: None)
        assert route.matches("GET", "/api/app/projects/7/schemas/a.b") == {"project_id": "7", "name": "a.b"}
        assert route.matches("GET", "/api/app/projects/7/schemas") is None
        assert route.matches("POST", "/api/app/projects/7/schemas/a.b") is None


class TestCredentials:
    @pytest.mark.parametrize(
        ("headers", "project_id", "on_export", "on_app"),
        [
            (ACCOUNT, 12345, 200, 200),
            ({"Authorization": "Bearer demo-token"}, 12345, 200, 200),
            (SECRET, 12345, 200, 401),
            (SECRET, None, 200, 401),
            (ACCOUNT, None, 400, 200),
            (ACCOUNT, 7, 200, 200),
            (ACCOUNT, 999, 403, 200),
            (SECRET, 999, 403, 401),
            (SECRET, 7, 403, 401),
            ({}, 12345, 401, 401),
            (basic("demo.sa.mp-service-account", "wrong"), 12345, 401, 401),
            (basic("demo-secret"), 12345, 401, 401),
            ({"Authorization": "Basic not base64"}, 12345, 401, 401),
            ({"Authorization": "Bearer wrong"}, 12345, 401, 401),
        ],
    )
    def test_who_may_what(self, headers, project_id, on_export, on_app):
        with Simulator(Project(days=1, events_per_day=1, other_project_ids=(7,))) as sim:
            answers = export(sim, headers=headers, project_id=project_id), ask(sim, "/api/app/me", headers=headers)
        assert [answer.status for answer in answers] == [on_export, on_app]
        if on_export == 401:
            assert answers[0].json["error"] == "Invalid credentials" and answers[1].json["status"] == "error"

    def test_others_can_be_configured(self):
        with Simulator(SMALL, credentials=Credentials(username="me", secret="mine")) as sim:
            assert export(sim, headers=basic("me", "mine")).status == 200
            assert export(sim).status == 401


class TestLimits:
    def test_the_hour_slides(self):
        clock = Clock()
        with Simulator(SMALL, limits=Limits(clock=clock)) as sim:
            for _ in range(60):
                assert export(sim).status == 200
                clock.advance(1)
            refused = export(sim)
            assert refused.status == 429 and "61/60 queries running in the last hour" in refused.json["error"]
            assert refused.headers["retry-after"] == "3540"
            assert ask(sim, NAMES_ROUTE, {"project_id": 12345, "type": "general"}).status == 200
            clock.advance(3540)
            assert export(sim).status == 200
            assert export(sim).status == 429

    def test_a_spent_hour_without_retry_after(self):
        limits = Limits({"query": Allowance(per_hour=1, concurrent=5)}, retry_after=False)
        with Simulator(SMALL, limits=limits) as sim:
            statuses = [ask(sim, NAMES_ROUTE, {"project_id": 12345, "type": "general"}) for _ in range(2)]
            assert [answer.status for answer in statuses] == [200, 429] and "retry-after" not in statuses[1].headers
            sim.reset()
            assert ask(sim, NAMES_ROUTE, {"project_id": 12345, "type": "general"}).status == 200

    def test_three_exports_a_second(self):
        clock = Clock()
        with Simulator(SMALL, limits=Limits(clock=clock)) as sim:
            answers = [export(sim) for _ in range(4)]
            assert [answer.status for answer in answers] == [200, 200, 200, 429] and answers[3].json["code"] == 429
            clock.advance(1)
            assert export(sim).status == 200

    @pytest.mark.parametrize("api", ["query", "export"])
    def test_requests_at_once(self, api):
        path, params = (
            (NAMES_ROUTE, {"project_id": 12345, "type": "general"})
            if api == "query"
            else (EXPORT, {"project_id": 12345})
        )
        with Simulator(SMALL, limits=Limits({api: Allowance(per_hour=60, concurrent=2)})) as sim:
            sim.add_fault("hang", path=path, times=2)
            waiting = [connect(sim) for _ in range(2)]
            for connection in waiting:
                connection.request("GET", f"{path}?{urlencode(params)}", headers=ACCOUNT)
            while sum(1 for request in sim.requests if request.fault) < 2:
                time.sleep(0.01)
            refused = ask(sim, path, params)
            assert refused.status == 429
            if api == "query":
                assert "(3/2 queries running concurrently)" in refused.json["error"]
                assert refused.headers["retry-after"] == "10" and "r=0;t=10" in refused.headers["ratelimit"]
            else:
                assert refused.json == {"error": "too many export requests in progress for this project"}
            for connection in waiting:
                connection.close()
            sim.settled()
            assert ask(sim, path, params).status != 429

    def test_none_without_being_asked_for(self, sim):
        assert {export(sim, limit=1).status for _ in range(70)} == {200}


class TestFaults:
    """What each fault puts on the wire; the request after it is answered as ever."""

    def faulty(self, sim, kind, **options):
        sim.add_fault(kind, **options)
        answer = export(sim)
        assert sim.settled()[-1].fault == kind
        assert len(export(sim).lines) == 60
        return answer

    @pytest.mark.parametrize(
        ("status", "content_type", "start"),
        [
            (500, "application/json", b"{"),
            (502, "text/html", b"<!DOCTYPE html>"),
            (402, "text/plain", b""),
            (403, "application/json", b"{"),
        ],
    )
    def test_status(self, sim, status, content_type, start):
        answer = self.faulty(sim, "status", status=status)
        assert answer.status == status and answer.headers["content-type"].startswith(content_type)
        assert answer.body.startswith(start) and bool(answer.body) == bool(start)

    def test_status_with_body_and_headers(self, sim):
        answer = self.faulty(sim, "status", status=429, body="slow down", headers={"Retry-After": 2})
        assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b"slow down", "2")

    def test_body(self, sim, tmp_path):
        assert self.faulty(sim, "body", body=b"\x00\xff").body == b"\x00\xff"
        zipped = self.faulty(sim, "body", body="text", gzip=True, headers={"Content-Type": "x/y"})
        assert zipped.text == b"text" and zipped.headers["content-type"] == "x/y"
        (tmp_path / "lines").write_bytes(b"{}\n")
        assert self.faulty(sim, "body", file=str(tmp_path / "lines")).body == b"{}\n"

    def test_errors_and_pages_with_status_200(self, sim):
        answer = self.faulty(sim, "error_in_200", error="no")
        assert (answer.status, answer.json) == (200, {"error": "no"})
        answer = self.faulty(sim, "html_200")
        assert (
            answer.status == 200 and answer.headers["content-type"].startswith("text/html") and b"<html" in answer.body
        )

    def test_redirect(self, sim):
        answer = self.faulty(sim, "redirect")
        assert answer.status == 302 and answer.headers["location"] == "https://elsewhere.example/"

    def test_rows(self, sim, whole):
        assert self.faulty(sim, "terminated_early").text == b"\n".join([*whole[:30], b"export terminated early"])
        answer = self.faulty(sim, "terminated_early", text="terminated early", fraction=0)
        assert answer.text == b"terminated early"
        cut = self.faulty(sim, "truncated_line").text.split(b"\n")
        assert cut[:-1] == whole[:-1] and whole[-1].startswith(cut[-1]) and 100 < len(cut[-1]) < len(whole[-1]) - 100
        damaged = self.faulty(sim, "damaged_line").lines
        assert [ours == theirs for ours, theirs in zip(damaged, whole, strict=True)].count(False) == 1
        assert damaged[29] == b'{"event":"Purchase","proper'

    def test_white_space(self, sim, whole):
        text = b"\n".join(whole) + b"\n"
        assert self.faulty(sim, "bom").text == b"\xef\xbb\xbf" + text
        assert self.faulty(sim, "crlf").text == text.replace(b"\n", b"\r\n")
        assert self.faulty(sim, "no_final_newline").text == text[:-1]
        blank = self.faulty(sim, "blank_lines").text
        assert blank.startswith(b"\n") and [line.strip() for line in blank.split(b"\n") if line.strip()] == whole

    def test_compression(self, sim, whole):
        answer = export(sim)
        assert self.faulty(sim, "no_gzip").lines == whole
        members = self.faulty(sim, "multi_member", members=3)
        first = zlib.decompressobj(zlib.MAX_WBITS | 16)
        assert first.decompress(members.body) == answer.text[: -(-len(answer.text) // 3)] and first.unused_data
        assert members.lines == whole
        assert self.faulty(sim, "cut_clean_gzip").body == answer.body[:-8]
        assert self.faulty(sim, "cut_clean_gzip", fraction=0.7).body == answer.body[: int(len(answer.body) * 0.7)]
        corrupt = self.faulty(sim, "corrupt_gzip", count=5).body
        assert sum(ours != theirs for ours, theirs in zip(corrupt, answer.body, strict=True)) == 5

    def test_wrong_content_length(self, sim):
        with pytest.raises(http.client.IncompleteRead) as caught:
            self.faulty(sim, "wrong_content_length", difference=100)
        size = len(caught.value.partial)
        assert caught.value.expected == 100
        assert len(self.faulty(sim, "wrong_content_length", difference=-100).body) == size - 100

    @pytest.mark.parametrize("fraction", [0, 0.5, 1])
    def test_cut(self, sim, fraction):
        complete = len(read_to_end_of_chunks(raw_export(sim)))
        sim.add_fault("cut", fraction=fraction)
        received = read_to_end(raw_export(sim))
        head, _, body = received.partition(b"\r\n\r\n")
        assert b"chunked" in head and not body.endswith(b"0\r\n\r\n")
        assert abs(len(body) - fraction * (complete - len(head))) < 10

    def test_cut_by_reset(self, sim):
        sim.add_fault("cut", reset=True, fraction=0.9)
        with pytest.raises(ConnectionResetError):
            read_to_end(raw_export(sim))

    @pytest.mark.parametrize("end", ["reset", "close"])
    @pytest.mark.parametrize(("kind", "sent"), [("hang", False), ("hang_mid_body", True)])
    def test_hanging_ends_with_reset_and_close(self, sim, kind, sent, end):
        sim.add_fault(kind)
        connection = raw_export(sim)
        connection.settimeout(0.2)
        received = b""
        with pytest.raises(TimeoutError):
            while data := connection.recv(65536):
                received += data
        assert bool(received) == sent and sim.requests[-1].finished is None
        connection.settimeout(5)
        getattr(sim, end)()
        assert connection.recv(1) == b""

    def test_hanging_notices_that_the_client_left(self, sim):
        sim.add_fault("hang")
        raw_export(sim).close()
        record = sim.settled(count=1)[-1]
        assert record.client_left and record.status is None and record.bytes_sent == 0

    def test_slow_and_late(self, sim):
        size = len(export(sim).body)
        for kind, options in (("slow", {"bytes_per_second": size * 5}), ("latency", {"seconds": 0.2})):
            started = time.monotonic()
            assert len(self.faulty(sim, kind, **options).body) == size
            assert time.monotonic() - started > 0.15

    def test_whom_a_fault_meets(self, sim):
        sim.add_fault("status", status=503, match={"from_date": "2025-01-03"}, times=2)
        sim.add_fault("status", status=500, path=None, times=None, match={"limit": 5})
        assert [export(sim).status, export(sim, date(2025, 1, 3)).status, export(sim, limit=5).status] == [
            200,
            503,
            500,
        ]
        params = {"project_id": 12345, "type": "general", "limit": 5}
        assert [ask(sim, NAMES_ROUTE, params).status for _ in range(3)] == [500, 500, 500]
        assert [export(sim, date(2025, 1, 3)).status for _ in range(2)] == [503, 200]
        sim.reset()
        assert ask(sim, NAMES_ROUTE, params).status == 200

    def test_mistakes_are_heard_of_at_once(self, sim):
        for kind, options in (("explode", {}), ("cut", {"fration": 0.5})):
            with pytest.raises(ValueError, match=kind):
                sim.add_fault(kind, **options)

    def test_the_readme_names_every_kind(self):
        readme = (TEST_FOLDER / "simulator" / "README.md").read_text()
        assert [kind for kind in KINDS if f"| `{kind}`" not in readme] == []


def read_to_end_of_chunks(connection):
    received = b""
    while not received.endswith(b"\r\n0\r\n\r\n"):
        received += connection.recv(65536)
    return received


class TestLog:
    def test_what_is_recorded(self, sim):
        connection = connect(sim)
        export(sim, connection=connection, where='properties["a b"] == "é&+"')
        ask(sim, "/api/query/unknown", {"a": ""}, connection=connection, method="POST", body=b"x=1")
        first, second = sim.settled()
        assert (first.method, first.path, first.status, first.fault, first.client_left) == (
            "GET",
            EXPORT,
            200,
            None,
            False,
        )
        assert first.params["where"] == 'properties["a b"] == "é&+"' and first.headers["accept-encoding"] == "gzip"
        assert (second.method, second.params, second.body, second.status) == ("POST", {"a": ""}, b"x=1", 404)
        assert first.connection == second.connection and first.started < first.finished < second.finished
        assert first.bytes_sent > 0
        sim.clear()
        assert sim.requests == []

    def test_twenty_at_once(self, sim, whole):
        sim.clear()
        sim.add_fault("latency", seconds=0.5, times=None)
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: export(sim).lines, range(20)))
        assert answers == [whole] * 20
        assert peak_concurrency(sim.settled()) == 20

    def test_large_answers_in_parallel(self, big):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: export(big, date(2025, 1, 1 + number % 2)), range(16)))
        assert {len(answer.lines) for answer in answers} == {20_000}

    def test_a_client_that_leaves_is_noticed(self, big):
        big.clear()
        big.add_fault("slow", bytes_per_second=100_000)
        connection = raw_export(big)
        received = b""
        while len(received) < 10_000:
            received += connection.recv(10_000)
        connection.close()
        record = big.settled()[-1]
        assert record.client_left and 10_000 <= record.bytes_sent < 500_000


class TestServer:
    @pytest.mark.parametrize(
        "sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"x" * 70_000]
    )
    def test_what_is_no_request(self, sim, sent):
        connection = socket.create_connection(urlsplit(sim.url).netloc.split(":"), timeout=5)
        connection.sendall(sent)
        assert read_to_end(connection).startswith(b"HTTP/1.1 400 ")

    def test_control_routes(self, sim):
        def control(method, path, body=None):
            answer = ask(sim, f"/_simulator/{path}", headers={}, method=method, body=body)
            return answer.status, answer.json

        assert control("GET", "project")[1]["to_date"] == "2025-01-03"
        assert control("POST", "faults", '{"kind":"status","status":503,"match":{"limit":3}}')[0] == 200
        assert control("PUT", "days/2025-01-02", b"one\ntwo\n")[0] == 200
        assert (export(sim, limit=3).status, export(sim).lines) == (503, [b"one", b"two"])
        status, requests = control("GET", "requests")
        assert status == 200 and [request["fault"] for request in requests] == ["status", None]
        assert control("POST", "reset")[0] == 200
        assert control("GET", "requests") == (200, []) and len(export(sim).lines) == 60
        for method, path, body in (("POST", "faults", '{"kind":"?"}'), ("POST", "faults", "["), ("PUT", "days/x", b"")):
            assert control(method, path, body)[0] == 400
        assert control("GET", "nothing")[0] == 404

    def test_as_a_program(self, tmp_path):
        options = f"--days 2 --events-per-day 50 --warm --cache-dir {tmp_path} --project-id 7 8 --latency-ms 1"
        command = [sys.executable, str(TEST_FOLDER / "simulator"), *options.split()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as process:
            try:
                start, _, url = process.stdout.readline().strip().rpartition(" ")
                assert start == "listening on"
                program = type("Program", (), {"url": url})
                assert len(export(program, project_id=8).lines) == 50
                assert export(program, project_id=9).status == 403
            finally:
                process.terminate()
            assert process.wait() == 0
