import { z } from "zod";
import { checkTimeZone } from "../calendar";
import { parseDuration } from "../units/duration";
import { parseSize } from "../units/size";

/** A field whose text has a grammar of its own: the parser's message becomes the finding's. */
function parsed(parse: (text: string) => unknown, description: string) {
  return z
    .string()
    .superRefine((text, context) => {
      try {
        parse(text);
      } catch (error) {
        context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
      }
    })
    .describe(description);
}

/** Text such as "26h" or "1h 30min"; a number without a unit is refused. */
export const duration = parsed(parseDuration, 'Duration with unit, e.g. "26h" or "1h 30min"');

/** Text such as "1.1TB" or "400GiB"; a number without a unit is refused. */
export const size = parsed(parseSize, 'Size with unit, e.g. "1.1TB" or "400GiB"');

/** IANA name such as "Europe/Sofia". */
export const timeZone = parsed(checkTimeZone, 'IANA time zone, e.g. "Europe/Sofia"');

/** Name of a thing in the estate: what metrics, units and resources are called after. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    'expected lower-case letters, digits and inner hyphens, e.g. "pve" or "nfs-mirror"',
  );

/** Absolute path without "." or ".." parts and without a trailing slash. */
export const absolutePath = z
  .string()
  .refine(
    isCleanAbsolute,
    'expected an absolute path without ".", ".." or a trailing slash, e.g. "/srv/nfs"',
  );

function isCleanAbsolute(path: string): boolean {
  return path === "/" || /^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/.test(path);
}

/** Name of one entry of a directory. */
export const entryName = z
  .string()
  .refine(
    text => text !== "" && text !== "." && text !== ".." && !/[/\0]/.test(text),
    'expected one directory entry without "/", e.g. "immich"',
  );

/** Why something is left out or accepted: read by whoever wonders in two years. */
export const reason = z
  .string()
  .trim()
  .min(8, 'expected a reason of at least 8 characters, e.g. "camera ring buffer"');
