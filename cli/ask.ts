import { createInterface } from "node:readline";

/** What a person types. Ctrl-C and the end of the input are an answer too: none. */
export function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  return new Promise(resolve => {
    lines.on("SIGINT", () => lines.close());
    lines.on("close", () => resolve(""));
    lines.question(question, answer => {
      resolve(answer);
      lines.close();
    });
  });
}
