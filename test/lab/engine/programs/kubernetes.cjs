/* eslint-disable @typescript-eslint/no-require-imports -- the engine runs this file as it is, as CommonJS */
// Objects of any kind, as settings.json says: in a cluster or as manifests.
const { readFileSync } = require("node:fs");
require("./sdk.cjs");
const pulumi = require("@pulumi/pulumi");
const { Provider } = require("@pulumi/kubernetes/provider");
const { CustomResource } = require("@pulumi/kubernetes/apiextensions/customResource");
const { ConfigMap } = require("@pulumi/kubernetes/core/v1/configMap");
const { Secret } = require("@pulumi/kubernetes/core/v1/secret");

const {
  provider: settings,
  configMaps = {},
  secrets = {},
  objects = {},
} = JSON.parse(readFileSync("settings.json", "utf8"));
const provider = new Provider("cluster", settings);
const sealed = values =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, pulumi.secret(value)]));

for (const [name, args] of Object.entries(configMaps)) new ConfigMap(name, args, { provider });
for (const [name, { stringData, ...args }] of Object.entries(secrets))
  new Secret(name, { ...args, stringData: sealed(stringData) }, { provider });
for (const [name, args] of Object.entries(objects)) new CustomResource(name, args, { provider });
