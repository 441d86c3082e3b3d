/** Name of the packed page beside the server's program. */
export const pageFile = "report.html.gz";

/**
 * What serves the page, for a Node of any image: `server.cjs FOLDER PORT`. It reads the file at each request, as the kubelet changes it under a pod that runs: what is
 * mounted are links into a folder that goes with the next change, and `__dirname` would be that very folder. It knows one path, and nothing that is sent to it is read.
 */
export const serverText = `"use strict";
const { readFile } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { gunzipSync } = require("node:zlib");

const [folder, port] = process.argv.slice(2);
const server = createServer((request, response) => {
  const end = (status, headers, body) => response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
  if (request.method !== "GET" && request.method !== "HEAD") return end(405, { allow: "GET, HEAD" }, "");
  if (request.url !== "/") return end(404, {}, "");
  readFile(join(folder, "${pageFile}"), (error, packed) => {
    if (error) return end(503, {}, "The page can't be read: " + error.code + "\\n");
    const isPacked = /\\bgzip\\b/.test(request.headers["accept-encoding"] ?? "");
    const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY", vary: "accept-encoding" };
    end(200, isPacked ? { ...headers, "content-encoding": "gzip" } : headers, isPacked ? packed : gunzipSync(packed));
  });
});
server.requestTimeout = 10_000;
server.listen(Number(port), () => console.log("serves on port " + server.address().port));
// The first process of a container is ended by no signal that it doesn't listen for.
process.on("SIGTERM", () => process.exit(0));
`;
