import { ownPrefix } from "../runtime/closed-folder";
import { wholeMetadata } from "../runtime/rsync";
import { leftOut, type Mirror } from "./mirror";
import { nestedAsides } from "./nested";
import { rootsOf } from "./roots";

/** rsync's arguments for a mirror of one verified mount to another; the working directory is the source. */
export function mirrorArgs(mirror: Mirror, more: readonly string[]): string[] {
  return [
    ...wholeMetadata,
    `--exclude=/${ownPrefix}*`,
    ...more,
    "--",
    ...rootsOf(mirror),
    `${mirror.config.target.path}/`,
  ];
}

/** What such a pass leaves alone on both sides: names below the root, byte by byte as latin1. */
export function leftAlone({ config, held }: Mirror): readonly string[] {
  const frozen = held.filter(({ isFrozen }) => isFrozen === true).map(({ path }) => path);
  const names = [...leftOut(config), ...nestedAsides(config)];
  return [...names.map(name => Buffer.from(name).toString("latin1")), ...frozen];
}
