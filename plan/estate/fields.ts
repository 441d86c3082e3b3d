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

/** Whether a duration is so. A text that is none has its own message, and no other beside it. */
export function lasts(judge: (ms: number) => boolean): (text: string) => boolean {
  return text => {
    try {
      return judge(parseDuration(text));
    } catch {
      return true;
    }
  };
}

const twoYearsMs = 731 * 86_400_000;

/** What somebody is owed. */
export const promised = duration.refine(
  lasts(ms => ms <= twoYearsMs),
  'is longer than two years, within which nothing would ever be late. Expected what people can bear, e.g. "30h"',
);

/** Text such as "1.1TB" or "400GiB"; a number without a unit is refused. */
export const size = parsed(parseSize, 'Size with unit, e.g. "1.1TB" or "400GiB"');

/** IANA name such as "Europe/Sofia". */
export const timeZone = parsed(checkTimeZone, 'IANA time zone, e.g. "Europe/Sofia"').refine(
  zone => zone.includes("/") || zone === "UTC" || !/^[A-Z0-9+-]{3,}$/.test(zone),
  'is an abbreviation: some of them, such as "EST", have no summer time, and every run would be an hour off for half of the year. Expected the name of a place, e.g. "Europe/Sofia"',
);

/** Text that is printed in a line, and may be empty: a label's value. */
export const valueLine = z
  .string()
  .regex(/^[^\n\t]*$/, "has a line break or a tab. Expected text in one line");

/** Text that is printed in a line, such as a person or a place in a document. */
export const line = valueLine
  .min(1, "is empty. Expected a text")
  .refine(text => text === "" || text.trim() !== "", "is blank. Expected a text");

// What a command gets as a word: none begins with "-", as an option does, and none has what a shell reads as its own.

/** Host name or address of a machine. A name or an IPv4 address has no ":", so that a port behind it isn't taken for a part of it. */
export const address = z
  .string()
  .regex(
    /^([A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*\.?|[0-9A-Fa-f:]*:[0-9A-Fa-f:]*(\.[0-9.]+)?(%[A-Za-z0-9_.-]+)?)$/,
    'expected a host name or an address, without a port, e.g. "pve.example", "192.168.1.10" or "fd00::10"',
  )
  .refine(
    text => !/^[0-9.]+$/.test(text) || isIpv4(text),
    'is no IPv4 address: those have four numbers up to 255. Example: "192.168.1.10"',
  )
  .refine(
    text => !/^(0\.0\.0\.0|::|::0)$/.test(text),
    'stands for every address of a machine, and is none to go to. Example: "192.168.1.10"',
  )
  .refine(
    text => !/^fe80:[^%]*$/i.test(text),
    'is a link-local address, which leads nowhere without its interface. Example: "fe80::10%vmbr0", or better "fd00::10"',
  );

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** Account on a machine. */
export const user = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'expected the name of an account, e.g. "root" or "backup"');

/** LVM's name of a volume group. */
export const volumeGroup = z
  .string()
  .regex(/^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$/, 'expected a volume group as `vgs` prints it, e.g. "pve"');

/** Every object of JavaScript has something of that name, and a reference to it would be to that. Others have letters that no name has. */
export function isOwnName(text: string): boolean {
  return !text.split("/").includes("constructor");
}
export const ownNameText =
  'is called "constructor", which each object of JavaScript has without being given it. Expected any other name, e.g. "builder"';

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
  )
  .refine(isOwnName, ownNameText);

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
  .regex(/^[^\n\t]*$/, 'has a line break or a tab. Expected a reason in one line, e.g. "camera ring buffer"')
  .describe("Why, for whoever wonders in two years");

/** A container image by its digest, or by a tag, which can become another one: whoever deploys pins that by the stack's `images`. */
export const image = imageLike("docker.io/library/postgres:15");

/** @param example one that is right where it stands */
export function imageLike(example: string) {
  return z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9._:-]*(\/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/,
      `expected an image with its registry, and a tag or a digest, e.g. "${example}"`,
    );
}

/** Labels that Kubernetes' objects are found by. */
export const labels = z
  .record(
    z
      .string()
      .regex(
        /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
        'expected the name of a label, e.g. "app" or "app.kubernetes.io/name"',
      ),
    z
      .string()
      .regex(
        /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/,
        'expected the value of a label: up to 63 letters, digits and inner "-", "_" or ".", e.g. "vaultwarden"',
      ),
  )
  .refine(
    found => Object.keys(found).length > 0,
    'is empty, which finds every pod. Expected at least one label, e.g. { app: "vaultwarden" }',
  );
