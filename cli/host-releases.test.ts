import { releaseOf } from "./host-releases";

test("of a job that is another stack's it says whose, where it is known which stack is meant", () => {
  const job = { name: "nfs-mirror", host: "pve", credentials: [] };
  const notes = (named: readonly string[], owner: string): readonly string[] =>
    releaseOf(named, "pve", job, [`stack ${owner}`, "live 0123456789ab 2026-11-29T03:00:00Z"]).notes;
  expect(notes(["--stack", "cabin"], "acme/holdfast/homelab")).toEqual([
    "it belongs to stack acme/holdfast/homelab, and not to cabin, whose pulumi up is refused (docs/hosts.md)",
  ]);
  expect(notes([], "acme/holdfast/cabin")).toHaveLength(1);
  for (const [named, owner] of [
    [["--stack", "cabin"], "acme/holdfast/cabin"],
    [[], "acme/holdfast/homelab"],
    [["--estate", "cabin.ts"], "acme/holdfast/homelab"],
  ] as const)
    expect(notes(named, owner)).toEqual([]);
});
