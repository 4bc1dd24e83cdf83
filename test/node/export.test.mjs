// The built file in DuckDB's Node client. `test/python/test_node.py` starts the simulator and says where things are.
import assert from "node:assert/strict";
import test from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";

const { MIXPANEL_EXTENSION, MP_API_BASE_URL, MIXPANEL_DATABASE } = process.env;
const DAYS = "from_date := '2025-01-01', to_date := '2025-01-05'";

async function connect(path = ":memory:") {
  const instance = await DuckDBInstance.create(path, { allow_unsigned_extensions: "true" });
  const connection = await instance.connect();
  await connection.run(`LOAD '${MIXPANEL_EXTENSION}'`);
  return { instance, connection };
}

async function simulator(method, path, body) {
  const answer = await fetch(`${MP_API_BASE_URL}/_simulator/${path}`, { method, body: body && JSON.stringify(body) });
  return answer.json();
}

async function rows(connection, statement) {
  return (await connection.runAndReadAll(statement)).getRowsJson();
}

test.beforeEach(() => simulator("POST", "reset"));

test("an export arrives whole", async () => {
  const { connection } = await connect();
  const [[events, valid, names]] = await rows(
    connection,
    `SELECT count(*), count(*) FILTER (json_valid(properties)), count(DISTINCT event_name) FROM mixpanel_export(${DAYS})`,
  );
  assert.equal(Number(events), 1500);
  assert.equal(Number(valid), 1500);
  assert.ok(Number(names) > 5);
  assert.equal((await simulator("GET", "requests")).length, 5);
});

test("values have the types that JavaScript expects", async () => {
  const { connection } = await connect();
  const reader = await connection.runAndReadAll(`FROM mixpanel_export(${DAYS}, events := ['Purchase'])`);
  assert.deepEqual(reader.columnNames(), ["event_name", "event_time", "distinct_id", "insert_id", "properties"]);
  assert.deepEqual(reader.columnTypes().map(String), ["VARCHAR", "TIMESTAMP", "VARCHAR", "VARCHAR", "VARCHAR"]);
  assert.equal(reader.columnTypes()[4].alias, "JSON");
  const [event] = reader.getRowObjectsJson();
  assert.equal(event.event_name, "Purchase");
  assert.match(event.event_time, /^2025-01-0\d \d\d:\d\d:\d\d/);
  assert.equal(typeof JSON.parse(event.properties), "object");
});

test("values are what the page of clients says", async () => {
  const { connection } = await connect();
  const properties = '{"big":9007199254740993,"tags":["a",null],"day":"2025-01-01","ratio":0.1}';
  const line = `{"event":"A","properties":{"time":1735725600123,"distinct_id":"u1",${properties.slice(1)}}`;
  await fetch(`${MP_API_BASE_URL}/_simulator/days/2025-01-01`, { method: "PUT", body: line });
  const columns = "{'big': 'BIGINT', 'tags': 'VARCHAR[]', 'day': 'DATE', 'ratio': 'DOUBLE'}";
  const reader = await connection.runAndReadAll(
    `FROM mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-01', columns := ${columns})`,
  );
  const same = { event_name: "A", distinct_id: "u1", insert_id: null, properties, tags: ["a", null], ratio: 0.1 };
  const [day, event_time] = [new Date("2025-01-01"), new Date("2025-01-01T10:00:00.123Z")];
  assert.deepEqual(reader.getRowObjectsJS(), [{ ...same, event_time, big: 9007199254740993n, day }]);
  const json = { ...same, event_time: "2025-01-01 10:00:00.123", big: "9007199254740993", day: "2025-01-01" };
  assert.deepEqual(reader.getRowObjectsJson(), [json]);
  assert.throws(() => JSON.stringify(reader.getRowObjectsJS()), /BigInt/);
});

test("looking makes no request", async () => {
  const { connection } = await connect();
  await connection.run(`CREATE VIEW events AS FROM mixpanel_export(${DAYS})`);
  await rows(connection, "DESCRIBE events");
  const prepared = await connection.prepare("SELECT count(*) FROM mixpanel_export(from_date := $1, to_date := $2)");
  assert.deepEqual(await simulator("GET", "requests"), []);
  prepared.bindVarchar(1, "2025-01-01");
  prepared.bindVarchar(2, "2025-01-02");
  assert.equal(Number((await prepared.runAndReadAll()).getRowsJson()[0][0]), 600);
});

test("an error is an exception with its code", async () => {
  const { connection } = await connect();
  await simulator("POST", "faults", { kind: "status", status: 403, times: null });
  await assert.rejects(rows(connection, `FROM mixpanel_export(${DAYS})`), /\[PERMISSION_DENIED\] 2025-01-0/);
  await assert.rejects(rows(connection, `FROM mixpanel_export(${DAYS}, max_rows := 0)`), /max_rows: must be at least 1/);
});

test("a stream that nobody reads to its end stops the downloads", async () => {
  const { connection, instance } = await connect();
  await simulator("POST", "faults", { kind: "latency", seconds: 0.1, times: null });
  await connection.run("SET streaming_buffer_size = '1KB'");
  const call = `mixpanel_export(${DAYS}, max_workers := 1, events := ['Search', 'View Item'])`;
  const result = await connection.stream(`SELECT properties FROM ${call}`);
  assert.ok((await result.fetchChunk()).rowCount > 0);
  connection.closeSync();
  instance.closeSync();
  // Requests of the test before may come late; they asked for all events.
  const days = (await simulator("GET", "requests")).filter((request) => request.params.event).map(({ params }) => params.from_date);
  assert.ok(days.length < 5, `${days}`);
});

test("two exports at the same time", async () => {
  const { instance } = await connect();
  const connections = await Promise.all([instance.connect(), instance.connect(), instance.connect()]);
  const counts = await Promise.all(connections.map((one) => rows(one, `SELECT count(*) FROM mixpanel_export(${DAYS})`)));
  assert.deepEqual(counts.map(([[count]]) => Number(count)), [1500, 1500, 1500]);
});

test("closing frees the file", async () => {
  for (const expected of [1, 2]) {
    const { connection, instance } = await connect(MIXPANEL_DATABASE);
    await connection.run(`CREATE TABLE events${expected} AS FROM mixpanel_export(${DAYS})`);
    const [[tables]] = await rows(connection, "SELECT count(*) FROM duckdb_tables()");
    assert.equal(Number(tables), expected);
    connection.closeSync();
    instance.closeSync();
  }
});
