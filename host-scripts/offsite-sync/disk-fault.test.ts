import { diskFaultIn } from "./disk-fault";

const said: readonly (readonly [string, string | undefined])[] = [
  [
    'rsync: [receiver] write failed on "a book" (in holdfast): No space left on device (28)',
    "has no room for",
  ],
  // As a daemon of 3.1.2 says it.
  ['rsync: write failed on "a book" (in holdfast): Disk quota exceeded (122)', "has no quota left for"],
  [
    'rsync: [receiver] mkstemp "/.a book.x" (in holdfast) failed: Read-only file system (30)',
    "is read-only, and doesn't take",
  ],
  [
    'rsync: [receiver] close failed on "a book" (in holdfast): Input/output error (5)',
    "has a disk that fails at",
  ],
  [
    'rsync: [generator] recv_generator: mkdir "b" (in holdfast) failed: Permission denied (13)',
    "doesn't let its account write",
  ],
  [
    'rsync: [receiver] mkstemp "/.photo (28).jpg" (in holdfast) failed: Permission denied (13)',
    "doesn't let its account write",
  ],
  [
    'rsync: [receiver] rsync_xal_set: fsetxattr("/.big.M4" (in holdfast),"user.big") failed: No space left on device (28)',
    "has no room for the attributes of",
  ],
  // As an older one says it.
  [
    'rsync: rsync_xal_set: lsetxattr("/big" (in holdfast),"user.big") failed: No space left on device (28)',
    "has no room for the attributes of",
  ],
  // Nothing of these is a file system's.
  ['file has vanished: "/srv/photo (28)"', undefined],
  ["could not make way for new regular file: rsync: all: of it (28)", undefined],
  ["rsync: connection unexpectedly closed (28 bytes received so far) [sender]", undefined],
  ["rsync error: error in file IO (code 11) at receiver.c(374) [receiver=3.2.7]", undefined],
  ["rsync: [sender] read error: Connection reset by peer (104)", undefined],
];

test.each(said)("%s", (line, is) => {
  const fault = diskFaultIn(`rsync: [sender] write error: Broken pipe (32)\n${line}\nrsync error: …`);
  expect(fault?.is).toBe(is);
  expect(fault?.isThere).toBe(is === undefined ? undefined : true);
});

test("whose file system it is is told by which process speaks, and by what is sent whereto", () => {
  const read = 'rsync: [sender] read errors mapping "/srv/a book": Input/output error (5)';
  expect(diskFaultIn(read)?.isThere).toBe(false);
  const fetched =
    'rsync: [receiver] write failed on "/var/lib/holdfast/x/far.json": No space left on device (28)';
  expect(diskFaultIn(fetched, "here")).toMatchObject({ isThere: false, is: "has no room for" });
  const there = 'rsync: [sender] send_files failed to open "/x" (in holdfast): Permission denied (13)';
  expect(diskFaultIn(there, "here")?.isThere).toBe(true);
});
