import { type ExampleEstate, exampleEstate } from "../plan/estate/example";

/** The example with services up to a number: most in a volume, every tenth a folder, every twentieth with a dump of its own. */
export function manyServices(count: number): ExampleEstate {
  const estate = exampleEstate();
  const [dump] = estate.layers["cluster-dump"];
  const promise = { rpo: { "live-disk": "40h", site: "60h" } };
  const small = { size: "1GB", churnPerDay: "1MB", growthPerDay: "0B" };
  for (let index = Object.keys(estate.services).length; index < count; index++) {
    const name = `service-${index}`;
    if (dump && index % 20 === 0) {
      const on = { host: "pve", pool: "data", namespace: "dbaas" };
      estate.services[name] = { data: [{ kind: "database", engine: "postgresql", on, ...small }], promise };
      estate.layers["cluster-dump"].push({
        ...{ ...dump, name: `${name}-backup`, namespace: name, dataset: name, dump: undefined },
        schedule: { cron: `${(index / 20) % 60} 0 * * *` },
        target: { host: "pve", path: `/srv/nfs/${name}-backup` },
      });
    } else if (index % 10 === 0) {
      const path = `/srv/nfs/${name}`;
      estate.services[name] = { data: [{ kind: "tree", host: "pve", path, ...small }], promise };
    } else {
      const at = { host: "pve", pool: "data", namespace: name };
      estate.services[name] = { data: [{ kind: "volume", ...at, ...small }], promise };
    }
  }
  return estate;
}
