import { execa } from "execa";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleWith } from "../../plan/estate/example";
import { projectRoot } from "../../stacks/project";
import { inTime } from "../long";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-places-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Where `holdfast check` says that the one broken promise of an estate in TypeScript stands, as a real process: tests load no compiler. */
async function placeIn(
  name: string,
  files: Readonly<Record<string, string>>,
  code = "promises/rpo",
): Promise<string> {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const argv = [join(projectRoot, "cli", "holdfast.mjs"), "check", "--estate", `${name}.ts`];
  const { stdout } = await execa(process.execPath, argv, { cwd: folder, reject: false });
  return new RegExp(`^error +${code} {2}\\S+(.*)$`, "m").exec(stdout)?.[1]?.trim() ?? stdout;
}

const { services, ...rest } = exampleWith(() => undefined);
const { books, ...others } = services ?? {};
const base = (changed: object = {}): string => `const base = ${JSON.stringify({ ...rest, ...changed })};`;
const promise = '{ rpo: {\n  site: "20h" }, rto: "8h" }';

const data = JSON.stringify(books?.data);
const [mirror] = rest.layers["nfs-mirror"] ?? [];
const late = JSON.stringify({ ...mirror, alert: { receiver: "infra", staleAfter: "16d" } });

type Said = readonly [place: string, ...asked: Parameters<typeof placeIn>];
const said: readonly Said[] = [
  [
    "far-services.ts:2:3",
    "far",
    {
      "far.ts": `${base()}\nimport { all as services } from "./far-services";\nexport const estate = { ...base, services } as object;\n`,
      "far-services.ts": `const promise = ${promise} as const;\nconst others = ${JSON.stringify(others)};\nexport const all = { ...others, "books": { data: ${data}, promise } };\n`,
    },
  ],
  [
    "made.ts:5:3",
    "made",
    {
      "made.ts": `${base()}\nconst service = (promise: object) => ({ data: ${data}, promise });\nexport const estate = () => ({ ...base, services: {\n  ...${JSON.stringify(others)},\n  books: service(${promise}),\n} });\n`,
    },
  ],
  [
    "over.ts:5:3",
    "over",
    {
      "over.ts": `${base()}\nconst more = () => ({ books: { data: ${data}, promise: ${promise} } });\nexport default { ...base,\n  services: { ...${JSON.stringify({ ...others, books })}, ...more() } };\n`,
    },
  ],
  [
    "own.ts:5:3",
    "own",
    {
      "own.ts": `${base({ services })}\nconst estate = base;\nexport default { ...estate,\n  services: { ...${JSON.stringify(others)}, books: { data: ${data}, promise: ${promise} } } };\n`,
    },
  ],
  [
    `list.ts:5:${5 + late.indexOf('"alert":')}`,
    "list",
    {
      "list.ts": `${base({ services })}\nconst none = (): object[] => [];\nexport const estate = { ...base, layers: { ...base.layers,\n  "nfs-mirror": [...none(),\n    ${late}] } };\n`,
    },
    "schedule/stale-above-promise",
  ],
];

// Each loads a compiler of its own.
test("a finding's place is where the text says it, through constants, spreads and files; or what that lies in", async () => {
  const tried = inTime(2, said);
  const found = await Promise.all(tried.map(([, ...asked]) => placeIn(...asked)));
  expect(found).toEqual(tried.map(([place]) => place));
});
