import { defineCheck } from "../check";
import { mended } from "../examples";
import { encryptedExample } from "../encrypted-example";
import { passphrasesOf, servicesBehind } from "../passphrases";
import { listed } from "../wording";

/** Of the volumes and their snapshots, which stay encrypted. File copies are plain: `promises/secret-cycle` judges those. */
export const passphraseBehindItself = defineCheck({
  code: "security/passphrase-behind-itself",
  severity: "error",
  title: "A volume's passphrase is kept on a volume that it opens",
  why: "After a power cut the volumes wait for their passphrase, and the service that has it waits for its volume. Everything is there, none of it opens, and the last good state is a night old.",
  run: plan =>
    plan.jobs.flatMap(job =>
      passphrasesOf(job, plan).flatMap(secret => {
        const keptIn = plan.estate.secrets[secret]?.keptIn ?? [];
        const behind = servicesBehind(job, plan);
        if (keptIn.length === 0 || !keptIn.every(keeper => behind.has(keeper))) return [];
        return [
          {
            subject: secret,
            message: `${secret} opens the encrypted volumes of ${listed([...behind])} on ${job.host}, and is kept in ${listed(keptIn)} alone: when the host starts anew, nobody can open them, nor their snapshots.`,
            fix: `Keep ${secret} outside too, on paper or with a person: secrets.${secret}.keptIn with "break-glass".`,
            evidence: { keptIn, opens: [...behind] },
          },
        ];
      }),
    ),
  examples: {
    bad: [
      mended(encryptedExample("the passphrase in the cloud that lies on the volume", ["nextcloud"]), {
        says: 'keptIn with "break-glass"',
        edit: ({ secrets }) => secrets["luks-passphrase"]?.keptIn.push("break-glass"),
      }),
    ],
    good: [
      encryptedExample("the passphrase on paper too", ["nextcloud", "break-glass"]),
      encryptedExample("the passphrase in a store that isn't encrypted", ["vault"]),
    ],
  },
});
