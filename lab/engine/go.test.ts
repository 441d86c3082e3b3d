import { canBuild, compareVersions } from "./go";

test.each([
  ["go1.26.0", "1.26.0", "local", true],
  ["go1.27.1", "1.26.0", "local", true],
  ["go1.19.8", "1.26.0", "auto", false],
  ["go1.24.0", "1.26.0", "auto", true],
  ["go1.24.0", "1.26.0", "local", false],
  ["go1.22.3", "1.26.0", "go1.22.3+auto", true],
])("%s for a module that asks for %s, GOTOOLCHAIN %s: %s", (found, wanted, toolchain, builds) => {
  expect(canBuild(found, wanted, toolchain)).toBe(builds);
});

test("orders versions by number and leaves out what follows a dash", () => {
  expect(compareVersions("v3.200.0", "3.99.5")).toBeGreaterThan(0);
  expect(compareVersions("v3.256.0-alpha.1", "3.256.0")).toBe(0);
  expect(compareVersions("3.1", "3.1.1")).toBeLessThan(0);
});
