import { slipOf, wordSlipOf } from "./near";

test.each([
  ["nextclod", "nextcloud"],
  ["nexttcloud", "nextcloud"],
  ["nextclpud", "nextcloud"],
  ["netxcloud", "nextcloud"],
  ["extcloud", "nextcloud"],
  ["nextclou", "nextcloud"],
])("%s is a slip of %s, as a name and as a word", (name, meant) => {
  expect(slipOf(name, ["vault", meant])).toBe(meant);
  expect(wordSlipOf(name, ["vault", meant])).toBe(meant);
});

test.each([
  ["on-cal", "on-call"],
  ["on-cll", "on-call"],
  ["no-call", "on-call"],
  ["nfs-sds", "nfs-ssd"],
])("%s is a slip of %s in a short word", (name, meant) => expect(wordSlipOf(name, [meant])).toBe(meant));

test.each([
  ["nextcloud", "nextcloud"],
  ["ab", "abc"],
  ["dc1", "dc2"],
  ["site-a", "site-b"],
  ["nextcould2", "nextcloud"],
])("%s is no slip of %s", (name, other) => {
  expect(slipOf(name, [other])).toBeUndefined();
  expect(wordSlipOf(name, [other])).toBeUndefined();
});

test.each([
  ["filme", "film"],
  ["dokumente", "dokument"],
  ["email", "mail"],
  ["oauth", "auth"],
  ["lan.home.arpa", "lab.home.arpa"],
  ["example.co", "example.com"],
  ["team-a-hook", "team-b-hook"],
  ["team-ops", "team-obs"],
  ["on-call", "on-calls"],
  ["dev-app", "dev-ap"],
  ["photo-prism", "photoprism"],
  ["Viktorbarzin.me", "viktorbarzin.me"],
  ["zdjęcia", "zdjecia"],
])("%s is a name of its own beside %s", (name, other) => {
  expect(wordSlipOf(name, [other])).toBeUndefined();
  expect(wordSlipOf(other, [name])).toBeUndefined();
});
