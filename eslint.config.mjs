import { readdirSync } from "node:fs";
import boundaries from "eslint-plugin-boundaries";
import tseslint from "typescript-eslint";

// Folders of the repository and what each may import (CONTRIBUTING.md, "Imports point one way").
const folders = [
  "plan",
  "alerts",
  "checks",
  "components",
  "host-scripts",
  "cluster-scripts",
  "cli",
  "docs",
  "package",
  "stacks",
  "lab",
  "bench",
  "test",
];
const contracts = { type: "contracts", partialMatch: false, pattern: "plan/contracts" };
const folder = type => ({ element: { type } });
// All that a folder may import is one entry: each one costs as much again for each import of each file.
const may = (from, ...types) => ({ from: folder(from), allow: [{ to: folder(types) }] });

// Where host-scripts write a command that an operator is told to type.
const commands = [
  "Property[key.name='next'] > .value",
  "VariableDeclarator[id.name='next'] > .init",
  "NewExpression[callee.name=/^(Refusal|VolumeFailed|VolumeIncomplete)$/] > :nth-child(2)",
  "CallExpression[callee.name=/^(noBackup|incomplete|failed|fail)$/] > :nth-child(2)",
  "CallExpression[callee.name='waitFor'] > :nth-child(3)",
  "FunctionDeclaration[id.name=/^(acceptCommand|loginCommand|command|goOnText|stopByHand)$/] > .body",
].join(", ");

const pasted =
  "An operator pastes this into root's shell: shell`…` of runtime/shell.ts keeps whatever is put in from being a part of the command.";
// How such a text begins, wherever it is put together.
const programs =
  "mount|umount|ls|rm|mv|cat|less|df|du|lv\\w+|vg\\w+|kubectl|systemctl|journalctl|lvm-pvc-snapshot|fuser|lsblk|blkid|findmnt|unshare|curl";

// What layers and their programs are called: folders of plan/layers, entries of host-scripts and cluster-scripts.
const layerNames = [
  ...readdirSync(new URL("plan/layers", import.meta.url), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name),
  ...["host-scripts", "cluster-scripts"].flatMap(folder =>
    readdirSync(new URL(folder, import.meta.url))
      .filter(name => name.endsWith(".ts") && name !== "bundle-runner.ts")
      .map(name => name.slice(0, -3)),
  ),
].join("|");
// An estate has to say a layer's name, and a check's examples are estates.
const ofExample =
  ":not(:matches(Property[key.name='examples'], CallExpression[callee.name=/[eE]xample$/]) *)";
const nameless = ["Literal[value", "TemplateElement[value.raw"].map(text => ({
  selector: `${text}=/(?<![\\w-])(${layerNames})(?![\\w-])/]${ofExample}`,
  message:
    "No view knows a layer by its name: what it asks is a field of the plan's Job, or of Layer (layerGiving of plan/layers).",
}));
const clockless = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: "This folder never reads a clock.",
};

export default tseslint.config(
  { ignores: ["node_modules/", ".holdfast/", "dist/"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true } }],
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.ts"],
    plugins: { boundaries },
    settings: {
      "boundaries/elements": [
        contracts,
        ...folders.map(type => ({ type, partialMatch: false, pattern: type })),
      ],
      "import/resolver": { node: { extensions: [".ts"] } },
    },
    rules: {
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          policies: [
            may("contracts", "contracts"),
            may("plan", "plan", "contracts"),
            may("alerts", "alerts", "plan", "contracts"),
            may("checks", "checks", "alerts", "plan", "contracts"),
            may("components", "components", "checks", "alerts", "plan", "contracts"),
            may("host-scripts", "host-scripts", "contracts"),
            may("cluster-scripts", "cluster-scripts", "host-scripts", "contracts"),
            may("cli", "cli", "checks", "alerts", "plan", "contracts", "stacks", "components"),
            may("docs", "docs", "cli", "checks", "alerts", "plan", "contracts", "stacks", "test"),
            may("stacks", "stacks", "components", "host-scripts", "checks", "alerts", "plan", "contracts"),
            may("package", "package", "stacks", "components", "plan", "contracts"),
            may("lab", "lab", "stacks", "plan", "contracts", "cli"),
            may("bench", ...folders, "contracts"),
            may("test", ...folders, "contracts"),
          ],
        },
      ],
    },
  },
  {
    files: ["host-scripts/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: `:matches(:matches(${commands}), :matches(${commands}) *):not(TaggedTemplateExpression *)[type=TemplateLiteral][expressions.length>0]`,
          message: pasted,
        },
        {
          selector: `:not(TaggedTemplateExpression) > TemplateLiteral[expressions.length>0] > TemplateElement:first-child[value.raw=/^(${programs}) (?!ended|can't|of)/]`,
          message: pasted,
        },
        {
          selector:
            "CallExpression[callee.object.name='AbortSignal'][callee.property.name='any'] CallExpression[callee.property.name='timeout']",
          message: "Nobody holds this time-out, and its time may never come: within() of runtime/within.ts.",
        },
      ],
    },
  },
  {
    files: ["{host-scripts,cluster-scripts}/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        ...["toReversed", "toSorted", "toSpliced", "with", "groupBy", "fromAsync", "withResolvers"].map(
          property => ({ property, message: "Debian 12's Node 18, by which runners run too, lacks it." }),
        ),
      ],
    },
  },
  {
    files: ["plan/**/*.ts", "alerts/**/*.ts", "checks/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      // Pure folders get instants and zones as arguments: a clock or a disk here would make a preview depend on when and where it runs.
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: ["node:*", "!node:crypto", "@pulumi/*", "execa"],
              message: "This folder is pure: no I/O, no Pulumi.",
            },
            // A sum of a text is as pure as its length is.
            {
              group: ["node:crypto"],
              allowImportNames: ["createHash"],
              message: "This folder is pure: nothing by chance.",
            },
          ],
        },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now" },
        { object: "Math", property: "random" },
      ],
      "no-restricted-syntax": ["error", clockless],
    },
  },
  {
    files: [
      "{alerts,checks}/**/*.ts",
      "plan/{capacity,graph,statements,timeline}/**/*.ts",
      "plan/{datasets,index,retention,staleness}.ts",
    ],
    ignores: ["**/*.test.ts", "**/*.test-support.ts", "checks/examples.ts"],
    rules: { "no-restricted-syntax": ["error", clockless, ...nameless] },
  },
  {
    files: ["{cli,docs}/**/*.ts"],
    // Prose on the reference.
    ignores: ["**/*.test.ts", "docs/pages/reference-checked.ts"],
    rules: { "no-restricted-syntax": ["error", ...nameless] },
  },
);
