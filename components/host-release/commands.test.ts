import { manifestOf, releaseCommand, releaseCommandIfThere } from "./commands";

const owned = { job: "nfs-mirror", stack: "organization/holdfast/one" };
const bundle = { path: "/x", sha256: "b".repeat(64), sizeBytes: 1 };

test("gives a manifest that sha256sum reads, the bundle last", () => {
  expect(manifestOf("nfs-mirror", [{ name: "a.timer", text: "abc" }], bundle)).toBe(
    `ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.timer\n${"b".repeat(64)}  nfs-mirror.cjs\n`,
  );
});

test("keeps commands short enough to be printed with an error", () => {
  expect(releaseCommand(owned, "stage", "nfs-mirror.service")).toBe(
    "sh /opt/holdfast/nfs-mirror/release.sh --stack=organization/holdfast/one stage nfs-mirror.service",
  );
  expect(releaseCommandIfThere(owned, "remove")).toMatch(/^test ! -e \S+ \|\| sh \S+ --stack=\S+ remove$/);
});

test.each(["../x", "a b", "a;b", "$(x)", "-rf", ".hidden", "a'b", "", "a\nb"])(
  "refuses %j as a name in a command",
  name => {
    expect(() => releaseCommand(owned, "stage", name)).toThrow("can't be the name of a file");
    expect(() => releaseCommand({ ...owned, job: name }, "activate")).toThrow("can't be the name of a job");
    expect(() => releaseCommand({ ...owned, stack: name }, "activate")).toThrow(
      "can't be the name of a stack",
    );
    expect(() => manifestOf("nfs-mirror", [{ name, text: "" }], bundle)).toThrow("can't be the name");
  },
);
