import { longestName, MemberNames } from "./member-names";

test("names are read whatever pieces they come in, and of one without end no more is kept than of any that is looked for", () => {
  const seen: string[] = [];
  const names = new MemberNames(name => seen.push(name));
  for (const piece of ["etc/\ncf/co", "nf/", "config.xml\n", "\xfc\nlast"])
    names.add(Buffer.from(piece, "latin1"));
  expect([seen, names.keptBytes]).toEqual([["etc/", "cf/conf/config.xml", "\xfc"], "last".length]);

  const piece = Buffer.alloc(longestName / 4, "a");
  const kept = Array.from({ length: 12 }, () => {
    names.add(piece);
    return names.keptBytes;
  });
  expect(Math.max(...kept)).toBe(longestName);
  names.add(Buffer.from("\nvar/db\n"));
  expect(seen.slice(-2).map(name => name.slice(0, 20))).toEqual(["lastaaaaaaaaaaaaaaaa", "var/db"]);
});
