import { ownCommand } from "./command";
import type { Engine } from "./engine";
import { etcd } from "./etcd";
import { mariadb, mysql } from "./mariadb";
import { postgresql } from "./postgresql";
import { prometheus } from "./prometheus";
import { redis } from "./redis";
import { sqlite } from "./sqlite";
import { vault } from "./vault";

/** Every kind of server, or of an application's files, that this layer dumps itself. The estate's schema follows from it. */
export const engines = {
  postgresql,
  mariadb,
  mysql,
  redis,
  etcd,
  vault,
  prometheus,
  sqlite,
  command: ownCommand,
} as const;

/** Whether a dump can have a drill of its own. */
export function canDrill({ engine }: { readonly engine: keyof typeof engines }): boolean {
  return "drill" in engines[engine].spec.shape;
}

/** What the names of its job's metrics begin with. */
export function metricsOf({ engine }: { readonly engine: keyof typeof engines }): string {
  const { metrics = "backup" }: Engine = engines[engine];
  return metrics;
}
