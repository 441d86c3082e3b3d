/** What the file system of one of the ends refused. */
export interface DiskFault {
  /** At the destination, and not on this host. */
  readonly isThere: boolean;
  /** Stands between whose it is and what it was to hold. */
  readonly is: string;
  /** A command that shows it, and what to do then. */
  readonly look: string;
  readonly next: string;
}

const notAllowed = {
  is: "doesn't let its account write",
  look: "ls -la",
  next: "what lies there has another owner or mode: give it back to the account, by chown -R; or lsattr shows it as immutable or append-only: chattr -i, chattr -a",
};

/** By the number that rsync prints behind the kernel's words; errno(3). */
const faults: Readonly<Record<string, Omit<DiskFault, "isThere">>> = {
  28: { is: "has no room for", look: "df -h", next: "then make room there" },
  122: {
    is: "has no quota left for",
    look: "df -h",
    next: "its disk may have room: raise the quota of the share or the account, or make room in it",
  },
  30: {
    is: "is read-only, and doesn't take",
    look: "dmesg",
    next: "a kernel does that when a disk fails: look at its health, and mount it for writing then",
  },
  5: {
    is: "has a disk that fails at",
    look: "dmesg",
    next: "look at the health of its disks, and replace the one that fails",
  },
  1: notAllowed,
  13: notAllowed,
};

/** A disk with room has none for attributes that are larger than its file system keeps of a file. */
const ofAttributes = {
  is: "has no room for the attributes of",
  look: "df -h",
  next: "where it has room, they are larger than its file system keeps of a file: ext4 takes 4 KiB, unless it was made with ea_inode, btrfs 16 and XFS 64 of each; move it to one that does, or leave the file out",
};

/**
 * The first such refusal in what rsync says. A name may look like one: what counts is the number at the end of a line, behind all names.
 * @param receiver where what is sent is written to; a daemon that is older than 3.2 doesn't say which of its processes speaks
 */
export function diskFaultIn(said: string, receiver: "there" | "here" = "there"): DiskFault | undefined {
  for (const line of said.split("\n")) {
    const [, process, text = "", errno = ""] =
      /^rsync: (?:\[(\w+)\] )?(.*): [^:"]+ \((\d+)\)$/.exec(line) ?? [];
    const fault = errno === "28" && /xattr\(/.test(text) ? ofAttributes : faults[errno];
    if (fault === undefined) continue;
    const isReceiver = process !== undefined && process !== "sender";
    // Only the daemon has modules.
    const isThere =
      / \(in [^()]+\)(?:,"[^"]*"(?:,\d+)?\))?(?: failed)?$/.test(text) ||
      (isReceiver && receiver === "there");
    return { ...fault, isThere };
  }
  return undefined;
}
