/** What a group of checks is about, in the order in which a reader asks. */
export interface Theme {
  readonly title: string;
  readonly text: string;
  /** First parts of the codes that belong to it. */
  readonly families: readonly string[];
}

/** Every family of checks is in one theme; `themes.test.ts` compares them with the catalogue. */
export const themes: readonly Theme[] = [
  {
    title: "One thing said twice, or under a name that nobody else says",
    text: "What was copied and pasted, and letters that slipped.",
    families: ["estate"],
  },
  {
    title: "One page says this, another that",
    text: "Whoever restores at night believes the page that happens to be open.",
    families: ["documents"],
  },
  {
    title: "Promises that the copies can't keep",
    text: "Losses counted over every minute of the years, times from bytes over bandwidth.",
    families: ["promises"],
  },
  {
    title: "Failures that nobody hears of, and alarms without a cause",
    text: "Thresholds that outlived a weekly schedule, hours that the clocks skip, metrics under another name.",
    families: ["schedule", "alerts"],
  },
  {
    title: "Jobs in one another's way",
    text: "Starts that coincide, an order that is hoped for, a time-out before the budget's end.",
    families: ["order"],
  },
  {
    title: "Bytes that get lost on their way, or are kept too short a time",
    text: "Routes, deleters and what retention leaves.",
    families: ["routes", "retention"],
  },
  {
    title: "Room, keys and what is accepted",
    text: "Disks that fill, hosts that aren't recognised, and what was accepted until a date.",
    families: ["capacity", "security", "waivers"],
  },
];
