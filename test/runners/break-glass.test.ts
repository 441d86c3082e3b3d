import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { parseEstate } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { opened } from "../../cli/break-glass/seal";
import { keptOutside } from "../../plan/estate/kept-outside";
import { debianPackages } from "../../lab/debian";
import { testLong } from "../long";
import { holdfastIn } from "./support/holdfast";

const names = keptOutside(parseEstate(exampleEstate()));
const secrets = Object.fromEntries(names.map(name => [name, `what only ${name} says\n`]));
const opens = ["--identity-file", "keys.txt"];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-break-glass-"));
  const identity = await generateIdentity();
  write("keys.txt", `# created by hand\n# public key: ${await identityToRecipient(identity)}\n${identity}\n`);
  write("other-keys.txt", `${await generateIdentity()}\n`);
  write("estate.json", JSON.stringify(exampleEstate()));
  write("secrets.json", JSON.stringify(secrets));
  await made("set.age");
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string | Uint8Array): void {
  writeFileSync(join(folder, name), text);
}

function recipient(): string {
  return /age1\w+/.exec(readFileSync(join(folder, "keys.txt"), "utf8"))?.[0] ?? "";
}

const exported = (words: readonly string[]) =>
  holdfastIn(folder, ["break-glass", "export", "--secrets", "secrets.json", ...words]);
const made = (out: string, words: readonly string[] = []) =>
  exported(["--out", out, "--recipient", recipient(), ...words]);
const verified = (set: string, words: readonly string[] = opens) =>
  holdfastIn(folder, ["break-glass", "verify", set, "--secrets", "secrets.json", ...words]);

test("age and tar alone open a set, and a command in it runs where nothing is installed", async () => {
  const age = join(await debianPackages("age", ["age"]), "usr/bin/age");
  const room = join(folder, "room");
  mkdirSync(room);
  const archive = execFileSync(age, ["--decrypt", "--identity", "keys.txt", "set.age"], { cwd: folder });
  execFileSync("tar", ["xzf", "-"], { cwd: room, input: archive });
  for (const name of names)
    expect(readFileSync(join(room, "secrets", name), "utf8")).toBe(`what only ${name} says\n`);
  expect(statSync(join(room, "secrets", names[0] ?? "")).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(join(room, "estate.json"), "utf8"))).toEqual(exampleEstate());
  expect(readFileSync(join(room, "runbooks/disasters/site.md"), "utf8")).toContain(
    "offsite-sync-backup restore",
  );
  // As README.txt says. The config is read and nothing else: this machine has none of the host's disks.
  const typed = `export PATH="$PWD/hosts/pve/bin:$PATH"; offsite-sync-backup --check-config`;
  const readme = readFileSync(join(room, "README.txt"), "utf8");
  expect(readme).toContain(typed.split(";")[0] ?? "");
  expect(readme).toContain("pve: /mnt/backup is 22222222-2222-4222-8222-222222222222");
  const ran = execFileSync("sh", ["-c", typed], { cwd: room, encoding: "utf8" });
  expect(ran).toMatch(/offsite-sync/);
  expect(existsSync(join(room, "hosts/pve/jobs/offsite-sync-backup/credentials/nas-key"))).toBe(true);
});

test("a set of today opens, is whole and current; what was written is its owner's alone", async () => {
  const { exitCode, text } = await verified("set.age");
  expect(text).toContain("It has today's secrets, estate and programs.");
  expect(exitCode).toBe(0);
  expect(statSync(join(folder, "set.age")).mode & 0o777).toBe(0o600);
});

test("a passphrase opens what age has sealed with it, and another one doesn't", async () => {
  write("passphrase", "correct horse battery\n");
  write("other-passphrase", "correct horse saddle\n");
  const identity = { kind: "identity", file: "keys.txt" } as const;
  const archive = await opened(readFileSync(join(folder, "set.age")), identity, folder);
  if ("fault" in archive) throw new Error(archive.fault);
  const encrypter = new Encrypter();
  encrypter.setPassphrase("correct horse battery");
  // Of what age does by itself, 2^18, seconds are computed here.
  encrypter.setScryptWorkFactor(8);
  write("by-words.age", await encrypter.encrypt(archive));
  expect((await verified("by-words.age", ["--passphrase-file", "passphrase"])).exitCode).toBe(0);
  const { exitCode, text } = await verified("by-words.age", ["--passphrase-file", "other-passphrase"]);
  expect(text).toMatch(
    /isn't opened by that passphrase\.\nIt is another one's, or was mistyped: nothing says/,
  );
  expect(exitCode).toBe(1);
  const byKey = await verified("by-words.age");
  expect([byKey.text, byKey.exitCode]).toEqual([
    expect.stringMatching(
      /isn't opened by keys of age: a passphrase has sealed it\.\nThe same with --passphrase-file/,
    ),
    1,
  ]);
  const byWords = await verified("set.age", ["--passphrase-file", "passphrase"]);
  expect([byWords.text, byWords.exitCode]).toEqual([
    expect.stringMatching(/it is sealed for keys that age-keygen has made\.\nThe same with --identity-file/),
    1,
  ]);
});

// Above, age's own key is in its place.
testLong("a set is sealed with a passphrase", async () => {
  write("passphrase", "correct horse battery\n");
  expect((await exported(["--out", "sealed.age", "--passphrase-file", "passphrase"])).exitCode).toBe(0);
  expect((await verified("sealed.age", ["--passphrase-file", "passphrase"])).exitCode).toBe(0);
});

