/** Where the Pushgateway that a deployment makes answers within its cluster. */
export const pushgatewayPort = 9091;

/** How a Pushgateway asks for a login and forgets nothing. @param config its `--web.config.file` */
export function serverArguments(listen: string, config: string, metrics: string): string[] {
  return [
    `--web.listen-address=${listen}`,
    `--web.config.file=${config}`,
    `--persistence.file=${metrics}`,
    // By default it writes them down five minutes after a push: what was told before a power cut would be forgotten.
    "--persistence.interval=1s",
  ];
}
