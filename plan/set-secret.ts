/** The command that gives the stack a secret; it asks for the value, or reads it from standard input. */
export function setCommand(name: string): string {
  return `pulumi config set --secret --path 'holdfast:secrets["${name}"]'`;
}
