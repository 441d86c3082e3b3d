import { isTurned, slipOf } from "./near";

/** Ports of servers, where nobody gave them others. */
export const usualPorts: readonly (readonly [port: number, of: RegExp])[] = [
  [5432, /^postgresql$/],
  [3306, /^(mysql|mariadb)$/],
  [6379, /^redis$/],
  [8200, /^vault$/],
  [9090, /^prometheus$/],
];

/** Images of Docker's own with a client of a server. */
const official = ["postgres", "mysql", "percona", "mariadb", "redis", "vault"];

/** The image of Docker's own that one was meant to be which is called a letter otherwise. A node may have one of that name all the same. */
export function officialMeant(image: string): string | undefined {
  const [, start = "", name = "", rest = ""] = /^(docker\.io\/library\/)([^/:@]+)(.*)$/.exec(image) ?? [];
  const meant = official.includes(name) ? undefined : slipOf(name, official);
  return meant && `${start}${meant}${rest}`;
}

/** An engine's own port, where another one is that with two digits turned round. A server may be at that all the same. */
export function portMeant(engine: string, port: number): string | undefined {
  const own = usualPorts.find(([, of]) => of.test(engine))?.[0];
  return own !== undefined && isTurned(`${port}`, `${own}`) ? `${own}` : undefined;
}
