import { etcd } from "./etcd";
import { mariadb, mysql } from "./mariadb";
import { postgresql } from "./postgresql";
import { redis } from "./redis";

/** Every kind of server that this layer dumps itself. The estate's schema follows from it. */
export const engines = { postgresql, mariadb, mysql, redis, etcd } as const;
