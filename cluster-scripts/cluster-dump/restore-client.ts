import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DumpForm } from "../../plan/contracts/dump-forms";
import { exitCodes, RunnerError } from "../../host-scripts/runtime/errors";
import { shell } from "../../host-scripts/runtime/shell";
import type { Stop } from "../../host-scripts/runtime/stop";
import { Client, type ExchangeConfig, gone, type Offer } from "./exchange";
import { give, writePipe } from "./pipe";

/** What the client's scripts for a restore can be asked for, each a function "on_WORD" there. */
type Word =
  | "names"
  | "aside"
  | "back"
  | "keep"
  | "drop"
  | "restore"
  | "count"
  | "check"
  | "restorers"
  | "mark"
  | "unmark";

/** What it is about; names as bytes in latin1. */
interface About {
  readonly name?: string;
  readonly other?: string;
  readonly form?: DumpForm;
  /** What its program reads. */
  readonly input?: Readable;
  /** Is shown what its program writes, piece by piece. */
  readonly see?: (chunk: Buffer) => void;
}

/** The database's client beside this container, which does what a restore asks of it: serve of `clients/exchange.sh`. */
export class RestoreClient {
  private asked = 0;
  private offered = 0;

  private constructor(
    readonly client: Client,
    private readonly words: Socket,
    private readonly stop: Stop,
  ) {
    // Of one that has ended nothing more is heard, and that is told.
    words.on("error", () => undefined);
  }

  /** @throws {RunnerError} when it doesn't begin, or can't reach its server's programs */
  static async meet(config: ExchangeConfig, stop: Stop, phase: string): Promise<RestoreClient> {
    const client = await Client.meet({ config, stop, phase });
    const found = await client.first("asked", "broken");
    const words = found === "asked" ? await writePipe(client.path("asked"), () => client.isThere) : undefined;
    stop.check(phase);
    if (words) return new RestoreClient(client, words, stop);
    const ending = client.ending();
    client.close();
    throw failure(
      `the client can't begin: ${ending?.kind === "broken" ? ending.why : "it has ended"}`,
      "Every dump is as it was, and nothing was restored.",
    );
  }

  /** @throws {RunnerError} in its program's own words, when that fails */
  async ask(word: Word, { name = "", other = "", form, input, see }: About = {}): Promise<void> {
    const { client, stop } = this;
    const ask = `ask-${(this.asked += 1)}`;
    for (const [file, text] of Object.entries({ name, other, form: form ?? "" }))
      writeFileSync(client.path(`${ask}.${file}`), text, { encoding: "latin1", mode: 0o660 });
    this.words.write(`${ask} ${word}\n`);
    if ((await client.first(`${ask}.out`)) === undefined) throw failure(gone);
    const read = pipeline(
      client.read(`${ask}.out`, `${ask}.exit`),
      async source => {
        for await (const chunk of source) see?.(chunk as Buffer);
      },
      { signal: stop.signal },
    );
    read.catch(() => undefined);
    const given = await writePipe(client.path(`${ask}.in`), () => client.isThere);
    const ended = client.first(`${ask}.exit`);
    if (given && input) await give(input, given, ended, stop.signal);
    else given?.destroy();
    const found = await ended;
    if (found === undefined) throw failure(gone);
    await read;
    const exit = client.text(found);
    if (exit !== "0")
      throw failure(client.errors(`${ask}.errors`) || `its program for "${word}" ended with ${exit}`);
  }

  /** @returns what its program writes, line by line, in latin1 */
  async lines(word: Word, about: About = {}): Promise<string[]> {
    const chunks: Buffer[] = [];
    await this.ask(word, { ...about, see: chunk => chunks.push(chunk) });
    return Buffer.concat(chunks).toString("latin1").split("\n").slice(0, -1);
  }

  /** Lets it hand over what it has of a database. @returns what was taken @throws {RunnerError} when it offers nothing */
  async keep<T>(name: string, take: (offer: Offer) => Promise<T>): Promise<T> {
    const number = String((this.offered += 1));
    const asked = this.ask("keep", { name });
    asked.catch(() => undefined);
    const exit = `ask-${this.asked}.exit`;
    const found = await this.client.first(`${number}.form`, exit);
    const taken = found === `${number}.form` ? take({ number, name }) : undefined;
    await taken?.catch(() => this.client.firstPast(number, exit));
    const kept = await taken;
    await asked;
    if (kept === undefined) throw failure("the client has offered nothing of it");
    return kept;
  }

  close(): void {
    this.words.destroy();
    this.client.close();
  }
}

function failure(
  failed: string,
  kept = "Every dump is as it was. What a restore had given another name is there, and the next restore gives it its own back.",
): RunnerError {
  return new RunnerError(exitCodes.failed, {
    failed,
    kept,
    next: shell`kubectl logs ${hostname()} --all-containers`,
  });
}
