/* eslint-disable @typescript-eslint/no-require-imports -- the engine runs this file as it is, as CommonJS */
// A program of somebody's own, without an estate, that has a cluster serve a page: what it takes is in settings.json.
const { readFileSync } = require("node:fs");
require("./sdk.cjs");
const { Provider } = require("@pulumi/kubernetes/provider");

const { run, components, kubeconfig, ...args } = JSON.parse(readFileSync("settings.json", "utf8"));
module.exports = async () => {
  const { Report } = (await import(run)).load(components);
  new Report("house", args, { provider: new Provider("cluster", { kubeconfig }) });
};
