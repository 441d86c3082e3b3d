// What Pulumi starts for the lab's own stack: the product's program, with the estates of this folder.
module.exports = async () => (await import("../../stacks/start.mjs")).start(__dirname);
