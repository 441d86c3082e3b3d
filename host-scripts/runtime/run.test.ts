import { asRunnerError } from "./entry";
import { run } from "./run";

test("a program whose output is kept, and has no end, is ended and told", async () => {
  const ended = await run(["head", "-c", "80000000", "/dev/zero"], { timeoutMs: 60_000 }).then(
    ({ stdout }) => stdout.length,
    (fault: unknown) => asRunnerError(fault, "nas-snapshots"),
  );
  expect(ended).toMatchObject({
    exitCode: 1,
    failed: "head was ended: it wrote more than 64 MiB, which no answer of it has",
    kept: "What was done so far is kept.",
  });
});
