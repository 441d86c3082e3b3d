import { z } from "zod";

/** Something at a path that a run would fail for, and that somebody answers for until a day. */
export const accepted = z.strictObject({
  path: z
    .string()
    .min(1)
    .regex(
      /^[ -.0-~][ -~]*$/,
      'expected a path as the run\'s message shows it, without a leading slash and with "\\xc3\\xa9" for "é"',
    )
    .describe("As the run's message shows it; a folder stands for all that lies in it"),
  reason: z
    .string()
    .trim()
    .min(8, 'expected a reason of at least 8 characters, e.g. "downloaded again from upstream"')
    .describe("Why it isn't missed, for whoever wonders in two years"),
  until: z.iso
    .date({ error: 'expected the last day on which it is accepted, e.g. "2027-06-30"' })
    .describe("Last day on which it is accepted (UTC); afterwards it is a failure again"),
});
export type Accepted = z.output<typeof accepted>;

const dayMs = 86_400_000;

/** Whether an entry still counts. */
export function isInForce({ until }: Accepted, nowMs: number): boolean {
  return nowMs < Date.parse(`${until}T00:00:00Z`) + dayMs;
}

/** The entry that a path, or a folder above it, is accepted by; also one that is over. */
export function acceptedBy<A extends Pick<Accepted, "path">>(
  entries: readonly A[],
  path: string,
): A | undefined {
  return entries.find(entry => path === entry.path || path.startsWith(`${entry.path.replace(/\/$/, "")}/`));
}
