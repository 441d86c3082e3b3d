/** Where the house's databases are dumped, and its application runs. */
export const dumpsNamespace = "dbaas";

/** All of a dump but what it is of, at an hour of the night in which no other one is, and at a minute in which no mirror begins. */
export const nightly = (name: string, dataset: string, hour: number) => ({
  ...{ name, cluster: "k8s", namespace: dumpsNamespace, dataset },
  schedule: { cron: `1 ${hour} * * *` },
  target: { host: "pve", path: `/srv/nfs/${name}` },
  keep: { age: "14d" },
  ...{ usualRun: "30s", budget: "10min", promise: { rpo: "27h" }, alert: { receiver: "lab" } },
});
