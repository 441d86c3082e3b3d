import { matches } from "./select";

const matcher = (value: string, op: "=~" | "!~" = "=~") => ({ label: "job", op, value });
const labels = { job: "a".repeat(60) };

test.each([
  ...["(a+)+b", "(a|a)*b", "(a{1,40}){1,40}b", "a*a*a*a*a*a*a*b"],
  ...["(?:a?){40}b", `${"a?".repeat(40)}${"a".repeat(20)}b`],
])("%s, over which JavaScript takes for ever, is answered at once: it may match", pattern => {
  expect(matches(matcher(pattern), labels)).toBe(true);
  expect(matches(matcher(pattern, "!~"), labels)).toBe(true);
});

test.each([
  ["a+", true],
  ["(?:a|b).*", true],
  [".*a.*|.*b.*|.*c.*", true],
  ["(?:b-)?(?:c-)?a+?", true],
  ["b.*", false],
  ["[(a+)+]+b", false],
])("%s is answered exactly", (pattern, matched) => expect(matches(matcher(pattern), labels)).toBe(matched));

test.each(["\\Qb\\E", "[]b]+", "[[:upper:]]+", "\\pL{60}"])(
  "%s, which JavaScript takes for something else, may match",
  pattern => expect(matches(matcher(pattern), labels)).toBe(true),
);
