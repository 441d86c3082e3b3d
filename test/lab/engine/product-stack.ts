import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { projectRoot } from "../../../lab/cache";
import { ThrowAwayStack } from "./throw-away-stack";

/** What a stack of the product is told beside its estate. */
interface Given {
  readonly privateKey: string;
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** Names of the estate's secrets. */
  readonly secrets: readonly string[];
}

const saltSchema = z.object({ encryptionsalt: z.string() });

/** As `pulumi stack export` has it. */
export interface ExportedState {
  readonly version: number;
  readonly deployment: object;
}

/** What each of an estate's secrets is here; one of them has to look like a key. */
export const noSecret = "-----BEGIN OPENSSH PRIVATE KEY-----\nnone\n";

/** The product's own program with an estate and settings of a test's, in a stack that is thrown away. */
export class ProductStack {
  private constructor(private readonly stack: ThrowAwayStack) {}

  /** @throws with what `pulumi` printed */
  static async open(estate: object, { privateKey, kubeconfig, secrets }: Given): Promise<ProductStack> {
    const stack = new ProductStack(await ThrowAwayStack.start("product.cjs"));
    stack.stack.give({ start: join(projectRoot, "stacks/start.mjs") });
    mkdirSync(stack.file("program/test"));
    writeFileSync(stack.file("program/test/estate.ts"), `export const estate = ${JSON.stringify(estate)};\n`);
    writeFileSync(stack.file("key"), privateKey, { mode: 0o600 });
    const settings = stack.file("program/Pulumi.test.yaml");
    const config = {
      "holdfast:sshPrivateKeyFile": stack.file("key"),
      "holdfast:kubeconfig": kubeconfig,
    };
    writeFileSync(settings, `${readFileSync(settings, "utf8")}${stringify({ config })}`);
    await stack.must(
      ...["config", "set-all", "--path"],
      ...secrets.flatMap(name => ["--secret", `holdfast:secrets["${name}"]=${noSecret}`]),
    );
    return stack;
  }

  /** A place in its folder. */
  file(name: string): string {
    return join(this.stack.folder, name);
  }

  /** What `pulumi WORDS` printed. @throws with that, where it fails */
  async must(...words: string[]): Promise<string> {
    const { exitCode, all } = await this.stack.pulumi(...words);
    if (exitCode !== 0)
      throw new Error(`pulumi ${words.slice(0, 2).join(" ")} ended with ${exitCode}:\n${all}`);
    return all;
  }

  /** Gives it a state that was exported, secrets as plain text. */
  async importState({ version, deployment }: ExportedState): Promise<void> {
    const { encryptionsalt: salt } = saltSchema.parse(
      parse(readFileSync(this.file("program/Pulumi.test.yaml"), "utf8")),
    );
    const withSecrets = { ...deployment, secrets_providers: { type: "passphrase", state: { salt } } };
    writeFileSync(this.file("state.json"), JSON.stringify({ version, deployment: withSecrets }));
    await this.must("stack", "import", "--file", this.file("state.json"));
  }

  remove(): void {
    this.stack.remove();
  }
}
