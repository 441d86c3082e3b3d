import jsQR from "jsqr";
import { planOf, parseEstate } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { partsOf, sheetOf } from "./sheet";

const madeMs = Date.UTC(2026, 11, 1);
const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${"b3BlbnNzaC1rZXktdjE+/=".repeat(30)}\n-----END <"&'\n`;

function sheet(secrets: Readonly<Record<string, string>>): string {
  const input = exampleEstate();
  const names = Object.keys(input.secrets ?? {});
  const values = { ...Object.fromEntries(names.map(name => [name, `text of ${name}`])), ...secrets };
  return sheetOf(
    {
      ...{ plan: planOf(parseEstate(input)), input, secrets: values },
      programOf: () => Promise.resolve(""),
    },
    { file: "/mnt/stick/break-glass 2026.age", sha256: "0".repeat(64), madeMs },
  );
}

/** What a reader of codes finds in one, drawn as its SVG says. */
function scanned(svg: string): string | undefined {
  const width = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1]);
  const image = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, side] of svg.matchAll(/M(\d+),(\d+)h(\d+)/g))
    for (let row = Number(y); row < Number(y) + Number(side); row++)
      for (let column = Number(x); column < Number(x) + Number(side); column++)
        image.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
  return jsQR(image, width, width)?.data;
}

test("the codes of a secret are read as its text, in parts that a telephone can read, with no character cut", () => {
  const long = `${key}${"pässwörter €".repeat(20)}`;
  const page = sheet({ "nas-key": long });
  const [, section = ""] = /<h3>nas-key<\/h3>(.*?)<\/section>/s.exec(page) ?? [];
  const codes = section.match(/<svg.*?<\/svg>/gs) ?? [];
  expect(codes.length).toBe(partsOf(long).length);
  expect(codes.length).toBeGreaterThan(2);
  expect(codes.map(scanned).join("")).toBe(long);
});

test("tells each secret's text and what it opens, and no text acts in the page", () => {
  const page = sheet({ "nas-password": `<script>alert("&")</script>` });
  expect(page).toContain("<pre>&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;</pre>");
  expect(page).not.toContain("<script");
  for (const name of Object.keys(exampleEstate().secrets ?? {})) expect(page).toContain(`<h3>${name}</h3>`);
  expect(page).toMatch(/<h3>nas-password<\/h3>\n<p>Opens nas/);
});

test("names each machine with its key, the set's file as a shell takes it, and what to do when the site is lost", () => {
  const page = sheet({});
  expect(page).toContain("<tr><td>pve</td><td>root@pve.example, port 22</td><td>ssh-ed25519 ");
  expect(page).toMatch(/<tr><td>nas<\/td><td>\S+@nas\.example, port 22<\/td><td>ssh-ed25519 /);
  expect(page).toContain(`age --decrypt --output set.tar.gz 'break-glass 2026.age'`);
  expect(page).toContain("# The site is lost");
});
