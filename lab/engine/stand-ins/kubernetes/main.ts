import { serve } from "../protocol/server";
import { KubernetesProvider } from "./provider";

void serve(new KubernetesProvider(), process.argv.slice(2));
