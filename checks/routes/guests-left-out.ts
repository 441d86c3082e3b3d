import { isBelow } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { listed } from "../wording";

/** Where Proxmox VE keeps what its guests, storages and users are. */
const ofProxmox = "/etc/pve";

/** Folders in it that have what the guests of a host are, or links that lead there: what is behind one is copied too. */
const ofGuests = /^\/etc\/pve\/(local|nodes(\/[^/]+)?|((local|nodes\/[^/]+)\/)?qemu-server)$/;

export const guestsLeftOut = defineCheck({
  code: "routes/guests-left-out",
  severity: "warning",
  title:
    "A host's configuration is copied, and the files in which Proxmox VE says what its guests are aren't listed",
  why: "What people list by heart are the programs and units that they wrote. Of /etc/pve, which isn't listed, the generations have the database behind it alone: it brings back all of a node in one piece, and nobody reads from it at night which disk was whose, with how much memory, on which network.",
  run: ({ estate }) => {
    const all = Object.entries(estate.services).flatMap(([service, { data }]) =>
      data.map(dataset => ({ service, dataset })),
    );
    const guests = new Map<string, number[]>();
    for (const { dataset } of all)
      if (dataset.kind === "vm") guests.set(dataset.host, [...(guests.get(dataset.host) ?? []), dataset.id]);
    return [...guests].flatMap(([host, ids]) => {
      const copied = all.flatMap(({ service, dataset }) =>
        dataset.kind === "configuration" && dataset.host === host && !dataset.unprotected
          ? [{ service, paths: dataset.paths }]
          : [],
      );
      const [first] = copied;
      const paths = copied.flatMap(each => each.paths);
      if (!first || paths.some(path => isBelow(ofProxmox, path) || ofGuests.test(path))) return [];
      const parts = first.paths.filter(path => isBelow(path, ofProxmox));
      return [
        {
          subject: host,
          message: `${host} has ${ids.length === 1 ? `guest ${ids[0]}` : `${ids.length} guests`}, and its configuration (${first.service}) doesn't list ${ofProxmox}: no copy has the files that say what they are on that host, one by one.`,
          fix: `Add "${ofProxmox}" to the paths of services.${first.service}.data${parts.length === 0 ? "" : `, in place of ${listed(parts.map(path => `"${path}"`))}`}.`,
          evidence: { guests: ids.map(String), paths },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("programs of a host with a guest, and not what the guest is", ({ services }) =>
          edit(services["pve-host"]?.data[0], { paths: ["/usr/local/bin"] } as object),
        ),
        {
          says: 'Add "/etc/pve" to the paths of services.pve-host.data',
          edit: ({ services }) =>
            edit(services["pve-host"]?.data[0], { paths: ["/usr/local/bin", "/etc/pve"] } as object),
        },
      ),
      mended(
        example("storages and users of Proxmox VE, and not what its guests are", ({ services }) =>
          edit(services["pve-host"]?.data[0], {
            paths: ["/etc/pve/storage.cfg", "/etc/pve/user.cfg"],
          } as object),
        ),
        {
          says: 'Add "/etc/pve" to the paths of services.pve-host.data, in place of "/etc/pve/storage.cfg", "/etc/pve/user.cfg"',
          edit: ({ services }) => edit(services["pve-host"]?.data[0], { paths: ["/etc/pve"] } as object),
        },
      ),
    ],
    good: [
      example("a configuration with what the guests are"),
      example("the guests of Proxmox VE alone", ({ services }) =>
        edit(services["pve-host"]?.data[0], { paths: ["/etc/pve/nodes/pve/qemu-server"] } as object),
      ),
      example("all of /etc", ({ services }) =>
        edit(services["pve-host"]?.data[0], { paths: ["/etc", "/usr/local/bin"] } as object),
      ),
    ],
  },
});
