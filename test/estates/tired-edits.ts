/**
 * One edit of the homelab that a tired operator makes. What answers it is the code of the first finding, an error, or the
 * place of the first fault in an estate that is refused.
 */
export type TiredEdit = readonly [what: string, at: string, to: unknown, answer: string, subject?: string];

const accepted = { reason: "too large for now", owner: "viktor", expires: "2027-06-30" };

export const leftOut: TiredEdit[] = [
  [
    "photos that are promised, and left out",
    "services > immich > data > 0 > unprotected",
    accepted,
    "promises/left-out-yet-promised",
    "immich",
  ],
  [
    "passwords that are promised, and left out",
    "services > vaultwarden > data > 0 > unprotected",
    accepted,
    "promises/left-out-yet-promised",
    "vaultwarden",
  ],
  [
    "the cluster's state left out",
    "services > etcd > data > 0 > unprotected",
    accepted,
    "promises/left-out-yet-promised",
    "etcd",
  ],
  ["photos without a size", "services > immich > data > 0 > size", undefined, "promises/rto", "immich"],
  [
    "a volume without a size",
    "services > nextcloud > data > 0 > size",
    undefined,
    "promises/rto",
    "nextcloud",
  ],
  [
    "the host's files without a size",
    "services > pve-host > data > 0 > size",
    undefined,
    "promises/rto",
    "pve-host",
  ],
];
