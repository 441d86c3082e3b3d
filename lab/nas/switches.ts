import { mustOnHost } from "../hosts/ssh";

type Switch = {
  /** What the NAS does to those who back up to it. */
  readonly effect: string;
  readonly on: string;
  /** Undoes it; does nothing on a healthy NAS. */
  readonly off: string;
  /** Shell condition that holds while it is on. */
  readonly isOn: string;
};

/** File that `fill` takes the share's quota with. */
const filler = "/volume1/Backup/#filler";

const switches = {
  stall: {
    effect: "connections are accepted and open ones stay open, but nothing moves any more",
    on: "systemctl freeze ssh.service",
    off: "systemctl thaw ssh.service",
    isOn: '[ "$(systemctl show -P FreezerState ssh.service)" != running ]',
  },
  drop: {
    effect: "packets get no answer, as behind a firewall that drops them",
    // The lab's own port stays open. Rules act on what the NAS sends, so it still hears, and says nothing.
    on: "ip rule add pref 100 ipproto tcp sport 2022 lookup main && ip rule add pref 101 to 10.77.0.0/24 blackhole",
    off: "while ip rule del pref 101 2>/dev/null; do :; done; while ip rule del pref 100 2>/dev/null; do :; done",
    isOn: "ip rule show pref 101 | grep -q blackhole",
  },
  refuse: {
    effect: "open connections break and new ones are refused, as after a switched-off SSH service",
    on: "systemctl stop ssh.service && systemctl kill --kill-whom=all --signal=KILL ssh.service 2>/dev/null || true",
    off: "systemctl start ssh.service",
    isOn: "! systemctl -q is-active ssh.service",
  },
  fill: {
    effect: "the quota of the share Backup is used up: each write fails with EDQUOT",
    // Halving steps until not even 4 KiB fit: the limit counts blocks, so a single size never meets it exactly.
    on: `touch '${filler}' && step=$((64 << 30)) && while [ $step -ge 4096 ]; do
      size=$(stat -c %s '${filler}')
      fallocate -o $size -l $step '${filler}' 2>/dev/null || step=$((step / 2))
    done; sync -f /volume1`,
    off: `rm -f '${filler}' && btrfs filesystem sync /volume1`,
    isOn: `[ -e '${filler}' ]`,
  },
  lie: {
    effect: "rsync reports success for what it receives, and keeps none of it",
    on: "mount --bind /usr/libexec/lab/lying-rsync /usr/bin/rsync",
    off: "while findmnt -n /usr/bin/rsync >/dev/null; do umount -l /usr/bin/rsync; done",
    isOn: "findmnt -n /usr/bin/rsync >/dev/null",
  },
} as const satisfies Readonly<Record<string, Switch>>;

/** A way in which the NAS misbehaves. */
export type NasSwitch = keyof typeof switches;

export const nasSwitches = Object.keys(switches) as readonly NasSwitch[];

export function effectOf(name: NasSwitch): string {
  return switches[name].effect;
}

/** Makes the NAS misbehave until it is healed; switches add up. What is on already stays on. */
export async function switchNas(name: NasSwitch): Promise<void> {
  const { on, isOn } = switches[name];
  await mustOnHost("nas", `if ${isOn}; then exit 0; fi\n${on}`);
}

/** Undoes every switch. */
export async function healNas(): Promise<void> {
  await mustOnHost("nas", nasSwitches.map(name => switches[name].off).join("\n"));
}

/** The switches that are on, asked of the NAS itself. */
export async function activeSwitches(): Promise<NasSwitch[]> {
  const script = nasSwitches.map(name => `if ${switches[name].isOn}; then echo ${name}; fi`).join("\n");
  const words = (await mustOnHost("nas", script)).trim().split("\n");
  return nasSwitches.filter(name => words.includes(name));
}
