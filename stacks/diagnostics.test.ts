import type { Finding } from "../checks";
import { errorText, warningTexts } from "./diagnostics";

test("says nothing of a plan without an error", () => {
  expect(errorText("home", [finding("warning", "a/b", 1)])).toBeUndefined();
});

test("groups errors under their code, each with its fix", () => {
  const text = errorText("home", [
    finding("error", "a/b", 1),
    finding("error", "a/b", 2),
    finding("error", "c/d", 3),
  ]);
  expect(text?.split("\n")).toEqual([
    '3 errors in estate "home"; nothing was changed.',
    "a/b",
    "  fact 1",
    "    Fix: fix 1",
    "  fact 2",
    "    Fix: fix 2",
    "c/d",
    "  fact 3",
    "    Fix: fix 3",
  ]);
});

test("ends 50 errors on one screen with the command that shows the rest", () => {
  const lines = errorText("home", numbered("error", 50))?.split("\n") ?? [];
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.at(-1)).toBe("40 more: npm run holdfast -- check");
  expect(lines.filter(line => line.startsWith("  fact"))).toHaveLength(10);
});

test("shows ten warnings and counts the others", () => {
  const texts = warningTexts(numbered("warning", 12));
  expect(texts).toHaveLength(11);
  expect(texts[0]).toBe("a/b: fact 0 fix 0");
  expect(texts.at(-1)).toBe("2 more: npm run holdfast -- check");
});

function numbered(severity: Finding["severity"], count: number): Finding[] {
  return Array.from({ length: count }, (_, index) => finding(severity, "a/b", index));
}

function finding(severity: Finding["severity"], code: string, number: number): Finding {
  return { severity, code, subject: "job", message: `fact ${number}`, fix: `fix ${number}`, evidence: {} };
}
