// Runs in the lab's network, started by code that runs outside of it: `inside.ts start` starts the servers and tells how it
// goes line by line; `inside.ts status` tells as JSON how they are; `inside.ts exchange` does one HTTP exchange, JSON in and JSON out;
// `inside.ts house` applies the objects of the house.
import { text } from "node:stream/consumers";
import { applyObjects } from "../house/objects";
import { exchangeAsJson } from "./http";
import { startHere } from "./start";
import { statusHere } from "./status";

async function main(action: string | undefined): Promise<void> {
  if (action === "start") await startHere(line => console.log(line));
  else if (action === "status") process.stdout.write(JSON.stringify(await statusHere()));
  else if (action === "exchange") process.stdout.write(await exchangeAsJson(await text(process.stdin)));
  else if (action === "house") await applyObjects();
  else
    throw new Error(
      `unknown action ${JSON.stringify(action)}, expected "start", "status", "exchange" or "house"`,
    );
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
