import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { main } from "../../cli/main";
import { exampleEstate } from "../../plan/estate/example";
import { long } from "../long";
import { seed } from "../seed";

/** Estates in a run of the tests; `npm run test:any-estate` goes on for HOLDFAST_MINUTES. */
const minutes = Number(process.env["HOLDFAST_MINUTES"] ?? 0);
const few = long ? 200 : 30;
/** One that takes longer hangs, for whoever waits for it. Of the processor's time: on a machine that others use, a minute by the clock is nothing. */
const mostMs = 60_000;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What people and their editors put in a value's place. */
const values: readonly Json[] = [
  ...[null, true, false, 0, -1, 1, 0.5, 1e9, 2 ** 53, -1e308, 1e308],
  ...["", " ", "0", "-1", "x", "pve", "nas", "books", "/", "/srv/nfs", "/mnt/backup", "../x", "a/b", "*"],
  ...["0s", "1ms", "26h", "9999w", "1h 30min", "26", "0B", "1TB", "900000TB", "1KB", "10TB"],
  ...["* * * * *", "*/5 * * * *", "0 4 1-7 * 0", "minutely", "*:*:*", "*-02-29 02:00", "Sun *-*-* 03:30:00"],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "-oProxyCommand=x",
    "pve; reboot",
    "$(reboot)",
    "\u001b[2J",
    "\u202e",
  ],
  ...["a\nb", "é".repeat(300), "9".repeat(400), "Europe/Sofa", "UTC", "2027-02-31", "2099-12-31"],
  ...['up{a=~"(a+)+b"}', "sum(", "on() > 1", "(((((", "1 / 0", 'absent(x{y="z"}) or vector(1)'],
  [],
  {},
  [[]],
  [null],
];

/** A change of one place of an estate: the random numbers choose place and kind. */
interface Change {
  readonly place: number;
  readonly kind: "drop" | "value" | "swap" | "double" | "rename" | "typo";
  readonly with: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(),
  kind: fc.constantFrom("drop", "value", "swap", "swap", "swap", "double", "rename", "typo"),
  with: fc.nat(),
});

type Holder = Json[] | { [key: string]: Json };

/** Each place of an estate, as what holds it and its name or index there. */
function placesOf(value: Json): [Holder, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[value, key], ...placesOf(inner)]);
}

function made(changes: readonly Change[]): Json {
  const estate = JSON.parse(JSON.stringify(exampleEstate())) as Json;
  for (const each of changes) apply(estate, each);
  return estate;
}

function apply(estate: Json, { place, kind, with: choice }: Change): void {
  const places = placesOf(estate);
  const [holder, key] = places[place % places.length] ?? [];
  if (!holder || key === undefined) return;
  // One field's value for another's of its name is what passes the schema.
  const alike = places.filter(([, name]) => name === key);
  const others = choice % 4 === 0 ? places : alike;
  const [other, otherKey] = others[choice % others.length] ?? [];
  if (!other || otherKey === undefined) return;
  const [at, from] = [holder as Record<string, Json>, other as Record<string, Json>];
  const value = at[key] ?? null;
  switch (kind) {
    case "drop":
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      return;
    case "value":
      at[key] = structuredClone(values[choice % values.length] ?? null);
      return;
    case "swap":
      at[key] = structuredClone(from[otherKey] ?? null);
      return;
    case "double":
      if (Array.isArray(holder)) holder.push(structuredClone(value));
      else holder[`${key}-2`] = structuredClone(value);
      return;
    case "rename": {
      const name = values[choice % values.length];
      if (Array.isArray(holder) || typeof name !== "string") return;
      delete holder[key];
      Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
      return;
    }
    case "typo":
      if (typeof value === "string" && value !== "") {
        const letter = choice % value.length;
        at[key] = value.slice(0, letter) + value.slice(letter + 1);
      }
  }
}

const commands = [
  ["check", "--json"],
  ["check", "--format", "sarif"],
  ["check"],
  ["rpo"],
  ["lose", "--domain", "site", "--at", "05:59"],
  ["lose", "--domain", "live-disk", "--at", "2026-03-29 02:59", "--json"],
  ["plan"],
  ["plan", "--json", "--week"],
  ["diff", "sound.json"],
  ["diff", "sound.json", "--json"],
] as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-any-"));
  writeFileSync(join(folder, "sound.json"), JSON.stringify(exampleEstate()));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the command line prints and ends with for an estate. */
async function answered(estate: Json, words: readonly string[]): Promise<{ code: number; text: string }> {
  const file = join(folder, "estate.json");
  writeFileSync(file, JSON.stringify(estate));
  const printed: string[] = [];
  const write = (text: string | Uint8Array): boolean => printed.push(String(text)) > 0;
  const spies = [
    jest.spyOn(process.stdout, "write").mockImplementation(write),
    jest.spyOn(process.stderr, "write").mockImplementation(write),
  ];
  try {
    const evaluate = () => Promise.reject(new Error("no TypeScript here"));
    const asked = words[0] === "diff" ? [...words, file] : [...words, "--estate", file];
    return { code: await main(asked, { evaluate, folder }), text: printed.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Some estates, the first of which shows a fault as small as it gets. */
function thrown(batchSeed: number, onAnswer: () => void): Promise<void> {
  return fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...commands),
      async (changes, words) => {
        const begun = process.cpuUsage();
        const { code, text } = await answered(made(changes), words);
        expect([0, 1, 2]).toContain(code);
        expect(text).not.toMatch(/^ {4}at |undefined|\[object |NaN/m);
        expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        const { user, system } = process.cpuUsage(begun);
        expect((user + system) / 1000).toBeLessThan(mostMs);
        onAnswer();
      },
    ),
    { seed: batchSeed, numRuns: few },
  );
}

/** Says each half minute how far it is: within a batch too, which may take minutes. */
function progress(): (batchSeed: number) => void {
  let answers = 0;
  let toldMs = performance.now();
  return batchSeed => {
    answers++;
    if (minutes === 0 || performance.now() - toldMs < 30_000) return;
    toldMs = performance.now();
    const megabytes = Math.round(process.memoryUsage.rss() / 1e6);
    process.stderr.write(`${answers} estates, seeds ${seed} to ${batchSeed}, ${megabytes} MB\n`);
  };
}

test(
  "any estate is answered: no stack, no hang, no exit code but those of the page, nothing that acts on a terminal",
  async () => {
    const untilMs = performance.now() + minutes * 60_000;
    const tell = progress();
    // What hangs is still there as a file when somebody ends it.
    if (minutes > 0) process.stderr.write(`The estate of the moment: ${folder}/estate.json\n`);
    for (let batch = seed; batch === seed || performance.now() < untilMs; batch++)
      await thrown(batch, () => tell(batch));
  },
  minutes * 60_000 + 900_000,
);
