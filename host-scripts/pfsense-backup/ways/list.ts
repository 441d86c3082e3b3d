import type { PfsenseBackupConfig } from "../../../plan/contracts/pfsense-backup";
import type { Versions } from "../../../plan/contracts/versions";
import { momentText } from "../../runtime/moment";
import { shell } from "../../runtime/shell";
import type { Answer, ListRequest, WayContext } from "../../runtime/ways";
import {
  generationsCalled,
  lackText,
  type Listed,
  listedGenerations,
  madeText,
  unfinishedParts,
  verifyDisk,
} from "./judged";

/** What there is of the firewall, the newest first. Changes nothing and takes no lock. */
export async function list({ what }: ListRequest, context: WayContext<PfsenseBackupConfig>): Promise<Answer> {
  const { config } = context;
  await verifyDisk(context);
  const generations = what === undefined ? listedGenerations(config) : generationsCalled(config, what);
  const parts = what === undefined ? unfinishedParts(config) : [];
  const lines = generations.map(
    generation =>
      `${generation.period}: fetched ${madeText(generation)}, ${generation.bytes} bytes${incompleteText(generation)}`,
  );
  return {
    text: [
      ...(lines.length > 0 || what !== undefined
        ? lines
        : [`there is no generation of ${config.folder} yet`]),
      ...parts.map(
        folder =>
          `incomplete: ${folder}, of a run that ended early; the next run removes it   (${shell`systemctl start ${config.job}`})`,
      ),
    ].join("\n"),
    result: {
      generations: generations.map(({ madeMs, ...rest }) => ({
        ...rest,
        ...(madeMs !== undefined && { made: new Date(madeMs).toISOString() }),
      })),
      incomplete: parts,
    },
  };
}

function incompleteText(generation: Listed): string {
  const text = lackText(generation);
  return text === undefined ? "" : `, incomplete: it ${text}`;
}

export async function versions(context: WayContext<PfsenseBackupConfig>): Promise<Versions> {
  await verifyDisk(context);
  const versions = listedGenerations(context.config).map(generation => {
    const { madeMs, folder, bytes } = generation;
    const lack = lackText(generation);
    return {
      of: context.config.folder,
      ...(madeMs !== undefined && { at: momentText(madeMs) }),
      ...{ path: folder, bytes, lacks: lack === undefined ? [] : [lack] },
      pick: [
        ...(madeMs === undefined ? [] : ["--at", momentText(madeMs)]),
        ...(lack === undefined ? [] : ["--incomplete"]),
      ],
    };
  });
  return { versions };
}
