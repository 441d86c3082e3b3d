// Types are checked by tsc in the same `npm test`; swc only strips them. ESM-only packages (execa) are transformed too.
const shared = {
  // One for all projects: what one of them has transformed, the others find in the cache.
  id: "holdfast",
  rootDir: ".",
  testEnvironment: "<rootDir>/test/environment.mjs",
  moduleNameMapper: {
    // unicorn-magic (of execa) names its Node build under a condition that only import statements get.
    "^unicorn-magic$": "<rootDir>/node_modules/unicorn-magic/node.js",
    // As stacks/sdk.cjs leaves them out of Pulumi's SDK.
    "^(typescript|@npmcli/arborist)$": "<rootDir>/test/left-out.cjs",
    // zod's messages in some fifty languages, each a module: half of what it takes to load it.
    "^\\.\\./locales/index\\.cjs$": "<rootDir>/test/left-out.cjs",
  },
  transform: {
    "^.+\\.(m?js|ts)$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  // What has no CommonJS build: execa, temporal-polyfill, age-encryption and modern-tar, and what they import.
  transformIgnorePatterns: [
    "/node_modules/(?!(temporal-[a-z]+|age-encryption|modern-tar|@noble/[a-z-]+|@scure/base|execa|get-stream|human-signals|is-plain-obj|is-stream|is-unicode-supported|npm-run-path|parse-ms|path-key|pretty-ms|strip-final-newline|figures|yoctocolors|unicorn-magic|@sindresorhus/merge-streams|@sec-ant/readable-stream)/)",
  ],
  modulePathIgnorePatterns: ["<rootDir>/.holdfast/", "<rootDir>/dist/"],
  setupFiles: ["<rootDir>/test/seed.ts"],
  cacheDirectory: "<rootDir>/.holdfast/cache/jest",
};
const project = (displayName, testMatch, more = {}) => ({ ...shared, displayName, testMatch, ...more });

/** They walk all checks, years of a plan, or start the whole command: more than all other unit tests take. */
const heavy = [
  "docs/pages/themes.test.ts",
  ...["evaluate", "holdfast", "main"].map(name => `cli/${name}.test.ts`),
  "checks/alerts/single-edits.test.ts",
  ...["catalogue", "wording"].map(name => `checks/${name}.test.ts`),
  ...["improve", "laws", "retention", "simulator"].map(name => `plan/graph/${name}.test.ts`),
];

/**
 * By test:long alone. What the engine's plugins do by themselves: npm test has what the product asks of them, in test/lab/release, credentials
 * and nfs-mirror. A newcomer's first hour and an upgrade, whose parts are in package, init, cli-discover, release and recorded-state. A volume with very many files, which a few thousand are not. The loss of a site with all kinds of databases, of which runners/disasters has the trees, and cluster-dump-* each database. And a page in a browser,
 * of which cli/report has the text.
 */
const longOnly = [
  "test/lab/engine.test.ts",
  "test/lab/engine-cluster.test.ts",
  ...["first-hour", "upgrade"].map(name => `test/lab/${name}.test.ts`),
  "test/volumes/many-files.test.ts",
  "test/runners/site-gone.test.ts",
  "test/program/report-in-browser.test.ts",
];
const inTime =
  process.env.HOLDFAST_LONG === "1" ? {} : { testPathIgnorePatterns: ["/node_modules/", ...longOnly] };

export default {
  reporters: ["default", "<rootDir>/test/summary.mjs"],
  // A worker has half a second to end, which a busy machine doesn't give it: Jest then tells of a leak that isn't there.
  workerGracefulExitTimeout: 30_000,
  // Half of what a test of a runner does is waiting for programs.
  maxWorkers: "100%",
  // Jest's own 5 s end a test of real processes on a busy machine; what takes 7 s alone was seen to take over 60.
  testTimeout: 1_200_000,
  projects: [
    // Pure code, its tests beside it: no server, no root.
    project(
      "unit",
      [
        "<rootDir>/{plan,alerts,checks,components,cli,cluster-scripts,host-scripts,stacks,lab,docs}/**/*.test.ts",
      ],
      { testPathIgnorePatterns: ["/node_modules/", ...heavy] },
    ),
    // The Pulumi program under the SDK's mocks, and the whole estates: too long for every save, no server and no root either.
    project(
      "program",
      ["<rootDir>/test/{program,estates}/**/*.test.ts", ...heavy.map(file => `<rootDir>/${file}`)],
      inTime,
    ),
    // Runners on real trees, with real rsync, in mount namespaces of their own.
    project("runners", ["<rootDir>/test/runners/**/*.test.ts"], inTime),
    // The whole chain in the lab: booted hosts, API server, monitoring, the real engine.
    project("lab", ["<rootDir>/test/lab/**/*.test.ts"], inTime),
    // Runners on real thin volumes of the lab's second host, whose pools they fill.
    project("volumes", ["<rootDir>/test/volumes/**/*.test.ts"], inTime),
    // The same, ended at each of their steps by kill, budget and power cut: mostly waiting, beside the others.
    project("crashes", ["<rootDir>/test/crashes/**/*.test.ts"]),
    // CronJobs on the lab's node, by test:long alone: each waits for the minute in which it is due (docs/stand-ins.md).
    project("cluster", ["<rootDir>/test/cluster/**/*.test.ts"]),
  ],
};
