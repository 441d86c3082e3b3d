import { NotWellFormed, outlineOf } from "./xml";

const outline = (text: string | Buffer) => outlineOf(Buffer.from(text as string));

test("names the root and its children, past declaration, comments, CDATA, entities and empty elements", () => {
  const text = `<?xml version="1.0"?>
<!-- made by hand -->
<pfsense>
  <version>23.3</version>
  <system a="1" b='x > y'><descr><![CDATA[<b> & ]] "quotes"]]></descr><any/></system>
  <!-- between --><interfaces>&lt;&amp;&#x41;&#65; ünï</interfaces>
</pfsense>
`;
  expect(outline(text)).toEqual({ root: "pfsense", children: ["version", "system", "interfaces"] });
});

test.each([
  ["cut in the middle of a tag", "<a><b>text</b><c", /line 1: it isn't XML/],
  ["cut between tags", "<a>\n<b>text</b>\n", /line 3: it ends within <a>/],
  ["closed in the wrong order", "<a><b></a></b>", /<\/a> closes <b>/],
  ["closed once too often", "<a></a></a>", /closes nothing/],
  ["two roots", "<a></a><b></b>", /<b> comes after the end/],
  ["text after the end", "<a></a>Warning: out of memory", /text outside/],
  ["text before the start", "Notice: x<a></a>", /text outside/],
  ["a bare ampersand", "<a>Tom & Jerry</a>", /a bare &/],
  ["a bare ampersand in an attribute", '<a b="Tom & Jerry"></a>', /a bare &/],
  ["]]> in text", "<a>]]></a>", /]]>/],
  ["an attribute without quotes", "<a b=c></a>", /it isn't XML/],
  ["a document type", '<!DOCTYPE a [<!ENTITY x SYSTEM "/etc/passwd">]><a>&x;</a>', /it isn't XML/],
  ["an HTML page", "<!DOCTYPE html><html><br></html>", /it isn't XML/],
  ["a late declaration", '\n\n<?xml version="1.0"?><a></a>', /declaration/],
  ["a NUL", "<a>\0</a>", /control character/],
  ["nothing", "", /no element/],
  ["white space", " \n", /no element/],
])("refuses a document that is %s", (_, text, why) => {
  expect(() => outline(text)).toThrow(NotWellFormed);
  expect(() => outline(text)).toThrow(why);
});

test("refuses bytes that are no UTF-8", () => {
  expect(() => outlineOf(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow("UTF-8");
});

test("reads ten megabytes in a second or so, and hostile text in no more", () => {
  const rules = "<rule><descr><![CDATA[x]]></descr><source><any/></source></rule>\n".repeat(100_000);
  const startMs = performance.now();
  expect(outline(`<pfsense><filter>${rules}</filter></pfsense>`).children).toEqual(["filter"]);
  expect(() => outline(`<a ${'b="c" '.repeat(50_000)}`)).toThrow(NotWellFormed);
  expect(() => outline(`<!--${"-".repeat(200_000)}`)).toThrow(NotWellFormed);
  expect(performance.now() - startMs).toBeLessThan(20_000);
});

test("a text, a comment, or what is quoted, of any length is read", () => {
  const long = "a".repeat(40 * 2 ** 20);
  const { children } = outlineOf(
    Buffer.from(`<pfsense><!-- ${long} --><rrd>${long}&amp;</rrd><cert><![CDATA[${long}]]></cert></pfsense>`),
  );
  expect(children).toEqual(["rrd", "cert"]);
});

test.each([
  ["an entity", "<a>&$;</a>"],
  ["a name", "<$"],
  ["an attribute", '<a b="$">'],
  ["what lies between attributes", "<a$", " "],
])("%s without end is refused, and not told as a fault of the program", (_, document, filling = "a") => {
  expect(() => outline(document.replace("$", filling.repeat(40 * 2 ** 20)))).toThrow(NotWellFormed);
});
