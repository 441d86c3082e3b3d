import { activeSwitches, effectOf, healNas, nasSwitches, switchNas } from "../nas/switches";

/** Words that `nas` takes. */
export const nasWords: readonly string[] = [...nasSwitches, "heal"];

/** Makes the NAS misbehave, or undoes it. */
export async function nas(word: string): Promise<void> {
  const name = nasSwitches.find(each => each === word);
  if (word === "heal") await healNas();
  else if (name !== undefined) await switchNas(name);
  else throw new Error(`No switch "${word}". Allowed: ${nasWords.join(", ")}`);
  const on = await activeSwitches();
  console.log(
    on.length === 0 ? "nas: healthy" : on.map(each => `nas: ${each} - ${effectOf(each)}`).join("\n"),
  );
}
