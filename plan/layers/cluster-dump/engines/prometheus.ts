import { z } from "zod";
import { address, entryName, image, labels, name } from "../../../estate/fields";
import { backByName, type Engine } from "./engine";

/** A server that snapshots its own blocks into its volume, where its files are read. */
export const prometheus = {
  spec: z.strictObject({
    engine: z.literal("prometheus").describe("Whose client makes it"),
    image: image.describe(
      "Image with wget, tar and a shell, as the server's own has them; with promtool it reads each index",
    ),
    server: z
      .strictObject({
        host: address.describe('Its service, e.g. "prometheus-server.monitoring.svc.cluster.local"'),
        port: z.int().min(1).max(65535).default(9090).describe("Port that it answers on"),
        namespace: name.describe("Namespace of its pods: a dump's pod reaches nothing else"),
      })
      .describe("What is asked for a snapshot; it needs --web.enable-admin-api"),
    claim: name.describe("Claim of its volume, in the job's namespace"),
    folder: entryName
      .optional()
      .describe(
        'Its data folder in the volume, e.g. "prometheus-db" with the operator; left out, the volume itself',
      ),
    owner: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .default(65_534)
      .describe("Number of the account that the server runs as; 65534 in its own image"),
    usedBy: labels.describe("Labels of the server's pods: the dump runs on their node"),
  }),
  scripts: "prometheus",
  script: () => "server",
  // Indexes that are read back.
  scratch: true,
  wayBack: {
    changes:
      "its blocks are as the newest good dump has them; what was there is in the volume under another name. The server is scaled to 0 before, or it is refused",
    undo: backByName,
  },
  metrics: "prometheus_backup",
} satisfies Engine;
