import type { Chosen } from "./choose";
import { tasksOf } from "./tasks";

const step = (kind: "command" | "manual", where = "pve", machine = "host") => ({
  ...{ kind, where: { kind: machine, name: where }, argv: ["program", "restore"], text: "by hand" },
});
const chosen = (service: string, link: string | undefined, ...steps: readonly object[]): Chosen =>
  ({ version: { service, link, backMs: 1, machine: "pve", restore: steps } }) as unknown as Chosen;
const told = (...words: Parameters<typeof tasksOf>) =>
  tasksOf(...words).map(({ number, chosen: { version }, by, after }) => [number, version.service, by, after]);

const all = [
  chosen("index", "nas > pve", step("command"), step("manual")),
  chosen("vault", undefined, step("command")),
  chosen("books", "nas > pve", step("command", "k8s", "cluster")),
];

test("a step waits for the one before it of its dataset, and for all of what its service needs, also through another", () => {
  const needs = new Map([
    ["books", ["vault"]],
    ["vault", ["index"]],
  ]);
  expect(told(all, () => true, { needs })).toEqual([
    [1, "index", "host", []],
    [2, "index", "person", [1]],
    [3, "vault", "host", [1, 2]],
    [4, "books", "cluster", [1, 2, 3]],
  ]);
});

test("of what nobody has confirmed, the steps that were left come again, and no others", () => {
  expect(told(all, () => true, { unconfirmed: ["index", "books"] })).toEqual([
    [1, "index", "person", []],
    [2, "vault", "host", []],
    [3, "books", "cluster", []],
  ]);
});

test("two steps of one link, one disk or one program are never at work at once", () => {
  expect(tasksOf(all, () => false).map(({ lanes }) => lanes)).toEqual([
    ["pve: program", "nas > pve"],
    ["a person"],
    ["pve: program", "disks of pve"],
    ["a person"],
  ]);
});
