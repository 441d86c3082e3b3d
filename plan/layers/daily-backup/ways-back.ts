import { dailyBackupJobName } from "../../contracts/daily-backup";
import type { Machine } from "../../job";
import { blanks, phrase, type Phrase, type WayBack } from "../../way-back";

/** Of every week or day, what there is of one claim. */
const ofTheClaim = phrase`*/${blanks.claim}`;

function by({ argv, ...outcome }: Command, where: Machine): WayBack {
  return { steps: [{ kind: "command", where, argv, ...outcome }] };
}

interface Command {
  readonly argv: readonly Phrase[];
  readonly changes: Phrase;
  readonly undo: Phrase;
  readonly verifies: Phrase;
}

/** A volume's files, from its newest complete generation. */
export function filesBack(where: Machine): WayBack {
  const command = {
    argv: [dailyBackupJobName, "restore", [blanks.claim]],
    changes: phrase`the volume of ${blanks.claim} has the files of its newest complete generation; a snapshot of what it had is taken before`,
    undo: "lvm-pvc-snapshot restore with that snapshot: the command is printed at the end",
    verifies: "it ends with 0 after each file of the volume was compared with the generation by content",
  };
  return {
    ...{ ...by(command, where), needs: ofTheClaim, called: [blanks.claim] },
    ofPath: [
      {
        ...{ kind: "command", where, argv: [dailyBackupJobName, "restore", [blanks.claim], [blanks.path]] },
        changes: phrase`a new folder below /root, which it names, has ${blanks.path} as the newest complete generation has it; the volume stays as it is`,
        undo: "the folder is deleted",
        verifies:
          "it ends with 0 after each file was compared with the generation by content, and prints the folder",
      },
      {
        ...{ kind: "manual", where },
        // Neither tar reads a name as a flag or an escape, nor an owner as whoever has that name in the pod.
        text: phrase`out of that folder into the volume of ${blanks.claim}, through a pod that has it mounted and runs as root there: tar -C FOLDER --numeric-owner --xattrs --acls --no-unquote -cpf - -- ${blanks.path} | kubectl --namespace NAMESPACE exec -i POD -- tar -C MOUNT -xpf -   (where the pod has GNU's tar, with --xattrs --acls behind -xpf - too; another one leaves both out)`,
        changes: phrase`the volume has ${blanks.path} as it was, and all else as it is`,
        undo: phrase`what was there is moved aside before: kubectl --namespace NAMESPACE exec POD -- mv MOUNT/${blanks.path} MOUNT/${blanks.path}.before`,
        verifies: phrase`what uses the volume finds ${blanks.path}`,
      },
    ],
  };
}

/** The proven copies of a volume's databases, into a volume whose files are back. */
export function databasesBack(where: Machine): WayBack {
  const command = {
    argv: [dailyBackupJobName, "restore", [blanks.claim], "--databases"],
    changes: phrase`the databases in the volume of ${blanks.claim} are the proven copies of its newest generation, and logs of another time beside them are gone; a snapshot of what it had is taken before`,
    undo: "lvm-pvc-snapshot restore with that snapshot: the command is printed at the end",
    verifies: "it ends with 0 after each database was compared with its copy by content",
  };
  return { ...by(command, where), needs: ofTheClaim, called: [blanks.claim] };
}

/** Into a folder of root's: a host that is built anew is not the one that it was. */
export function configurationBack(where: Machine): WayBack {
  const command = {
    argv: [dailyBackupJobName, "restore", "configuration"],
    changes:
      "a new folder that root alone can read has the host's configuration; each file that is needed goes from there to its place by hand",
    undo: "the folder is deleted",
    verifies:
      "it ends with 0 after each file was compared with the generation by content, and prints the folder",
  };
  return { ...by(command, where), needs: ".", called: "configuration" };
}

/** A firewall takes its configuration from whoever administers it. @param job the firewall's own */
export function firewallBack(where: Machine, job: string, firewall: string): WayBack {
  const folder = `/root/${firewall}-restored`;
  return {
    needs: ".",
    called: firewall,
    steps: [
      {
        ...{ kind: "command", where, argv: [job, "restore", "--into", folder] },
        changes: `a new folder ${folder}, which root alone can read, has the newest config.xml and the tar of the firewall's files`,
        undo: `the folder is deleted: rm -r ${folder}`,
        verifies:
          "it ends with 0 after both files were compared with the generation by content and read to their ends",
      },
      {
        kind: "manual",
        where: { kind: "firewall", name: firewall },
        text: `in a browser, Diagnostics, Backup & Restore, Restore Backup, with ${folder}/config.xml`,
        changes: "the firewall has the configuration of that time, installs its packages again and restarts",
        undo: "the configuration that the firewall keeps of before, in its Config History",
        verifies: "the firewall is up, and what it routes and filters works",
      },
    ],
  };
}
