import type { ServerUnaryCall, handleUnaryCall } from "@grpc/grpc-js";
import { changes } from "./diff";
import { type EngineLog, engineLog } from "./engine-log";
import { failure } from "./errors";
import { checked, diffed, propertiesOf, structOf, subjectOf } from "./messages";
import { empty, grpc, messages, plugin, services } from "./modules";
import type { Log, Provider } from "./provider";

/**
 * Serves a provider to the Pulumi engine: listens on a free port of the loopback address and prints it, as the engine
 * expects. Unlike the SDK's own server it passes on the provider's configuration, previews and detailed differences.
 * @param argv arguments that the engine started this program with: its address, then flags
 */
export async function serve(provider: Provider, argv: readonly string[]): Promise<void> {
  const engine: Engine = { lines: engineLog(argv.find(word => !word.startsWith("-")) ?? "") };
  const unlimited = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
  const server = new grpc.Server(unlimited);
  server.addService(services.ResourceProviderService, {
    ...general(provider, engine),
    ...resources(provider, engine),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(`${port}\n`);
}

/** The engine that started this program, or that has attached itself since. */
interface Engine {
  lines: EngineLog;
}

/** A handler that answers with what `work` gives, or with its error. */
function answering<Request, Response>(
  work: (request: Request) => Promise<Response> | Response,
): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, callback) => {
    Promise.resolve(call.request)
      .then(work)
      .then(
        response => callback(null, response),
        (error: unknown) => callback(failure(error)),
      );
  };
}

type Messages = typeof messages;
type Message<Name extends keyof Messages> = Messages[Name] extends new () => infer Instance
  ? Instance
  : never;

function general(provider: Provider, engine: Engine) {
  return {
    attach: answering((request: InstanceType<typeof plugin.PluginAttach>) => {
      engine.lines = engineLog(request.getAddress());
      return new empty.Empty();
    }),
    getPluginInfo: answering(() => {
      const info = new plugin.PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    getSchema: answering(() => {
      const response = new messages.GetSchemaResponse();
      response.setSchema("{}");
      return response;
    }),
    cancel: answering(() => new empty.Empty()),
    checkConfig: answering((request: Message<"CheckRequest">) =>
      checked(propertiesOf(request.getNews()), []),
    ),
    diffConfig: answering((request: Message<"DiffRequest">) => {
      const olds = propertiesOf(request.getOldInputs() ?? request.getOlds());
      const news = propertiesOf(request.getNews());
      const found = changes(olds, news);
      const replaces = provider.replacesOnConfiguration?.(olds, news) ? [...found.keys()] : [];
      return diffed({ changes: found, replaces });
    }),
    configure: answering(async (request: Message<"ConfigureRequest">) => {
      const log: Log = (...line) => engine.lines.log(...line);
      await provider.configure(propertiesOf(request.getArgs()), log);
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
  };
}

function resources(provider: Provider, engine: Engine) {
  /** What a call has to say is shown before its result. */
  const unary = <Request, Response>(work: (request: Request) => Promise<Response>) =>
    answering<Request, Response>(request => work(request).finally(() => engine.lines.flush()));
  return {
    check: unary(async (request: Message<"CheckRequest">) => {
      const { inputs, failures } = await provider.check({
        ...subjectOf(request),
        olds: propertiesOf(request.getOlds()),
        news: propertiesOf(request.getNews()),
        randomSeed: request.getRandomseed_asU8(),
      });
      return checked(inputs, failures);
    }),
    diff: unary(async (request: Message<"DiffRequest">) =>
      diffed(
        await provider.diff({
          ...subjectOf(request),
          id: request.getId(),
          oldInputs: propertiesOf(request.getOldInputs()),
          oldState: propertiesOf(request.getOlds()),
          news: propertiesOf(request.getNews()),
        }),
      ),
    ),
    create: unary(async (request: Message<"CreateRequest">) => {
      const { id, state } = await provider.create({
        ...subjectOf(request),
        inputs: propertiesOf(request.getProperties()),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      const response = new messages.CreateResponse();
      response.setId(id);
      response.setProperties(structOf(state));
      return response;
    }),
    read: unary(async (request: Message<"ReadRequest">) => {
      const found = await provider.read({
        ...subjectOf(request),
        id: request.getId(),
        inputs: propertiesOf(request.getInputs()),
        state: propertiesOf(request.getProperties()),
      });
      const response = new messages.ReadResponse();
      if (!found) return response;
      response.setId(found.id);
      response.setInputs(structOf(found.inputs));
      response.setProperties(structOf(found.state));
      return response;
    }),
    update: unary(async (request: Message<"UpdateRequest">) => {
      const state = await provider.update({
        ...subjectOf(request),
        id: request.getId(),
        oldInputs: propertiesOf(request.getOldInputs()),
        oldState: propertiesOf(request.getOlds()),
        news: propertiesOf(request.getNews()),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      const response = new messages.UpdateResponse();
      response.setProperties(structOf(state));
      return response;
    }),
    delete: unary(async (request: Message<"DeleteRequest">) => {
      await provider.delete({
        ...subjectOf(request),
        id: request.getId(),
        inputs: propertiesOf(request.getOldInputs()),
        state: propertiesOf(request.getProperties()),
        timeout: request.getTimeout(),
      });
      return new empty.Empty();
    }),
  };
}
