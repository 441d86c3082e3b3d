import { runInNewContext } from "node:vm";
import { mostNamed, rsyncErrors } from "./rsync-errors";

test("names what a pass lacks, below the source, and keeps what names nothing", () => {
  const text = `rsync: [sender] read errors mapping "/mnt/x/a \\#377b": Input/output error (5)
WARNING: a failed verification -- update discarded (will try again).
ERROR: sub/a failed verification -- update discarded.
filename overflows max-path len by 171: deep/er
rsync: [generator] recv_generator: mkdir "/mnt/backup/y" failed: No space left on device (28)
*** Skipping any contents from this failed directory ***
IO error encountered -- skipping file deletion
rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1394) [sender=3.5.0]
`;
  for (const cut of [0, 10, 70, 300]) {
    const errors = rsyncErrors("/mnt/x");
    errors.add(Buffer.from(text.slice(0, cut)));
    errors.add(Buffer.from(text.slice(cut)));
    const { entries, unnamed } = errors.lacked();
    expect(entries.map(({ path }) => path.toString("latin1"))).toEqual([
      "a \xffb",
      "sub/a",
      "deep/er",
      "/mnt/backup/y",
    ]);
    expect(unnamed).toEqual([]);
  }
});

test.each([
  ['copy_xattrs: fsetxattr("/mnt/b/a/f","user.big") failed: No space left on device (28)', "/mnt/b/a/f"],
  ['rsync_xal_set: lsetxattr("/mnt/b/a/f","user.big") failed: No space left on device (28)', "/mnt/b/a/f"],
  ['get_xattr_data: lgetxattr("a/f","user.x",12) failed: Input/output error (5)', "a/f"],
  ['get_xattr_names: llistxattr("a/f",1024) failed: Input/output error (5)', "a/f"],
  ['rename "/mnt/b/a/.f.Ab12Cd" -> "a/f": Operation not permitted (1)', "/mnt/b/a/.f.Ab12Cd"],
  ['symlink "/mnt/b/a/l" -> "../of a \'tenant\'" failed: No space left on device (28)', "/mnt/b/a/l"],
  ['link "/mnt/b/a/two" => a/one failed: Too many links (31)', "/mnt/b/a/two"],
  ["delete_file: unlink(a/f (1)) failed: Operation not permitted (1)", "a/f (1)"],
  ["set_acl: sys_acl_set_file(a/f, ACL_TYPE_ACCESS): Operation not supported (95)", "a/f"],
  ["set_acl: sys_acl_delete_def_file(a/f): Operation not supported (95)", "a/f"],
])("%s", (said, name) => {
  const errors = rsyncErrors("/mnt/x");
  errors.add(Buffer.from(`rsync: [receiver] ${said}\n`));
  const { entries, unnamed } = errors.lacked();
  expect([entries.map(({ path }) => path.toString("latin1")), unnamed]).toEqual([[name], []]);
  expect(entries[0]?.reason).not.toContain(name);
});

// Each of them took seconds where what is between two separators was looked for in all that follows.
test.each([
  ['copy_xattrs: fsetxattr("', '","', 12],
  ['rename failed for "', '" (from "', 80],
])(
  "a line of 64 KiB that begins with %s and holds nothing but separators is no work",
  (begin, separator, lines) => {
    const errors = rsyncErrors("/mnt/x");
    const line = `rsync: [receiver] ${begin}${separator.repeat(65_000 / separator.length)}\n`;
    const text = Buffer.from(line.repeat(lines));
    // It is work of milliseconds, and was one of minutes, which Jest's own limit doesn't end.
    runInNewContext("add()", { add: () => errors.add(text) }, { timeout: 20_000 });
    expect(errors.lacked().entries.length + errors.lacked().unnamed.length).toBeGreaterThan(0);
  },
);

test("what vanished is told apart", () => {
  const errors = rsyncErrors("/mnt/x");
  errors.add(
    Buffer.from(
      'file has vanished: "/mnt/x/a"\nrsync: [sender] read errors mapping "/mnt/x/b": Input/output error (5)\n',
    ),
  );
  const { entries, unnamed } = errors.lacked();
  expect(entries.map(({ path, hasVanished }) => [path.toString(), hasVanished])).toEqual([
    ["a", true],
    ["b", undefined],
  ]);
  expect(unnamed).toEqual([]);
});

test("what lies in a folder that is accepted leaves room for what else is named, and has no end itself", () => {
  const acceptedOf = (path: Buffer): Buffer | undefined =>
    path.toString().startsWith("cache/") ? Buffer.from("cache") : undefined;
  const errors = rsyncErrors("/mnt/x", acceptedOf);
  const failed = (name: string): Buffer =>
    Buffer.from(`rsync: [generator] failed to set times on "${name}": Operation not permitted (1)\n`);
  for (let index = 0; index < 2 * mostNamed; index += 1) errors.add(failed(`cache/f${index}`));
  for (let index = 0; index < mostNamed; index += 1) errors.add(failed(`app/f${index}`));
  const { entries, unnamed } = errors.lacked();
  const names = entries.map(({ path }) => path.toString());
  expect(names).toHaveLength(2 * mostNamed + 1);
  expect(names).toEqual(expect.arrayContaining(["cache/f0", "cache", "app/f0", `app/f${mostNamed - 1}`]));
  expect(unnamed).toEqual([]);
  for (const name of ["cache/gone", "app/gone"])
    errors.add(Buffer.from(`file has vanished: "/mnt/x/${name}"\n`));
  expect(errors.lacked().unnamed).toEqual([]);
  errors.add(failed("app/more"));
  expect(errors.lacked().unnamed).toHaveLength(1);
});
