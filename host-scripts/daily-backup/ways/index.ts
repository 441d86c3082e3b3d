import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import type { Ways } from "../../runtime/ways";
import { list, versions } from "./list";
import { restore } from "./restore";
import { verify } from "./verify";

/** What an operator may ask of the copies of this job. */
export const ways: Ways<DailyBackupConfig> = {
  list: {
    usage: "[NAMESPACE/CLAIM | configuration]",
    does: "what there is of each, or of one, the newest first, and what it lacks",
    run: list,
  },
  versions,
  verify: {
    usage: "[NAMESPACE/CLAIM | configuration]",
    does: "read the newest of each, or all of one, and compare it with what is recorded of it; changes nothing",
    run: verify,
  },
  restore: {
    usage: "NAMESPACE/CLAIM [PATH]... | configuration",
    does: "give a volume, which nothing may use, its files as they were; a snapshot of what it had is kept. Paths\n                   alone, if they are said, go into a new folder or that of --into, and the volume stays as it is. Of the host's configuration, give a new folder what there is",
    words: [1, Infinity],
    switches: {
      databases: "the proven copies of the databases, in the place of their files",
      incomplete: "also a copy that is known to lack something",
    },
    run: restore,
  },
};
