import { utils } from "ssh2";
import { exampleKey, exampleRsaKey } from "./example-keys";
import { keyFault } from "./host-key";

// None of ed25519: of those, this generator makes one in two hundred too short.
const made = [
  ...([256, 384, 521] as const).map(bits => utils.generateKeyPairSync("ecdsa", { bits }).public),
  utils.generateKeyPairSync("rsa", { bits: 1024 }).public,
];
const keys = [...made.map(key => key.split(" ").slice(0, 2).join(" ")), exampleKey("Example"), exampleRsaKey];

test.each(keys)("%s is whole, and nothing of it by itself", key => {
  expect(keyFault(key)).toBeUndefined();
  const shorter = Array.from({ length: key.split(" ")[1]?.length ?? 0 }, (_, index) =>
    key.slice(0, -1 - index),
  );
  expect(shorter.filter(part => keyFault(part) === undefined)).toEqual([]);
});

test.each(keys)("%s with anything behind it is none", key => {
  const more = ["A", "AAAA", "=", "AAAAA===", key.split(" ")[1] ?? ""];
  expect(more.filter(each => keyFault(`${key}${each}`) === undefined)).toEqual([]);
});

test.each([
  [exampleKey("Called").replace("ed25519", "rsa"), /is called ssh-rsa, and isn't one/],
  [(made[0] ?? "").replace(/nistp256/, "nistp384"), /is called ecdsa-sha2-nistp384, and isn't one/],
  [exampleKey("Cut").slice(0, -1), /ends too early/],
  [`${exampleKey("Long")}x`, /goes on behind its end/],
])("%s is none", (key, says) => expect(keyFault(key)).toMatch(says));
