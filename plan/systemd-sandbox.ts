/** What a job's runs do to their host; all else is forbidden to them. Paths are absolute. */
export interface HostRights {
  /** Folders that a run reads, and that may lie where services see nothing else, such as below /home. */
  readonly reads: readonly string[];
  /** Folders and mount points that a run writes to; one that isn't there is passed over, and the run says so. */
  readonly writes: readonly string[];
  /**
   * - `own`: files that the run makes itself
   * - `all`: files with the owners, modes, attributes and device numbers that strangers gave them
   */
  readonly files: "own" | "all";
  /**
   * - `none`
   * - `changed`: LVM makes and removes some
   * - `mounted`: and their file systems are read, also encrypted ones
   */
  readonly volumes: "none" | "changed" | "mounted";
  /** Programs parse strangers' bytes for it, each as a user without rights, which the run becomes and ends. */
  readonly parses: boolean;
  /** It watches whole file systems, and looks up what changed there by its handle (fanotify(7)). */
  readonly watches?: true;
}

/**
 * Lines of a [Service] section that take away what a run doesn't need (systemd.exec(5)). Of what `systemd-analyze security`
 * would have, these stay away, for a reason:
 * - User=: owners, ACLs and volumes are root's to keep
 * - MemoryDenyWriteExecute=: Node compiles what it runs
 * - RestrictSUIDSGID= where strangers' files are copied: a copy keeps a program's mode; its disk is mounted nosuid
 * - ProtectProc=, ProcSubset=: a run tells by /proc whether another one lives, which boot it is, and how busy the disks are
 * - IPAddressDeny=: the Pushgateway, the cluster and the firewall are known by name
 * @param makes folders that are made before the run where they are missing, with the one above each: a run that may write
 *   to a folder can't make it
 */
export function sandboxLines(rights: HostRights, makes: readonly string[]): string[] {
  const { reads, writes, files, volumes } = rights;
  const usesVolumes = volumes !== "none";
  const writable = [...makes, ...writes, ...(usesVolumes ? lvmFolders : [])];
  const touched = [...reads, ...writable];
  return [
    ...(makes.length > 0 ? [`ExecStartPre=-+/usr/bin/mkdir -p -m 0755 ${withParents(makes).join(" ")}`] : []),
    // A mount table of its own to which the host passes nothing on: what the runner verified can't be unmounted under it, and
    // what it mounts dies with it. PrivateMounts= alone would still pass on the host's unmounts.
    "PrivateMounts=yes",
    "MountFlags=private",
    "ProtectSystem=strict",
    `ReadWritePaths=${writable.map(path => quoted(`-${path}`)).join(" ")}`,
    `ProtectHome=${touched.some(isInHome) ? "read-only" : "yes"}`,
    ...(touched.some(isTemporary) ? [] : ["PrivateTmp=yes"]),
    "UMask=0077",
    "NoNewPrivileges=yes",
    ...(files === "own" ? ["RestrictSUIDSGID=yes"] : []),
    `CapabilityBoundingSet=${capabilities(rights).join(" ")}`,
    // Device nodes among the files are copied as such, and can't be opened.
    "DevicePolicy=closed",
    ...(files === "all" ? ["DeviceAllow=block-* m", "DeviceAllow=char-* m"] : []),
    ...(usesVolumes ? ["DeviceAllow=block-* rwm", "DeviceAllow=/dev/mapper/control rw"] : []),
    // What the host is, is asked of ZFS too; where there is none, the line says nothing.
    ...(volumes === "mounted" ? ["DeviceAllow=/dev/zfs rw"] : []),
    `RestrictAddressFamilies=${addressFamilies(rights).join(" ")}`,
    "SystemCallArchitectures=native",
    `SystemCallFilter=@system-service${volumes === "mounted" ? " @mount" : ""}`,
    ...(rights.watches ? ["SystemCallFilter=fanotify_init fanotify_mark open_by_handle_at"] : []),
    // Programs try what they may, and do without.
    "SystemCallErrorNumber=EPERM",
    // A parser gets a network of its own, without a way out, where the run may make one.
    `RestrictNamespaces=${rights.parses && capabilities(rights).includes("CAP_SYS_ADMIN") ? "net" : "yes"}`,
    "RestrictRealtime=yes",
    "LockPersonality=yes",
    "KeyringMode=private",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
  ];
}

/** LVM's backups of its metadata; its locks and sockets, and udev's, which it waits for. */
const lvmFolders = ["/etc/lvm", "/run"] as const;

/** @see capabilities(7) */
function capabilities({ files, volumes, parses, watches }: HostRights): string[] {
  const kept = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER"];
  // SYS_ADMIN: attributes of the kinds trusted.* and security.*; device-mapper and mounts.
  if (files === "all") kept.push("CAP_FSETID", "CAP_SETFCAP", "CAP_MKNOD", "CAP_SYS_ADMIN");
  // LVM stays in memory, and goes first, while a volume's writes stand still.
  if (volumes !== "none") kept.push("CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_IPC_LOCK", "CAP_SYS_NICE");
  if (watches) kept.push("CAP_SYS_ADMIN");
  if (parses) kept.push("CAP_SETUID", "CAP_SETGID", "CAP_KILL");
  return [...new Set(kept)];
}

function addressFamilies({ volumes }: HostRights): string[] {
  return [
    ...["AF_UNIX", "AF_INET", "AF_INET6"],
    // What udev says of a new device, and the kernel's own ciphers.
    ...(volumes === "none" ? [] : ["AF_NETLINK"]),
    ...(volumes === "mounted" ? ["AF_ALG"] : []),
  ];
}

function withParents(folders: readonly string[]): string[] {
  return [...new Set(folders.flatMap(folder => [folder.slice(0, folder.lastIndexOf("/")), folder]))];
}

function isInHome(path: string): boolean {
  return /^\/(home|root|run\/user)(\/|$)/.test(path) || path === "/";
}

function isTemporary(path: string): boolean {
  return /^(\/var)?\/tmp(\/|$)/.test(path);
}

/** A path in a list of paths; systemd.syntax(7), "Quoting", and "%" of systemd.unit(5), "Specifiers". */
function quoted(path: string): string {
  const text = path.replaceAll("%", "%%");
  return /^[A-Za-z0-9:_.%/@+-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}
