import type { Domain } from "../../plan/estate/services";

/** What somebody has to know of a disaster who has never had one. */
export interface Situation {
  readonly title: string;
  /** A question whose answer is yes when it is this one. */
  readonly ask: string;
  /** How it looks, and what it is not. */
  readonly looks: string;
  /** Before anything is restored. */
  readonly first: readonly string[];
  /** One service, or all of which a page lists. */
  readonly takes: "one" | "all";
}

/** In the order in which they are ruled out: each takes what those below it take, or makes their restores wrong. */
export const situations: Readonly<Record<Domain, Situation>> = {
  secrets: {
    takes: "all",
    title: "The password store is lost",
    ask: "Is the store with the passwords gone, or can nobody open it?",
    looks:
      "What you need to log in, or to open a copy, lies in what is lost. Only secrets that are kept outside open anything.",
    first: [
      "Get the break-glass set, or its sheet of paper: [README](../README.md) says where it is, or that there is none.",
      "Open it on a machine that isn't part of this: `age --decrypt SET.age | tar xzf -`, with `--identity KEYS` where it was made for a key.",
    ],
  },
  site: {
    takes: "all",
    title: "The site is lost",
    ask: "Are the machines of the house gone, by fire, water or theft?",
    looks: "Hosts, their disks and all that stands beside them are gone. What is at another site is left.",
    first: [
      "Where the table below names a copy at another site, it is the only one: change nothing there, and stop what deletes snapshots.",
      "Get the break-glass set: [README](../README.md) says where it is, or that there is none. Get a machine with Debian, Node 18 or later, rsync and ssh, and disks that are large enough.",
      "Give each new file system the UUID of the one in whose place it stands: [README](../README.md) lists them.",
      "A step that says `kubectl` waits until there is a cluster that answers: its machines come first.",
    ],
  },
  "host-root": {
    takes: "all",
    title: "Somebody hostile was root on a host",
    ask: "Are files encrypted or deleted that no program of yours has touched, or has somebody else been root?",
    looks:
      "All that the host reaches may be wrong: its disks, its backup disk, and what it may delete elsewhere. Only what is out of its reach counts.",
    first: [
      "Take the host off the network, and leave it on for whoever looks into it: nothing is restored onto it as it is.",
      "Stop what would carry the harm on: no run of a backup from this host until it is installed anew.",
      "Find the newest instant before it began, from logs that lie elsewhere, and restore from copies that are older: `--at TIME`.",
      "Install the host anew. Change each secret that lay on it.",
      "A step that says `kubectl` waits until there is a cluster that answers: its machines come first.",
    ],
  },
  host: {
    takes: "all",
    title: "A host is lost",
    ask: "Does a host not come back, or only as another machine?",
    looks: "The machine is broken, with its disks. What other machines hold is left.",
    first: [
      "Look whether its disks are well in another machine: then nothing has to be restored but their place.",
      "Install a host, give its file systems the UUIDs of those before, which [README](../README.md) lists, pin its new key in the estate, and deploy: `pulumi up`.",
      "A step that says `kubectl` waits until there is a cluster that answers: its machines come first.",
    ],
  },
  "live-disk": {
    takes: "all",
    title: "The live disk is lost",
    ask: "Is the disk dead on which the data is worked with?",
    looks:
      "`dmesg` tells of errors, `lsblk` doesn't show it, or its pool doesn't come up. The host and the backup disk are well.",
    first: [
      "Stop what still writes to it.",
      "Put a new disk in its place, with the same pools and file systems, and the UUIDs of those before, which [README](../README.md) lists.",
    ],
  },
  "backup-disk": {
    takes: "all",
    title: "The backup disk is lost",
    ask: "Is the disk dead on which the copies are?",
    looks:
      "No data of a service is harmed. Until the copies are made anew, what is left of them is all there is.",
    first: [
      "Touch nothing that still has a copy, and restore nothing that isn't broken.",
      "Put a new disk in its place, with the file system's UUID of before, which [README](../README.md) lists, mounted with nosuid,nodev,noexec.",
    ],
  },
  nas: {
    takes: "all",
    title: "The NAS is lost",
    ask: "Does the NAS not come back, or without its disks?",
    looks:
      "What lived there alone is gone; all else is well, and has no copy off the site until there is a NAS again.",
    first: [
      "Touch nothing that still has a copy: a fire now would take all of it.",
      "Set up another NAS with the same account, shares and snapshots, and pin its key in the estate: `pulumi up`.",
    ],
  },
  cluster: {
    takes: "all",
    title: "The cluster is lost",
    ask: "Does the cluster's API not come back, while its hosts and disks are well?",
    looks:
      "Its state is gone or wrong. Volumes lie on the hosts as they were; nothing starts what uses them.",
    first: [
      "Touch no volume of the pools: they hold the newest data, and nothing has harmed it.",
      "Make a cluster with the same name, namespaces and claims, then bring back what is below, in that order: a machine that runs it, its state, its secrets, its databases.",
    ],
  },
  volume: {
    takes: "one",
    title: "A volume is lost",
    ask: "Can one volume or file system not be mounted, or does it have errors, while the disk below it is well?",
    looks: "One service's files can't be read, or were deleted. Everything else works.",
    first: ["Stop what uses it, so that nothing writes to what is left of it."],
  },
  application: {
    takes: "one",
    title: "A service has damaged its own data",
    ask: "Is the data there and readable, but wrong: after an update, a mistake, or a program's fault?",
    looks: "Rows or files are missing or wrong. Disks, volumes and all other services are well.",
    first: [
      "Stop the service: what it goes on to write is lost by the restore, or damaged too.",
      "Find out when it was last right, and restore from before that: `--at TIME`.",
    ],
  },
};
