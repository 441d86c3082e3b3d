import { asRunnerError } from "./entry";

const given = process.env["INVOCATION_ID"];
afterEach(() => {
  process.env["INVOCATION_ID"] = given ?? "";
});

test("who typed a command isn't sent to the journal of a unit that has nothing of it", () => {
  const nextOf = (invocation: string): string => {
    process.env["INVOCATION_ID"] = invocation;
    return asRunnerError(new Error("unexpected"), "daily-backup").next;
  };
  expect(nextOf("")).not.toContain("journalctl");
  expect(nextOf("f0e1")).toBe("journalctl -u daily-backup -n 50");
});
