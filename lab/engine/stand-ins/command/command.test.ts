import { setTimeout as sleep } from "node:timers/promises";
import { commandResource, commandSchema } from "./command";

const line = (bytes: number): string => "x".repeat(bytes);

/** What comes of a command that prints two lines and ends with a code: the resource's output, its failure, or nothing. */
async function outcome(first: string, { code = 0, logging = "stdout" } = {}) {
  const logged: string[] = [];
  const resource = commandResource(commandSchema, [], async ({ onLine }) => {
    for (const text of [first, "last"]) onLine(text, "stdout");
    if (code !== 0) throw new Error(`Process exited with status ${code}`);
    return { stdout: "all", stderr: "" };
  });
  const request = { urn: "urn", type: "", name: "n", preview: false, timeout: 0 };
  const created = resource
    .create({ ...request, inputs: { create: "true", logging } }, (_severity, _urn, text) => {
      logged.push(text);
    })
    .then(
      ({ state }) => state["stdout"],
      (error: Error) => error.message,
    );
  return { is: await Promise.race([created, sleep(50, "waiting")]), logged: logged.length };
}

test("a logged line that is longer than a scanner of Go takes holds the resource for ever, however the command ends", async () => {
  expect(await outcome(line(65_535))).toEqual({ is: "all", logged: 2 });
  expect(await outcome(line(65_535), { code: 1 })).toMatchObject({ is: "Process exited with status 1" });
  for (const code of [0, 1])
    expect(await outcome(line(65_536), { code })).toEqual({ is: "waiting", logged: 0 });
});

test("what isn't logged may be of any length", async () => {
  expect(await outcome(line(70_000), { logging: "none" })).toEqual({ is: "all", logged: 0 });
});
