import { timeZone } from "./runner";

test("a zone that doesn't exist is refused, with what is expected", () => {
  expect(timeZone.parse("Europe/Sofia")).toBe("Europe/Sofia");
  const { error } = timeZone.safeParse("Europe/Atlantis");
  expect(error?.issues[0]?.message).toBe(
    '"Europe/Atlantis" is no time zone, expected an IANA name, e.g. "Europe/Sofia"',
  );
});
