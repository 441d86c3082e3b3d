import { accepted, acceptedBy, isInForce } from "./accepted";

const entry = { path: "books/novel", reason: "downloaded again from upstream", until: "2027-06-30" };

test("counts to the end of its last day", () => {
  expect(isInForce(entry, Date.parse("2027-06-30T23:59:59Z"))).toBe(true);
  expect(isInForce(entry, Date.parse("2027-07-01T00:00:00Z"))).toBe(false);
});

test("is of a path and of what lies below it, and of nothing that only begins so", () => {
  expect(acceptedBy([entry], "books/novel")).toBe(entry);
  expect(acceptedBy([{ ...entry, path: "books/" }], "books/novel")).toBeDefined();
  expect(acceptedBy([{ ...entry, path: "books/nov" }], "books/novel")).toBeUndefined();
});

test.each([
  ["a leading slash", { path: "/mnt/backup/books" }],
  ["a name that no message shows so", { path: "books/café" }],
  ["no reason", { reason: " x " }],
  ["a day that doesn't exist", { until: "2027-02-30" }],
])("%s is refused", (_, change) => {
  expect(accepted.safeParse({ ...entry, ...change }).success).toBe(false);
  expect(accepted.safeParse(entry).success).toBe(true);
});
