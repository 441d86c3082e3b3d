import { mustOnHost } from "../../lab/hosts";

/**
 * Names, modes and sizes of all files of pve where a release could leave something. Its runner's own state is no part of it, and
 * the folder of the timers' stamps is systemd's: made with the first timer of a host.
 */
export function everythingOnHost(): Promise<string> {
  return mustOnHost(
    "pve",
    "find /opt /etc/systemd /var/lib/systemd/timers /usr/local /root /srv -xdev ! -type d -printf '%p %m %s %l\\n' -o -type d ! -path /var/lib/systemd/timers -printf '%p\\n' | sort",
  );
}
