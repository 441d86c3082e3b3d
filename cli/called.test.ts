import { asCalled, called } from "./called";

test.each([
  ["npm run", { npm_lifecycle_event: "holdfast" }, "/clone/cli/holdfast.mjs", "npm run holdfast --"],
  ["npx, in a folder of one's own", { npm_lifecycle_event: "npx" }, "/me/x/cli/bin.mjs", "npx holdfast"],
  ["another program", { npm_lifecycle_event: "npx" }, "/clone/node_modules/.bin/jest", "holdfast"],
  ["a path from the clone", {}, "/me/cli/holdfast.mjs", "node cli/holdfast.mjs"],
  ["a path from elsewhere", {}, "/clone/cli/holdfast.mjs", "node /clone/cli/holdfast.mjs"],
  ["a path with what a shell would take", {}, "/opt/it's/cli/holdfast.mjs", "holdfast"],
  ["a shell that finds it", { PATH: "/bin:/me/bin" }, "/me/bin/holdfast", "holdfast"],
  [
    "a link that no shell finds",
    { PATH: "/bin" },
    "/me/node_modules/.bin/holdfast",
    "node_modules/.bin/holdfast",
  ],
])("of what %s has started, what comes next is typed alike", (_, env, program, says) =>
  expect(called({ env, program, folder: "/me" })).toBe(says),
);

test("each command of ours in a text is typed so, what is typed in another way stays, and so does the name", () => {
  const commands = ["check", "break-glass"];
  const text =
    "Next: holdfast check --all, or `holdfast break-glass verify`. holdfast knows npx holdfast check, holdfast checks and holdfast-check (docs/a.md, a page: docs/checks/<code>.md, my/docs/a.md)";
  const pages = (docs: string) => ({ docs, isPage: () => true });
  expect(asCalled(text, commands, "npm run holdfast --", pages("node_modules/holdfast/docs"))).toBe(
    "Next: npm run holdfast -- check --all, or `npm run holdfast -- break-glass verify`. holdfast knows npx holdfast check, holdfast checks and holdfast-check (node_modules/holdfast/docs/a.md, a page: node_modules/holdfast/docs/checks/<code>.md, my/docs/a.md)",
  );
  expect(asCalled(text, commands, "holdfast", pages("docs"))).toBe(text);
});

test("a file of somebody's own keeps its name, also one that is called as a page of ours", () => {
  const pages = {
    ...{ docs: "node_modules/holdfast/docs", isPage: (page: string) => !page.startsWith("photos") },
  };
  const own =
    'find nextcloud --path docs/restore.md; nfs-mirror restore docs/restore.md; "path": "docs/restore.md"; left out (docs/photos.md)';
  expect(asCalled(own, ["find"], "npx holdfast", pages)).toBe(own);
  expect(asCalled("Compare it with docs/estate.schema.json", [], "holdfast", pages)).toBe(
    "Compare it with node_modules/holdfast/docs/estate.schema.json",
  );
});
