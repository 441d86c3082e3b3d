import type { Estate } from "../plan";
import { BadInput } from "./bad-input";

/** A host by the name that was typed. @throws {BadInput} where it is none, with those that there are */
export function hostOf({ hosts }: Pick<Estate, "hosts">, name: string): Estate["hosts"][string] {
  const host = hosts[name];
  if (!host)
    throw new BadInput(`--host: "${name}" is no host, expected one of ${Object.keys(hosts).join(", ")}.`);
  return host;
}
