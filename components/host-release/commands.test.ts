import { manifestOf, releaseCommand, releaseCommandIfThere } from "./commands";

const bundle = { path: "/x", sha256: "b".repeat(64), sizeBytes: 1 };

test("gives a manifest that sha256sum reads, the bundle last", () => {
  expect(manifestOf("nfs-mirror", [{ name: "a.timer", text: "abc" }], bundle)).toBe(
    `ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.timer\n${"b".repeat(64)}  nfs-mirror.cjs\n`,
  );
});

test("keeps commands short enough to be printed with an error", () => {
  expect(releaseCommand("nfs-mirror", "stage", "nfs-mirror.service")).toBe(
    "sh /opt/holdfast/nfs-mirror/release.sh stage nfs-mirror.service",
  );
  expect(releaseCommandIfThere("nfs-mirror", "remove")).toMatch(/^test ! -e \S+ \|\| sh \S+ remove$/);
});

test.each(["../x", "a b", "a;b", "$(x)", "-rf", ".hidden", "a'b", "", "a\nb"])(
  "refuses %j as a name in a command",
  name => {
    expect(() => releaseCommand("nfs-mirror", "stage", name)).toThrow("can't be the name of a file");
    expect(() => releaseCommand(name, "activate")).toThrow("can't be the name of a job");
    expect(() => manifestOf("nfs-mirror", [{ name, text: "" }], bundle)).toThrow("can't be the name");
  },
);
