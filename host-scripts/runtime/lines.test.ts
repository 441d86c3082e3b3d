import { Lines, longestLine } from "./lines";

test("lines are read whatever pieces they come in, and of one without end no more is kept than of any that is looked for", () => {
  const seen: string[] = [];
  const lines = new Lines(line => seen.push(line));
  for (const piece of ["etc/\ncf/co", "nf/", "config.xml\n", "\xfc\nlast"])
    lines.add(Buffer.from(piece, "latin1"));
  expect([seen, lines.keptBytes]).toEqual([["etc/", "cf/conf/config.xml", "\xfc"], "last".length]);

  const piece = Buffer.alloc(longestLine / 4, "a");
  const kept = Array.from({ length: 12 }, () => {
    lines.add(piece);
    return lines.keptBytes;
  });
  expect(Math.max(...kept)).toBe(longestLine);
  lines.add(Buffer.from("\nvar/db\n"));
  expect(seen.slice(-2).map(line => line.slice(0, 20))).toEqual(["lastaaaaaaaaaaaaaaaa", "var/db"]);
});
