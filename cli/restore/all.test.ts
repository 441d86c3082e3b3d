import { reachedBy } from "./all";
import type { Ended, Standing } from "./go";

const stands = (...all: readonly (readonly [string, Standing])[]): Ended[] =>
  all.map(([service, standing]) => ({ task: { chosen: { version: { service } } }, standing }) as Ended);
const order = ["index", "etcd", "books", "photos"];

test("what goes on begins behind the last service before which all are back, and leaves out others that are", () => {
  const cut = stands(["index", "done"], ["etcd", "done"], ["etcd", "failed"], ["books", "done"]);
  expect(reachedBy(cut, order, {}, false)).toEqual({ after: "index", except: ["books"], unconfirmed: [] });
  expect(reachedBy([], order, {}, false)).toEqual({ after: undefined, except: [], unconfirmed: [] });
});

test("of what has no copy, nothing is back: what goes on tells of it again", () => {
  const ended = stands(["etcd", "done"], ["books", "failed"]);
  expect(reachedBy(ended, order, {}, false)).toEqual({ after: undefined, except: ["etcd"], unconfirmed: [] });
});

test("a step that a person was asked for and left isn't back: what goes on begins with its service", () => {
  const left = stands(["index", "done"], ["etcd", "done"], ["etcd", "yours"], ["books", "waits"]);
  expect(reachedBy(left, order, {}, true)).toMatchObject({ after: "index", unconfirmed: [] });
  expect(reachedBy(left, order, {}, false)).toMatchObject({ after: "etcd", unconfirmed: ["etcd"] });
});

test("what was left to a person stays so from call to call, until somebody has said that it is done", () => {
  const before = { after: "etcd", unconfirmed: ["index", "etcd"] };
  const ended = stands(["index", "yours"], ["etcd", "done"], ["books", "done"], ["photos", "failed"]);
  expect(reachedBy(ended, order, before, false)).toEqual({
    ...{ after: "books", except: [], unconfirmed: ["index"] },
  });
  expect(reachedBy([], order, before, false)).toEqual({ ...before, except: [] });
});
