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
  ["photo-prism", "photoprism"],
  ["Viktorbarzin.me", "viktorbarzin.me"],
  ["zdjęcia", "zdjecia"],
])("%s is a name of its own beside %s", (name, other) => {
  expect(wordSlipOf(name, [other])).toBeUndefined();
  expect(wordSlipOf(other, [name])).toBeUndefined();
});
