// The recipe of docs/tables.md for kept tables, as it stands there. `test/python/test_node.py` says where things are.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";

const { MIXPANEL_EXTENSION, MP_API_BASE_URL } = process.env;
const page = readFileSync(new URL("../../docs/tables.md", import.meta.url), "utf8");
const [, recipe] = page.match(/^```js\n(.*?)^```$/ms);
const AsyncFunction = (async () => {}).constructor;

test("the recipe fetches, and a failure leaves no transaction", async () => {
  const instance = await DuckDBInstance.create(":memory:", { allow_unsigned_extensions: "true" });
  const connection = await instance.connect();
  await connection.run(`LOAD '${MIXPANEL_EXTENSION}'`);
  const answers = [];
  const run = new AsyncFunction("connection", "console", `${recipe}\nreturn fetchTable;`);
  const fetchTable = await run(connection, { log: (answer) => answers.push(answer) });
  assert.equal(answers[0].table_name, "events");
  assert.ok(Number(answers[0].row_count) > 1400);

  const fault = { kind: "status", status: 400 };
  await fetch(`${MP_API_BASE_URL}/_simulator/faults`, { method: "POST", body: JSON.stringify(fault) });
  const call = "'other', from_date := '2025-01-01', to_date := '2025-01-01'";
  await assert.rejects(fetchTable(connection, call), /INVALID_REQUEST/);
  const left = await connection.runAndReadAll("SELECT table_name FROM duckdb_tables() ORDER BY ALL");
  assert.deepEqual(left.getRowsJson(), [["_metadata"], ["events"]]);
});
