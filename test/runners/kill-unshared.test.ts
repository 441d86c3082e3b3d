import { spawn } from "node:child_process";
import { once } from "node:events";
import { freePort, isFree } from "../../lab/free-port";
import { killUnshared } from "../../lab/kill-unshared";

test("the port of a server that was killed with its namespace can be had at once", async () => {
  const port = await freePort();
  const listen = `require("net").createServer().listen(${port}, "127.0.0.1", () => console.log("listens"))`;
  const own = ["--mount", "--pid", "--fork", "--kill-child"];
  const child = spawn("unshare", [...own, process.execPath, "-e", listen], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  expect(await isFree(port)).toBe(false);
  await killUnshared(child);
  expect(await isFree(port)).toBe(true);
});
