import type { Lookup } from "./lookup";
import type { Estate } from "./schema";

/** Who calls somebody outside, each by a check of its own. */
export function deadMan({ monitoring }: Estate, look: Lookup): void {
  const callers = Object.entries(monitoring.deadMan?.hosts ?? {});
  for (const [index, [host, secret]] of callers.entries()) {
    const at = ["monitoring", "deadMan", "hosts", host];
    look.host(at, host);
    look.secret(at, secret, "address");
    // A host may be called "backup": of one that calls nobody, the word says nothing.
    const another = callers.map(([name]) => name).find(name => name !== host && isCalledAfter(secret, name));
    const other = callers.slice(0, index).find(([, taken]) => taken === secret);
    if (!other && another !== undefined && !isCalledAfter(secret, host)) {
      const own = callers.find(([, taken]) => isCalledAfter(taken, host))?.[1] ?? `silence-${host}`;
      look.fault(
        at,
        secret,
        `is called after ${another}: with ${host} off, people would hear that ${another} is, and look there. Expected the secret of a check of its own, e.g. "${own}"`,
      );
      continue;
    }
    if (other && !look.isFaulty([...at.slice(0, -1), other[0]]))
      look.fault(
        at,
        secret,
        `is what ${other[0]} calls too: as long as one of them lives, nobody hears of the other's death. Give each a check of its own at the receiver, and a secret with its address`,
      );
  }
}

function isCalledAfter(secret: string, host: string): boolean {
  return `-${secret}-`.includes(`-${host}-`);
}
