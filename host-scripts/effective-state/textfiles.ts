import { readdirSync, readFileSync } from "node:fs";
import type { InForce } from "../../plan/contracts/in-force";
import { quoted } from "../runtime/quoted";
import type { Difference } from "./effective-state";

type Textfiles = Extract<InForce, { kind: "textfiles" }>;

const option = "--collector.textfile.directory";

/** By the command lines of what runs: a folder that nobody reads is filled in vain. Debian's own reads the declared one unless it is told otherwise. */
export function textfileDifferences(declared: readonly Textfiles[]): Difference[] {
  return declared.flatMap(({ folder }) => {
    const differs = (text: string): Difference[] => [
      { kind: "textfiles", subject: folder, text, next: "systemctl status prometheus-node-exporter" },
    ];
    const running = exporters();
    const folders = running.map(words => folderOf(words) ?? folder);
    if (running.length === 0) return differs("declared to be read by node-exporter, and none runs");
    return folders.some(read => read.replace(/\/$/, "") === folder)
      ? []
      : differs(`declared to be read by node-exporter, which reads ${folders.map(quoted).join(" and ")}`);
  });
}

/** Command lines of the node-exporters that run on the host itself. */
function exporters(): string[][] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return /(^|\/)(prometheus-)?node[-_]exporter$/.test(words[0] ?? "") && isHostsOwn(pid) ? [words] : [];
      } catch {
        // It has ended.
        return [];
      }
    });
}

/** One of a container calls its own folder the same, and its tenant calls a program as they like. It has a number of its own there. */
function isHostsOwn(pid: string): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return /^NSpid:\t\d+$/m.test(status);
}

function folderOf(words: readonly string[]): string | undefined {
  const [at] = words.flatMap((word, index) =>
    word === option || word.startsWith(`${option}=`) ? [index] : [],
  );
  if (at === undefined) return undefined;
  const word = words[at] ?? "";
  return word === option ? words[at + 1] : word.slice(option.length + 1);
}
