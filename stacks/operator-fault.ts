import * as pulumi from "@pulumi/pulumi";

/**
 * A fault that an operator mends: its text is all that Pulumi prints. It has no stack, as the SDK inspects each error that
 * ends a program, and mapping a stack through the bundle's source map costs half a minute.
 */
export function operatorFault(text: string): pulumi.RunError {
  const fault = new pulumi.RunError(text);
  fault.stack = text;
  return fault;
}