test("names what has changed since, and no secret's text", async () => {
  const [changed = "", gone = ""] = names;
  write("secrets.json", JSON.stringify({ ...secrets, [changed]: "another text" }));
  const estate = exampleEstate();
  estate.zone = "Europe/Vienna";
  const secret = estate.secrets[gone];
  if (secret) secret.keptIn = ["vault"];
  write("estate.json", JSON.stringify(estate));
  try {
    const { exitCode, text } = await verified("set.age");
    expect(text).toContain(`secrets/${changed} is an earlier secret`);
    expect(text).toContain(`secrets/${gone} is in it, and nothing needs it any more`);
    expect(text).toContain("estate.json is an earlier estate");
    expect(text).not.toMatch(/what only|another text/);
    expect(exitCode).toBe(1);
  } finally {
    write("estate.json", JSON.stringify(exampleEstate()));
    write("secrets.json", JSON.stringify(secrets));
  }
});

test("a damaged set, another key and what is no set aren't taken for good", async () => {
  const damaged = readFileSync(join(folder, "set.age"));
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 100) ^ 1, damaged.length - 100);
  write("damaged.age", damaged);
  const sound = readFileSync(join(folder, "set.age"));
  write("torn.age", sound.subarray(0, sound.length / 2));
  write("begun.age", sound.subarray(0, 60));
  write("empty.age", "");
  for (const [set, key, says] of [
    ["damaged.age", opens, /is damaged, or was cut: of \d+ bytes/],
    ["torn.age", opens, /is damaged, or was cut: of \d+ bytes/],
    ["begun.age", opens, /is damaged, or was cut: of 60 bytes/],
    ["empty.age", opens, /is no file that age has encrypted/],
    [
      "set.age",
      ["--identity-file", "other-keys.txt"],
      /isn't opened by that identity\.\nIt is another one's/,
    ],
    ["keys.txt", opens, /is no file that age has encrypted/],
  ] as const) {
    const { exitCode, text } = await verified(set, key);
    expect([set, text]).toEqual([set, expect.stringMatching(says)]);
    expect(exitCode).toBe(1);
  }
});

test.each([
  ["an earlier set", ["--out", "set.age"], /^--out: ".*set\.age" is there already, and stays as it is/],
  ["nobody who may open it", ["--out", "new.age"], /^Who may open it\? Give either --recipient/],
  [
    "a private key as recipient",
    ["--out", "new.age", "--recipient", "AGE-SECRET-KEY-1QQ"],
    /^--recipient: one of them is no age recipient/,
  ],
  [
    "a short passphrase",
    ["--out", "new.age", "--passphrase-file", "short"],
    /^--passphrase-file: it has 5 characters, expected 16 or more/,
  ],
  [
    "a passphrase that nobody can type",
    ["--out", "new.age", "--passphrase-file", "two-lines"],
    /^--passphrase-file: it has more than one line/,
  ],
  [
    "one file for the set and for paper",
    ["--out", "new.age", "--sheet", "./new.age", "--recipient", "RECIPIENT"],
    /^--sheet: ".*new\.age" is --out's too/,
  ],
  [
    "a folder that isn't there",
    ["--out", "nowhere/new.age", "--recipient", "RECIPIENT"],
    /^--out: ".*new\.age" can't be written: .*ENOENT/,
  ],
])("refuses %s, and leaves nothing", async (_, words, fault) => {
  write("short", "12345");
  write("two-lines", "correct horse\nbattery staple\n");
  const before = readFileSync(join(folder, "set.age"));
  const { exitCode, text } = await exported(words.map(word => (word === "RECIPIENT" ? recipient() : word)));
  expect(text).toMatch(fault);
  expect(text).not.toContain("AGE-SECRET-KEY-1QQ");
  expect(exitCode).toBe(2);
  expect(existsSync(join(folder, "new.age"))).toBe(false);
  expect(readFileSync(join(folder, "set.age")).equals(before)).toBe(true);
});

test.each([
  ["no JSON", "nas-key: hunter2", /^--secrets: "secrets\.json" is no JSON, expected an object/],
  [
    "no UTF-8",
    Buffer.from('{ "nas-key": "hunter2\u00fc" }', "latin1"),
    /^--secrets: "secrets\.json" has bytes that are no UTF-8/,
  ],
  ["no text", JSON.stringify({ "nas-key": 5 }), /^--secrets: "nas-key" is no text/],
  ["an empty text", JSON.stringify({ "nas-key": "" }), /^--secrets: "nas-key" is empty/],
  ["some of them", JSON.stringify({ [names[0] ?? ""]: "x" }), /^--secrets: (\S+, )+\S+ aren't there/],
])("secrets that are %s are told by their names", async (_, text, fault) => {
  write("secrets.json", text);
  try {
    const said = await made("new.age");
    expect(said.text).toMatch(fault);
    expect(said.text).not.toContain("hunter2");
    expect(said.exitCode).toBe(2);
    expect(existsSync(join(folder, "new.age"))).toBe(false);
  } finally {
    write("secrets.json", JSON.stringify(secrets));
  }
});

test("says what of the stack's secrets isn't in it, and for machines what is, without a text", async () => {
  write("secrets.json", JSON.stringify({ ...secrets, "vault-token": "hvs.x" }));
  try {
    const { exitCode, text } = await made("for-machines.age", ["--sheet", "sheet.html", "--json"]);
    expect(JSON.parse(text)).toMatchObject({ secrets: names, leftOut: ["vault-token"] });
    expect(text).not.toMatch(/what only|hvs/);
    expect(exitCode).toBe(0);
    expect(statSync(join(folder, "sheet.html")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "sheet.html"), "utf8")).not.toContain("hvs.x");
  } finally {
    write("secrets.json", JSON.stringify(secrets));
  }
});
