import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { type DumpForm, isDumpForm } from "../../plan/contracts/dump-forms";
import { exitCodes, RunnerError } from "../../host-scripts/runtime/errors";
import { printable } from "../../host-scripts/runtime/quoted";
import { shell } from "../../host-scripts/runtime/shell";
import { firstLines, Tail } from "../../host-scripts/runtime/tail";
import type { Stop } from "../../host-scripts/runtime/stop";
import { pause } from "./pause";
import { letGo, readPipe } from "./pipe";

const metFile = "met";

/** All was offered, or it isn't known what there is; `busy` has a line for each job that restores there, of restorers_told. */
export type ClientEnding =
  | { readonly kind: "done" }
  | { readonly kind: "broken"; readonly why: string; readonly busy: readonly string[] };

/** A dump that the client offers: hand_over and leave_out of `clients/exchange.sh`. */
export interface Offer {
  /** What the names of its files begin with. */
  readonly number: string;
  /** The database's bytes, in latin1; empty for what the whole server has. */
  readonly name: string;
  /** Absent for one that it leaves out. */
  readonly form?: DumpForm;
  /** Why there is none. */
  readonly leftOut?: string;
}

/** What a runner knows of the client beside it. */
export interface ExchangeConfig {
  readonly job: string;
  readonly exchange: string;
  readonly clientWithinMs: number;
}

/** Who waits for the client, and may be told to stop. */
interface Waiting {
  readonly config: ExchangeConfig;
  readonly stop: Stop;
  /** What it is at, for a message. */
  readonly phase: string;
}

/** The client in the container beside this one, as `clients/exchange.sh` speaks. */
export class Client {
  private isGone = false;

  private constructor(
    private readonly run: Waiting,
    private readonly alive: Socket,
  ) {
    alive.on("close", () => (this.isGone = true));
    alive.on("error", () => undefined);
    alive.resume();
  }

  /** Whether somebody has waited for it. */
  static wasMet({ exchange }: ExchangeConfig): boolean {
    return existsSync(join(exchange, metFile));
  }

  /** Waits for it to begin. @throws {RunnerError} when it doesn't */
  static async meet(run: Waiting): Promise<Client> {
    const { config, stop } = run;
    writeFileSync(join(config.exchange, metFile), "");
    const path = join(config.exchange, "alive");
    const sinceMs = performance.now();
    while (!existsSync(path)) {
      if (performance.now() - sinceMs > config.clientWithinMs)
        throw new RunnerError(exitCodes.failed, {
          failed: `the client's container has not begun within ${Math.round(config.clientWithinMs / 1000)} s`,
          kept: "All earlier dumps are as they were.",
          next: shell`kubectl describe pod ${hostname()}`,
        });
      await pause(sinceMs);
      stop.check(run.phase);
    }
    return new Client(run, readPipe(path));
  }

  /** Whether it may still do something. */
  get isThere(): boolean {
    return !this.isGone && this.run.stop.stopped === undefined;
  }

  path(name: string): string {
    return join(this.run.config.exchange, name);
  }

  /** What it wrote, as bytes in latin1. */
  text(name: string): string {
    return readFileSync(this.path(name), "latin1");
  }

  /** Waits for the first of some files. @returns its name; undefined when the client has ended without any of them */
  async first(...names: readonly string[]): Promise<string | undefined> {
    return this.firstPast(undefined, ...names);
  }

  /**
   * The same, past an offer of which nothing more is taken: the client may still wait for who opens that one's pipes, and then offers
   * nothing else.
   */
  async firstPast(offer: string | undefined, ...names: readonly string[]): Promise<string | undefined> {
    const sinceMs = performance.now();
    for (;;) {
      if (offer !== undefined)
        for (const pipe of ["data", "back", "plain"]) letGo(this.path(`${offer}.${pipe}`));
      // Asked before the look: what it wrote last comes before its end.
      const wasGone = this.isGone;
      const found = names.find(name => existsSync(this.path(name)));
      if (found !== undefined || wasGone) return found;
      await pause(sinceMs);
      this.run.stop.check(this.run.phase);
    }
  }

  /**
   * Reads a pipe that a program of it writes to. One that was killed before it opened the pipe never ends that by itself.
   * @param exit file that it writes once that program has ended
   */
  read(name: string, exit: string): Socket {
    const pipe = readPipe(this.path(name));
    const giveUp = (): void => {
      if (!existsSync(this.path(exit))) pipe.destroy(new Error(gone));
    };
    this.alive.once("close", giveUp);
    pipe.once("close", () => this.alive.off("close", giveUp));
    if (this.isGone) giveUp();
    return pipe;
  }

  /** What a program of it wrote to its standard error: its first and last lines. */
  errors(name: string): string {
    if (!existsSync(this.path(name))) return "";
    const tail = new Tail();
    tail.add(readFileSync(this.path(name)));
    return printable(firstLines(tail.text()));
  }

  /** How its work ended, once it offers nothing more. */
  ending(): ClientEnding | undefined {
    if (existsSync(this.path("done"))) return { kind: "done" };
    if (!existsSync(this.path("broken"))) return undefined;
    const busy = existsSync(this.path("busy")) ? this.text("busy").split("\n") : [];
    return { kind: "broken", why: this.errors("errors") || `exit code ${this.text("broken")}`, busy };
  }

  close(): void {
    this.alive.destroy();
  }
}

/** What is said of one that ends before what it was asked for. */
export const gone =
  "the client ended in its midst, killed or out of memory: kubectl describe pod shows which";

/** The client's own, and the two in which it may offer side by side: side_by_side of `clients/exchange.sh`. */
export const lanes = ["", "a-", "b-"] as const;

/** Each dump that the client offers in a lane, in its order. */
export async function* offersOf(client: Client, lane: (typeof lanes)[number]): AsyncGenerator<Offer> {
  let before: string | undefined;
  for (let count = 1; ; count += 1) {
    const number = `${lane}${count}`;
    const found = await client.firstPast(before, `${number}.name`, "done", "broken");
    if (found !== `${number}.name`) return;
    const name = client.text(found);
    const left = await client.first(`${number}.form`, `${number}.left`);
    const said = left === undefined ? "" : client.text(left);
    yield left === `${number}.form` && isDumpForm(said)
      ? { number, name, form: said }
      : { number, name, leftOut: said };
    before = number;
  }
}
