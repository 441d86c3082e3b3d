import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Folders of a pfSense that its backup reads, filled as a small one's are. */
export const firewallFolders = ["cf", "var/db", "boot"] as const;

/** @param folder for the tree; it must not exist */
export function makeTree(folder: string): void {
  for (const path of ["cf/conf/backup", "var/db/rrd", "var/db/pkg", "boot"])
    mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, "cf/conf/config.xml"), configXml(), { mode: 0o640 });
  writeFileSync(join(folder, "cf/conf/backup/config-1748224800.xml"), configXml());
  writeFileSync(join(folder, "cf/conf/enableserial_force"), "");
  writeFileSync(join(folder, "var/db/rrd/system-memory.rrd"), randomBytes(20_000));
  writeFileSync(join(folder, "var/db/dhcpd.leases"), "lease 192.0.2.7 {}\n");
  writeFileSync(join(folder, "boot/loader.conf"), 'autoboot_delay="3"\nkern.ipc.nmbclusters="1000000"\n');
}

/** As pfSense writes it: a tab a level, CDATA around free text, and empty elements for "yes". */
function configXml(): string {
  const rules = Array.from(
    { length: 40 },
    (_, index) => `\t\t<rule>
\t\t\t<type>pass</type>
\t\t\t<interface>lan</interface>
\t\t\t<descr><![CDATA[Rule ${index} <b> & "quotes"]]></descr>
\t\t\t<source>
\t\t\t\t<network>lan</network>
\t\t\t</source>
\t\t\t<destination>
\t\t\t\t<any/>
\t\t\t</destination>
\t\t</rule>`,
  );
  return `<?xml version="1.0"?>
<pfsense>
\t<version>23.3</version>
\t<lastchange></lastchange>
\t<system>
\t\t<hostname>pfsense</hostname>
\t\t<domain>home.arpa</domain>
\t\t<user>
\t\t\t<name>admin</name>
\t\t\t<descr><![CDATA[System Administrator]]></descr>
\t\t\t<bcrypt-hash>$2y$10$abcdefghijklmnopqrstuv</bcrypt-hash>
\t\t</user>
\t</system>
\t<interfaces>
\t\t<wan>
\t\t\t<enable></enable>
\t\t\t<if>vtnet0</if>
\t\t</wan>
\t\t<lan>
\t\t\t<if>vtnet1</if>
\t\t\t<ipaddrv6>2001:db8::1</ipaddrv6>
\t\t</lan>
\t</interfaces>
\t<filter>
${rules.join("\n")}
\t</filter>
</pfsense>
`;
}
