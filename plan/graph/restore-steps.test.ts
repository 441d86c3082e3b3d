import { parseEstate, planOf } from "..";
import { exampleEstate, exampleWith } from "../estate/example";
import type { Copy } from "./copies";
import { restoreSteps, restoreText } from "./restore-steps";

const plan = planOf(parseEstate(exampleEstate()));

function copyBy(service: string, ...jobs: readonly string[]): Copy {
  const copy = plan.copies.find(
    ({ dataset, way }) =>
      dataset.service === service && way.jobs.map(({ name }) => name).join() === jobs.join(),
  );
  if (!copy) throw new Error(`no copy of ${service} by ${jobs.join(", ")}`);
  return copy;
}

test("each copy has a way back, whose steps say where they are done, what they change, how they are undone and how one knows", () => {
  expect(plan.copies.length).toBeGreaterThan(10);
  for (const copy of plan.copies) {
    const steps = restoreSteps(copy);
    expect(steps.length).toBeGreaterThan(0);
    for (const { where, changes, undo, verifies } of steps) {
      expect(where.name).not.toBe("");
      for (const text of [changes, undo, verifies]) expect(text).toMatch(/\w/);
    }
    expect(JSON.stringify(steps)).not.toMatch(/\[object|undefined|"blank"/);
  }
});

test("the program that made a copy restores it, by the name that people know", () => {
  expect(restoreText(restoreSteps(copyBy("nextcloud", "lvm-pvc-snapshot")))).toBe(
    "# on pve:\nlvm-pvc-snapshot restore nextcloud/nextcloud",
  );
});

test("what was copied on comes back hop by hop, and a command behind what a person does waits for it", () => {
  expect(restoreText(restoreSteps(copyBy("books", "nfs-mirror", "offsite-sync-backup")))).toBe(
    "# on pve:\noffsite-sync-backup restore /mnt/backup/books &&\nnfs-mirror restore books",
  );
  const books = restoreSteps(copyBy("books", "nfs-mirror", "offsite-sync-backup", "nas-snapshots"));
  expect(books.map(({ kind }) => kind)).toEqual(["manual", "command", "command"]);
  const [first = "", back = "", then = ""] = restoreText(books).split("\n");
  expect(first).toBe("# on pve:");
  expect(back).toMatch(/^# this prints the steps .*: nas-snapshots restore \/Backup\/pve-backup\/books$/);
  expect(then).toMatch(/^# then: offsite-sync-backup restore \/mnt\/backup\/books/);
});

test.each([
  ["-rf", "nfs-mirror restore -- -rf"],
  ["--dry-run/--into=x", "nfs-mirror restore -- --dry-run --into=x"],
  ["x/--dry-run", "nfs-mirror restore x -- --dry-run"],
])("a folder %s is no option of the command that restores it", (path, command) => {
  const { copies } = planOf(
    parseEstate(
      exampleWith(({ services }) => {
        services.odd = { data: [{ kind: "tree", host: "pve", path: `/srv/nfs/${path}` }] };
      }),
    ),
  );
  const [copy] = copies.filter(({ dataset, way }) => dataset.service === "odd" && way.jobs.length === 1);
  expect(copy && restoreText(restoreSteps(copy))).toBe(`# on pve:\n${command}`);
  expect(copy && restoreSteps(copy)[0]?.undo).toMatch(/ -- -*\w/);
});
