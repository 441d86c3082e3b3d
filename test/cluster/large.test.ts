import { mustOnHost } from "../../lab/hosts";
import { endOf, startJob } from "./dump-cluster";
import { postgresqlStand } from "./postgresql-stand";

jest.setTimeout(3_600_000);

// Of its own: beside a small one of another file, it would be one that waits for somebody.
const job = "large-backup";
postgresqlStand({
  ...{ name: "cluster-large", job, budget: "50min" },
  async fill(server) {
    await server.sql(
      "create table notes as select n as id, repeat(md5(n::text), 31) as note from generate_series(1, 2100000) n",
    );
  },
});

test("2 GB are dumped within the memory that the deployed pod may have", async () => {
  const end = await endOf(await startJob(job), 3_300_000);
  expect(end).toEqual({ end: "Complete", reasons: { client: "Completed", runner: "Completed" } });
  const manifest = await mustOnHost("pve", `cat /srv/nfs/${job}/dump_*.json`);
  expect(JSON.parse(manifest)).toMatchObject({ tables: { "postgres public.notes": 2_100_000 } });
  expect((JSON.parse(manifest) as { contentBytes: number }).contentBytes).toBeGreaterThan(2 * 10 ** 9);
});
