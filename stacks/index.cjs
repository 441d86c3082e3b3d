// What Pulumi starts: bundles the program and the stack's estate when they changed, and runs them.
module.exports = async () => {
  const { join } = await import("node:path");
  const { load } = await import("../cli/run.mjs");
  const { run } = load(join(__dirname, "main.ts"));
  return run({ folder: __dirname, load: stack => load(join(__dirname, stack, "estate.ts")) });
};
