// `npm start`: from a clone to a restored file. Starts the lab, deploys the mirror into it, waits for its timer, reads its
// metric from Prometheus and restores what it copied.
import { runTasks, messageOf } from "./commands/progress";
import { ensureEngine } from "./engine/bootstrap";
import { startHosts } from "./hosts";
import { fillSource, hostTime, restore, successAfter, timerFiredAt } from "./night/steps";
import { startServers } from "./servers";
import { LabStack } from "./stack";

const seconds = (fromMs: number): string => `${Math.round((performance.now() - fromMs) / 1000)} s`;

async function firstNight(): Promise<void> {
  const startMs = performance.now();
  console.error(
    "What this machine lacks is built now, side by side: the first time a quarter of an hour, later nothing.",
  );
  await runTasks([
    { title: "engine", run: async say => void (await ensureEngine(say)) },
    { title: "hosts", run: say => startHosts({ say }) },
    { title: "servers", run: startServers },
  ]);
  const readyIn = seconds(startMs);
  const report: string[] = [];
  const step = async (title: string, run: () => Promise<string>): Promise<void> => {
    console.error(`${title} …`);
    report.push(`${title}: ${await run()}`);
  };
  let stack: LabStack | undefined;
  let sinceS = 0;
  await step("filling the source", async () => `${await fillSource()} files in /srv/nfs of host pve`);
  await step("pulumi up", async () => {
    stack = await LabStack.open(() => undefined);
    sinceS = await hostTime();
    const changes = /^Resources:\n(?:.*\n?)*/m.exec(await stack.up())?.[0] ?? "";
    return changes
      .split("\n")
      .slice(1, 4)
      .map(line => line.trim())
      .filter(line => line !== "")
      .join(", ");
  });
  await step("waiting for the mirror's timer, which fires every minute", async () => {
    const endS = await successAfter(sinceS, 300_000);
    return `fired ${at(await timerFiredAt())}, ended ${at(endS)}, and Prometheus has its metric`;
  });
  await step("restoring a service", async () => {
    const different = await restore("/srv/nfs/nasty", "/srv/nfs-ssd/restored");
    if (different.length > 0)
      throw new Error(`the restored files differ from their source:\n${different.join("\n")}`);
    return "/srv/nfs-ssd/restored equals /srv/nfs/nasty in bytes and metadata";
  });
  const standIns = stack?.standIns ?? [];
  console.log(`
The first night is over (lab ready after ${readyIn}, all of it ${seconds(startMs)}).
${report.map(line => `  ${line}`).join("\n")}${standIns.length > 0 ? `\n  stand-ins for plugins that could not be had: ${standIns.join(", ")}` : ""}

Where to look next:
  npm run lab -- ssh pve -- journalctl -u nfs-mirror.service    what the mirror says
  npm run lab -- status                                         where everything answers
  npm run holdfast -- rpo                                       what each disaster costs the homelab
  npm run lab -- down                                           stops and removes all of it`);
}

function at(epochS: number): string {
  return new Date(epochS * 1000).toISOString().slice(11, 19);
}

firstNight().catch((error: unknown) => {
  console.error(
    `\n${messageOf(error)}\nThe lab stays up to be looked at: npm run lab -- status. To remove it: npm run lab -- down`,
  );
  process.exitCode = 1;
});
