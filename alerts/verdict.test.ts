import { parseEstate, planOf } from "../plan";
import { exampleEstate } from "../plan/estate/example";
import { parsePromql } from "./promql/parse";
import { verdictOf } from "./verdict";

const plan = planOf(parseEstate(exampleEstate()));
const success = 'backup_last_success_timestamp{job="etcd-backup"}';
const status = 'backup_last_status{job="etcd-backup"}';
const minuteMs = 60_000;

const verdict = (expr: string, forMs = 5 * minuteMs) => verdictOf(parsePromql(expr), forMs, plan);

// A daily dump with a budget of 10 min: at most 25 h 11 min 25 s old on a healthy day, and 27 h are promised.
test.each([
  ["just above the oldest that is healthy", `time() - ${success} > 90686`, 0, undefined],
  ["just below it", `time() - ${success} > 90684`, 0, "healthy"],
  ["below it, but for less than it has to last", `time() - ${success} > 90486`, 5 * minuteMs, undefined],
  ["just within the promise", `time() - ${success} > 96820`, 5 * minuteMs, undefined],
  ["just beyond it", `time() - ${success} > 96826`, 5 * minuteMs, "late"],
  ["hours for seconds", `time() - ${success} > 26`, 0, "healthy"],
  ["milliseconds for seconds", `time() - ${success} > 93600000`, 0, "late"],
  ["turned round", `time() - ${success} < 93600`, 0, "healthy"],
  ["in hours", `(time() - ${success}) / 3600 > 26`, 0, undefined],
  [
    "the newest of all dumps",
    'time() - max(backup_last_success_timestamp{job=~"etcd-backup|vault-backup"}) > 93600',
    0,
    undefined,
  ],
  ["an offset", `time() - ${success} offset 1d > 93600`, 0, "healthy"],
  ["no change in the night that has 25 hours", `changes(${success}[25h]) == 0`, 0, "healthy"],
  ["no change in 26 hours", `changes(${success}[26h]) == 0`, 0, undefined],
  ["a success", `${status} == 0`, 0, "healthy"],
  ["a failure", `${status} != 0`, 0, undefined],
  ["one exit code, which may be the one that comes", `${status} == 75`, 0, undefined],
  ["a failure for two days", `${status} != 0`, 2 * 1440 * minuteMs, "late"],
  ["a failure while the host is up", `${status} != 0 unless on() up == 0`, 0, undefined],
  ["none that was ever pushed", `absent(${success})`, 0, undefined],
  ["an instant that hasn't come", `${success} > time() + 3600`, 0, undefined],
  ["a target that is up", "up == 1", 0, "healthy"],
  ["a target that is down, or gone", "up == 0 or absent(up)", 0, undefined],
  [
    "bytes, of which nobody knows how many there will be",
    'backup_bytes{job="etcd-backup"} < 1000',
    0,
    undefined,
  ],
  ["pushes that failed", "push_failure_time_seconds > 0", 0, undefined],
  ["an hour of the day", "hour() == 3", 0, undefined],
] as const)("%s", (_, expr, forMs, kind) => expect(verdict(expr, forMs)?.kind).toBe(kind));

test("says when, and by how much", () => {
  expect(verdict(`time() - ${success} > 72000`, 0)).toMatchObject({
    kind: "healthy",
    job: { name: "etcd-backup" },
  });
  expect(verdict(`time() - ${success} > 777600`, 0)).toMatchObject({
    kind: "late",
    noticedMs: expect.closeTo(777_600_000 + 75_000, -4) as number,
    promisedMs: 27 * 60 * minuteMs,
  });
});
