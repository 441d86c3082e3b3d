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

/** Text that is printed in a line, and may be empty: a label's value. */
export const valueLine = z
  .string()
  .regex(/^[^\n\t]*$/, "has a line break or a tab. Expected text in one line");

/** Text that is printed in a line, such as a person or a place in a document. */
export const line = valueLine.min(1, "is empty. Expected a text");

// What a command gets as a word: none begins with "-", as an option does, and none has what a shell reads as its own.

/** Host name or address of a machine. */
export const address = z
  .string()
  .regex(
    /^[A-Za-z0-9_:][A-Za-z0-9_.:%-]*$/,
    'expected a host name or an address, e.g. "pve.example", "192.168.1.10" or "fd00::10"',
  );

/** Account on a machine. */
export const user = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'expected the name of an account, e.g. "root" or "backup"');

/** LVM's name of a volume group. */
export const volumeGroup = z
  .string()
  .regex(/^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$/, 'expected a volume group as `vgs` prints it, e.g. "pve"');

/** Name of a thing in the estate: what metrics, units and resources are called after. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    'expected lower-case letters, digits and inner hyphens, e.g. "pve" or "nfs-mirror"',
  )
  .max(
    63,
    'is longer than 63 letters, which no unit, label or host name is. Expected a short name, e.g. "pve"',
  );

/** Absolute path without "." or ".." parts and without a trailing slash. */
export const absolutePath = z
  .string()
  .refine(
    isCleanAbsolute,
    'expected an absolute path without ".", ".." or a trailing slash, e.g. "/srv/nfs"',
  );

function isCleanAbsolute(path: string): boolean {
  return path === "/" || /^(\/(?!\.{1,2}(\/|$))[^/\0\n\t]+)+$/.test(path);
}

/** Name of one entry of a directory. */
export const entryName = z
  .string()
  .refine(
    text => text !== "" && text !== "." && text !== ".." && !/[/\0\n\t]/.test(text),
    'expected one directory entry without "/", e.g. "immich"',
  );

/** Why something is left out or accepted: read by whoever wonders in two years. */
export const reason = z
  .string()
  .trim()
  .min(8, 'expected a reason of at least 8 characters, e.g. "camera ring buffer"')
  .regex(/^[^\n\t]*$/, 'has a line break or a tab. Expected a reason in one line, e.g. "camera ring buffer"');
