// Jest reporter: the end of each run. The tests that took longest are where a run's time can be looked for; what has failed stands
// on marked lines, which `cli/beside.mjs` tells once more when all is over: of a run of an hour, a log may keep its end alone.
const shown = 10;
const shownLines = 40;

export default class Summary {
  onRunComplete(_, { testResults }) {
    const slowest = testResults
      .flatMap(file => file.testResults)
      .filter(({ duration }) => duration)
      .sort((one, other) => other.duration - one.duration)
      .slice(0, shown)
      .map(({ duration, fullName }) => `${(duration / 1000).toFixed(1).padStart(7)} s  ${fullName}`);
    if (slowest.length === shown) say(`The ${shown} slowest tests:`, ...slowest);
    for (const { failureMessage, testFilePath } of testResults)
      if (failureMessage) say(...[testFilePath, ...linesOf(failureMessage)].map(line => `✗ ${line}`));
  }
}

function linesOf(message) {
  const lines = message.split("\n").filter(line => line.trim() !== "");
  return lines.slice(0, shownLines);
}

function say(...lines) {
  process.stderr.write(`\n${lines.join("\n")}\n`);
}
