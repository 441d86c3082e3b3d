import type { NfsChangeTrackerConfig } from "../../plan/contracts/nfs-change-tracker";
import { readDebt } from "../runtime/journal-consumer";
import { consumersOf, readCursor } from "../runtime/journal-cursor";
import { watchedThrough } from "../runtime/journal-watched";
import { momentText } from "../runtime/moment";
import { quoted } from "../runtime/quoted";
import type { Answer, ListRequest, WayContext, Ways } from "../runtime/ways";

/** What an operator may ask of the journals. */
export const ways: Ways<NfsChangeTrackerConfig> = {
  list: {
    usage: "",
    does: "what is watched, until when all changes are in its journal, and what each reader still owes",
    run: list,
  },
};

async function list(_: ListRequest, { config }: WayContext<NfsChangeTrackerConfig>): Promise<Answer> {
  const watches = config.watches.map(({ root, journal }) => ({
    ...{ root, journal, watched: watchedThrough(journal) },
    consumers: consumersOf(journal).map(name => {
      const debt = readDebt(journal, name, readCursor(journal, name)?.stamp);
      return {
        ...{ name, whole: debt.whole, paths: debt.paths.size, subtrees: debt.subtrees.size },
        oldest: debt.oldestMs === undefined ? undefined : momentText(debt.oldestMs),
      };
    }),
  }));
  const lines = watches.flatMap(({ root, journal, watched, consumers }) => [
    "throughMs" in watched
      ? `${quoted(root)}  watched: all changes until ${momentText(watched.throughMs)} are in ${journal}`
      : `${quoted(root)}  not watched: nobody has told of its changes ${watched.since}; who reads ${journal} compares all`,
    ...consumers.map(
      ({ name, whole, paths, subtrees, oldest }) =>
        `  ${name} owes ${whole === undefined ? `${paths} names and ${subtrees} subtrees${oldest === undefined ? "" : `, the oldest of ${oldest}`}` : `all, as ${whole}`}`,
    ),
    ...(consumers.length === 0 ? ["  nobody reads it yet"] : []),
  ]);
  return Promise.resolve({ text: lines.join("\n"), result: { watches } });
}
