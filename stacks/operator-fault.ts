import * as pulumi from "@pulumi/pulumi";

/**
 * A fault that an operator mends: its text is all that Pulumi prints. It has no stack, because the SDK inspects whatever
 * ends a program, and where source maps are at work that took half a minute of a preview.
 */
export function operatorFault(text: string): pulumi.RunError {
  const fault = new pulumi.RunError(text);
  fault.stack = text;
  return fault;
}
