/** How the command was called, for what is to be typed next. */
export function called(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { npm_lifecycle_event: event } = environment;
  if (event === "holdfast") return "npm run holdfast --";
  return event === "npx" ? "npx holdfast" : "holdfast";
}
