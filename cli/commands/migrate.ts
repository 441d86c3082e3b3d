import { relative } from "node:path";
import { z } from "zod";
import { schemaVersion } from "../../plan/estate/schema";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { estateFile, readEstate } from "../estate-source";

const options = z.object(estateOptions);

/**
 * `holdfast migrate`: an estate in this version's schema. There has been one version, so that none is older: what it finds is as it
 * should be, or refused by whoever reads it.
 */
export const migrate: CommandSpec<z.output<typeof options>> = {
  name: "migrate",
  summary: "Whether an estate is in this version's schema, and what is to be done where it isn't",
  flags: estateFlags,
  options,
  async run({ stack, estate, json }, context) {
    const file = estateFile({ stack, estate }, context);
    const { version } = await readEstate({ stack, estate }, context);
    const said = version === undefined ? ", as it names none" : "";
    return {
      text: json
        ? JSON.stringify({ file, version: version ?? 1, newest: schemaVersion, changed: false }, undefined, 2)
        : `${relative(context.folder, file)}: version ${version ?? 1} of the schema${said}, which is the newest that this holdfast knows. Nothing is to be done.`,
      exitCode: 0,
    };
  },
};
