import { execaSync } from "execa";
import { parseEstate, planOf } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { type Copy } from "../../plan/graph/copies";
import { restoreSteps, restoreText } from "../../plan/graph/restore-steps";
import { estate } from "../../stacks/homelab/estate";

/** Each line that `holdfast lose` can print for a copy of an estate, once, with the copy that it is of. */
function linesOf(copies: readonly Copy[]): [line: string, copy: string][] {
  return [
    ...new Map(
      copies.flatMap(copy =>
        restoreText(restoreSteps(copy))
          .split("\n")
          .map((line): [string, string] => [line, copy.id]),
      ),
    ),
  ];
}

describe.each([
  ["the homelab", estate],
  ["the example", exampleEstate()],
])("what is printed to restore each copy of %s", (_, input) => {
  const plan = planOf(parseEstate(input));
  const lines = linesOf(plan.copies);
  const commands = lines.filter(([line]) => !line.startsWith("# "));

  test("starts no job of the cluster that writes", () => {
    expect(lines.length).toBeGreaterThan(20);
    const starts = lines.filter(([line]) => /--from|create job/.test(line));
    expect(starts.filter(([line]) => !/--from=cronjob\/\S+-ask /.test(line))).toEqual([]);
  });

  test("is a command that a shell takes as it is, or words behind a #", () => {
    const unfilled = commands.filter(([line]) => /\{\w+\}|\b[A-Z]{4,}\b|pool:|nodes:/.test(line));
    expect(unfilled).toEqual([]);
    // Whole: a command may go on in the next line.
    const script = plan.copies.map(copy => restoreText(restoreSteps(copy))).join("\n");
    expect(execaSync("bash", ["-n"], { input: script, reject: false }).stderr).toBe("");
  });

  test("writes into no folder that a host lives by", () => {
    // /etc/pve is one file system for all hosts of a cluster, and not root's alone.
    const targets = commands.filter(([line]) => / '?\/(etc|usr|boot|root\/\.ssh)\b\S*$/.test(line));
    expect(targets).toEqual([]);
  });
});
