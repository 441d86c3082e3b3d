import { annotationsOf, sarifOf } from "./reports";
import type { Placed } from "./places";

const found = (file: string, subject = "books"): Placed => ({
  ...{
    code: "promises/rpo",
    severity: "error",
    subject,
    message: "one\r\ntwo %0A",
    fix: "mend it",
    evidence: {},
  },
  place: { file, line: 2, column: 3 },
});

test("SARIF names a file by a URI that leads to it, whatever its name has", () => {
  const uris = ["a b/é#1.json", "c:d?.yaml", "../out.ts", "/srv/out #.ts"].map(
    file =>
      sarifOf([found(file)]).runs[0]?.results?.[0]?.locations?.[0]?.physicalLocation?.artifactLocation?.uri,
  );
  expect(uris).toEqual(["a%20b/%C3%A9%231.json", "c%3Ad%3F.yaml", "../out.ts", "file:///srv/out%20%23.ts"]);
});

test("an annotation stays one command, whatever an estate's texts and its file's name have", () => {
  expect(annotationsOf([found("a,b:c\n::add-mask::x.ts", "x\n::stop-commands::y")])).toBe(
    "::error file=a%2Cb%3Ac%0A%3A%3Aadd-mask%3A%3Ax.ts,line=2,col=3,title=promises/rpo x%0A%3A%3Astop-commands%3A%3Ay::one%0D%0Atwo %250A Fix: mend it",
  );
});
