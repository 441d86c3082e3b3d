// The `holdfast` command: installs what is missing, then hands over to cli/main.ts.
import "./install.mjs";
const { load } = await import("./run.mjs");

try {
  process.exitCode = await load(new URL("main.ts", import.meta.url).pathname).main(
    process.argv.slice(2),
    load,
  );
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 70;
}
