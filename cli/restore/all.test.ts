import { lastBack } from "./all";
import type { Ended, Standing } from "./go";

const stands = (...all: readonly (readonly [string, Standing])[]): Ended[] =>
  all.map(([service, standing]) => ({ task: { chosen: { version: { service } } }, standing }) as Ended);

test("what is back is all before the first step that didn't end well, by whole services", () => {
  const cut = stands(["etcd", "done"], ["books", "done"], ["books", "failed"], ["photos", "waits"]);
  expect(lastBack(cut, false)).toBe("etcd");
  expect(lastBack(cut.slice(1), false)).toBeUndefined();
  expect(lastBack([], false)).toBeUndefined();
});

test("a step that a person was asked for and left isn't back: what goes on begins with its service", () => {
  const left = stands(["index", "done"], ["etcd", "done"], ["etcd", "yours"], ["books", "waits"]);
  expect(lastBack(left, true)).toBe("index");
  expect(lastBack(left, false)).toBe("etcd");
});
