import { join } from "node:path";
import { evaluate } from "../../../cli/evaluate.mjs";
import { main } from "../../../cli/main";

/** Runs `holdfast` on the estate that lies in a folder as estate.json, and keeps what it prints. */
export async function holdfastIn(
  folder: string,
  args: readonly string[],
): Promise<{ exitCode: number; text: string }> {
  const printed: string[] = [];
  const write = (text: string | Uint8Array) => printed.push(String(text)) > 0;
  const spies = [
    jest.spyOn(process.stdout, "write").mockImplementation(write),
    jest.spyOn(process.stderr, "write").mockImplementation(write),
  ];
  try {
    const estate = ["--estate", join(folder, "estate.json")];
    return { exitCode: await main([...args, ...estate], { evaluate, folder }), text: printed.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
