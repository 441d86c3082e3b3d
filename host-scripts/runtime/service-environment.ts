import { z } from "zod";

/** What systemd tells a service's processes; systemd.exec(5), "Environment Variables Set or Propagated". */
const schema = z.object({
  /** Equal for ExecStart and its ExecStopPost; empty when started by hand. */
  INVOCATION_ID: z.string().default(""),
  SERVICE_RESULT: z.string().default(""),
  EXIT_CODE: z.string().default(""),
  EXIT_STATUS: z.string().default(""),
});
export type ServiceEnvironment = z.output<typeof schema>;

export function serviceEnvironment(): ServiceEnvironment {
  return schema.parse(process.env);
}
