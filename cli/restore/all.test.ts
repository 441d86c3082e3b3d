import { reachedBy } from "./all";
import type { Ended, Standing } from "./go";

const stands = (...all: readonly (readonly [string, Standing])[]): Ended[] =>
  all.map(([service, standing]) => ({ task: { chosen: { version: { service } } }, standing }) as Ended);
const order = ["index", "etcd", "books", "photos"];

test("what goes on begins behind the last service before which all are back, and leaves out others that are", () => {
  const cut = stands(["index", "done"], ["etcd", "done"], ["etcd", "failed"], ["books", "done"]);
  expect(reachedBy(cut, { order, missing: [] }, {}, false)).toEqual({
    after: "index",
    except: ["books"],
    unconfirmed: [],
    missing: [],
  });
  expect(reachedBy([], { order, missing: [] }, {}, false)).toEqual({
    after: undefined,
    except: [],
    unconfirmed: [],
    missing: [],
  });
});

test("of what has no copy, nothing is back: what goes on tells of it again", () => {
  const ended = stands(["etcd", "done"], ["books", "failed"]);
  expect(reachedBy(ended, { order, missing: [] }, {}, false)).toEqual({
    after: undefined,
    except: ["etcd"],
    unconfirmed: [],
    missing: [],
  });
});

test("a step that a person was asked for and left isn't back: what goes on begins with its service", () => {
  const left = stands(["index", "done"], ["etcd", "done"], ["etcd", "yours"], ["books", "waits"]);
  expect(reachedBy(left, { order, missing: [] }, {}, true)).toMatchObject({
    after: "index",
    unconfirmed: [],
    missing: [],
  });
  expect(reachedBy(left, { order, missing: [] }, {}, false)).toMatchObject({
    after: "etcd",
    unconfirmed: ["etcd"],
  });
});

test("what was left to a person stays so from call to call, until somebody has said that it is done", () => {
  const before = { after: "etcd", unconfirmed: ["index", "etcd"] };
  const ended = stands(["index", "yours"], ["etcd", "done"], ["books", "done"], ["photos", "failed"]);
  expect(reachedBy(ended, { order, missing: [] }, before, false)).toEqual({
    ...{ after: "books", except: [], unconfirmed: ["index"], missing: [] },
  });
  expect(reachedBy([], { order, missing: [] }, before, false)).toEqual({
    ...before,
    except: [],
    missing: [],
  });
});

test("a part of what is back, of which there was no copy, comes again until it is back", () => {
  const part = { id: "etcd/old", service: "etcd" };
  const [other, own] = [
    stands(["index", "done"], ["etcd", "done"], ["books", "failed"]),
    stands(["etcd", "done"]),
  ];
  const call = (ended: readonly Ended[], before: object): unknown =>
    reachedBy(ended, { order, missing: [part] }, before, false);
  expect(call(other, {})).toMatchObject({ after: "etcd", missing: ["etcd/old"] });
  expect(call([], { after: "etcd" })).toMatchObject({ after: "etcd", missing: ["etcd/old"] });
  Object.assign(own[0]?.task.chosen.version ?? {}, { dataset: "etcd/old" });
  expect(call(own, { after: "etcd" })).toMatchObject({ after: "etcd", missing: [] });
});
