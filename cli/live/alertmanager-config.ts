import { z } from "zod";

/** An AlertmanagerConfig as the API has it. */
export const alertmanagerConfig = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string() }),
  spec: z.unknown(),
});
export type SeenRouting = z.output<typeof alertmanagerConfig>;
