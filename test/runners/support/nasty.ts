import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { World } from "./world";

/** Names that break programs which trust them. */
export const nastyNames: readonly Buffer[] = [
  Buffer.from("two  spaces "),
  Buffer.from("line\nbreak"),
  Buffer.from("\n"),
  Buffer.from("-rf"),
  Buffer.from("--delete"),
  Buffer.from([0x62, 0x61, 0x64, 0xff, 0xfe, 0xc3]),
  Buffer.from("hash\\#012 and \\#134#012"),
  Buffer.from("|*deleting  |0|x"),
  Buffer.from("Number of files: 1"),
  Buffer.from("tab\there\r\x1b[2J\x7f"),
  Buffer.from("*?[a]{b}$(c)`d`;'\"\\"),
  Buffer.from("ü".repeat(127)),
  Buffer.from(".~tmp~"),
];

/** Fills `<source>/nasty` with what real trees hold and simple copies lose. */
export async function makeNasty(world: World): Promise<void> {
  const folder = `${world.source}/nasty`;
  mkdirSync(folder);
  const at = (name: Buffer): Buffer => Buffer.concat([Buffer.from(`${folder}/`), name]);
  for (const [index, name] of nastyNames.entries()) writeFileSync(at(name), `content ${index}`);
  mkdirSync(at(Buffer.from("dir\nwith\xffbreak", "latin1")));
  writeFileSync(at(Buffer.from("dir\nwith\xffbreak/inner", "latin1")), "inner");
  writeFileSync(`${folder}/one`, "linked");
  linkSync(`${folder}/one`, `${folder}/two`);
  mkdirSync(`${world.source}/other-service`);
  linkSync(`${folder}/one`, `${world.source}/other-service/three`);
  symlinkSync("/etc/passwd", `${folder}/out-of-the-tree`);
  symlinkSync("../../../..", `${folder}/up`);
  symlinkSync(Buffer.from("no\nsuch\xff", "latin1"), `${folder}/broken`);
  makeSparse(`${folder}/sparse`);
  writeFileSync(`${folder}/setuid`, "x", { mode: 0o755 });
  utimesSync(`${folder}/setuid`, 1, 1_000_000_000.123456);
  const inside = `${world.config.source.path}/nasty`;
  await world.inside("mkfifo", "-m", "0640", `${inside}/fifo`);
  await world.inside("mknod", `${inside}/null`, "c", "1", "3");
  await world.inside("chown", "12345:54321", `${inside}/setuid`, `${inside}/fifo`);
  await world.inside("chown", "-h", "12345:54321", `${inside}/broken`);
  await world.inside("chmod", "6751", `${inside}/setuid`);
  await world.inside("setfacl", "-m", "u:12345:rw,g:54321:r", `${inside}/one`);
  await world.inside("setfacl", "-d", "-m", "u:12345:rwx", inside);
  await world.inside("setfattr", "-n", "user.colour", "-v", "green\nish", `${inside}/sparse`);
  await world.inside("setfattr", "-n", "user.rsync.%stat", "-v", "100644 0,0 0:0", `${inside}/sparse`);
  await world.inside("setfattr", "-n", "trusted.secret", "-v", "0sAAEC/w==", `${inside}/two  spaces `);
}

/** Two blocks of data around 64 MiB of nothing. */
function makeSparse(path: string): void {
  const file = openSync(path, "w");
  writeSync(file, "start");
  writeSync(file, "end", 64 * 1024 * 1024);
  ftruncateSync(file, 96 * 1024 * 1024);
  closeSync(file);
}
