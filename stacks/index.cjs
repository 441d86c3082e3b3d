// What Pulumi starts.
module.exports = async () => (await import("./start.mjs")).start(__dirname);
