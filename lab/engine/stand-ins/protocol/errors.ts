import type { ServiceError } from "@grpc/grpc-js";
import { any, grpc, messages, status, struct } from "./modules";
import { ResourceNotReady } from "./provider";

/**
 * The answer to a call that failed. The engine shows `details` as it is. A resource that exists all the same travels in a
 * trailer, so that it isn't lost from the state.
 */
export function failure(error: unknown): Partial<ServiceError> {
  const details = error instanceof Error ? error.message : String(error);
  const metadata = new grpc.Metadata();
  if (error instanceof ResourceNotReady)
    metadata.add("grpc-status-details-bin", Buffer.from(notReady(error).serializeBinary()));
  return { code: grpc.status.UNKNOWN, details, message: details, metadata };
}

function notReady(error: ResourceNotReady): InstanceType<typeof status.Status> {
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(struct.Struct.fromJavaScript(jsonOf(error.state)));
  detail.setInputs(struct.Struct.fromJavaScript(jsonOf(error.inputs)));
  detail.setReasonsList([...error.reasons]);
  const packed = new any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new status.Status();
  answer.setCode(grpc.status.UNKNOWN);
  answer.setMessage(error.message);
  answer.addDetails(packed);
  return answer;
}

type Json = Parameters<typeof struct.Struct.fromJavaScript>[0];

/** The same values, as the protocol's types want them (they can't say read-only). */
export function jsonOf(values: object): Json {
  return JSON.parse(JSON.stringify(values)) as Json;
}
