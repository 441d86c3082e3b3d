import { rsyncErrors } from "./rsync-errors";

test("names what a pass lacks, below the source, and keeps what names nothing", () => {
  const text = `rsync: [sender] read errors mapping "/mnt/x/a \\#377b": Input/output error (5)
WARNING: a failed verification -- update discarded (will try again).
ERROR: sub/a failed verification -- update discarded.
filename overflows max-path len by 171: deep/er
rsync: [generator] recv_generator: mkdir "/mnt/backup/y" failed: No space left on device (28)
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
