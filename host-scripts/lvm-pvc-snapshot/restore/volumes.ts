import { exitCodes, RunnerError } from "../../runtime/errors";
import type { Phase } from "../../runtime/phases";
import { lookAtVolumes, note, perform, places, recordOf, type Restore } from "./context";
import { asideName, keptName } from "../../runtime/lvm/restore-record";
import { shell } from "../../runtime/shell";
import { clearActs, isSwapped, keepActs, type Places, putActs, takeBackActs } from "./swap";

/** Keeps the old volume under a dated name. */
export const keepOld: Phase<Restore> = {
  name: "keep-old",
  async run(restore) {
    const { vg } = restore.config;
    // What the phase before has just seen: that nothing has the volume open.
    await perform(restore, keepActs(vg, recordOf(restore), places(restore)));
  },
};

/** Puts the snapshot's data in its place. */
export const putSnapshot: Phase<Restore> = {
  name: "put-snapshot",
  async run(restore) {
    const record = recordOf(restore);
    const before = places(restore);
    await perform(restore, putActs(restore.config.vg, record, before));
    const after = await lookAtVolumes(restore);
    if (after.old?.open) throw openMeanwhile(restore, after);
    const { fresh } = after;
    if (!fresh) throw new Error(`no volume ${record.volume} after it was made`);
    note(restore, { freshUuid: fresh.uuid });
    const { sizeBytes } = before.snapshot ?? fresh;
    if (sizeBytes < record.old.sizeBytes)
      restore.notes.push(
        `the volume had grown since the snapshot and was enlarged to ${record.old.sizeBytes} bytes; its file system has ${sizeBytes} until it is grown (resize2fs, xfs_growfs)`,
      );
  },
};

/** Gives the old volume its place back. */
export const takeBack: Phase<Restore> = {
  name: "take-back",
  async run(restore) {
    const record = recordOf(restore);
    const found = places(restore);
    if (isSwapped(record, found) && found.fresh) {
      if (found.fresh.open) throw openMeanwhile(restore, found);
      note(restore, { freshUuid: found.fresh.uuid });
    }
    await perform(restore, takeBackActs(restore.config.vg, record, found));
  },
};

/** What is in place is what it should be, and holds a file system. */
export const verify: Phase<Restore> = {
  name: "verify",
  async run(restore) {
    const record = recordOf(restore);
    const { vg } = restore.config;
    const { old, fresh, snapshot } = await lookAtVolumes(restore);
    const inPlace = record.doing === "restore" ? fresh : old;
    const faults = [
      inPlace?.name === record.volume ? undefined : `${record.volume} is not in its place`,
      inPlace?.active ? undefined : `${record.volume} is not active`,
      inPlace && inPlace.sizeBytes >= record.old.sizeBytes ? undefined : `${record.volume} is too small`,
      record.doing === "restore" && snapshot && fresh?.origin !== snapshot.name
        ? `${record.volume} is a snapshot of ${fresh?.origin}`
        : undefined,
      record.doing === "restore" && old?.name !== keptName(record)
        ? `the old volume is called ${old?.name}`
        : undefined,
    ].filter(fault => fault !== undefined);
    if (faults.length > 0)
      throw failed(faults.join("; "), shell`lvs -o lv_name,origin,lv_size,lv_active ${vg}`);
    if (record.doing === "rollback") return;
    const type = await restore.lvm.fileSystem(record.volume, restore.stop.signal);
    const before = await restore.lvm.fileSystem(keptName(record), restore.stop.signal);
    if (type === undefined && before !== undefined)
      throw failed(
        `no file system is found on ${record.volume}, the old volume has ${before}`,
        shell`blkid -p /dev/${vg}/${record.volume}`,
      );
    restore.notes.push(
      type === undefined
        ? "no file system is found on it; nor was there one on the old volume"
        : `it holds ${type}`,
    );
  },
};

/** Removes what was restored, after it was taken back, if nothing can have written to it. Deletion comes last. */
export const clear: Phase<Restore> = {
  name: "clear",
  async run(restore) {
    const { vg } = restore.config;
    const found = places(restore);
    await perform(restore, clearActs(vg, recordOf(restore), found));
    const remove = shell`lvremove ${vg}/${asideName(recordOf(restore))}`;
    if (recordOf(restore).used && found.fresh)
      restore.notes.push(`the restored volume may have been written to and is kept; to remove it: ${remove}`);
  },
};

function openMeanwhile({ config: { vg } }: Restore, { old, fresh }: Places): RunnerError {
  const open = [old, fresh].find(volume => volume?.open);
  return failed(`${open?.name} was opened meanwhile`, shell`lsblk /dev/${vg}/${open?.name ?? ""}`);
}

function failed(what: string, next: string): RunnerError {
  return new RunnerError(exitCodes.failed, { failed: what, kept: "", next });
}
