import { join } from "node:path";
import { evaluate } from "../../../cli/evaluate.mjs";
import { main } from "../../../cli/main";

/** Runs `holdfast`, and keeps what it prints. @param estate which one: by default what lies in the folder as estate.json */
export async function holdfastIn(
  folder: string,
  args: readonly string[],
  estate: readonly string[] = ["--estate", join(folder, "estate.json")],
): Promise<{ exitCode: number; text: string }> {
  const printed: string[] = [];
  const write = (text: string | Uint8Array) => printed.push(String(text)) > 0;
  const spies = [
    jest.spyOn(process.stdout, "write").mockImplementation(write),
    jest.spyOn(process.stderr, "write").mockImplementation(write),
  ];
  try {
    return { exitCode: await main([...args, ...estate], { evaluate, folder }), text: printed.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
