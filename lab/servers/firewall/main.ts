import { parseArgs } from "node:util";
import { startFirewall } from "./index";

const { values } = parseArgs({
  options: {
    address: { type: "string", default: "127.0.0.1" },
    folder: { type: "string" },
    "api-port": { type: "string" },
    "ssh-port": { type: "string" },
    source: { type: "string" },
  },
});
const folder = values.folder;
if (folder === undefined) throw new Error("--folder is missing");

// The stand-in as a program: its facts are in `firewall.json` of the folder, its faults are switched by files beside it.
void startFirewall({
  address: values.address,
  folder,
  ...(values["api-port"] === undefined ? {} : { apiPort: Number(values["api-port"]) }),
  ...(values["ssh-port"] === undefined ? {} : { sshPort: Number(values["ssh-port"]) }),
}).then(
  firewall => {
    console.log(
      `a stand-in for pfSense answers at ${firewall.apiUrl} and ${firewall.ssh.host}:${firewall.ssh.port}`,
    );
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      process.on(signal, () => void firewall.stop().then(() => process.exit(0)));
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
