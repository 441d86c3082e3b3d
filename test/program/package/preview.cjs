/* eslint-disable @typescript-eslint/no-require-imports -- it stands where Pulumi's own launcher does, which requires too */
// Runs a folder's compiled program as a preview against the SDK's mocks: `node preview.cjs PROGRAM.cjs CONFIG-AS-JSON`. Prints
// type and name of each resource, and what the program exports.
const { createRequire } = require("node:module");

const [program, config] = process.argv.slice(2);
const pulumi = createRequire(program)("@pulumi/pulumi");
const resources = [];
let exported;

pulumi.runtime.setAllConfig(JSON.parse(config));
pulumi.runtime
  .setMocks(
    {
      async newResource({ type, name, inputs }) {
        resources.push({ type, name, source: await inputs.source?.path });
        return { id: `${name}-id`, state: inputs };
      },
      call: ({ inputs }) => inputs,
    },
    "my-house",
    "test",
    true,
    "organization",
  )
  .then(() => {
    exported = require(program);
  });
process.on("unhandledRejection", error => {
  console.error(error.message);
  process.exit(1);
});
process.once("beforeExit", () => console.log(JSON.stringify({ resources, exported: Object.keys(exported) })));
