import { effectiveStateJobName } from "../../plan/contracts/effective-state";
import { mustOnHost } from "../hosts";
import { until } from "../process";
import { clearMessages, receivedMessages } from "../servers";
import { alertReceived } from "./steps";

const alarm = "EffectiveStateDiffers";
const timer = "vm-images.timer";
const folder = `/etc/systemd/system/${timer}.d`;

/** Gives a timer another hour, as somebody does at night and forgets, and has the host look at itself. */
export async function editByHand(): Promise<string> {
  await clearMessages();
  await mustOnHost(
    "pve",
    `mkdir -p ${folder}; printf '[Timer]\\nOnCalendar=\\nOnCalendar=Mon 05:00\\n' >${folder}/override.conf; systemctl daemon-reload; systemctl start --no-block ${effectiveStateJobName}`,
  );
  return `${timer} has another hour by a drop-in, which no deployment would see`;
}

/** Waits for the message about it, and takes the edit back. @returns what people are told */
export async function heardOfEdit(): Promise<string> {
  await alertReceived(alarm, 600_000);
  const told = await textOf("firing");
  // Waited for, as what comes next may stop a timer for a while, which a look would tell too; one that is under way has seen what was before.
  await mustOnHost(
    "pve",
    `rm -r ${folder}; systemctl daemon-reload; systemctl restart ${effectiveStateJobName}`,
  );
  return `the receiver has "${told}"; the drop-in is gone again`;
}

/** Waits for the message that it is over. */
export async function heardOfItsEnd(): Promise<string> {
  if (!(await until(async () => (await textOf("resolved")) !== undefined, 600_000, 1000)))
    throw new Error(`nobody was told that ${alarm} is over. On pve: journalctl -u ${effectiveStateJobName}`);
  return `the receiver has "${alarm} (resolved)"`;
}

async function textOf(state: "firing" | "resolved"): Promise<string | undefined> {
  const messages = await receivedMessages();
  const attachments = messages.flatMap(({ payload }) => payload.attachments);
  return attachments.find(({ title }) => title === `${alarm} (${state})`)?.text?.split("\n")[0];
}
