import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { TestEnvironment } from "jest-environment-node";
import { memoryFolder } from "./memory.mjs";

// With it, Node reads hundreds of certificates at each start, which takes twice as long as all else that it does there: the
// programs that tests start, thousands of times, need none of them.
delete process.env.NODE_EXTRA_CA_CERTS;

const { TMPDIR: diskFolder, NODE_OPTIONS: ownOptions = "" } = process.env;
const compiledRunners = fileURLToPath(new URL("compiled.cjs", import.meta.url));

/** What V8 made of each module, by its code: all files of a worker load much of the same, and each compiles it anew. */
const compiled = new Map();
const { compileFunction } = vm;
vm.compileFunction = (code, parameters, options) => {
  const cachedData = compiled.get(code);
  if (cachedData) return compileFunction(code, parameters, { ...options, cachedData });
  const made = compileFunction(code, parameters, { ...options, produceCachedData: true });
  if (made.cachedData) compiled.set(code, made.cachedData);
  return made;
};

/**
 * Node's environment, with a global object that V8 knows. Jest's own asks a proxy for each `Map`, `Math` or `Object` that
 * code under test names, which makes the plan and its checks more than twice as slow as they are. Each file has its own.
 */
export default class OrdinaryGlobals extends TestEnvironment {
  constructor(config, context) {
    // A runner flushes what it writes, a hundred times in a test: on a disk that the lab's hosts write to, each takes up to
    // a second.
    const isRunner = config.projectConfig.displayName?.name === "runners";
    const folder = isRunner ? memoryFolder() : undefined;
    process.env.NODE_OPTIONS = isRunner ? `${ownOptions} --require "${compiledRunners}"` : ownOptions;
    process.env.TMPDIR = folder ?? diskFolder ?? "/tmp";
    const { createContext } = vm;
    // Before Node 20.18 there is no such constant, and the context is one of an empty object.
    vm.createContext = () => createContext(vm.constants?.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
}
