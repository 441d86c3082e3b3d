import { nightly } from "../../lab/house/dumps";
import { operatorAddress } from "../../lab/namespace";
import { readImages } from "../../lab/node/references";
import { type DatabaseServer, password, startPostgresql } from "../runners/support/postgresql-server";
import { database, namespace, withDumps } from "./dump-cluster";
import { type Stand, stand } from "./stand";

interface Asked {
  readonly name: string;
  /** The CronJob that dumps the whole server. */
  readonly job: string;
  readonly budget?: string;
  fill(server: DatabaseServer): Promise<void>;
}

/** A stand with a PostgreSQL alone. */
export function postgresqlStand({
  name,
  job,
  budget,
  fill,
}: Asked): () => Stand & { readonly server: DatabaseServer } {
  let server: DatabaseServer | undefined;
  const stands = stand({
    name,
    async serve(mounts, folder) {
      server = await startPostgresql(mounts, folder, operatorAddress);
      await fill(server);
      return [server];
    },
    estate: own =>
      withDumps(own, { postgresql: database("postgresql") }, [
        {
          ...nightly(job, "postgresql", 1),
          ...(budget !== undefined && { budget }),
          dump: {
            ...{ engine: "postgresql", databases: "together", user: "backup", secret: job },
            ...{ image: readImages().postgresql, server: { host: operatorAddress, namespace } },
          },
        },
      ]),
    secrets: () => ({ [job]: password }),
  });
  return () => {
    if (!server) throw new Error("no server yet: ask within a test");
    return { ...stands(), server };
  };
}
