import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "./store";

const folder = mkdtempSync(join(tmpdir(), "receiver-"));
const file = join(folder, "below", "messages.jsonl");
const at = new Date("2026-05-26T02:00:00Z");

afterAll(() => rmSync(folder, { recursive: true }));

test("a second opening finds what the first one kept, in order, until it is cleared", () => {
  openStore(file).add("/slack", '{"text":"one\\ntwo","attachments":[{"color":"danger"}]}', at);
  openStore(file).add("/slack/x", '{"channel":"#alerts"}', at);
  expect(openStore(file).all()).toEqual([
    {
      receivedAt: "2026-05-26T02:00:00.000Z",
      path: "/slack",
      payload: { text: "one\ntwo", attachments: [{ color: "danger" }] },
    },
    {
      receivedAt: "2026-05-26T02:00:00.000Z",
      path: "/slack/x",
      payload: { channel: "#alerts", attachments: [] },
    },
  ]);
  openStore(file).clear();
  expect(openStore(file).all()).toEqual([]);
});

test.each(["", "no json", "[]", '"text"', '{"attachments":1}'])(
  "refuses the body %j and keeps nothing",
  body => {
    expect(() => openStore(file).add("/slack", body, at)).toThrow();
    expect(openStore(file).all()).toEqual([]);
  },
);
