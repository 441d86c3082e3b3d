/** Bits of the numbers that a key of a type has behind its type's name; left out, any number of them. */
const partsOf: Readonly<Record<string, readonly (number | undefined)[]>> = {
  "ssh-ed25519": [32],
  // The curve's name, then a point.
  "ecdsa-sha2-nistp256": [8, 65],
  "ecdsa-sha2-nistp384": [8, 97],
  "ecdsa-sha2-nistp521": [8, 133],
  "ssh-rsa": [undefined, undefined],
  "ssh-dss": [undefined, undefined, undefined, undefined],
};

/**
 * What is wrong with a public key of SSH, "TYPE BASE64", or nothing. One that was copied without its end, or with what
 * stands behind it, is no server's: each connection would be refused, as if somebody else answered.
 */
export function keyFault(key: string): string | undefined {
  const [type = "", text = ""] = key.split(" ");
  const blob = Buffer.from(text, "base64");
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return "ends too early";
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  const [own, ...rest] = parts;
  const lengths = partsOf[type] ?? [];
  if (own !== undefined && own.toString() !== type) return `is called ${type}, and isn't one`;
  if (rest.length < lengths.length) return "ends too early";
  if (at < blob.length || rest.length > lengths.length || blob.toString("base64") !== text)
    return "goes on behind its end";
  const isWhole = rest.every((part, index) => (lengths[index] ?? part.length) === part.length);
  return isWhole ? undefined : "has another length than every key of its type";
}
