import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../stacks/project";
import { largeEstate } from "./large-estate";
import { manyServices } from "./many-services";
import { elapsedMs, median, ratio } from "./ratio";
import type { Row } from "./row";

const aimMs = 1_000;

/** `holdfast check` and `rpo` of the estate that a speed is promised for, as an operator waits for them. */
async function benchLarge(holdfast: readonly string[]): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    const estate = join(folder, "estate.json");
    writeFileSync(estate, JSON.stringify(largeEstate(1)));
    const rows: Row[] = [];
    for (const words of [["check"], ["rpo", "--json"]]) {
      const argv = [...holdfast, ...words, "--estate", estate];
      const ms = median(await inTurn(5, () => elapsedMs({ argv, exitCodes: [0, 1] })));
      rows.push({
        name: `${words.join(" ")} of 10 hosts × 1,000 volumes × 50 services over five years`,
        value: `${Math.round(ms)} ms`,
        aim: `< ${aimMs} ms`,
        ok: ms < aimMs,
      });
    }
    const rpo = [...holdfast, "rpo", "--estate", estate];
    rows.push(
      await ratio(
        "rpo as text / as JSON, of that estate",
        { argv: rpo },
        { argv: [...rpo, "--json"] },
        1.5,
        5,
      ),
    );
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function inTurn(times: number, run: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let time = 0; time < times; time++) all.push(await run());
  return all;
}

/** A page of a thousand services, as an operator waits for it. */
async function benchReport(holdfast: readonly string[]): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    const estate = join(folder, "estate.json");
    writeFileSync(estate, JSON.stringify(manyServices(1000)));
    const argv = [...holdfast, "report", "--estate", estate, "--to", join(folder, "report.html")];
    const ms = median(await inTurn(5, () => elapsedMs({ argv })));
    const aim = 2_000;
    return {
      name: "report of 1,000 services",
      value: `${Math.round(ms)} ms`,
      aim: `< ${aim} ms`,
      ok: ms < aim,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `holdfast check` against a Node process that does nothing: what a pull request waits for. */
export async function benchCommandLine(): Promise<Row[]> {
  const holdfast = [process.execPath, join(projectRoot, "cli", "holdfast.mjs")];
  const check = [...holdfast, "check", "--stack", "homelab"];
  return [
    await ratio("check of homelab / node -e 0", { argv: check }, { argv: [process.execPath, "-e", "0"] }, 5),
    ...(await benchLarge(holdfast)),
    await benchReport(holdfast),
  ];
}
