import { findingsOf, homelabWith } from "./found";
import { editAt } from "./edit-at";

test.each([
  ["pushgateway", "opens the Pushgateway."],
  ["mysql-backup", "opens what mysql-backup asks."],
  ["luks-passphrase", "opens what daily-backup asks"],
  ["vault-unseal-keys", "opens vault."],
])("what %s opens is told: %s", (secret, says) => {
  const [found] = findingsOf(homelabWith(estate => editAt(estate, `secrets > ${secret} > pinned`, false)));
  expect(found).toMatchObject({ code: "security/unpinned-secret", subject: secret });
  expect(found?.message).toContain(says);
});
