/**
 * What the page does beyond being read: the day of the retention table and rules that are tried in it, what a disaster takes at an instant, and the search among services. All of what it shows is set as text. It is
 * plain JavaScript of a browser, and the page's policy lets no other script run.
 */
export const pageScript = `"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const age = minutes => {
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    const two = (large, one, small, other) => small === 0 ? large + one : large + one + " " + small + other;
    return hours === 0 ? rest + " min" : hours < 72 ? two(hours, " h", rest, " min") : two(Math.floor(hours / 24), " d", hours % 24, " h");
  };
  const slider = byId("day"), data = byId("keptdata");
  if (slider && data) {
    const { minutes, days, offsets, groups, tries, most } = JSON.parse(data.textContent);
    const rows = [...byId("generations").tBodies[0].rows];
    const clock = minute => new Date((minute + offsets.findLast(([from]) => from <= minute)[1]) * 60000).toISOString().slice(0, 16).replace("T", " ");
    const tried = new Map();
    const planned = (group, day) => groups[group].filter(([, first, last]) => first <= day && day <= last).map(([minute]) => minute);
    const runsOf = ({ runs }) => {
      let start = 0;
      return runs.flatMap(([count, step, takes, behind, ahead]) => Array.from({ length: count }, () => ({ start: start += step, end: start + takes, read: start - behind, ahead })));
    };
    const periods = {
      run: (_, index) => index,
      hour: local => Math.floor(local / 60),
      day: local => Math.floor(local / 1440),
      week: local => Math.floor((Math.floor(local / 1440) + 3) / 7),
      month: local => { const date = new Date(local * 60000); return date.getUTCFullYear() * 12 + date.getUTCMonth(); },
    };
    const heldBy = (runs, { count, every }, minute) => {
      const last = runs.findLastIndex(({ end }) => end <= minute);
      const kept = [];
      let found = 0, before;
      for (let index = last; index >= 0; index--) {
        const { start, end, read, ahead } = runs[index];
        if (every === "age" && index < last && end < runs[last].end - count * 1440) break;
        const period = every === "age" ? index : periods[every](start + ahead, index);
        if (period === before) continue;
        if (every !== "age" && ++found > count) break;
        before = period;
        if (kept[0] !== read) kept.unshift(read);
      }
      return kept;
    };
    const show = () => {
      const day = Number(slider.value);
      const text = kept => kept === undefined ? "–" : clock(kept) + ", " + age(minutes[day] - kept) + " old";
      byId("dayname").textContent = days[day];
      slider.setAttribute("aria-valuetext", byId("dayname").textContent);
      rows.forEach((row, index) => {
        const rule = tried.get(index);
        const there = rule ? heldBy(rule.runs, rule, minutes[day]) : planned(index, day);
        row.className = rule ? "tried" : "";
        row.cells[2].textContent = there.length + (rule ? ", planned " + planned(index, day).length : "");
        row.cells[3].textContent = text(there.at(-1));
        row.cells[4].textContent = text(there[0]);
      });
    };
    const [what, count, every] = [byId("trywhat"), byId("trycount"), byId("tryevery")];
    const begin = () => {
      const rule = tried.get(Number(what.value)) ?? tries[what.value].rule;
      every.value = rule.every;
      count.max = most[rule.every];
      count.value = rule.count;
    };
    const say = () => byId("tried").textContent = tried.size === 0 ? "" : tried.size + " tried: what copies of those hold is as planned";
    const attempt = () => {
      const group = Number(what.value);
      count.max = most[every.value];
      const number = Math.min(Math.floor(Number(count.value)), most[every.value]);
      if (!(number >= 1)) return;
      tried.set(group, { count: number, every: every.value, runs: runsOf(tries[group]) });
      say();
      show();
    };
    if (what.value !== "") {
      what.closest("p").hidden = false;
      what.addEventListener("input", begin);
      for (const each of [count, every]) each.addEventListener("input", attempt);
      byId("tryback").addEventListener("click", () => {
        tried.clear();
        begin();
        say();
        show();
      });
      begin();
    }
    slider.parentElement.hidden = false;
    slider.addEventListener("input", show);
    show();
  }
  const fates = byId("ifdata");
  if (fates) {
    const of = JSON.parse(fates.textContent);
    const rows = [...byId("whatif").tBodies[0].rows];
    const [domain, at] = [byId("ifdomain"), byId("ifat")];
    const signs = { kept: "✓ ", broken: "✗ ", unpromised: "· " };
    const show = () => {
      const [which, minute] = [Number(domain.value), of.from + Number(at.value) * of.step];
      const newest = of.left.map(list => list.findLast(([from]) => from <= minute));
      const count = { kept: 0, broken: 0, unpromised: 0 };
      byId("ifclock").textContent = of.clocks[Number(at.value)];
      at.setAttribute("aria-valuetext", byId("ifclock").textContent);
      of.services.forEach(([, fate, promise], index) => {
        const [row, left] = [rows[index], of.fates[fate][which]];
        row.hidden = left === null;
        if (row.hidden) return;
        const versions = left.map(list => newest[list]);
        // Of its data, what loses most.
        const worst = versions.includes(undefined) ? undefined : versions.reduce((one, other) => one[1] <= other[1] ? one : other);
        const lost = worst ? minute - worst[1] : Infinity;
        const promised = of.promises[promise][which];
        const kind = promised === null ? "unpromised" : lost <= promised ? "kept" : "broken";
        count[kind]++;
        row.cells[1].className = kind;
        row.cells[1].textContent = signs[kind] + (worst ? age(lost) : "ALL");
        row.cells[2].textContent = promised === null ? "nothing" : age(promised);
        row.cells[3].textContent = worst ? of.ways[worst[2]] : "nothing is left";
      });
      const harmed = count.kept + count.broken + count.unpromised;
      byId("ifsaid").textContent = harmed + (harmed === 1 ? " service is" : " services are") + " harmed: " + count.kept + " within the promise, " + count.broken + " beyond it, " + count.unpromised + " without one.";
    };
    byId("if").hidden = false;
    for (const each of [domain, at]) each.addEventListener("input", show);
    show();
  }
  const find = byId("find");
  if (find) {
    const rows = [...document.querySelectorAll("table.heat tbody tr")].map(row => [row.cells[0].textContent, row]);
    const sections = [...document.querySelectorAll("section.service")].map(part => [part.dataset.service, part]);
    find.closest("p").hidden = false;
    find.addEventListener("input", () => {
      const word = find.value.trim().toLowerCase();
      const set = list => list.filter(([name, part]) => !(part.hidden = !name.toLowerCase().includes(word))).length;
      const count = set(rows);
      set(sections);
      byId("found").textContent = word === "" ? "" : count + " of " + rows.length;
    });
  }
})();
`;
