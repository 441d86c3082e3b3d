import { type HostRights, sandboxLines } from "./systemd-sandbox";

// systemd's own account of it (test/runners/unit-security.test.ts) has tenths of slack, and passes over some of these lines.
const least: HostRights = {
  reads: [],
  writes: ["/mnt/backup"],
  files: "own",
  volumes: "none",
  parses: false,
};

test("a run with the least rights has each of these lines, and no other", () => {
  expect(sandboxLines(least, ["/var/lib/holdfast/job"])).toMatchInlineSnapshot(`
   [
     "ExecStartPre=-+/usr/bin/mkdir -p -m 0755 /var/lib/holdfast /var/lib/holdfast/job",
     "PrivateMounts=yes",
     "MountFlags=private",
     "ProtectSystem=strict",
     "ReadWritePaths=-/var/lib/holdfast/job -/mnt/backup",
     "ProtectHome=yes",
     "PrivateTmp=yes",
     "UMask=0077",
     "NoNewPrivileges=yes",
     "RestrictSUIDSGID=yes",
     "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER",
     "DevicePolicy=closed",
     "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
     "SystemCallArchitectures=native",
     "SystemCallFilter=@system-service",
     "SystemCallErrorNumber=EPERM",
     "RestrictNamespaces=yes",
     "RestrictRealtime=yes",
     "LockPersonality=yes",
     "KeyringMode=private",
     "ProtectClock=yes",
     "ProtectControlGroups=yes",
     "ProtectHostname=yes",
     "ProtectKernelLogs=yes",
     "ProtectKernelModules=yes",
     "ProtectKernelTunables=yes",
   ]
  `);
});

/** What one right more changes. */
function changes(more: Partial<HostRights>): { gone: string[]; come: string[] } {
  const [before, after] = [sandboxLines(least, []), sandboxLines({ ...least, ...more }, [])];
  return {
    gone: before.filter(line => !after.includes(line)),
    come: after.filter(line => !before.includes(line)),
  };
}

test("strangers' files: their nodes are made and never opened", () => {
  expect(changes({ files: "all" })).toMatchInlineSnapshot(`
   {
     "come": [
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_SETFCAP CAP_MKNOD CAP_SYS_ADMIN",
       "DeviceAllow=block-* m",
       "DeviceAllow=char-* m",
     ],
     "gone": [
       "RestrictSUIDSGID=yes",
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER",
     ],
   }
  `);
});

test("volumes that are changed", () => {
  expect(changes({ volumes: "changed" })).toMatchInlineSnapshot(`
   {
     "come": [
       "ReadWritePaths=-/mnt/backup -/etc/lvm -/run",
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SYS_ADMIN CAP_MKNOD CAP_IPC_LOCK CAP_SYS_NICE",
       "DeviceAllow=block-* rwm",
       "DeviceAllow=/dev/mapper/control rw",
       "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
     ],
     "gone": [
       "ReadWritePaths=-/mnt/backup",
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER",
       "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
     ],
   }
  `);
});

test("volumes that are mounted", () => {
  expect(changes({ volumes: "mounted" })).toMatchInlineSnapshot(`
   {
     "come": [
       "ReadWritePaths=-/mnt/backup -/etc/lvm -/run",
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SYS_ADMIN CAP_MKNOD CAP_IPC_LOCK CAP_SYS_NICE",
       "DeviceAllow=block-* rwm",
       "DeviceAllow=/dev/mapper/control rw",
       "DeviceAllow=/dev/zfs rw",
       "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_ALG",
       "SystemCallFilter=@system-service @mount",
     ],
     "gone": [
       "ReadWritePaths=-/mnt/backup",
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER",
       "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
       "SystemCallFilter=@system-service",
     ],
   }
  `);
});

test("strangers' bytes that are parsed", () => {
  expect(changes({ parses: true })).toMatchInlineSnapshot(`
   {
     "come": [
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SETUID CAP_SETGID CAP_KILL",
     ],
     "gone": [
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER",
     ],
   }
  `);
  expect(changes({ volumes: "mounted", parses: true })).toMatchInlineSnapshot(`
   {
     "come": [
       "ReadWritePaths=-/mnt/backup -/etc/lvm -/run",
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SYS_ADMIN CAP_MKNOD CAP_IPC_LOCK CAP_SYS_NICE CAP_SETUID CAP_SETGID CAP_KILL",
       "DeviceAllow=block-* rwm",
       "DeviceAllow=/dev/mapper/control rw",
       "DeviceAllow=/dev/zfs rw",
       "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_ALG",
       "SystemCallFilter=@system-service @mount",
       "RestrictNamespaces=net",
     ],
     "gone": [
       "ReadWritePaths=-/mnt/backup",
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER",
       "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
       "SystemCallFilter=@system-service",
       "RestrictNamespaces=yes",
     ],
   }
  `);
});

test("who watches file systems", () => {
  expect(changes({ watches: true })).toMatchInlineSnapshot(`
   {
     "come": [
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SYS_ADMIN",
       "SystemCallFilter=fanotify_init fanotify_mark open_by_handle_at",
     ],
     "gone": [
       "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER",
     ],
   }
  `);
});
