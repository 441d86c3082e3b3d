// Jest reporter: the tests that took longest, at the end of each run. They are where a run's time can be looked for first.
const shown = 10;

export default class Slowest {
  onRunComplete(_, { testResults }) {
    const tests = testResults
      .flatMap(file => file.testResults)
      .filter(({ duration }) => duration)
      .sort((one, other) => other.duration - one.duration)
      .slice(0, shown);
    if (tests.length < shown) return;
    const lines = tests.map(
      ({ duration, fullName }) => `${(duration / 1000).toFixed(1).padStart(7)} s  ${fullName}`,
    );
    process.stderr.write(`\nThe ${shown} slowest tests:\n${lines.join("\n")}\n`);
  }
}
