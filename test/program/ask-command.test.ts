import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { againCommand, askCommand } from "../../plan/contracts/ask-command";
import { shellWord } from "../../plan/contracts/shell-word";
import { backByName } from "../../plan/layers/cluster-dump/engines/engine";
import { longestCronJob } from "../../plan/layers/cluster-dump/spec";

/* What is printed, by a real sh; kubectl is answered, and test/cluster has the real one. No second passes. */
const folder = mkdtempSync(join(tmpdir(), "holdfast-ask-"));
afterAll(() => rmSync(folder, { recursive: true }));

const complete = "echo postgresql-backup-ask-1 SuccessCriteriaMet Complete";

/** @param log what a log's end is, as shell text @param end what kubectl tells of the job once 70 pauses are over */
async function ask(log: string, end: string): Promise<{ exitCode?: number; all: string }> {
  const program = (name: string, text: string): void =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const isOver = `[ "$(wc -l <${folder}/pauses)" -ge 70 ]`;
  writeFileSync(join(folder, "pauses"), "");
  program("sleep", `echo >>${folder}/pauses`);
  program(
    "kubectl",
    `case "$*" in
  *" logs "*) ${log} ;;
  *" get job/"*) if ${isOver}; then ${end}; else echo postgresql-backup-ask-1; fi ;;
  *" get pods "*) echo "postgresql-backup-ask-1-x 0/1 ImagePullBackOff" ;;
esac`,
  );
  const [sh = "", ...words] = askCommand("dbaas", "postgresql-backup", "restore shop");
  return execa(sh, words, {
    ...{ all: true, reject: false, timeout: 50_000 },
    env: { PATH: `${folder}:${process.env["PATH"]}` },
  });
}

test.each([
  ["whose image takes its time", `[ "$(wc -l <${folder}/pauses)" -ge 65 ]`],
  ["whose log nobody gets", "exit 1"],
  ["whose log breaks off without a word", "exit 0"],
])("a restore %s is waited for until it has ended, and no shorter", async (_, log) => {
  expect(await ask(log, complete)).toMatchObject({
    exitCode: 0,
    all: expect.stringMatching(/^job\/postgresql-backup-ask-\d+ is complete$/m),
  });
});

test("one that failed ends with a failure, and what kubectl says of a container that isn't there yet isn't told", async () => {
  const { exitCode, all } = await ask(
    "echo waiting to start >&2; exit 1",
    "echo postgresql-backup-ask-1 FailureTarget Failed",
  );
  expect(exitCode).toBe(1);
  expect(all).toMatch(
    /^job\/postgresql-backup-ask-\d+ failed; where nothing above says why: kubectl --namespace dbaas logs job\/\S+ --all-containers;/m,
  );
  expect(all).not.toContain("waiting to start");
});

test("while it waits it says for what, and a job that somebody has deleted is waited for no more", async () => {
  const { exitCode, all } = await ask("exit 1", "true");
  expect(exitCode).toBe(1);
  expect(all).toContain("ImagePullBackOff");
  expect(all).toMatch(/^job\/postgresql-backup-ask-\d+ was deleted/m);
});

test("a server that doesn't answer for once makes no failure of a restore that is complete", async () => {
  const once = `if [ -e ${folder}/silent ]; then ${complete}; rm ${folder}/silent; else >${folder}/silent; exit 1; fi`;
  expect(await ask("exit 0", once)).toMatchObject({
    exitCode: 0,
    all: expect.stringMatching(/^job\/postgresql-backup-ask-\d+ is complete$/m),
  });
});

test("of a CronJob with the longest name, one more run has a name that Kubernetes takes, and the next one another", () => {
  const job = "a".repeat(longestCronJob);
  const printed = againCommand("dbaas", job);
  expect(printed).toMatch(/^kubectl --namespace dbaas create job a+-\$\(date \+%s\) --from=cronjob\/a+$/);
  expect(`${job}-${Math.floor(Date.now() / 1000)}`.length).toBeLessThanOrEqual(63);
});

test("what undoes a restore is asked for by the printed line, with the words that stand in its place", async () => {
  const [, instead = "", of = ""] = /the same with (\S+ \S+) in the place of (\S+):/.exec(backByName) ?? [];
  const program = (name: string, text: string): void =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program(
    "kubectl",
    `case "$*" in
  *" set env "*|set*env*) for word; do :; done; echo "$word" ;;
  "create --filename=-") cat >${folder}/made ;;
  *" get job/"*) ${complete} ;;
esac`,
  );
  const line = askCommand("dbaas", "postgresql-backup", "restore").map(shellWord).join(" ");
  await execa("sh", ["-c", line.replace(of, instead)], {
    env: { PATH: `${folder}:${process.env["PATH"]}` },
    timeout: 50_000,
  });
  expect(readFileSync(join(folder, "made"), "utf8")).toBe("ASK=restore --back\n");
});
