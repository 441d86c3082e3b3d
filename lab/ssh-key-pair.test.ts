import { utils } from "ssh2";
import { sshKeyPair } from "./ssh-key-pair";

test("each of a thousand pairs can be read", () => {
  const unread = Array.from({ length: 1_000 }, sshKeyPair).filter(pair =>
    [pair.private, pair.public].some(text => utils.parseKey(text) instanceof Error),
  );
  expect(unread).toEqual([]);
});
