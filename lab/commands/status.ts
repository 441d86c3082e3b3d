import { existsSync } from "node:fs";
import Table from "cli-table3";
import { factsFile } from "../facts";
import { hostStatus, processName } from "../hosts";
import { activeSwitches } from "../nas/switches";
import { logFile } from "../process";
import { serverStatus } from "../servers";

/** One host or server of the lab. */
export type PartStatus = {
  readonly name: string;
  readonly up: boolean;
  /** Address or URL in the lab's network. */
  readonly at: string;
  readonly log: string;
  /** What is wrong with it, or switched wrong on purpose. */
  readonly note?: string;
};

/**
 * Prints how each part of the lab is.
 * @returns whether all of them are up
 */
export async function printStatus({ json }: { json: boolean }): Promise<boolean> {
  const parts = await labStatus();
  const complete = parts.every(part => part.up);
  if (json) {
    console.log(
      JSON.stringify({ up: complete, facts: existsSync(factsFile) ? factsFile : null, parts }, null, 2),
    );
    return complete;
  }
  const table = new Table({ chars: bare, style: { head: [], "padding-left": 0, "padding-right": 2 } });
  for (const { name, up, at, note = "" } of parts) table.push([name, up ? "up" : "down", at, note]);
  console.log(table.toString());
  if (existsSync(factsFile)) console.log(`\nKeys, addresses and file systems: ${factsFile}`);
  return complete;
}

export async function labStatus(): Promise<PartStatus[]> {
  const servers = await serverStatus();
  const switches = await switchesOn();
  return [
    ...hostStatus().map(({ name, running, address }) => ({
      ...{ name, up: running, at: address, log: logFile(processName(name)) },
      ...(name === "nas" && switches.length > 0 ? { note: `switched to ${switches.join(", ")}` } : {}),
    })),
    ...servers.map(({ name, up, url, log, trouble }) => ({
      ...{ name, up, at: url, log },
      ...(trouble === undefined ? {} : { note: trouble }),
    })),
  ];
}

async function switchesOn(): Promise<string[]> {
  const running = hostStatus().some(({ name, running }) => name === "nas" && running);
  if (!running) return [];
  // A NAS that boots or hangs can't tell; that it runs is still worth a line.
  return [...(await activeSwitches().catch(() => []))];
}

const bare = Object.fromEntries(
  [
    "top",
    "top-mid",
    "top-left",
    "top-right",
    "bottom",
    "bottom-mid",
    "bottom-left",
    "bottom-right",
    "left",
    "left-mid",
    "mid",
    "mid-mid",
    "right",
    "right-mid",
    "middle",
  ].map(part => [part, ""]),
);
