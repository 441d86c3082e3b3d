import { join } from "node:path";
import { execaSync } from "execa";
import { projectRoot } from "../../stacks/project";

/** What a fresh process prints once it has loaded the SDK as the program does. */
function afterSdk(expression: string): unknown {
  const sdk = join(projectRoot, "stacks", "sdk.cjs");
  const text = `require(${JSON.stringify(sdk)}); console.log(JSON.stringify(${expression}))`;
  return JSON.parse(execaSync(process.execPath, ["-e", text], { cwd: projectRoot }).stdout);
}

test("a program loads the SDK without TypeScript's compiler and npm's resolver", () => {
  const loaded = afterSdk("Object.keys(require.cache)") as string[];
  expect(loaded).toContain(join(projectRoot, "node_modules/@pulumi/pulumi/index.js"));
  expect(loaded.filter(path => /node_modules\/(typescript|@npmcli\/arborist|pacote)\//.test(path))).toEqual(
    [],
  );
});

test("whoever else asks for them gets them", () =>
  expect(afterSdk('typeof require("typescript").transpileModule')).toBe("function"));
