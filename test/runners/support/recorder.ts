import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Push {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Takes what a runner pushes and keeps it; can be told to refuse, or to take a push and never answer. */
export interface Recorder {
  readonly url: string;
  readonly received: readonly Push[];
  answer: number | "never" | (() => number);
  close(): Promise<void>;
}

export async function startRecorder(): Promise<Recorder> {
  const received: Push[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({
        method: request.method ?? "",
        path: request.url ?? "",
        body: Buffer.concat(chunks).toString(),
      });
      const { answer } = recorder;
      if (answer !== "never") response.writeHead(typeof answer === "number" ? answer : answer()).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const recorder: Recorder = {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: 202,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return recorder;
}
