import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";
import type * as Any from "google-protobuf/google/protobuf/any_pb";
import type * as Empty from "google-protobuf/google/protobuf/empty_pb";
import type * as Struct from "google-protobuf/google/protobuf/struct_pb";
import type * as EngineServices from "@pulumi/pulumi/proto/engine_grpc_pb";
import type * as EngineMessages from "@pulumi/pulumi/proto/engine_pb";
import type * as Plugin from "@pulumi/pulumi/proto/plugin_pb";
import type * as Services from "@pulumi/pulumi/proto/provider_grpc_pb";
import type * as Messages from "@pulumi/pulumi/proto/provider_pb";
import type * as Status from "@pulumi/pulumi/proto/status_pb";

// The protocol's own modules are required at run time from the project's packages: messages, services and gRPC must be of
// one copy, and loading just these starts faster than loading the whole Pulumi SDK.
const load = createRequire(import.meta.url);

export const grpc = load("@grpc/grpc-js") as typeof Grpc;
export const any = load("google-protobuf/google/protobuf/any_pb.js") as typeof Any;
export const empty = load("google-protobuf/google/protobuf/empty_pb.js") as typeof Empty;
export const struct = load("google-protobuf/google/protobuf/struct_pb.js") as typeof Struct;
export const engineServices = load("@pulumi/pulumi/proto/engine_grpc_pb.js") as typeof EngineServices;
export const engineMessages = load("@pulumi/pulumi/proto/engine_pb.js") as typeof EngineMessages;
export const plugin = load("@pulumi/pulumi/proto/plugin_pb.js") as typeof Plugin;
export const services = load("@pulumi/pulumi/proto/provider_grpc_pb.js") as typeof Services;
export const messages = load("@pulumi/pulumi/proto/provider_pb.js") as typeof Messages;
export const status = load("@pulumi/pulumi/proto/status_pb.js") as typeof Status;
