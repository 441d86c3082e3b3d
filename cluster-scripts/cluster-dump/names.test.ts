import { otherName, otherNames } from "./names";

test("names that begin alike, and those of one second, are others each", () => {
  jest.useFakeTimers({ now: Date.parse("2026-11-28T10:15:00Z") });
  try {
    const tenants = ["1", "2"].map(end => `${"x".repeat(60)}${end}`);
    const others = otherNames(tenants, "before", new Set()).map(({ other }) => other);
    expect(others).toEqual([
      `${"x".repeat(40)}_before_20261128_101500`,
      `${"x".repeat(40)}_before_20261128_101501`,
    ]);
    expect(otherName("shop", "undone", new Set(["shop_undone_20261128_101500"]))).toBe(
      "shop_undone_20261128_101501",
    );
  } finally {
    jest.useRealTimers();
  }
});
