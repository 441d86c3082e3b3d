import { ownCommand } from "./command";
import { etcd } from "./etcd";
import { mariadb, mysql } from "./mariadb";
import { postgresql } from "./postgresql";
import { redis } from "./redis";
import { sqlite } from "./sqlite";

/** Every kind of server, or of an application's files, that this layer dumps itself. The estate's schema follows from it. */
export const engines = { postgresql, mariadb, mysql, redis, etcd, sqlite, command: ownCommand } as const;
